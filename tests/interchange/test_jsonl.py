"""JSON lines: what is refused, with line and field, and that a second run makes the same ids."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidEvent, InvalidRequest
from affidavit.event import EVENT_BYTES_MAX, Event
from affidavit.interchange import FORMATS, Item
from affidavit.interchange.jsonl import batches, parse
from affidavit.paths import DeclaredFields
from affidavit.record import flatten

ID = "0190a6f0-0000-7000-8000-000000000001"


def items(path, data, **options):
    path.write_bytes(data)
    return [item for batch in batches(path, **options) for item in batch.items]


def ids(path, data, **options):
    return [parse(item).id for item in items(path, data, **options)]


def test_the_format_is_listed_under_its_name():
    assert FORMATS["jsonl"] == ("jsonl", batches, parse)


def test_lines_are_counted_with_blank_ones_and_bom_and_crlf_are_no_content(tmp_path):
    data = b'\xef\xbb\xbf{"action":"a"}\r\n\r\n  \n{"action":"b"}\n\n{"action":"c"}'
    found = items(tmp_path / "a.jsonl", data)
    assert [(item.line, item.raw, parse(item).action) for item in found] == [
        (1, b'{"action":"a"}', "a"), (4, b'{"action":"b"}', "b"), (6, b'{"action":"c"}', "c"),
    ]  # fmt: skip


def test_a_given_id_is_kept(tmp_path):
    assert [str(i) for i in ids(tmp_path / "a", f'{{"action":"a","id":"{ID}"}}'.encode())] == [ID]


def test_a_second_run_of_the_same_or_the_grown_or_the_compressed_file_makes_the_same_ids(tmp_path):
    data = b'{"action":"a"}\n{"action":"a"}\n{"action":"a","at":"2024-01-01T00:00:00Z"}\n'
    first = ids(tmp_path / "a.jsonl", data)
    assert len(set(first)) == 3
    assert ids(tmp_path / "a.jsonl", data) == first
    assert ids(tmp_path / "a.jsonl", data + b'{"action":"b"}\n')[:3] == first
    assert ids(tmp_path / "a.jsonl.gz", gzip.compress(data.replace(b"\n", b"\r\n"))) == first
    assert not set(ids(tmp_path / "a.jsonl", data, label="hr")) & set(first)


def test_another_file_of_equal_lines_repeats_timed_events_and_brings_new_untimed_ones(tmp_path):
    data = b'{"action":"a","at":"2024-01-01T00:00:00Z"}\n{"action":"a"}\n'
    timed, untimed = ids(tmp_path / "a.jsonl", data)
    assert ids(tmp_path / "b.jsonl", data)[0] == timed
    assert ids(tmp_path / "b.jsonl", data)[1] != untimed


def test_a_grown_file_repeats_its_full_batches(tmp_path):
    path = tmp_path / "a.jsonl"
    data = [b'{"action":"a%d"}\n' % number for number in range(25)]
    path.write_bytes(b"".join(data))
    before = [batch.digest for batch in batches(path, batch_size=10)]
    path.write_bytes(b"".join([*data, *data]))
    after = list(batches(path, batch_size=10))
    assert [batch.digest for batch in after][:2] == before[:2]
    assert after[2].digest != before[2]
    assert [batch.first for batch in after] == [1, 11, 21, 31, 41]
    assert after[-1].bytes_read == path.stat().st_size


@pytest.mark.parametrize(
    ("line", "message", "field"),
    [
        (b"not json", "malformed", ""),
        (b'{"action":"a"', "truncated", ""),
        (b'{"action":"a"} {"action":"b"}', "trailing", ""),
        (b"[]", "Expected `object`, got `array`", ""),
        (b"null", "Expected `object`", ""),
        (b"{}", "missing required field `action`", ""),
        (b'{"action":"A b"}', "malformed", "action"),
        (b'{"action":7}', "Expected `str`, got `int`", "action"),
        (b'{"action":"a","colour":"red"}', "unknown field 'colour'", "colour"),
        (b'{"action":"a","actor":{"id":"u","age":3}}', "unknown field", "actor.age"),
        (b'{"action":"a","at":"2024-01-01T00:00:00"}', "offset", "at"),
        (b'{"action":"a","at":"1969-12-31T23:59:59Z"}', "1970", "at"),
        (b'{"action":"a","details":{"x":NaN}}', "malformed", ""),
        (b'{"action":"a","details":{"x":Infinity}}', "malformed", ""),
        (b'{"action":"a","message":"\\ud800"}', "lone surrogate", "message"),
        (b'{"action":"a","message":"\xed\xa0\x80"}', "byte 0xed at position 26 is not UTF-8", ""),
        (b'{"action":"a","message":"\xff"}', "byte 0xff at position 26 is not UTF-8", ""),
        (b'{"action":"a"}\x00', "trailing|malformed", ""),
        (b'{"action":"a","details":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "nested too deeply", ""),
    ],
)
def test_a_bad_line_is_refused_alone_with_the_field_named(tmp_path, line, message, field):
    found = items(tmp_path / "a", b'{"action":"a"}\n' + line + b'\n{"action":"z"}\n')
    assert [item.line for item in found] == [1, 2, 3]
    with pytest.raises(InvalidEvent, match=message) as caught:
        parse(found[1])
    assert caught.value.field == field
    assert parse(found[0]).action == "a"
    assert parse(found[2]).action == "z"


@pytest.mark.parametrize("details", ['{"x":"a\\u0000b"}', '{"x":' + "[" * 70 + "]" * 70 + "}"])
def test_what_json_allows_and_a_record_does_not_is_refused_when_flattened(details):
    event = parse(Item(1, f'{{"action":"a","details":{details}}}'.encode()))
    with pytest.raises(InvalidEvent, match=r"NUL|nested"):
        flatten(event, DeclaredFields())


def test_a_line_longer_than_an_event_is_refused_with_its_size(tmp_path):
    long = b'{"action":"a","message":"' + b"x" * EVENT_BYTES_MAX + b'"}'
    found = items(tmp_path / "a", long + b'\n{"action":"z"}')
    with pytest.raises(InvalidEvent, match=f"event of {len(long)} bytes"):
        parse(found[0])
    assert parse(found[1]).action == "z"


def test_truncated_gzip_gives_its_whole_lines_then_the_error(tmp_path):
    data = b"".join(b'{"action":"a%d"}\n' % number for number in range(5000))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(data)[:-300])
    got = []
    with pytest.raises(InvalidRequest, match=r"a\.jsonl\.gz: gzip data ends too early"):
        got.extend(item for batch in batches(path, batch_size=1000) for item in batch.items)
    assert 1000 < len(got) < 5000
    assert [parse(item).action for item in got] == [f"a{number}" for number in range(len(got))]


@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["action", "actor", "id", "at", "details", "change", "outcome", "x"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_line_is_an_event_with_an_id_or_refused(raw):
    try:
        event = parse(Item(1, raw))
    except InvalidEvent:
        return
    assert isinstance(event, Event)
    assert event.id is not None
