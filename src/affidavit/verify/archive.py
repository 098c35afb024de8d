"""The zip of a bundle, read strictly: one layout, and every byte of it accounted for.

Members follow each other from byte 0, the central directory follows the last, the end record ends the file.
Central and local headers agree, and what a zip could say beside names and sizes has one fixed value. Method 0
or 8; no encryption, data descriptor, extra field, comment, second disk or zip64 (so every member is shorter than
4 GiB - 1 and so is the whole). Nothing is extracted to a name; memory does not depend on any declared size.
docs/format.md, "Container".
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

from affidavit.errors import MalformedProof

MEMBERS_MAX: Final = 512
NAME_BYTES_MAX: Final = 64
MEMBER_BYTES_MAX: Final = 2**32 - 2
ARCHIVE_BYTES_MAX: Final = MEMBER_BYTES_MAX + (1 << 20)
UNPACKED_BYTES_MAX: Final = 16 * 2**30
"""All members together, unpacked."""
CHUNK_BYTES: Final = 1 << 17

STORED: Final = 0
DEFLATED: Final = 8
MADE_BY: Final = 20
NEEDED: Final = 20
FLAGS: Final = 0
DOS_TIME: Final = 0
DOS_DATE: Final = 0x0021  # 1980-01-01: a bundle's times stand in its manifest
EXTERNAL: Final = 0

_NAME_RE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")


class Member(NamedTuple):
    """One file of the zip. `start` is where its data begins; sizes in bytes."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


class Archive:
    """A zip opened for reading. Raises MalformedProof at once where its headers are not exactly in form.

    `digests` holds the SHA-256 of every member that was read to its end.
    """

    def __init__(self, source: Path | BinaryIO, names: re.Pattern[bytes] = _NAME_RE) -> None:
        self._file: BinaryIO = source.open("rb") if isinstance(source, Path) else source
        self.digests: dict[str, bytes] = {}
        try:
            self.members = {member.name: member for member in _members(self._file, names)}
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def chunks(self, name: str) -> Iterator[bytes]:
        """The data of a member, in pieces, never more than declared. At its end size and CRC have been checked."""
        member = self.members.get(name)
        if member is None:
            raise MalformedProof(f"{name} is not in the bundle")
        digest, crc, size = sha256(), 0, 0
        unpack = self._inflated(member) if member.method == DEFLATED else self._raw(member)
        for chunk in unpack:
            size += len(chunk)
            if size > member.size:
                break
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != member.size:
            raise MalformedProof(f"{name} is not of its declared {member.size} bytes")
        if crc != member.crc:
            raise MalformedProof(f"{name} does not have its declared CRC")
        self.digests[name] = digest.digest()

    def read(self, name: str, bytes_max: int) -> bytes:
        """A whole small member."""
        member = self.members.get(name)
        if member is not None and member.size > bytes_max:
            raise MalformedProof(f"{name} has {member.size} bytes, at most {bytes_max}")
        return b"".join(self.chunks(name))

    def drain(self, name: str) -> bytes:
        """The SHA-256 of a member, reading it where it was not read yet."""
        if name not in self.digests:
            for _ in self.chunks(name):
                pass
        return self.digests[name]

    def _raw(self, member: Member) -> Iterator[bytes]:
        at, end = member.start, member.start + member.packed
        while at < end:
            self._file.seek(at)  # members are read interleaved
            chunk = self._file.read(min(CHUNK_BYTES, end - at))
            if not chunk:
                raise MalformedProof(f"{member.name} ends too early")
            at += len(chunk)
            yield chunk

    def _inflated(self, member: Member) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._raw(member):
                data = packed
                while data and not inflate.eof:
                    chunk = inflate.decompress(data, CHUNK_BYTES)
                    data = inflate.unconsumed_tail
                    if chunk:
                        yield chunk
                if inflate.eof and (inflate.unused_data or data):
                    raise MalformedProof(f"{member.name} has bytes after its deflate stream")
            while not inflate.eof:  # what zlib still holds back
                chunk = inflate.decompress(b"", CHUNK_BYTES)
                if not chunk:
                    raise MalformedProof(f"{member.name}: its deflate stream ends too early")
                yield chunk
        except zlib.error as error:
            raise MalformedProof(f"{member.name} is not a deflate stream: {error}") from None


def _members(file: BinaryIO, names: re.Pattern[bytes]) -> list[Member]:
    file.seek(0, 2)
    length = file.tell()
    if not _END.size <= length <= ARCHIVE_BYTES_MAX:
        raise MalformedProof(f"the bundle has {length} bytes, {_END.size} to {ARCHIVE_BYTES_MAX} are allowed")
    file.seek(length - _END.size)
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(_exactly(file, _END.size))
    if mark != b"PK\x05\x06" or comment:
        raise MalformedProof("the bundle does not end with the end record of a zip without comment")
    if disk or first_disk or here != count or not 1 <= count <= MEMBERS_MAX:
        raise MalformedProof(f"the zip has {count} members, 1 to {MEMBERS_MAX} on one disk are allowed")
    if start + size + _END.size != length or size > count * (_CENTRAL.size + NAME_BYTES_MAX):
        raise MalformedProof("the zip's central directory is not where it must be")
    file.seek(start)
    members = _directory(_exactly(file, size), count, names)
    at = unpacked = 0
    for index, (member, header, offset) in enumerate(members):
        if offset != at:
            raise MalformedProof(f"{member.name} begins at byte {offset}, not {at}: a gap, prefix or overlap")
        file.seek(at)
        if _exactly(file, len(header)) != header:
            raise MalformedProof(f"{member.name}: local and central header differ")
        members[index] = (member._replace(start=at + len(header)), header, offset)
        at += len(header) + member.packed
        unpacked += member.size
    if at != start:
        raise MalformedProof("the zip has bytes between its last member and its directory")
    if unpacked > UNPACKED_BYTES_MAX:
        raise MalformedProof(f"the zip unpacks to {unpacked} bytes, at most {UNPACKED_BYTES_MAX}")
    return [member for member, _, _ in members]


def _directory(data: bytes, count: int, names: re.Pattern[bytes]) -> list[tuple[Member, bytes, int]]:
    """Each member with the local header it must have and where."""
    found: list[tuple[Member, bytes, int]] = []
    seen: set[str] = set()
    at = 0
    for _ in range(count):
        if len(data) - at < _CENTRAL.size:
            raise MalformedProof("the zip's central directory ends too early")
        (mark, made_by, needed, flags, method, time, date, crc, packed, size, name_size, extra, comment, disk,
         internal, external, offset) = _CENTRAL.unpack_from(data, at)  # fmt: skip
        raw = data[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
        at += _CENTRAL.size + name_size
        if mark != b"PK\x01\x02" or len(raw) != name_size or not names.match(raw):
            raise MalformedProof(f"the zip has a member named {raw[:NAME_BYTES_MAX]!r}")
        name = raw.decode()
        if name.lower() in seen:
            raise MalformedProof(f"the zip has {name} twice")
        seen.add(name.lower())
        if method not in (STORED, DEFLATED) or (method == STORED and packed != size):
            raise MalformedProof(f"{name}: zip method {method} or its sizes are not allowed")
        if (flags, extra, comment, disk, internal) != (FLAGS, 0, 0, 0, 0):
            raise MalformedProof(f"{name}: zip flags {flags:#x}, extra field, comment or disk are not allowed")
        fixed = (made_by, needed, time, date, external)
        if fixed != (MADE_BY, NEEDED, DOS_TIME, DOS_DATE, EXTERNAL):
            raise MalformedProof(
                f"{name}: zip version, time or attributes are {fixed}, "
                f"not {(MADE_BY, NEEDED, DOS_TIME, DOS_DATE, EXTERNAL)}"
            )
        if max(packed, size) > MEMBER_BYTES_MAX:
            raise MalformedProof(f"{name}: zip64 is not allowed")
        header = _LOCAL.pack(b"PK\x03\x04", needed, flags, method, time, date, crc, packed, size, name_size, 0)
        found.append((Member(name, method, crc, packed, size, 0), header + raw, offset))
    if at != len(data):
        raise MalformedProof("the zip's central directory has bytes left over")
    return found


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise MalformedProof("the zip ends too early")
    return data
