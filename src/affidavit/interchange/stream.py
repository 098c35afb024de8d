"""Stream: the decompressed bytes of one file, in constant memory, and its lines.

Gzip is recognised by its first bytes, not by the file's name, and may have several members (RFC 1952 §2.2).
What is no UTF-8 text by its first bytes is refused with a hint. Reading is at the rim: everything above sees
only bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from affidavit.errors import InvalidRequest, StorageError
from affidavit.event import EVENT_BYTES_MAX

CHUNK_BYTES: Final = 256 << 10
DECOMPRESSED_BYTES_MAX: Final = 1 << 36  # 64 GiB from one compressed file; more is a bomb, not a log
LONG_BYTES_KEPT: Final = 4096  # of a line or record longer than EVENT_BYTES_MAX, enough to recognise it

_GZIP: Final = b"\x1f\x8b"
_GZIP_BITS: Final = 31  # zlib's way to say: gzip header and checksum
_FETCH_AGAIN: Final = "What was read before it is good; fetch the file again"
_BOM: Final = b"\xef\xbb\xbf"
_FOREIGN: Final = {
    b"\xff\xfe": ("UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8"),
    b"\xfe\xff": ("UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8"),
    b"PK\x03\x04": ("a zip archive", "Unpack it first"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "Decompress it first, or use gzip"),
    b"BZh": ("bzip2", "Decompress it first, or use gzip"),
    b"\xfd7zXZ": ("xz", "Decompress it first, or use gzip"),
    b"PAR1": ("Parquet", "Write it as JSON lines first"),
}


class Stream:
    """One file being read. `position` is the count of stored (compressed) bytes consumed so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes without byte order mark, at most about CHUNK_BYTES at a time.

        Raises InvalidRequest naming file and offset where the content is damaged, after what was read before
        it; StorageError where the file can't be read.
        """
        try:
            with self.path.open("rb") as file:
                first = file.read(CHUNK_BYTES)
                self.position = len(first)
                gzip = first.startswith(_GZIP)
                yield from self._text(self._inflate(first, file) if gzip else self._plain(first, file))
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror or error}", "Check the path") from None

    def _plain(self, data: bytes, file: BinaryIO) -> Iterator[bytes]:
        while data:
            yield data
            data = file.read(CHUNK_BYTES)
            self.position += len(data)

    def _inflate(self, data: bytes, file: BinaryIO) -> Iterator[bytes]:
        total = 0
        decoder = None
        try:
            while data:
                while data:
                    if decoder is None:
                        data = data.lstrip(b"\x00")  # zeros between members are padding, as gzip(1) has it
                        if not data:
                            break
                        decoder = zlib.decompressobj(_GZIP_BITS)
                    out = decoder.decompress(data, CHUNK_BYTES)
                    total += len(out)
                    if total > DECOMPRESSED_BYTES_MAX:
                        limit = f"more than {DECOMPRESSED_BYTES_MAX} bytes decompressed"
                        raise InvalidRequest(f"{self.path}: {limit}", "Split the file")
                    if out:
                        yield out
                    if decoder.eof:
                        data, decoder = decoder.unused_data, None
                    else:
                        data = decoder.unconsumed_tail
                data = file.read(CHUNK_BYTES)
                self.position += len(data)
            while decoder is not None and (out := decoder.decompress(b"", CHUNK_BYTES)):
                yield out
        except zlib.error as error:
            at = self.position - len(data)
            raise InvalidRequest(f"{self.path}: damaged gzip data after offset {at}: {error}", _FETCH_AGAIN) from None
        if decoder is not None:
            why = f"gzip data ends too early, at offset {self.position}"
            raise InvalidRequest(f"{self.path}: {why}", _FETCH_AGAIN)

    def _text(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= 8:
                break
        for magic, (what, hint) in _FOREIGN.items():
            if head.startswith(magic):
                raise InvalidRequest(f"{self.path} is {what}, not UTF-8 text", hint)
        head = head.removeprefix(_BOM)
        if head:
            yield head
        yield from chunks


def lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Yield (number from 1, line, size) of every line that is not blank, white space around it dropped.

    LF and CRLF end a line; blank lines count. Of a line longer than EVENT_BYTES_MAX only the first
    LONG_BYTES_KEPT bytes are kept and `size` is its whole length; otherwise `size` is 0.
    """
    number = 0
    head = b""
    size = 0
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        size += len(first)
        head = head + first if size <= EVENT_BYTES_MAX else (head + first)[:LONG_BYTES_KEPT]
        if not rest:
            continue
        last = rest.pop()
        number += 1
        if size > EVENT_BYTES_MAX:
            yield number, head, size
        elif line := head.strip(b" \t\r"):
            yield number, line, 0
        for raw in rest:
            number += 1
            if line := raw.strip(b" \t\r"):
                yield number, line, 0
        head, size = last, len(last)
    if size > EVENT_BYTES_MAX:
        yield number + 1, head, size
    elif line := head.strip(b" \t\r"):
        yield number + 1, line, 0
