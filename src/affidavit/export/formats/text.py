"""What the formats share: cells as Arrow columns, and their bytes without a copy a row. Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.export.zones import ZoneTable
from affidavit.paths import DeclaredFields
from affidavit.verify.about import About, Counts

BATCH_BYTES_MAX: Final = 64 << 20
"""Text of one batch joined in one go. Above it a batch is cut in two: Arrow's strings have 32-bit offsets."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of cells: text or null (empty), and which of them are JSON text, not strings.

    `json` is one truth for the whole column or a boolean array. `plain` promises that no cell holds a character that
    any format must quote or escape, and that none starts with a formula's. `us` are the same times as int64
    microseconds, where the column is one of times shown as they are.
    """

    values: Any  # pyarrow.StringArray
    json: Any = False  # bool | pyarrow.BooleanArray
    plain: bool = False
    us: Any = None  # pyarrow.Int64Array | None

    def slice(self, start: int, length: int) -> Cells:
        """The same for a stretch of rows."""
        json = self.json if isinstance(self.json, bool) else self.json.slice(start, length)
        us = None if self.us is None else self.us.slice(start, length)
        return Cells(self.values.slice(start, length), json, self.plain, us)


@dataclass(frozen=True, slots=True)
class Table:
    """What a writer knows before the first row: what the file is about, its zone, and where it may spool."""

    about: About
    zone: ZoneTable
    declared: DeclaredFields | None = None
    folder: Path | None = None
    bare: bool = False

    @property
    def labels(self) -> list[str]:
        """Of the columns."""
        return [column["label"] for column in self.about.columns]


class Writer(Protocol):
    """One data file: head, then rows as they come, then tail. Gives bytes out; what it spools goes with `close`."""

    media_type: str

    def head(self) -> bytes:
        """What comes before the first row."""

    def rows(self, columns: list[Cells]) -> Iterator[bytes | memoryview]:
        """The bytes of these rows that can be given out now; they follow those of the call before."""

    def tail(self, counts: Counts) -> Iterator[bytes | memoryview]:
        """What comes after the last row."""

    def close(self) -> None:
        """Give up what is held."""


def halves(columns: list[Cells], extra: int = 8) -> Iterator[list[Cells]]:
    """The same rows, in stretches of at most BATCH_BYTES_MAX of text each (or one row)."""
    rows = len(columns[0].values)
    size = sum(column.values.nbytes + extra * rows for column in columns)
    if size <= BATCH_BYTES_MAX or rows <= 1:
        yield columns
        return
    for start, end in pairwise((0, rows // 2, rows)):
        yield from halves([column.slice(start, end - start) for column in columns], extra)


def text_buffer(array: Any) -> memoryview:
    """The UTF-8 of all of a string array's cells, joined, without a copy."""
    if not len(array):
        return memoryview(b"")
    _, offsets, data = array.buffers()
    first = struct.unpack_from("=i", offsets, 4 * array.offset)[0]
    last = struct.unpack_from("=i", offsets, 4 * (array.offset + len(array)))[0]
    return memoryview(b"") if data is None else memoryview(data)[first:last]


def holds_any(array: Any, characters: bytes) -> bytes:
    """Those of `characters` (ASCII) that occur in any cell. A pass at memory speed for each, none a row."""
    raw = bytes(text_buffer(array))
    return bytes(character for character in characters if raw.find(character) >= 0)


def starts_with_any(array: Any, characters: bytes) -> Any:
    """A boolean array: which cells begin with one of `characters`; None where none does."""
    found = _any(pc.starts_with, array, characters) if characters else None
    return found if found is not None and pc.any(found).as_py() else None


def holding_any(array: Any, characters: bytes) -> Any:
    """A boolean array: which cells hold one of `characters` (at least one) anywhere."""
    return _any(pc.match_substring, array, characters)


def _any(test: Callable[[Any, str], Any], array: Any, characters: bytes) -> Any:
    """A pass for each character: faster than a pattern, which looks at every byte as text."""
    return reduce(pc.or_, [test(array, chr(character)) for character in characters])


def change_where(array: Any, mask: Any, change: Callable[[str], str]) -> Any:
    """`change` put to the cells where `mask` is true; the others stay. Meant for few cells."""
    mask = pc.fill_null(mask, False)
    chosen = array.filter(mask).to_pylist()
    return pc.replace_with_mask(array, mask, pa.array([change(text) for text in chosen], pa.string()))


def matches(array: Any, pattern: str) -> Any:
    """A boolean array: which cells match the regular expression (RE2) anywhere."""
    return pc.match_substring_regex(array, pattern)


def character_class(characters: bytes) -> str:
    """A regular expression for any one of these characters."""
    return "[" + "".join(re.escape(chr(character)) for character in characters) + "]"
