"""XLSX as docs/format.md fixes it: typed cells, text never a formula, split over sheets, one about them.

Sheets grow as compressed spools, a column at a time: memory does not grow with rows. The exporter and the verifier
share `verify.sheet`, so what a verifier makes anew is the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cells import Zone
from affidavit.commitment import parse_time
from affidavit.errors import InvalidRequest
from affidavit.export.formats.text import (
    Cells,
    Table,
    change_where,
    character_class,
    halves,
    holds_any,
    matches,
    text_buffer,
)
from affidavit.export.zip import Spool, ZipParts
from affidavit.verify import sheet
from affidavit.verify.about import Counts

MARKUP_BYTES: Final = 96
"""What the markup of one cell takes, about: batches are cut by it."""
_SPECIAL: Final = b"&<>_" + bytes(n for n in range(0x20) if n not in (0x09, 0x0A))
_NOT_XML: Final = ("\ufffe", "\uffff")
_DAY_US: Final = 86_400_000_000
_EPOCH_US: Final = 25_569 * _DAY_US


class XlsxWriter:
    """One XLSX file. Its bytes are given out at the end: a zip's parts come one after another."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, table: Table) -> None:
        self._table = table
        self._paths = [column["path"] for column in table.about.columns]
        self._sheets: list[Spool] = []
        self._rows = 0  # in the sheet that grows
        self._all = 0

    def head(self) -> bytes:
        """Nothing yet."""
        self._begin()
        return b""

    def rows(self, columns: list[Cells]) -> Iterator[bytes]:
        """Nothing yet: the rows are spooled."""
        for part in halves(columns, MARKUP_BYTES):
            start, count = 0, len(part[0].values)
            while start < count:
                if self._rows == sheet.SHEET_ROWS_MAX - 1:
                    self._end()
                    self._begin()
                length = min(count - start, sheet.SHEET_ROWS_MAX - 1 - self._rows)
                self._write([column.slice(start, length) for column in part], length)
                start += length
        yield from ()

    def tail(self, counts: Counts) -> Iterator[bytes]:
        """The whole file."""
        self._end()
        about = self._table.about
        spools = [self._part(name, text) for name, text in sheet.fixed_parts(len(self._sheets), about).items()]
        last = sheet.about_sheet(about, counts, _zone(self._table))
        spools += [*self._sheets, self._part(sheet.sheet_part(len(self._sheets) + 1), last)]
        parts = ZipParts()
        for spool in spools:
            yield from parts.member(spool)
        yield parts.end()

    def close(self) -> None:
        """Give up the spools."""
        for spool in self._sheets:
            spool.close()

    def _part(self, name: str, text: str) -> Spool:
        spool = Spool(name, self._table.folder)
        spool.write(text.encode())
        return spool

    def _begin(self) -> None:
        number = len(self._sheets) + 1
        head = sheet.sheet_head(self._table.labels, self._paths, first=number == 1)
        self._sheets.append(self._part(sheet.sheet_part(number), head))
        self._rows = 0

    def _end(self) -> None:
        self._sheets[-1].write(sheet.sheet_tail().encode())

    def _write(self, columns: list[Cells], length: int) -> None:
        first = self._rows + 2  # the first row is the header
        numbers = pa.array(range(first, first + length), pa.int32()).cast(pa.string())
        pieces: list[Any] = ['<row r="', numbers, '">']
        for index, column in enumerate(columns):
            cells = self._times(column) if column.us is not None else self._cells(column, index)
            pieces += [f'<c r="{sheet.letters(index)}', numbers, '"', cells]
        self._sheets[-1].write(text_buffer(pc.binary_join_element_wise(*pieces, sheet.ROW_END, "")))
        self._rows += length
        self._all += length

    def _cells(self, column: Cells, index: int) -> Any:
        values = column.values if column.plain else self._escaped(column, index)
        texts = pc.binary_join_element_wise(sheet.TEXT_BEGIN, values, sheet.TEXT_END, "")
        if column.json is not False:
            texts = _typed(column, texts)
        return texts.fill_null(sheet.EMPTY)

    def _escaped(self, column: Cells, index: int) -> Any:
        values = column.values
        self._check_lengths(values, index)
        found = holds_any(values, _SPECIAL)
        raw = bytes(text_buffer(values))
        special = matches(values, character_class(found)) if found else None
        for char in _NOT_XML:
            if char.encode() in raw:
                also = pc.match_substring(values, char)
                special = also if special is None else pc.or_(special, also)
        return values if special is None else change_where(values, special, sheet.escape)

    def _check_lengths(self, values: Any, index: int) -> None:
        """Refuse what spreadsheets would cut: never a silent cut."""
        long = pc.fill_null(pc.greater(pc.binary_length(values), sheet.CELL_UNITS_MAX), False)
        for row in pc.indices_nonzero(long).to_pylist():
            units = sheet.units(values[row].as_py())
            if units > sheet.CELL_UNITS_MAX:
                raise InvalidRequest(
                    f"row {self._all + row + 1}, column {self._table.labels[index]!r} has {units} characters, and a "
                    f"cell of a spreadsheet at most {sheet.CELL_UNITS_MAX}",
                    "Leave the column out, or choose csv, json, ndjson or parquet",
                )

    def _times(self, column: Cells) -> Any:
        local = pc.utf8_slice_codeunits(column.values, 0, 26).cast(pa.timestamp("us")).cast(pa.int64())
        days = pc.add(local, _EPOCH_US)
        day = pc.divide(days, _DAY_US)
        rest = pc.subtract(days, pc.multiply(day, _DAY_US))
        fraction = pc.divide(pc.add(pc.multiply(rest, 125), 54), 108).cast(pa.string())
        number = pc.binary_join_element_wise(day.cast(pa.string()), pc.utf8_lpad(fraction, 11, "0"), ".")
        cells = pc.binary_join_element_wise(sheet.DATE_BEGIN, number, sheet.VALUE_END, "")
        odd = _doubled(column.us, _zone(self._table))
        if odd is None:
            return cells
        texts = [sheet.text_cell(text) for text in column.values.filter(odd).to_pylist()]
        return pc.replace_with_mask(cells, odd, pa.array(texts, pa.string()))


def _doubled(times: Any, zone: Zone) -> Any:
    """A boolean array: which times clocks in the zone had shown before (`sheet.is_doubled`); None where none was."""
    found = None
    for place in range(1, len(zone.instants_us)):
        gone_us = (zone.offsets_s[place - 1] - zone.offsets_s[place]) * 1_000_000
        if gone_us > 0:
            start = zone.instants_us[place]
            inside = pc.and_(pc.greater_equal(times, start), pc.less(times, start + gone_us))
            found = inside if found is None else pc.or_(found, inside)
    return found if found is not None and pc.any(found).as_py() else None


def _typed(column: Cells, texts: Any) -> Any:
    """JSON numbers and booleans as such; all other JSON as text."""
    numbers = matches(column.values, f"^{sheet.NUMBER}$")
    cells = pc.if_else(
        numbers,
        pc.binary_join_element_wise(sheet.NUMBER_BEGIN, column.values, sheet.VALUE_END, ""),
        texts,
    )
    for text, cell in sheet.BOOLEANS.items():
        cells = pc.if_else(pc.equal(column.values, text), cell, cells)
    return cells if column.json is True else pc.if_else(column.json, cells, texts)


def _zone(table: Table) -> Zone:
    transitions = table.zone.transitions()
    return Zone(
        table.about.zone,
        tuple(parse_time(item["at"]) for item in transitions),
        tuple(item["offset_s"] for item in transitions),
    )
