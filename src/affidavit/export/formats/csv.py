"""CSV (RFC 4180) as docs/format.md fixes it: CRLF, quoted where it must be, text never a formula. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow.compute as pc

from affidavit.cells import CSV_END, FORMULA_STARTS, csv_guard, csv_header, csv_quote
from affidavit.export.formats.text import (
    Cells,
    change_where,
    character_class,
    halves,
    holds_any,
    matches,
    starts_with_any,
    text_buffer,
)
from affidavit.verify.about import Counts

QUOTED: Final = b',"\r\n'
FORMULA: Final = FORMULA_STARTS.encode()


class CsvWriter:
    """One CSV file of these column labels."""

    media_type = "text/csv; charset=utf-8"

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels

    def head(self) -> bytes:
        """The header line."""
        return csv_header(self._labels).encode()

    def rows(self, columns: list[Cells]) -> Iterator[memoryview]:
        """One line a row."""
        if not len(columns[0].values):
            return
        for part in halves(columns):
            pieces: list[Any] = []
            for column in part:
                pieces += [_encoded(column), ","]
            pieces[-1] = CSV_END
            yield text_buffer(pc.binary_join_element_wise(*pieces, ""))

    def tail(self, counts: Counts) -> Iterator[memoryview]:  # noqa: ARG002  a CSV file says nothing of itself
        """Nothing."""
        yield from ()

    def close(self) -> None:
        """Nothing is held."""


def _encoded(column: Cells) -> Any:
    values = column.values.fill_null("")
    if column.plain:
        return values
    formula = None if column.json is True else starts_with_any(values, holds_any(values, FORMULA))
    if formula is not None and column.json is not False:
        formula = pc.and_not(formula, column.json)
    if formula is not None:
        values = change_where(values, formula, csv_guard)
    found = holds_any(values, QUOTED)
    return change_where(values, matches(values, character_class(found)), csv_quote) if found else values
