"""The data file compared with what follows from the evidence: byte for byte, masked cells parsed in their place.

A row is known text with holes where cells are masked; forms.py says what stands between cells. Constant memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

from affidavit import cells
from affidavit.cells import EMPTY, TEXT, Zone, resource_text
from affidavit.verify.entries import Known
from affidavit.verify.forms import Form
from affidavit.verify.manifest import Column
from affidavit.verify.openings import ERASED, MASKED, Row, Shape
from affidavit.verify.reading import Mismatch

_SHAPES_KEPT: Final = 4096
_SEEN_MAX: Final = 8192  # the same person is the same token
_SEEN_BYTES_MAX: Final = 128


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


class Compared(Protocol):
    """What a view compares: a form of forms.py, or a file of values."""

    def begin(self) -> None:
        """Compare what comes before the first row."""

    def end(self, rows: int) -> None:
        """Compare what comes after the last row."""

    def close(self) -> None:
        """Read the rest, for its hash."""


class View:
    """The data file of one bundle, compared row by row. After the first mismatch nothing more is compared.

    Its kinds compare a row by `_compare`, which raises Mismatch.
    """

    def __init__(self, columns: tuple[Column, ...], zone: Zone, form: Compared) -> None:
        self._columns = columns
        self._zone = zone
        self._compared = form
        self._plans: dict[int, Plan] = {}
        self.rows = 0
        self.masked_most = 0
        self.masked_least = 0
        self.erased = 0
        self.mismatch = ""
        self._try(form.begin)

    def batch(self, known: Sequence[Known], rows: Sequence[Row]) -> None:
        """Compare the next rows."""
        for one, row in zip(known, rows, strict=True):
            self.row(one, row)

    def plan(self, shape: Shape) -> Plan:
        """How rows of this shape are shown."""
        plan = self._plans.get(shape.number)
        if plan is None:
            if len(self._plans) >= _SHAPES_KEPT:
                self._plans.clear()
            plan = self._plans[shape.number] = plan_of(shape, self._columns)
        return plan

    def row(self, known: Known, row: Row) -> None:
        """Compare the next row."""
        plan = self.plan(row.shape)
        self.rows += 1
        self.masked_most += plan.masked
        self.erased += plan.erased
        if not self.mismatch:
            try:
                self._compare(known, row, plan)
            except Mismatch as error:
                self.mismatch = str(error)

    def end(self) -> None:
        """Compare what comes after the last row; reads the file to its end."""
        if not self.mismatch:
            self._try(lambda: self._compared.end(self.rows))
        self._compared.close()

    def _try(self, compare: Callable[[], None]) -> None:
        try:
            compare()
        except Mismatch as error:
            self.mismatch = str(error)

    def _compare(self, known: Known, row: Row, plan: Plan) -> None:
        raise NotImplementedError


class BytesView(View):
    """The data file, byte for byte."""

    def __init__(self, columns: tuple[Column, ...], zone: Zone, form: Form) -> None:
        self._form = form
        self._seen: dict[tuple[str, str], bool] = {}  # masked cells that are well-formed, and whether they are text
        super().__init__(columns, zone, form)

    def _compare(self, known: Known, row: Row, plan: Plan) -> None:
        what = f"row {self.rows}"
        if plan.wrong:
            raise Mismatch(f"{what}, column {plan.wrong!r} is kept and its field is hidden")
        form = self._form
        write, write_time = form.cell, form.time
        text, mark = form.start(self.rows)
        for maker, head in zip(plan.makers, form.heads, strict=True):
            text += head + mark
            kind = maker.kind
            if kind is Kind.FIELD:
                value = row.value(maker.places[0])  # type: ignore[arg-type]
                text += write(maker.tag if value is not None else EMPTY, value or "")
            elif kind is Kind.TIME_AT:
                text += write_time(known.at_us, self._zone)
            elif kind is Kind.PUBLIC:
                text += write(TEXT, known.texts[maker.column.path])
            elif kind is Kind.RESOURCE:
                found = resource_of(row, maker)
                text += write(EMPTY if found is None else TEXT, found or "")
            elif kind is Kind.HOLE:
                form.reader.expect(text, what)
                text = ""
                self._masked(maker.column, what)
            elif kind is Kind.TIME_T:
                text += write_time(known.t_us, self._zone)
            else:
                text += write(EMPTY, "")
        form.reader.expect(text + form.row_end, what)

    def _masked(self, column: Column, what: str) -> None:
        raw = self._form.reader.cell(self._form.hole, what)
        found = self.is_text(column, raw)
        if found is None:
            raise Mismatch(
                f"{what}, column {column.label!r}: {raw[:60]!r} is no cell of the mask {column.mask['mask']}"
            )
        self.masked_least += found

    def is_text(self, column: Column, raw: str) -> bool | None:
        """Whether a masked cell as it stands is text or empty; None where it may not stand there."""
        seen = self._seen.get((column.label, raw))
        if seen is not None:
            return seen
        try:
            text = self._form.hole_text(raw)
        except ValueError:
            return None
        if not cells.mask_cell_ok(column.mask, text):
            return None
        if len(raw) <= _SEEN_BYTES_MAX:
            if len(self._seen) >= _SEEN_MAX:
                self._seen.clear()
            self._seen[column.label, raw] = text is not None
        return text is not None


def resource_of(row: Row, maker: Maker) -> str | None:
    """The virtual column's text."""
    return resource_text(*[None if n is None else row.value(n) for n in maker.places])


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
        elif not fields or states - {ERASED}:
            own = column.mask["mask"] == cells.OWN and column.mask["inner"]["mask"] == cells.KEEP
            if not own or MASKED in states or not fields:
                masked += 1
                makers.append(Maker(Kind.HOLE, column))
                continue
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
