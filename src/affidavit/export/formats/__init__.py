"""The formats of data files. Each is a writer of columns; none knows a query, a log or a mask."""

from __future__ import annotations

from affidavit.errors import InvalidRequest
from affidavit.export.formats.csv import CsvWriter
from affidavit.export.formats.json import JsonWriter, NdjsonWriter
from affidavit.export.formats.text import Table, Writer


def writer(name: str, table: Table) -> Writer:
    """A fresh writer of one of `spec.FORMATS`. Raises MissingExtra where its format needs one that is not installed."""
    if name == "csv":
        return CsvWriter(table.labels)
    if name == "json":
        return JsonWriter(table.labels, None if table.bare else table.about.text())
    if name == "ndjson":
        return NdjsonWriter(table.labels)
    if name == "parquet":
        from affidavit.export.formats.parquet import ParquetWriter

        return ParquetWriter(table)
    if name == "xlsx":
        from affidavit.export.formats.xlsx import XlsxWriter

        return XlsxWriter(table)
    if name == "pdf":
        from affidavit.export.formats.pdf import PdfWriter

        return PdfWriter(table)
    raise InvalidRequest(f"no format {name!r}", "See spec.FORMATS")
