"""The bundle's zip: parts spooled to unnamed files beside the output, compressed and hashed as they come.

Written by ourselves because verifiers are strict (docs/format.md): sizes and CRC in the local header, no data
descriptor, no extra field, no comment, and the same in the central directory. Spools have no name from the start, so a
killed export leaves none behind.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from affidavit.errors import InvalidRequest, StorageError
from affidavit.verify.archive import (
    DEFLATED,
    DOS_DATE,
    DOS_TIME,
    EXTERNAL,
    FLAGS,
    MADE_BY,
    MEMBER_BYTES_MAX,
    NEEDED,
)

LEVEL: Final = 1  # of deflate: hashes and salts do not shrink, text shrinks enough
PART_BYTES_MAX: Final = MEMBER_BYTES_MAX
COPY_BYTES: Final = 1 << 20
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into StorageError that names the output."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{path} can't be written: {reason}", "Free space or choose another folder") from error


class Spool:
    """One part of a bundle while it grows. `sha256` and `size` are of what was written, before compression.

    It lies in an unnamed file in `folder`, or in `file`, which is open.
    """

    def __init__(self, name: str, folder: Path | None, method: int = DEFLATED, file: BinaryIO | None = None) -> None:
        self.name = name
        self.method = method
        self.size = 0
        self.crc = 0
        self._hash = sha256()
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15) if method == DEFLATED else None
        self._adopted = ""
        self._file: BinaryIO = file or tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by `close`
        self.stored = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        self.size += len(data)
        if self.size > PART_BYTES_MAX:
            raise InvalidRequest(f"{self.name} grows beyond {PART_BYTES_MAX} bytes", "Export shorter periods")
        self.crc = zlib.crc32(data, self.crc)
        self._hash.update(data)
        self._put(data if self._deflate is None else self._deflate.compress(data))

    def _put(self, data: bytes | memoryview) -> None:
        self.stored += len(data)
        self._file.write(data)

    def finish(self) -> None:
        """Nothing more comes."""
        if self._deflate is not None:
            self._put(self._deflate.flush())
            self._deflate = None
        self._file.flush()

    @property
    def descriptor(self) -> int:
        """Of its file, for another process that writes the part in our place."""
        return self._file.fileno()

    def found(self) -> dict[str, Any]:
        """What it holds, when it is finished: for `adopt` in the process that began it."""
        return {"size": self.size, "crc": self.crc, "stored": self.stored, "digest": self.sha256}

    def adopt(self, *, size: int, crc: int, stored: int, digest: str) -> None:
        """Another process has written and finished the part."""
        self.size, self.crc, self.stored, self._adopted = size, crc, stored, digest
        self._deflate = None

    @property
    def sha256(self) -> str:
        """Of what was written, hex."""
        return self._adopted or self._hash.hexdigest()

    def read(self) -> Iterator[bytes]:
        """What stands in the zip, in blocks: compressed where the part is."""
        self._file.seek(0)
        while block := self._file.read(COPY_BYTES):
            yield block

    def close(self) -> None:
        """Give up the file and its space."""
        self._file.close()


class ZipParts:
    """A zip as bytes to give out, part after part. `end` gives the directory."""

    def __init__(self) -> None:
        self._central: list[bytes] = []
        self._at = 0

    def member(self, spool: Spool) -> Iterator[bytes]:
        """One part; closes its spool."""
        spool.finish()
        name = spool.name.encode("ascii")
        if self._at + spool.stored > PART_BYTES_MAX:
            raise InvalidRequest(f"the zip grows beyond {PART_BYTES_MAX} bytes", "Export shorter periods")
        sizes = (spool.crc, spool.stored, spool.size, len(name), 0)
        common = (NEEDED, FLAGS, spool.method, DOS_TIME, DOS_DATE, *sizes)
        yield _LOCAL.pack(b"PK\x03\x04", *common) + name
        yield from spool.read()
        self._central.append(_CENTRAL.pack(b"PK\x01\x02", MADE_BY, *common, 0, 0, 0, EXTERNAL, self._at) + name)
        self._at += _LOCAL.size + len(name) + spool.stored
        spool.close()

    def end(self) -> bytes:
        """The central directory and its end."""
        central = b"".join(self._central)
        count = len(self._central)
        return central + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(central), self._at, 0)


class ZipWriter:
    """A zip over an open file, part after part. `finish` writes the directory."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._parts = ZipParts()

    def add(self, spool: Spool) -> None:
        """Write one part and close its spool."""
        for piece in self._parts.member(spool):
            self._out.write(piece)

    def finish(self) -> None:
        """Write the central directory and its end."""
        self._out.write(self._parts.end())


@contextmanager
def new_file(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A file, and its name meanwhile. It takes `path`'s place when all is written and synced and nothing was raised."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as out:
            yield out, temporary
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
