"""JSON and NDJSON as docs/format.md fixes them: a compact object a row, keys are the labels in column order. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow.compute as pc

from affidavit.cells import JSON_BEGIN, JSON_BETWEEN, JSON_EMPTY, JSON_END, NDJSON_END, json_text
from affidavit.export.formats.text import (
    Cells,
    halves,
    holds_any,
    text_buffer,
)
from affidavit.verify.about import Counts
from affidavit.verify.forms import json_head, json_tail

ESCAPED: Final = b'\\"' + bytes(range(0x20))
"""The backslash first: the other escapes bring new ones."""


class JsonWriter:
    """One JSON file of these column labels: about it, its rows, their counts. Without `about`: bare, the rows alone."""

    media_type = "application/json"
    _between = JSON_BETWEEN
    _end = "}"

    def __init__(self, labels: list[str], about: str | None = None) -> None:
        self._keys = [json_text(label) for label in labels]
        self._about = about
        self._before = ""  # what separates the next row from the one before

    def head(self) -> bytes:
        """Up to the bracket of the rows."""
        return (JSON_BEGIN if self._about is None else json_head(self._about)).encode()

    def rows(self, columns: list[Cells]) -> Iterator[memoryview]:
        """One object a row."""
        if not len(columns[0].values):
            return
        extra = sum(len(key.encode()) + 8 for key in self._keys)
        for part in halves(columns, extra):
            if self._between and not self._before:
                yield self._joined([column.slice(0, 1) for column in part])
                self._before = self._between
                part = [column.slice(1, len(column.values) - 1) for column in part]  # noqa: PLW2901
            if len(part[0].values):
                yield self._joined(part)

    def _joined(self, columns: list[Cells]) -> memoryview:
        pieces: list[Any] = []
        before = self._before + "{"
        for key, column in zip(self._keys, columns, strict=True):
            cells, mark = _encoded(column)
            pieces += [f"{before}{key}:{mark}", cells]
            before = f"{mark},"
        return text_buffer(pc.binary_join_element_wise(*pieces, before[:-1] + self._end, ""))

    def tail(self, counts: Counts) -> Iterator[bytes]:
        """From the closing bracket on."""
        if self._about is None:
            yield (JSON_END if self._before else JSON_EMPTY.removeprefix(JSON_BEGIN)).encode()
        else:
            yield json_tail(counts.rows, counts.text()).encode()

    def close(self) -> None:
        """Nothing is held."""


class NdjsonWriter(JsonWriter):
    """One NDJSON file of these column labels: an object a line, nothing else."""

    media_type = "application/x-ndjson"
    _between = ""
    _end = "}" + NDJSON_END

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def tail(self, counts: Counts) -> Iterator[bytes]:  # noqa: ARG002
        """Nothing."""
        yield from ()


def _encoded(column: Cells) -> tuple[Any, str]:
    """The cells as JSON; and a quotation mark where each still wants one on either side."""
    if column.json is True:
        return column.values.fill_null("null"), ""
    escaped = column.values
    if not column.plain:
        for character in holds_any(escaped, ESCAPED):
            escaped = pc.replace_substring(escaped, chr(character), json_text(chr(character))[1:-1])
    if column.json is False and not column.values.null_count:
        return escaped, '"'
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    if column.json is not False:
        quoted = pc.if_else(column.json, column.values, quoted)
    return quoted.fill_null("null"), ""
