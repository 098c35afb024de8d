"""The formats of data files. Each is a writer of columns; none knows a file, a query or a mask."""

from __future__ import annotations

from affidavit.export.formats.csv import CsvWriter
from affidavit.export.formats.json import JsonWriter
from affidavit.export.formats.text import TextWriter


def writer(name: str, labels: list[str]) -> TextWriter:
    """A fresh writer of the format `csv` or `json`."""
    return CsvWriter(labels) if name == "csv" else JsonWriter(labels)
