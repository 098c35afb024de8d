"""Render: a result as JSON, HTML, CSV, XLSX or PDF. All are drawn from one result, so their numbers agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from affidavit.errors import InvalidRequest
from affidavit.reports.render import csv, html, pdf, xlsx
from affidavit.reports.result import Result, encode


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files: how it is called, its media type, the end of its file names, and what makes it.

    `make` gets the result and a folder where it may spool.
    """

    name: str
    media_type: str
    suffix: str
    make: Callable[[Result, Path | None], bytes]


def _json(result: Result, _folder: Path | None = None) -> bytes:
    return encode(result)


FORMATS: Final = {
    one.name: one
    for one in (
        Format("json", "application/json", ".json", _json),
        Format("html", "text/html; charset=utf-8", ".html", html.page),
        Format("pdf", "application/pdf", ".pdf", pdf.document),
        Format("xlsx", xlsx.MEDIA_TYPE, ".xlsx", xlsx.workbook),
        Format("csv", "application/zip", ".csv.zip", csv.tables),
    )
}


def render(result: Result, name: str, folder: Path | None = None) -> bytes:
    """A result in one of FORMATS. Raises InvalidRequest for others, MissingExtra for a PDF without Typst."""
    if name not in FORMATS:
        raise InvalidRequest(f"format {name[:40]!r}", f"Allowed: {', '.join(FORMATS)}")
    return FORMATS[name].make(result, folder)


def filename(result: Result, name: str) -> str:
    """What the file of a result is called."""
    return f"report-{result.report.id}-{result.run.at[:10]}{FORMATS[name].suffix}"
