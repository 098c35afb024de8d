"""Source: what an import reads. Paths to files, files to items, items to batches with a digest.

A reader yields `Batch`es; the ledger of imports keeps each batch's digest and position, so that a second run
skips what it has seen. Batches are cut by content alone: the same file gives the same batches, and a file
that has grown gives the same full batches before the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from affidavit.errors import AffidavitError, InvalidEvent, InvalidRequest, StorageError
from affidavit.event import EVENT_BYTES_MAX
from affidavit.interchange.stream import Stream

BATCH_ITEMS: Final = 1000
BATCH_BYTES_MAX: Final = 8 << 20  # a batch of long items ends early, so that memory stays flat
LABEL_BYTES_MAX: Final = 256
SUFFIXES: Final = tuple(kind + end for kind in (".json", ".jsonl", ".ndjson") for end in ("", ".gz"))
_ID_DOMAIN: Final = b"affidavit/import/v1"


class Origin(NamedTuple):
    """Where an item comes from, as far as a made id needs it: format, label, base name."""

    format: bytes = b""
    label: bytes = b""
    name: bytes = b""

    @classmethod
    def of(cls, format: str, label: str, path: Path) -> Origin:
        """Raises InvalidRequest for a label that is no text of at most LABEL_BYTES_MAX bytes.

        The base name is without `.gz`: compressing a file does not change what it says.
        """
        try:
            raw = label.encode()
        except UnicodeEncodeError:
            raw = b"\x00"
        if b"\x00" in raw or len(raw) > LABEL_BYTES_MAX:
            raise InvalidRequest(f"label {label[:80]!r}", f"Text of at most {LABEL_BYTES_MAX} bytes")
        return cls(format.encode(), raw, os.fsencode(path.name).removesuffix(b".gz"))


NOWHERE: Final = Origin()


class Item(NamedTuple):
    """One event as it stands in its file.

    `line` counts from 1: the line's number, or the record's in a file of one JSON document. Of an item longer
    than EVENT_BYTES_MAX `raw` is the beginning alone and `size` the whole length in bytes; otherwise `size`
    is 0.
    """

    line: int
    raw: bytes
    origin: Origin = NOWHERE
    size: int = 0


class Batch(NamedTuple):
    """Items in file order. `first` is the first one's number; `bytes_read` the position in the stored
    file.
    """

    source: str
    first: int
    items: list[Item]
    digest: bytes
    bytes_read: int


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Files to read: a file as given; a folder's SUFFIXES files, recursively, sorted. None twice.

    Raises InvalidRequest for a path that is missing, StorageError for a folder that can't be listed.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = sorted(_walk(path))
        elif path.exists():
            files = [path]
        else:
            raise InvalidRequest(f"{path}: no such file or folder", "Check the path")
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise StorageError(f"{error.filename}: {error.strerror}", "Check the folder's permissions") from None

    for where, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = Path(where, name)
            if name.lower().endswith(SUFFIXES) and path.is_file():
                yield path


def group(path: Path, origin: Origin, stream: Stream, items: Iterable[Item], batch_size: int) -> Iterator[Batch]:
    """Cut `items` into batches of `batch_size`, or of BATCH_BYTES_MAX where that comes first.

    Where reading fails midway, what was read before is yielded, then the error raised.
    """
    if batch_size < 1:
        raise InvalidRequest(f"batch size {batch_size}", "At least 1")
    pending: list[Item] = []
    size = 0
    try:
        for item in items:
            pending.append(item)
            size += len(item.raw)
            if len(pending) >= batch_size or size >= BATCH_BYTES_MAX:
                yield _batch(path, origin, stream, pending)
                pending, size = [], 0
    except AffidavitError:
        if pending:
            yield _batch(path, origin, stream, pending)
        raise
    if pending:
        yield _batch(path, origin, stream, pending)


def _batch(path: Path, origin: Origin, stream: Stream, items: list[Item]) -> Batch:
    return Batch(str(path), items[0].line, items, digest(origin, items), stream.position)


def digest(origin: Origin, items: Sequence[Item]) -> bytes:
    """SHA-256 over format, label, base name, number of the first item and all items, each length-prefixed.

    The base name is in it because it is in some items' ids: two files of equal bytes may be different events.
    """
    parts = [_prefixed(part) for part in origin]
    parts.append(items[0].line.to_bytes(8))
    parts.extend(b"%x %x %x " % (item.line, item.size, len(item.raw)) + item.raw for item in items)
    return sha256(b"".join(parts)).digest()


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


def made_id(item: Item, *, named: bool) -> UUID:
    """The id of an item that brings none: UUIDv8 (RFC 9562 §5.8) of a SHA-256, the same in every run.

    Hashed, with 00 between: "affidavit/import/v1", format, label, number in decimal, the file's base name
    where `named`, raw bytes.
    """
    origin = item.origin
    parts = [_ID_DOMAIN, origin.format, origin.label, b"%d" % item.line, origin.name, item.raw]
    if not named:
        del parts[4]
    value = int.from_bytes(sha256(b"\x00".join(parts)).digest()[:16])
    value = value & ~(0xF << 76) | 8 << 76
    return UUID(int=value & ~(0x3 << 62) | 2 << 62)


def screen(item: Item) -> None:
    """Refuse what no format can mean. Raises InvalidEvent for what is too long or not UTF-8."""
    if item.size or len(item.raw) > EVENT_BYTES_MAX:
        raise InvalidEvent(
            f"event of {item.size or len(item.raw)} bytes, at most {EVENT_BYTES_MAX}", "Keep large payloads elsewhere"
        )
    if not item.raw.isascii():
        try:
            item.raw.decode()
        except UnicodeDecodeError as error:
            byte, at = item.raw[error.start], error.start + 1
            raise InvalidEvent(f"byte 0x{byte:02x} at position {at} is not UTF-8", "Send UTF-8") from None
