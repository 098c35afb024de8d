"""A CSV file compared column by column, some thousand rows at a time.

Only where a batch is as it must be: anything else is for the comparison row by row, which says where and what. What is
taken here that would be refused there would be a hole in the verifier: tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from affidavit import cells
from affidavit.cells import JSON, TEXT
from affidavit.verify.data import BytesView, Kind, Maker, Plan, resource_of
from affidavit.verify.entries import Known
from affidavit.verify.openings import Row

BATCH_ROWS_MIN: Final = 8
"""Fewer rows are compared sooner one by one."""
_END: Final = cells.CSV_END.encode()
_CELL: Final = re.compile('("[^"]*(?:""[^"]*)*"|[^",\r\n]*)(,|\r\n)')
_NOT_PLAIN: Final = re.compile("[,\"\r\n]|(?:\\A|\0)[=+\\-@\t']")
"""In texts joined by U+0000: something to quote, or a text that begins like a formula."""


class CsvView(BytesView):
    """The CSV file of one bundle."""

    def batch(self, known: Sequence[Known], rows: Sequence[Row]) -> None:
        """Compare the next rows."""
        if self.mismatch or len(rows) < BATCH_ROWS_MIN or not self._by_column(known, rows):
            super().batch(known, rows)

    def _by_column(self, known: Sequence[Known], rows: Sequence[Row]) -> bool:
        """Whether the rows are as they must be. Where not, nothing has been read or counted."""
        reader = self._form.reader
        lines = reader.lines(len(rows), _END)
        if lines is None:
            return False
        raw = b"\r\n".join(lines)
        try:
            shown = _cells(raw, len(rows), len(self._columns))
        except UnicodeDecodeError:
            return False
        plans = [self.plan(row.shape) for row in rows]
        if shown is None or any(plan.wrong for plan in plans):
            return False
        least = 0
        for number, column in enumerate(shown):
            found = self._column(number, column, plans, known, rows)
            if found is None:
                return False
            least += found
        reader.skip(len(raw) + len(_END))
        self.rows += len(rows)
        self.masked_least += least
        for plan in plans:
            self.masked_most += plan.masked
            self.erased += plan.erased
        return True

    def _column(
        self, number: int, shown: Sequence[str], plans: Sequence[Plan], known: Sequence[Known], rows: Sequence[Row]
    ) -> int | None:
        """How many masked cells of a column are text, where all its cells are as they must be; else None."""
        makers = [plan.makers[number] for plan in plans]
        kinds = {maker.kind for maker in makers}
        if kinds == {Kind.HOLE}:
            return self._holes(makers[0], shown)
        if Kind.HOLE not in kinds:
            return 0 if self._written(kinds, makers, known, rows) == list(shown) else None
        holes = [at for at, maker in enumerate(makers) if maker.kind is Kind.HOLE]
        others = [at for at, maker in enumerate(makers) if maker.kind is not Kind.HOLE]
        written = self._written(
            kinds - {Kind.HOLE},
            [makers[at] for at in others],
            [known[at] for at in others],
            [rows[at] for at in others],
        )
        if written != [shown[at] for at in others]:
            return None
        return self._holes(makers[holes[0]], [shown[at] for at in holes])

    def _holes(self, maker: Maker, shown: Sequence[str]) -> int | None:
        texts = {raw: self.is_text(maker.column, raw) for raw in set(shown)}
        if None in texts.values():
            return None
        return sum(1 for raw in shown if texts[raw])

    def _written(
        self, kinds: set[Kind], makers: Sequence[Maker], known: Sequence[Known], rows: Sequence[Row]
    ) -> list[str]:
        """The cells of a column as they must stand."""
        if kinds == {Kind.TIME_AT}:
            return self._zone.shown([one.public.at for one in known])
        if kinds == {Kind.TIME_T}:
            return self._zone.shown([one.public.t for one in known])
        if kinds == {Kind.PUBLIC}:
            return _guarded([getattr(one.public, makers[0].column.path) for one in known])
        texts = [_text(maker, row) for maker, row in zip(makers, rows, strict=True)]
        if JSON in {maker.tag for maker in makers}:
            tags = (TEXT if text is None else maker.tag for maker, text in zip(makers, texts, strict=True))
            return [cells.csv_cell(tag, text or "") for tag, text in zip(tags, texts, strict=True)]
        return _guarded([text or "" for text in texts])


def _text(maker: Maker, row: Row) -> str | None:
    if maker.kind is Kind.FIELD:
        place = maker.places[0]
        return None if place is None else row.value(place)
    return resource_of(row, maker) if maker.kind is Kind.RESOURCE else None


def _guarded(texts: list[str]) -> list[str]:
    """Text cells as they stand."""
    if _NOT_PLAIN.search("\0".join(texts)):
        return [cells.csv_cell(TEXT, text) for text in texts]
    return texts


def _cells(raw: bytes, rows: int, columns: int) -> list[Sequence[str]] | None:
    """The cells of so many rows as they stand, column by column; None where the rows have not so many."""
    text = raw.decode()
    if '"' not in text:
        split = [line.split(",") for line in text.split(cells.CSV_END)]
        return list(zip(*split, strict=True)) if {len(line) for line in split} == {columns} else None
    text += cells.CSV_END
    found = _CELL.findall(text)
    # As many cells as there must be, and nothing passed over between them.
    if len(found) != rows * columns or sum(len(cell) + len(end) for cell, end in found) != len(text):
        return None
    if [end for _, end in found] != [*(",",) * (columns - 1), cells.CSV_END] * rows:
        return None
    return [[cell for cell, _ in found[number::columns]] for number in range(columns)]
