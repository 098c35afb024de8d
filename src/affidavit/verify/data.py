"""The data file compared with what follows from the evidence: byte for byte, masked cells parsed in their place.

A row is a list of pieces: known text, or a column whose cell was masked. CSV and JSON; constant memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from affidavit import cells
from affidavit.cells import NOTHING, TEXT, Cell, Zone, resource_text
from affidavit.verify.entries import Known
from affidavit.verify.manifest import Column
from affidavit.verify.openings import ERASED, MASKED, Row, Shape

CELL_BYTES_MAX: Final = 16 << 20
CHECKED: Final = ("csv", "json")
_LOOK_AHEAD: Final = 1 << 16
_CSV_CELL: Final = re.compile(rb'"[^"]*(?:""[^"]*)*"|[^",\r\n]*')
_JSON_CELL: Final = re.compile(rb'null|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SHAPES_KEPT: Final = 4096


class Mismatch(Exception):
    """The data file is not what the evidence gives. Never leaves this package."""


class Reader:
    """The data file, read forward."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._data = b""
        self._at = 0

    def expect(self, text: str, what: str) -> None:
        """The next bytes must be these."""
        wanted = text.encode()
        if not self._data.startswith(wanted, self._at):
            while len(self._data) - self._at < len(wanted) and self._more():
                pass
            if not self._data.startswith(wanted, self._at):
                raise Mismatch(f"{what} is not what the evidence gives")
        self._at += len(wanted)

    def cell(self, pattern: re.Pattern[bytes], what: str) -> str:
        """The next cell, as it stands."""
        ahead = _LOOK_AHEAD
        while True:
            while len(self._data) - self._at < ahead and self._more():
                pass
            found = pattern.match(self._data, self._at)
            if found is not None and found.end() < len(self._data):
                break
            if len(self._data) - self._at < ahead or ahead > CELL_BYTES_MAX:
                raise Mismatch(f"{what} holds no cell")
            ahead *= 4
        self._at = found.end()
        try:
            return found[0].decode()
        except UnicodeDecodeError:
            raise Mismatch(f"{what} is not UTF-8") from None

    def end(self) -> None:
        """Nothing may be left."""
        if self._at < len(self._data) or self._more():
            raise Mismatch("the data file goes on after its last row")

    def drain(self) -> None:
        """Read the rest for its hash."""
        for _ in self._chunks:
            pass

    def _more(self) -> bool:
        for chunk in self._chunks:
            if chunk:
                self._data, self._at = self._data[self._at :] + chunk, 0
                return True
        return False


class Plan(NamedTuple):
    """How the cells of a shape are made: per column the positions of its fields, and what is counted."""

    positions: tuple[tuple[int | None, ...], ...]
    hole: tuple[bool, ...]
    masked: int
    erased: int
    wrong: str = ""  # label of a kept column whose field is hidden


class View:
    """The data file of one bundle, compared row by row. After the first mismatch nothing more is compared."""

    def __init__(self, columns: tuple[Column, ...], zone: Zone, form: str, chunks: Iterable[bytes]) -> None:
        self._columns = columns
        self._labels = [column.label for column in columns]
        self._heads = [f"{cells.json_text(label)}:" for label in self._labels]
        self._zone = zone
        self._form = form
        self._reader = Reader(chunks)
        self._plans: dict[int, Plan] = {}
        self.rows = 0
        self.masked_most = 0
        self.masked_least = 0
        self.erased = 0
        self.mismatch = ""
        self._try(lambda: self._reader.expect(self._head(), "the head of the data file"))

    def _head(self) -> str:
        return cells.csv_header(self._labels) if self._form == "csv" else cells.JSON_BEGIN

    def row(self, known: Known, row: Row) -> None:
        """Compare the next row."""
        plan = self._plans.get(row.shape.number)
        if plan is None:
            if len(self._plans) >= _SHAPES_KEPT:
                self._plans.clear()
            plan = self._plans[row.shape.number] = plan_of(row.shape, self._columns)
        self.rows += 1
        self.masked_most += plan.masked
        self.erased += plan.erased
        if not self.mismatch:
            self._try(lambda: self._compare(known, row, plan))

    def end(self) -> None:
        """Compare what comes after the last row; reads the file to its end."""
        if not self.mismatch:
            self._try(self._finish)
        self._reader.drain()

    def _finish(self) -> None:
        if self._form == "json":
            self._reader.expect(cells.JSON_END if self.rows else cells.JSON_EMPTY[2:], "the end of the data file")
        self._reader.end()

    def _try(self, compare: object) -> None:
        try:
            compare()  # type: ignore[operator]
        except Mismatch as error:
            self.mismatch = str(error)

    def _compare(self, known: Known, row: Row, plan: Plan) -> None:
        what = f"row {self.rows}"
        if plan.wrong:
            raise Mismatch(f"{what}, column {plan.wrong!r} is kept and its field is hidden")
        text = cells.JSON_BETWEEN if self._form == "json" and self.rows > 1 else ""
        for piece in self._pieces(known, row, plan):
            if isinstance(piece, str):
                text += piece
                continue
            self._reader.expect(text, what)
            text = ""
            self._masked(piece, f"{what}, column {piece.label!r}")
        self._reader.expect(text, what)

    def _pieces(self, known: Known, row: Row, plan: Plan) -> Iterator[str | Column]:
        is_csv = self._form == "csv"
        between = "" if is_csv else "{"
        for n, column in enumerate(self._columns):
            yield between if is_csv else between + self._heads[n]
            between = ","
            if plan.hole[n]:
                yield column
            else:
                tag, text = self._cell(column, known, row, plan.positions[n])
                yield cells.csv_cell(tag, text) if is_csv else cells.json_cell(tag, text)
        yield cells.CSV_END if is_csv else "}"

    def _cell(self, column: Column, known: Known, row: Row, positions: tuple[int | None, ...]) -> Cell:
        path = column.path
        if path == "at":
            return Cell(TEXT, self._zone.render(known.entry.at_us))
        if path == "t":
            return Cell(TEXT, self._zone.render(known.entry.t_us))
        if not positions:
            return Cell(TEXT, known.public[path])
        values = [None if at is None else row.values[at] for at in positions]
        if len(positions) > 1:
            text = resource_text(*values)
            return NOTHING if text is None else Cell(TEXT, text)
        at, text = positions[0], values[0]
        return NOTHING if at is None or text is None else Cell(row.shape.state[at], text)

    def _masked(self, column: Column, what: str) -> None:
        if self._form == "csv":
            raw = self._reader.cell(_CSV_CELL, what)
            text = cells.csv_text(raw) if raw else None
            well = not raw or text is not None
        else:
            raw = self._reader.cell(_JSON_CELL, what)
            text = None if raw == "null" else cells.json_string_text(raw)
            well = raw == "null" or text is not None
        if not well or not cells.mask_cell_ok(column.mask, text):
            raise Mismatch(f"{what}: {raw[:60]!r} is no cell of the mask {column.mask['mask']}")
        self.masked_least += text is not None


def plan_of(shape: Shape, columns: tuple[Column, ...]) -> Plan:
    """How a row of this shape is shown."""
    at = {path: position for position, path in enumerate(shape.paths)}
    positions, holes = [], []
    masked = erased = 0
    wrong = ""
    for column in columns:
        fields = cells.underlying(column.path)
        places = tuple(at.get(path) for path in fields)
        states = {shape.state[place] for place in places if place is not None}
        hole = False
        if column.kept:
            if MASKED in states:
                wrong = column.label
            erased += ERASED in states
        elif not fields or states - {ERASED}:
            own = column.mask["mask"] == cells.OWN and column.mask["inner"]["mask"] == cells.KEEP
            hole = not (own and MASKED not in states and fields)
            masked += hole
        else:
            erased += ERASED in states
        positions.append(places)
        holes.append(hole)
    return Plan(tuple(positions), tuple(holes), masked, erased, wrong)
