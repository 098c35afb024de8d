"""Streams: gzip by content, damage found late and named, lines in constant memory."""

import gzip
import random
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest, StorageError
from affidavit.event import EVENT_BYTES_MAX
from affidavit.interchange import stream
from affidavit.interchange.stream import CHUNK_BYTES, LONG_BYTES_KEPT, Stream, lines

TEXT = b"".join(b'{"n":%d}\n' % number for number in range(200))


def read(path, data):
    path.write_bytes(data)
    return b"".join(Stream(path).chunks())


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        b"\xef\xbb\xbf" + TEXT,
        gzip.compress(TEXT),
        gzip.compress(b"\xef\xbb\xbf" + TEXT),
        gzip.compress(TEXT[:99]) + gzip.compress(b"") + gzip.compress(TEXT[99:]),
        gzip.compress(TEXT[:1]) + gzip.compress(TEXT[1:]) + bytes(512),
    ],
    ids=["plain", "bom", "gzip", "gzip-bom", "members", "padded"],
)
@pytest.mark.parametrize("name", ["a.json", "a.gz", "a"])
def test_content_alone_says_what_is_gzip(tmp_path, data, name):
    assert read(tmp_path / name, data) == TEXT


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", gzip.compress(b"")])
def test_an_empty_file_has_no_chunks(tmp_path, data):
    path = tmp_path / "a"
    path.write_bytes(data)
    assert list(Stream(path).chunks()) == []


def test_position_is_that_in_the_file_as_stored(tmp_path):
    stored = gzip.compress(TEXT)
    path = tmp_path / "a"
    path.write_bytes(stored)
    source = Stream(path)
    assert sum(map(len, source.chunks())) == len(TEXT)
    assert source.position == len(stored)


@pytest.mark.parametrize("cut", [5, 12, 40, -9, -1])
def test_gzip_that_ends_early_gives_what_it_holds_then_names_the_offset(tmp_path, cut):
    stored = gzip.compress(random.Random(1).randbytes(3000).hex().encode())
    path = tmp_path / "a.gz"
    path.write_bytes(stored[:cut])
    got = []
    with pytest.raises(InvalidRequest, match=rf"a\.gz: .*too early, at offset {len(stored[:cut])}"):
        got.extend(Stream(path).chunks())
    assert gzip.decompress(stored).startswith(b"".join(got))
    assert got or cut in (5, 12, 40)


@pytest.mark.parametrize("tail", [b"junk", gzip.compress(b"x")[:-8] + bytes(8)], ids=["no-member", "checksum"])
def test_a_damaged_member_is_named_after_the_sound_one(tmp_path, tail):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT) + tail)
    got = []
    with pytest.raises(InvalidRequest, match=r"a\.gz: damaged gzip data after offset \d+"):
        got.extend(Stream(path).chunks())
    assert b"".join(got) == TEXT


def test_a_decompression_bomb_is_refused_in_constant_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "DECOMPRESSED_BYTES_MAX", 8 << 20)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(16 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(InvalidRequest, match="8388608 bytes decompressed"):
            for _ in Stream(path).chunks():
                pass
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ('{"action":"a"}'.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04" + bytes(40), "zip"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "Zstandard"),
        (b"PAR1" + bytes(40), "Parquet"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(tmp_path, data, what):
    with pytest.raises(InvalidRequest, match=what):
        read(tmp_path / "a.json", data)


def test_a_missing_file_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match=r"gone\.json: No such file"):
        list(Stream(tmp_path / "gone.json").chunks())


@given(
    parts=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b" ", b"\t", b"\r", b"{}", b"\x00"]), max_size=30),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
def test_lines_are_those_of_the_whole_text_wherever_it_is_cut(parts, cuts):
    text = b"".join(parts)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[a:b] for a, b in pairwise(edges)]
    expected = [(n, line.strip(b" \t\r"), 0) for n, line in enumerate(text.split(b"\n"), 1)]
    assert list(lines(chunks)) == [row for row in expected if row[1]]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\nnext"])
def test_the_longest_line_is_whole_and_one_byte_more_is_not(ending):
    for size in (EVENT_BYTES_MAX, EVENT_BYTES_MAX + 1):
        text = b"\n" + b"x" * size + ending
        found = list(lines(text[at : at + CHUNK_BYTES] for at in range(0, len(text), CHUNK_BYTES)))
        if size == EVENT_BYTES_MAX:
            assert found[0] == (2, b"x" * size, 0)
        else:
            assert found[0] == (2, b"x" * LONG_BYTES_KEPT, size)
        assert found[1:] == ([(3, b"next", 0)] if ending == b"\nnext" else [])


def test_an_endless_line_takes_no_more_memory_than_one_event(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a":"' + b"x" * (24 << 20)))
    tracemalloc.start()
    try:
        [(number, raw, size)] = lines(Stream(path).chunks())
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert (number, len(raw), size) == (1, LONG_BYTES_KEPT, (24 << 20) + 6)
