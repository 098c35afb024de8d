"""The forms of data files that are compared byte for byte: what stands before, between and after cells.

CSV, JSON and NDJSON are one text; XLSX is several, one a sheet, in a zip of its own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from typing import Final

from affidavit import cells
from affidavit.cells import TEXT, Zone
from affidavit.errors import MalformedProof
from affidavit.verify import sheet
from affidavit.verify.archive import Archive
from affidavit.verify.manifest import Manifest
from affidavit.verify.reading import Mismatch, Reader

CSV_CELL: Final = re.compile(rb'"[^"]*(?:""[^"]*)*"|[^",\r\n]*')
_JSON_CELL: Final = re.compile(rb'null|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PART_RE: Final = re.compile(rb"[A-Za-z0-9_\[][A-Za-z0-9._/\]-]{0,63}\Z")


class Form:
    """One form. `heads` stand before each cell, a row's mark after them; `hole` is what a masked cell looks like."""

    heads: list[str]
    row_end: str
    hole: re.Pattern[bytes]
    cell: Callable[[str, str], str]
    """Writes a cell of a tag and a text. An attribute, not a method: it is called for every cell."""

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        self.manifest = manifest
        self.reader = Reader(chunks)

    def begin(self) -> None:
        """Compare what comes before the first row."""
        self.reader.expect(self.head(), "the head of the data file")

    def end(self, rows: int) -> None:
        """Compare what comes after the last row."""
        self.reader.expect(self.tail(rows), "the end of the data file")
        self.reader.end()

    def close(self) -> None:
        """Read the rest, for its hash."""
        self.reader.drain()

    def head(self) -> str:
        """What comes before the first row."""
        return ""

    def tail(self, rows: int) -> str:  # noqa: ARG002  forms with an end need it
        """What comes after the last of so many rows."""
        return ""

    def start(self, row: int) -> tuple[str, str]:
        """What a row, counted from 1, begins with, and what follows each head."""
        raise NotImplementedError

    def time(self, us: int, zone: Zone) -> str:
        """The cell of a time."""
        return self.cell(TEXT, zone.render(us))

    def hole_text(self, raw: str) -> str | None:
        """The text of a masked cell, None for an empty one; ValueError where it is no cell."""
        raise NotImplementedError

    @property
    def labels(self) -> list[str]:
        """Of the columns."""
        return [column.label for column in self.manifest.columns]


class Csv(Form):
    """CSV."""

    row_end = cells.CSV_END
    hole = CSV_CELL

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        super().__init__(manifest, chunks)
        self.heads = ["", *("," for _ in self.labels[1:])]
        self.cell = cells.csv_cell

    def head(self) -> str:
        """The header line."""
        return cells.csv_header(self.labels)

    def start(self, row: int) -> tuple[str, str]:  # noqa: ARG002
        """Nothing."""
        return "", ""

    def hole_text(self, raw: str) -> str | None:
        """The text of a masked cell."""
        if not raw:
            return None
        text = cells.csv_text(raw)
        if text is None:
            raise ValueError(raw)
        return text


class Ndjson(Form):
    """NDJSON: an object a line."""

    row_end = "}" + cells.NDJSON_END
    hole = _JSON_CELL

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        super().__init__(manifest, chunks)
        keys = [f"{cells.json_text(label)}:" for label in self.labels]
        self.heads = [keys[0], *(f",{key}" for key in keys[1:])]
        self.cell = cells.json_cell

    def start(self, row: int) -> tuple[str, str]:  # noqa: ARG002
        """A brace."""
        return "{", ""

    def hole_text(self, raw: str) -> str | None:
        """The text of a masked cell."""
        if raw == "null":
            return None
        text = cells.json_string_text(raw)
        if text is None:
            raise ValueError(raw)
        return text


class Json(Ndjson):
    """JSON: what the file is about, its rows, their counts; or, bare, the list of rows alone."""

    row_end = "}"

    def head(self) -> str:
        """Up to the bracket of the rows."""
        return cells.JSON_BEGIN if self.manifest.bare else json_head(self.manifest.about().text())

    def start(self, row: int) -> tuple[str, str]:
        """A brace, from the second row on after a comma."""
        return (cells.JSON_BETWEEN if row > 1 else "") + "{", ""

    def tail(self, rows: int) -> str:
        """From the bracket on."""
        end = cells.JSON_END if rows else cells.JSON_EMPTY.removeprefix(cells.JSON_BEGIN)
        return end if self.manifest.bare else json_tail(rows, self.manifest.counts.text())


def json_head(about: str) -> str:
    """What comes before the rows of a JSON file that is not bare."""
    return f'{{"about":{about},\n"rows":{cells.JSON_BEGIN}'


def json_tail(rows: int, counts: str) -> str:
    """What comes after them."""
    return f'{cells.NDJSON_END if rows else ""}],\n"counts":{counts}}}\n'


class Xlsx(Form):
    """XLSX: every part of the workbook, each sheet read along with its rows."""

    row_end = sheet.ROW_END
    hole = sheet.HOLE

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        super().__init__(manifest, ())
        self._chunks = iter(chunks)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._archive: Archive | None = None
        self._sheet = 0
        self.heads = [f'<c r="{sheet.letters(n)}' for n in range(len(manifest.columns))]
        self.cell = sheet.cell

    def begin(self) -> None:
        """Open the workbook and its first sheet."""
        for chunk in self._chunks:
            self._file.write(chunk)
        try:
            self._archive = Archive(self._file, names=_PART_RE)
        except MalformedProof as error:
            raise Mismatch(f"the workbook: {error.message}") from None
        self._next()

    def start(self, row: int) -> tuple[str, str]:
        """A row by its number; past the end of a sheet in the next."""
        place = (row - 1) % (sheet.SHEET_ROWS_MAX - 1)
        if row > 1 and not place:
            self._finish()
            self._next()
        return f'<row r="{place + 2}">', f'{place + 2}"'

    def time(self, us: int, zone: Zone) -> str:
        """A number of days."""
        return sheet.time_cell(us, zone)

    def hole_text(self, raw: str) -> str | None:
        """The text of a masked cell."""
        return sheet.hole_text(raw)

    def end(self, rows: int) -> None:  # noqa: ARG002
        """The last sheet's end, and every other part."""
        self._finish()
        about, archive = self.manifest.about(), self._opened
        parts = sheet.fixed_parts(self._sheet, about)
        parts[sheet.sheet_part(self._sheet + 1)] = sheet.about_sheet(about, self.manifest.counts, self.manifest.zone)
        sheets = {sheet.sheet_part(n) for n in range(1, self._sheet + 1)}
        if extra := sorted(set(archive.members) - set(parts) - sheets):
            raise Mismatch(f"the workbook has a part {extra[0]}")
        for name, text in parts.items():
            self._open(name)
            self.reader.expect(text, name)
            self._ended()

    def close(self) -> None:
        """Read the rest, for its hash, and give up the temporary file."""
        for _ in self._chunks:
            pass
        self._file.close()

    @property
    def _opened(self) -> Archive:
        if self._archive is None:
            raise Mismatch("the workbook was not opened")
        return self._archive

    def _next(self) -> None:
        self._sheet += 1
        self._open(sheet.sheet_part(self._sheet))
        columns = self.manifest.columns
        head = sheet.sheet_head(self.labels, [column.path for column in columns], first=self._sheet == 1)
        self.reader.expect(head, f"the head of sheet {self._sheet}")

    def _open(self, name: str) -> None:
        if name not in self._opened:
            raise Mismatch(f"the workbook has no part {name}")
        self.reader = Reader(self._unpacked(name))

    def _unpacked(self, name: str) -> Iterable[bytes]:
        try:
            yield from self._opened.chunks(name)
        except MalformedProof as error:
            raise Mismatch(f"the workbook: {error.message}") from None

    def _finish(self) -> None:
        self.reader.expect(sheet.sheet_tail(), f"the end of sheet {self._sheet}")
        self._ended()

    def _ended(self) -> None:
        self.reader.end()


FORMS: Final[dict[str, type[Form]]] = {"csv": Csv, "json": Json, "ndjson": Ndjson, "xlsx": Xlsx}
