"""Commitments and entries: golden vectors made without our code, what differs must differ, strict parsing."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.commitment import (
    CLOCK_SKEW_US_MAX,
    ENTRY_BYTES_MAX,
    HASH_BYTES,
    SALT_BYTES,
    commit_record,
    decode_hash,
    derive_salts,
    encode_hash,
    entry_bytes,
    field_commitment,
    format_time,
    parse_entry,
    parse_time,
    record_commitment,
    shape_hash,
)
from affidavit.errors import MalformedProof
from affidavit.event import OUTCOMES, micros
from affidavit.tlog.merkle import leaf_hash

VECTORS = json.loads((Path(__file__).parent / "vectors/commitment/records.json").read_text("utf-8"))
SALT = bytes(SALT_BYTES)
US_MAX = 253_402_300_799_999_999


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden_vectors(vector):
    seed = bytes.fromhex(vector["seed"])
    paths = tuple(path for path, _, _ in vector["fields"])
    tags = "".join(tag for _, tag, _ in vector["fields"])
    values = [value for _, _, value in vector["fields"]]
    salts = derive_salts(seed, len(paths))
    assert salts.hex() == vector["salts"]
    commitments = [
        field_commitment(path, tag, salts[16 * n : 16 * n + 16], (value or "").encode())
        for n, (path, tag, value) in enumerate(vector["fields"])
    ]
    assert [one.hex() for one in commitments] == vector["commitments"]
    assert shape_hash(paths).hex() == vector["shape"]
    c = record_commitment(paths, commitments)
    assert c.hex() == vector["c"]
    assert commit_record(paths, tags, values, seed) == c
    entry = parse_entry(vector["entry"].encode())
    assert entry.c == c
    again = entry_bytes(entry.action, format_time(entry.at_us), c, entry.outcome, format_time(entry.t_us))
    assert again.decode() == vector["entry"]
    assert leaf_hash(again).hex() == vector["leaf"]


names = st.sampled_from(["a", "a.b", "a.b_c", "a1", "ab", "b", "change.after.x", "id", "z"])
texts = st.text(alphabet="ab0\x00é😀", max_size=4)
few = settings(max_examples=40, deadline=None)


@st.composite
def records(draw):
    paths = tuple(sorted(draw(st.sets(names, max_size=6))))
    tags = "".join(draw(st.sampled_from("sjn")) for _ in paths)
    return paths, tags, tuple(None if tag == "n" else draw(texts) for tag in tags)


@few
@given(records(), records(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_what_differs_has_another_commitment(one, other, seed, other_seed):
    assert commit_record(*one, seed) == commit_record(*one, seed)
    assert (commit_record(*one, seed) == commit_record(*other, seed)) == (one == other)
    if one[0]:
        assert (commit_record(*one, seed) == commit_record(*one, other_seed)) == (seed == other_seed)


@few
@given(records(), st.binary(min_size=32, max_size=32))
def test_the_quick_way_is_the_long_way(record, seed):
    salts = derive_salts(seed, len(record[0]))
    parts = [
        field_commitment(path, tag, salts[16 * n : 16 * n + 16], (value or "").encode())
        for n, (path, tag, value) in enumerate(zip(*record, strict=True))
    ]
    assert commit_record(*record, seed) == record_commitment(record[0], parts)


def test_salts_are_prefixes_of_one_stream():
    assert derive_salts(b"s" * 32, 3) == derive_salts(b"s" * 32, 5)[:48]
    assert derive_salts(b"s" * 32, 0) == b""


@pytest.mark.parametrize(
    "path",
    ["", "A", "a.", ".a", "a..b", "a b", "9a", "a.9", "é", "a\n", "a\ud800", "_a", "a-b", "a" * 129, "a\x00"],
)
def test_malformed_paths(path):
    with pytest.raises(MalformedProof):
        field_commitment(path, "s", SALT, b"")
    with pytest.raises(MalformedProof):
        shape_hash([path])
    with pytest.raises(MalformedProof):
        record_commitment([path], [bytes(32)])


@pytest.mark.parametrize(("tag", "value"), [("n", b"x"), ("x", b""), ("", b""), ("S", b""), ("ss", b"")])
def test_tags(tag, value):
    with pytest.raises(MalformedProof):
        field_commitment("a", tag, SALT, value)


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17), bytes(32)])
def test_salts_are_16_bytes(salt):
    with pytest.raises(MalformedProof):
        field_commitment("a", "s", salt, b"")


@pytest.mark.parametrize("paths", [["b", "a"], ["a", "a"], ["a.b", "a"], ["a", "a_b", "a.b"]])
def test_paths_ascend_by_byte_and_none_is_twice(paths):
    with pytest.raises(MalformedProof):
        shape_hash(paths)


@pytest.mark.parametrize("commitments", [[], [bytes(31)], [bytes(33)], [bytes(64)], [bytes(32), bytes(32)]])
def test_commitments_are_one_a_path_of_32_bytes(commitments):
    with pytest.raises(MalformedProof):
        record_commitment(["a"], commitments)


def test_two_halves_are_not_one_whole():
    """A commitment of 64 bytes for one path must not pass as two of 32."""
    with pytest.raises(MalformedProof):
        record_commitment(["a", "b"], [bytes(64), b""])


# --- times -------------------------------------------------------------------------------------------------------


@given(st.integers(0, US_MAX))
def test_times_round_trip(us):
    text = format_time(us)
    assert len(text) == 27
    assert parse_time(text) == us
    assert micros(datetime.fromisoformat(text)) == us


@given(st.integers(0, US_MAX), st.integers(0, US_MAX))
def test_times_order_as_text(a, b):
    assert (format_time(a) < format_time(b)) == (a < b)


@pytest.mark.parametrize("us", [-1, US_MAX + 1])
def test_times_outside(us):
    with pytest.raises(ValueError, match="1970-9999"):
        format_time(us)


@pytest.mark.parametrize(
    "text",
    ["", "2026-10-01", "2026-10-01T12:00:00Z", "2026-10-01T12:00:00.00000Z", "2026-10-01T12:00:00.0000000Z",
     "2026-10-01t12:00:00.000000Z", "2026-10-01T12:00:00.000000z", "2026-10-01T12:00:00.000000+00:00",
     "2026-10-01 12:00:00.000000Z", "2026-02-30T12:00:00.000000Z", "2023-02-29T12:00:00.000000Z",
     "2026-13-01T12:00:00.000000Z", "2026-00-01T12:00:00.000000Z", "2026-10-00T12:00:00.000000Z",
     "2026-10-01T24:00:00.000000Z", "2026-10-01T12:60:00.000000Z", "2016-12-31T23:59:60.000000Z",
     "2016-12-31T23:59:61.000000Z", "1969-12-31T23:59:59.999999Z", "0000-01-01T00:00:00.000000Z",
     "٢٠٢٦-10-01T12:00:00.000000Z", "2026-10-01T12:00:00.000000Z\n", " 2026-10-01T12:00:00.000000Z"],
)  # fmt: skip
def test_times_that_are_not_in_form(text):
    with pytest.raises(MalformedProof):
        parse_time(text)


def test_leap_days_and_the_ends():
    assert parse_time("2024-02-29T00:00:00.000000Z") == micros(datetime(2024, 2, 29, tzinfo=UTC))
    assert format_time(0) == "1970-01-01T00:00:00.000000Z"
    assert format_time(US_MAX) == "9999-12-31T23:59:59.999999Z"


# --- hashes ------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32))
def test_hashes_round_trip(value):
    text = encode_hash(value)
    assert len(text) == 43
    assert decode_hash(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "A" * 42, "A" * 44, "A" * 43 + "=", "A" * 42 + "B", "A" * 42 + "C", "A" * 42 + "D", "A" * 42 + "é",
     "A" * 42 + " ", "A" * 42 + "+", "A" * 42 + "/", "A" * 42 + "\n", "A" * 41 + "=="],
)  # fmt: skip
def test_hashes_that_are_not_in_form(text):
    with pytest.raises(MalformedProof):
        decode_hash(text)


# --- entries -----------------------------------------------------------------------------------------------------

C = encode_hash(bytes(range(HASH_BYTES)))
T = "2026-10-01T12:00:00.000000Z"
ENTRY = f'{{"action":"grade.updated","at":"{T}","c":"{C}","outcome":"success","t":"{T}","v":1}}'


def test_entries_parse():
    assert parse_entry(ENTRY.encode()) == ("grade.updated", parse_time(T), bytes(range(32)), "success", parse_time(T))


actions = st.lists(st.text(alphabet="a0_-z", min_size=1, max_size=9), min_size=1, max_size=4).map(".".join)


@few
@given(actions, st.integers(0, US_MAX), st.binary(min_size=32, max_size=32), st.sampled_from(OUTCOMES), st.data())
def test_entries_round_trip(action, t_us, c, outcome, data):
    at_us = data.draw(st.integers(0, min(t_us + CLOCK_SKEW_US_MAX, US_MAX)))
    raw = entry_bytes(action, format_time(at_us), c, outcome, format_time(t_us))
    assert len(raw) <= ENTRY_BYTES_MAX
    assert parse_entry(raw) == (action, at_us, c, outcome, t_us)
    assert json.loads(raw)["c"] == encode_hash(c)


@given(st.data())
def test_every_other_spelling_is_refused_or_another_entry(data):
    """One entry has one encoding: no mutation of its bytes parses to what it said."""
    at = data.draw(st.integers(0, len(ENTRY) - 1))
    mutated = data.draw(
        st.sampled_from(
            [
                ENTRY[:at] + data.draw(st.characters(codec="ascii")) + ENTRY[at + 1 :],
                ENTRY[:at] + data.draw(st.characters(codec="ascii")) + ENTRY[at:],
                ENTRY[:at] + ENTRY[at + 1 :],
                ENTRY[:at],
                ENTRY[: at + 1] + ENTRY[at:],
            ]
        )
    )
    try:
        found = parse_entry(mutated.encode())
    except MalformedProof:
        return
    assert (found == parse_entry(ENTRY.encode())) == (mutated == ENTRY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        ('"v":1', '"v":1.0'),
        ('"v":1', '"v":1,"x":1'),
        ('"v":1', '"v": 1'),
        ("success", "ok"),
        ("success", "Success"),
        ("grade.updated", "grade..updated"),
        ("grade.updated", ".grade"),
        ("grade.updated", "Grade"),
        ("grade.updated", ""),
        ("grade.updated", "a" * 129),
        ("grade.updated", "gr\\u0061de"),
        (C, C + "="),
        (C, C[:-1] + "B"),
        (f'"t":"{T}"', '"t":"2026-10-01T11:54:59.999999Z"'),
        (f'"at":"{T}"', '"at":"2026-10-01T12:05:00.000001Z"'),
        (f'"at":"{T}"', '"at":"1969-10-01T12:00:00.000000Z"'),
        (f'"at":"{T}",', ""),
        (f'"at":"{T}"', f'"at":"{T}","at":"{T}"'),
        ("{", "{ "),
        ("}", "}\n"),
        ("{", "\ufeff{"),
    ],
)
def test_entries_that_are_not_in_form(old, new):
    mutated = ENTRY.replace(old, new, 1)
    assert mutated != ENTRY
    with pytest.raises(MalformedProof):
        parse_entry(mutated.encode())


def test_at_may_lie_300_seconds_after_t():
    assert parse_entry(ENTRY.replace(f'"at":"{T}"', '"at":"2026-10-01T12:05:00.000000Z"').encode())


def test_keys_in_another_order_are_refused():
    shuffled = json.dumps(dict(reversed(json.loads(ENTRY).items())), separators=(",", ":"))
    with pytest.raises(MalformedProof):
        parse_entry(shuffled.encode())
