"""PDF: a cover that says what the file is, up to 5,000 rows on pages, and the complete table attached as CSV.

Typst lays it out in a process of its own as tagged PDF/A-3a and PDF/UA-1; that these are kept is enforced by the
compiler and not independently validated. Needs the extra [pdf].
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from typing import Any, BinaryIO, Final

import msgspec

from affidavit.cells import CSV_END, csv_header
from affidavit.errors import AffidavitError, MissingExtra
from affidavit.export.formats.csv import CsvWriter
from affidavit.export.formats.text import Cells, Table
from affidavit.verify.about import Counts, facts
from affidavit.verify.forms import CSV_CELL
from affidavit.verify.reading import Reader

LISTED_ROWS_MAX: Final = 5_000
"""Rows on pages. More make a PDF that takes gigabytes to lay out; all are in the attached table."""
SHOWN_CHARS_MAX: Final = 500
"""Characters of a cell on a page; a longer one says how long it is and where it is whole."""
PAGE_MM: Final = (180, 267)
"""The width that rows have on an upright page, and on one laid across for more than four columns."""
CHAR_MM: Final = 1.75
"""What a character takes at most, about: a word that would not fit into its column may be broken."""
FACT_CHARS_MAX: Final = 60
ACROSS_COLUMNS: Final = 4
"""With more columns pages are laid across."""
LAYOUT_S_MAX: Final = 300
READ_BYTES: Final = 1 << 20
TABLE: Final = "data.csv"
EVIDENCE: Final = "evidence.zip"
_HERE: Final = Path(__file__).parent

_HOW: Final = {
    "keep": "as recorded",
    "remove": "removed",
    "token": "a token, the same for the same value in this export",
    "vault": "a token that only the operator's vault can turn back",
    "type": "the kind of value alone",
    "replace": "with identifiers in the text replaced",
    "email": "an e-mail address's domain",
    "phone": "the last two digits of a phone number",
    "last": "the last characters",
    "card": "the first six and last four digits",
    "ip": "the network of the address",
    "month": "the month",
    "year": "the year",
    "age": "the age, from 90 grouped",
    "region": "the region",
    "own": "only what is the subject's own",
}
_CODES: Final = (
    "Characters that no font here has, and control characters, are shown by their code, like [U+0007]; cells of over "
    f"{SHOWN_CHARS_MAX} characters are shortened here, which they say. The attached table has them as they are."
)
_VERDICTS: Final = {
    "full": "provable: the evidence has every entry of the period",
    "rows": "not provable: the evidence has the exported rows alone",
    "none": "not provable: there are no entries in the evidence",
}


class PdfWriter:
    """One PDF. Rows are spooled as CSV; the pages are laid out at the end.

    `evidence` is a finished bundle of the same table to attach; without, the PDF carries the table alone.
    """

    media_type = "application/pdf"

    def __init__(self, table: Table, evidence: Path | None = None) -> None:
        require_typst()
        self._table = table
        self._evidence = evidence
        self._csv = CsvWriter(table.labels)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._listed: list[list[str | None]] = []

    def head(self) -> bytes:
        """Nothing yet."""
        self._folder = tempfile.TemporaryDirectory(prefix="affidavit-pdf-", dir=self._table.folder)
        with (self._path / TABLE).open("wb") as out:
            out.write(self._csv.head())
        return b""

    def rows(self, columns: list[Cells]) -> Iterator[bytes]:
        """Nothing yet: the rows are spooled."""
        with (self._path / TABLE).open("ab") as out:
            for piece in self._csv.rows(columns):
                out.write(piece)
        left = LISTED_ROWS_MAX - len(self._listed)
        if left > 0:
            shown = [column.values.slice(0, left).to_pylist() for column in columns]
            self._listed += [[_cut(cell) for cell in row] for row in zip(*shown, strict=True)]
        yield from ()

    def table(self, chunks: Iterable[bytes]) -> None:
        """Take the whole table as a CSV file that was written before, in the place of `head` and `rows`."""
        self.head()
        with (self._path / TABLE).open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
        with (self._path / TABLE).open("rb") as written:
            self._listed = _read_csv(written, self._table.labels)

    def tail(self, counts: Counts) -> Iterator[bytes]:
        """The whole file."""
        folder = self._path
        attachments = [_attached(TABLE, "data", "text/csv", "The complete table as CSV, RFC 4180")]
        if self._evidence is not None:
            copyfile(self._evidence, folder / EVIDENCE)
            attachments.append(
                _attached(EVIDENCE, "supplement", "application/zip", "The table with its evidence: verifies offline")
            )
        page = self._page(counts) | {"attachments": attachments}
        (folder / "page.json").write_bytes(msgspec.json.encode(page))
        copyfile(_HERE / "export.typ", folder / "export.typ")
        lay_out(folder)
        with (folder / "out.pdf").open("rb") as made:
            while block := made.read(READ_BYTES):
                yield block

    def close(self) -> None:
        """Give up the folder."""
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def _path(self) -> Path:
        if self._folder is None:
            raise ValueError("head comes first")
        return Path(self._folder.name)

    def _page(self, counts: Counts) -> dict[str, Any]:
        about, created = self._table.about, self._table.about.created
        widths = self._widths()
        room = PAGE_MM[len(widths) > ACROSS_COLUMNS] / sum(widths) / CHAR_MM
        limits = [max(int(width * room), 4) for width in widths]
        title = f"Audit log export, {counts.rows:,} row{'s' * (counts.rows != 1)}"
        date = zip(("year", "month", "day", "hour", "minute", "second"), _numbers(created), strict=True)
        return {
            "title": title,
            "heading": "Audit log export",
            "description": f"Export {about.export_id} of an audit log, made {created}",
            "date": dict(date),
            "export": f"export {about.export_id}",
            "footer": f"profile {about.profile} · times in {about.zone} · masked cells are hatched",
            "lead": self._lead(counts),
            "facts": [[name, breakable(value, FACT_CHARS_MAX)] for name, value in facts(about, counts)],
            "columns": [_column(column, limit) for column, limit in zip(about.columns, limits, strict=True)],
            "verdicts": self._verdicts(),
            "check": self._check(),
            "listed": _listed(counts.rows, len(self._listed)),
            "widths": widths,
            "across": len(widths) > ACROSS_COLUMNS,
            "rows": [
                [cell and breakable(cell, limit) for cell, limit in zip(row, limits, strict=True)]
                for row in self._listed
            ],
        }

    def _lead(self, counts: Counts) -> list[str]:
        listed = len(self._listed)
        shown = f"All {_rows(counts.rows)}" if listed == counts.rows else f"The first {_rows(listed)}"
        lines = [f"{shown} listed here. The complete table is attached as {TABLE}."]
        if self._evidence is not None:
            lines.append(f"The evidence is attached as {EVIDENCE}.")
        lines.append("Masked values are not anonymous: the operator can still open them.")
        return lines

    def _verdicts(self) -> list[list[str]]:
        evidence = self._table.about.evidence
        view = "not provable: the evidence opens no rows" if evidence == "none" else "provable of the attached table"
        return [
            ["AUTHENTIC", "provable: the log's signature and the attestation of this export"],
            ["COMPLETE", _VERDICTS[evidence]],
            ["TIMED", "provable where the evidence carries timestamps of an independent clock"],
            ["WITNESSED", "provable where the trust file asks for witnesses"],
            ["VIEW MATCHES", f"{view}; these pages are not compared, only bound by their hash"],
        ]

    def _check(self) -> list[str]:
        bundle = EVIDENCE if self._evidence is not None else "BUNDLE"
        where = (
            f"Save the attached {EVIDENCE}."
            if self._evidence is not None
            else "This file proves nothing by itself: evidence is in the bundle it came in, where there is one."
        )
        return [
            where,
            f"affidavit verify {bundle} --trust FILE",
            "Get the trust file, which has the keys to believe, from the operator by another way than this file.",
            _CODES,
        ]

    def _widths(self) -> list[float]:
        """Shares of the page: by the longest of the first cells, within bounds."""
        widths = []
        for n, label in enumerate(self._table.labels):
            longest = max([len(label), *(len(row[n] or "") for row in self._listed[:200])])
            widths.append(min(max(longest, 8), 40) ** 0.75)
        return widths


def _attached(name: str, relationship: str, kind: str, description: str) -> dict[str, str]:
    return {"name": name, "relationship": relationship, "type": kind, "description": description}


def _column(column: Any, limit: int) -> dict[str, Any]:
    mask = column["mask"]
    name = mask["mask"]
    inner = mask["inner"]["mask"] if name == "own" else name
    return {
        "label": breakable(column["label"], limit),
        "path": breakable(column["path"], FACT_CHARS_MAX),
        "how": _HOW[name] if name == "keep" else f"masked: {_HOW[name]}",
        "masked": inner != "keep",
        "removed": name == "remove",
    }


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _listed(rows: int, listed: int) -> str:
    if not rows:
        return "No rows: nothing matches the query."
    if listed == rows:
        return "One row." if rows == 1 else f"All {rows:,} rows, in order of time. Masked cells are hatched."
    return (
        f"The first {listed:,} of {rows:,} rows, in order of time; the other {rows - listed:,} are in the attached "
        f"{TABLE}. Masked cells are hatched."
    )


def _numbers(time: str) -> list[int]:
    return [int(time[start:end]) for start, end in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]


def _cut(cell: str | None) -> str | None:
    if cell is None or len(cell) <= SHOWN_CHARS_MAX:
        return cell
    return f"{cell[:SHOWN_CHARS_MAX]} … ({len(cell):,} characters, whole in {TABLE})"


def breakable(text: str, limit: int) -> str:
    """The text with places where a line may break inside of words longer than `limit` characters."""
    if len(text) <= limit:
        return text
    return " ".join(
        word if len(word) <= limit else "\u200b".join(word[at : at + limit] for at in range(0, len(word), limit))
        for word in text.split(" ")
    )


def require_typst() -> None:
    """Raise MissingExtra where Typst is not installed."""
    if find_spec("typst") is None:
        raise MissingExtra("PDF", "pdf")


def _read_csv(written: BinaryIO, labels: list[str]) -> list[list[str | None]]:
    """The first rows of a CSV file of ours."""
    reader = Reader(iter(lambda: written.read(READ_BYTES), b""))
    reader.expect(csv_header(labels), "the head")
    rows: list[list[str | None]] = []
    while len(rows) < LISTED_ROWS_MAX and not reader.at_end():
        row = []
        for n in range(len(labels)):
            if n:
                reader.expect(",", "a row")
            row.append(_cut(_csv_value(reader.cell(CSV_CELL, "a row"))))
        reader.expect(CSV_END, "a row")
        rows.append(row)
    return rows


def _csv_value(raw: str) -> str | None:
    text = raw[1:-1].replace('""', '"') if raw[:1] == '"' else raw
    return text.removeprefix("'") or None


def lay_out(folder: Path) -> None:
    """Lay out `page.json` by `export.typ` of a folder, into its `out.pdf`. AffidavitError where Typst refuses."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-P", str(_HERE / "layout.py"), str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LAYOUT_S_MAX,
        )
    except subprocess.TimeoutExpired:
        raise AffidavitError(f"the PDF was not laid out within {LAYOUT_S_MAX} s", "Export fewer columns") from None
    if done.returncode and os.strerror(errno.ENOSPC) in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if done.returncode:
        raise AffidavitError(f"the PDF could not be laid out: {done.stderr.strip()[-500:]}", "Choose another format")
