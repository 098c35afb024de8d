"""The data file compared with what follows from the evidence: byte for byte, masked cells parsed in their place.

A row is known text with holes where cells are masked. CSV and JSON; constant memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from affidavit import cells
from affidavit.cells import EMPTY, TEXT, Zone, resource_text
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


class Kind(IntEnum):
    """How a cell is made."""

    HOLE = 0
    TIME_AT = 1
    TIME_T = 2
    PUBLIC = 3
    FIELD = 4
    RESOURCE = 5
    EMPTY = 6


class Maker(NamedTuple):
    """One column's cell for one shape: places are positions of its fields, None where the record has none."""

    kind: Kind
    column: Column
    tag: str = ""
    places: tuple[int | None, ...] = ()


class Plan(NamedTuple):
    """How the cells of a shape are made, and what is counted."""

    makers: tuple[Maker, ...]
    masked: int
    erased: int
    wrong: str = ""  # label of a kept column whose field is hidden


class View:
    """The data file of one bundle, compared row by row. After the first mismatch nothing more is compared."""

    def __init__(self, columns: tuple[Column, ...], zone: Zone, form: str, chunks: Iterable[bytes]) -> None:
        self._columns = columns
        self._labels = [column.label for column in columns]
        is_csv = form == "csv"
        labels = ["" if is_csv else f"{cells.json_text(label)}:" for label in self._labels]
        self._heads = [labels[0], *("," + label for label in labels[1:])]
        self._write = cells.csv_cell if is_csv else cells.json_cell
        self._first_row_start, self._row_end = ("", cells.CSV_END) if is_csv else ("{", "}")
        self._row_start = "" if is_csv else cells.JSON_BETWEEN + "{"
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
        write, heads, end = self._write, self._heads, self._row_end
        text = self._row_start if self.rows > 1 else self._first_row_start
        for maker, head in zip(plan.makers, heads, strict=True):
            text += head
            kind = maker.kind
            if kind is Kind.FIELD:
                value = row.values[maker.places[0]]  # type: ignore[index]
                text += write(maker.tag if value is not None else EMPTY, value or "")
            elif kind is Kind.TIME_AT:
                text += write(TEXT, self._zone.render(known.at_us))
            elif kind is Kind.PUBLIC:
                text += write(TEXT, known.public[maker.column.path])
            elif kind is Kind.RESOURCE:
                text += write(TEXT, resource_text(*[None if n is None else row.values[n] for n in maker.places]) or "")
            elif kind is Kind.HOLE:
                self._reader.expect(text, what)
                text = ""
                self._masked(maker.column, what)
            elif kind is Kind.TIME_T:
                text += write(TEXT, self._zone.render(known.t_us))
            else:
                text += write(EMPTY, "")
        self._reader.expect(text + end, what)

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
            raise Mismatch(
                f"{what}, column {column.label!r}: {raw[:60]!r} is no cell of the mask {column.mask['mask']}"
            )
        self.masked_least += text is not None


def plan_of(shape: Shape, columns: tuple[Column, ...]) -> Plan:
    """How a row of this shape is shown."""
    at = {path: position for position, path in enumerate(shape.paths)}
    makers = []
    masked = erased = 0
    wrong = ""
    for column in columns:
        fields = cells.underlying(column.path)
        places = tuple(at.get(path) for path in fields)
        states = {shape.state[place] for place in places if place is not None}
        if column.kept:
            if MASKED in states:
                wrong = column.label
            erased += ERASED in states
        elif not fields or states - {ERASED}:
            own = column.mask["mask"] == cells.OWN and column.mask["inner"]["mask"] == cells.KEEP
            if not own or MASKED in states or not fields:
                masked += 1
                makers.append(Maker(Kind.HOLE, column))
                continue
        else:
            erased += ERASED in states
        makers.append(_maker(column, places, shape))
    return Plan(tuple(makers), masked, erased, wrong)


def _maker(column: Column, places: tuple[int | None, ...], shape: Shape) -> Maker:
    if not places:
        kinds = {"at": Kind.TIME_AT, "t": Kind.TIME_T}
        return Maker(kinds.get(column.path, Kind.PUBLIC), column)
    there = [place for place in places if place is not None and shape.state[place] in "sj"]
    if not there:
        return Maker(Kind.EMPTY, column)
    if len(places) > 1:
        return Maker(Kind.RESOURCE, column, TEXT, places)
    return Maker(Kind.FIELD, column, shape.state[there[0]], places)
