"""CSV (RFC 4180) as docs/format.md fixes it: CRLF, quoted where it must be, text never a formula. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cells import CSV_END, FORMULA_STARTS, csv_header
from affidavit.export.formats.text import Cells, halves, holding_any, holds_any, starts_with_any, text_buffer
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
            cells = [_encoded(column) for column in part]
            # Two joins by one separator each cost half of one join of every cell, comma and line end.
            lines = cells[0] if len(cells) == 1 else pc.binary_join_element_wise(*cells, ",")
            whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
            yield text_buffer(pc.binary_join(whole, CSV_END))
            yield memoryview(CSV_END.encode())

    def tail(self, counts: Counts) -> Iterator[memoryview]:  # noqa: ARG002  a CSV file says nothing of itself
        """Nothing."""
        yield from ()

    def close(self) -> None:
        """Nothing is held."""


def _encoded(column: Cells) -> Any:
    values = column.values.fill_null("") if column.values.null_count else column.values
    if column.plain:
        return values
    formula = None if column.json is True else starts_with_any(values, holds_any(values, FORMULA))
    if formula is not None and column.json is not False:
        formula = pc.and_not(formula, column.json)
    if formula is not None:
        values = pc.if_else(formula, pc.binary_join_element_wise("'", values, ""), values)
    found = holds_any(values, QUOTED)
    if not found:
        return values
    doubled = pc.replace_substring(values, '"', '""') if b'"' in found else values
    return pc.if_else(holding_any(values, found), pc.binary_join_element_wise('"', doubled, '"', ""), values)
