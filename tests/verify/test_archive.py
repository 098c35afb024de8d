"""Hostile zips: refused without a crash, in bounded memory, whatever other programs would read from them."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from affidavit.errors import MalformedProof
from affidavit.verify import archive
from affidavit.verify.archive import Archive
from tests.verify.builder import Builder, pack

FILES = {"a.txt": b"alpha " * 50, "salts.bin": b"1234", "empty.txt": b""}
LOCAL, CENTRAL, END = archive._LOCAL, archive._CENTRAL, archive._END


@pytest.fixture
def opened(tmp_path):
    def opened(data):
        path = tmp_path / "x.zip"
        path.write_bytes(data)
        with Archive(path) as zipped:
            return {name: b"".join(zipped.chunks(name)) for name in zipped.members}

    return opened


def deflated(data, level=6):
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


def handmade(members, *, prefix=b"", gap=b"", comment=b"", before_directory=b"", tail=b"", **end):
    """A zip of (name, stored bytes, header fields) with one thing wrong."""
    out, central = prefix, b""
    for name, packed, data, changes in members:
        field = {"needed": 20, "flags": 0, "method": 0 if packed == data else 8, "time": 0, "date": 0x21,
                 "crc": zlib.crc32(data), "packed": len(packed), "size": len(data), "extra": b"", "made_by": 20,
                 "comment": b"", "disk": 0, "internal": 0, "external": 0, "offset": len(out)} | changes  # fmt: skip
        local = field | changes.get("local", {})
        raw = name if isinstance(name, bytes) else name.encode()
        common = ("needed", "flags", "method", "time", "date", "crc", "packed", "size")
        out += LOCAL.pack(b"PK\x03\x04", *(local[key] for key in common), len(raw), len(local["extra"]))
        out += local.get("name", raw) + local["extra"] + packed + gap
        central += CENTRAL.pack(
            b"PK\x01\x02", field["made_by"], *(field[key] for key in common), len(raw), len(field["extra"]),
            len(field["comment"]), field["disk"], field["internal"], field["external"], field["offset"],
        ) + raw + field["extra"] + field["comment"]  # fmt: skip
    out += before_directory
    count = end.get("count", len(members))
    where = end.get("start", len(out))
    return out + central + END.pack(
        b"PK\x05\x06", end.get("disk", 0), 0, end.get("here", count), count, end.get("size", len(central)), where,
        len(comment)) + comment + tail  # fmt: skip


GOOD = [("a.txt", deflated(b"alpha"), b"alpha", {}), ("b.bin", b"beta", b"beta", {})]


def one(**changes):
    return [("a.txt", b"alpha", b"alpha", changes)]


def test_a_good_zip_by_two_writers(opened):
    assert opened(handmade(GOOD)) == {"a.txt": b"alpha", "b.bin": b"beta"}
    assert opened(pack(FILES)) == FILES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + bytes(18),  # no members
        handmade(GOOD, prefix=b"#!/bin/sh\n"),
        handmade(GOOD, gap=b"\0"),
        handmade(GOOD, before_directory=b"\0"),
        handmade(GOOD, comment=b"hello"),
        handmade(GOOD, tail=b"\0"),
        handmade(GOOD, count=1),
        handmade(GOOD, count=3),
        handmade(GOOD, here=1),
        handmade(GOOD, disk=1),
        handmade(GOOD, start=0),
        handmade(GOOD, count=0xFFFF),
        handmade(GOOD, start=0xFFFFFFFF),
        handmade(GOOD * 2),  # a name twice
        handmade([("a.txt", b"x", b"x", {}), ("A.txt", b"y", b"y", {})]),  # case twins
        handmade([("../a.txt", b"x", b"x", {})]),
        handmade([("/a.txt", b"x", b"x", {})]),
        handmade([("a/b.txt", b"x", b"x", {})]),
        handmade([("a\\b.txt", b"x", b"x", {})]),
        handmade([("", b"x", b"x", {})]),
        handmade([(b"a\0.txt", b"x", b"x", {})]),
        handmade([(b"\xff", b"x", b"x", {})]),
        handmade([("a" * 65, b"x", b"x", {})]),
        handmade(one(flags=1)),  # encrypted
        handmade(one(flags=8)),  # a data descriptor
        handmade(one(flags=0x800)),
        handmade(one(method=12)),
        handmade(one(extra=b"\x01\x00\x00\x00")),
        handmade(one(local={"extra": b"\x01\x00\x00\x00"})),
        handmade(one(comment=b"x")),
        handmade(one(disk=1)),
        handmade(one(internal=1)),
        handmade(one(external=0o777 << 16)),
        handmade(one(made_by=0x0314)),
        handmade(one(needed=45)),
        handmade(one(time=1)),
        handmade(one(offset=1)),
        handmade(one(size=6)),
        handmade(one(size=0xFFFFFFFF, packed=0xFFFFFFFF)),  # zip64
        handmade(one(local={"name": b"b.txt"})),  # another name in front of the data
        handmade(one(local={"size": 4})),
        handmade(one(local={"crc": 1})),
        handmade(one(local={"date": 0x22})),
        handmade(one(crc=1)),
        handmade([("a.txt", deflated(b"alpha") + b"\0", b"alpha", {})]),  # bytes after the stream
        handmade([("a.txt", deflated(b"alpha") + deflated(b"more"), b"alpha", {})]),
        handmade([("a.txt", deflated(b"alpha")[:-1], b"alpha", {})]),
        handmade([("a.txt", b"\xff\xff\xff\xff\xff\xff", b"alpha", {})]),
        handmade([("a.txt", deflated(b"alpha, and then some"), b"alpha, and then some", {"size": 5})]),
        handmade([("a.txt", deflated(b"alpha"), b"alpha", {"size": 500})]),
        handmade([(f"f{n}", b"", b"", {}) for n in range(archive.MEMBERS_MAX + 1)]),
    ],
)
def test_everything_else_is_refused(opened, data):
    with pytest.raises(MalformedProof):
        opened(data)


def test_a_member_hidden_from_the_directory_is_refused(opened):
    """A ghost: two members of which the directory lists one."""
    whole = handmade(GOOD)
    first = LOCAL.size + len("a.txt") + len(deflated(b"alpha"))
    ghost = whole[:first] + handmade(one(offset=first))
    with pytest.raises(MalformedProof):
        opened(ghost)


def test_overlapping_members_are_refused(opened):
    data = b"alpha"
    with pytest.raises(MalformedProof):
        opened(handmade([("a.txt", data, data, {}), ("b.txt", data, data, {"offset": 0})]))


def test_other_writers_extras_are_refused(opened):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", b"x")  # with its time and mode
    with pytest.raises(MalformedProof, match="time or attributes"):
        opened(out.getvalue())


def test_a_bomb_costs_no_memory(opened, tmp_path):
    """A gigabyte declared or not: never more than a few chunks at once."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join([squeeze.compress(bytes(1 << 20)) for _ in range(64)]) + squeeze.flush()
    path = tmp_path / "bomb.zip"
    path.write_bytes(handmade([("a.txt", packed, b"", {"size": 10})]))
    tracemalloc.start()
    with Archive(path) as zipped, pytest.raises(MalformedProof, match="declared"):
        list(zipped.chunks("a.txt"))
    path.write_bytes(handmade([("a.txt", packed, b"", {"size": 64 << 20})]))
    with Archive(path) as zipped, pytest.raises(MalformedProof, match="CRC"):
        for _ in zipped.chunks("a.txt"):
            pass
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_all_members_together_are_bounded(opened):
    size = 0xFFFFFFFE
    with pytest.raises(MalformedProof, match="unpacks to"):
        opened(handmade([(f"a{n}", deflated(b"x"), b"x", {"size": size}) for n in range(5)]))


def test_big_small_members_are_refused_before_they_are_read(check):
    builder = Builder()
    files = builder.files() | {"checkpoint.0": bytes(2_000_000)}
    result = check(builder, data=pack(files))
    assert "2000000 bytes" in result.verdicts["AUTHENTIC"].reason


def test_salts_are_stored(check):
    builder = Builder()
    members = []
    for name, data in builder.files().items():
        members.append((name, deflated(data), data, {}) if data else (name, b"", b"", {}))
    assert "stored" in check(builder, data=handmade(members)).verdicts["AUTHENTIC"].reason


def test_interleaved_reading(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(pack({"a": bytes(300_000), "b": struct.pack(">1000I", *range(1000))}))
    with Archive(path) as zipped:
        pairs = list(zip(zipped.chunks("a"), zipped.chunks("b"), strict=False))
        assert pairs[0][1] == struct.pack(">1000I", *range(1000))
