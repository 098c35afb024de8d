"""JSON as docs/format.md fixes it: one array, one compact object a line, keys are the labels in column order. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow.compute as pc

from affidavit.cells import JSON_BEGIN, JSON_BETWEEN, JSON_EMPTY, JSON_END, json_text
from affidavit.export.formats.text import (
    Cells,
    change_where,
    character_class,
    halves,
    holds_any,
    matches,
    text_buffer,
)

ESCAPED: Final = b'"\\' + bytes(range(0x20))


class JsonWriter:
    """One JSON file of these column labels."""

    media_type = "application/json"

    def __init__(self, labels: list[str]) -> None:
        self._keys = [json_text(label) for label in labels]
        self._before = ""  # what separates the next row from the one before

    def head(self) -> bytes:
        """The array's bracket."""
        return JSON_BEGIN.encode()

    def rows(self, columns: list[Cells]) -> Iterator[memoryview]:
        """One object a row."""
        if not len(columns[0].values):
            return
        extra = sum(len(key.encode()) + 8 for key in self._keys)
        for part in halves(columns, extra):
            if not self._before:
                yield self._joined([column.slice(0, 1) for column in part])
                self._before = JSON_BETWEEN
                part = [column.slice(1, len(column.values) - 1) for column in part]  # noqa: PLW2901
            if len(part[0].values):
                yield self._joined(part)

    def _joined(self, columns: list[Cells]) -> memoryview:
        pieces: list[Any] = []
        for index, (key, column) in enumerate(zip(self._keys, columns, strict=True)):
            pieces += [f"{self._before + '{' if not index else ','}{key}:", _encoded(column)]
        return text_buffer(pc.binary_join_element_wise(*pieces, "}", ""))

    def tail(self) -> bytes:
        """The closing bracket."""
        return JSON_END.encode() if self._before else JSON_EMPTY.removeprefix(JSON_BEGIN).encode()


def _encoded(column: Cells) -> Any:
    if column.json is True:
        return column.values.fill_null("null")
    values = column.values
    if not column.plain:
        found = holds_any(values, ESCAPED)
        if found:
            special = pc.fill_null(matches(values, character_class(found)), False)
            if column.json is not False:
                special = pc.and_not(special, column.json)
            values = change_where(values, special, lambda text: json_text(text)[1:-1])
    quoted = pc.binary_join_element_wise('"', values, '"', "")
    if column.json is not False:
        quoted = pc.if_else(column.json, values, quoted)
    return quoted.fill_null("null")
