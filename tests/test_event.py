"""Events: what is accepted, and that everything else is refused with its field named."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidEvent
from affidavit.event import (
    ACTION_BYTES_MAX,
    EVENT_BYTES_MAX,
    URI_SCHEMES,
    Actor,
    Change,
    Event,
    Party,
    Source,
    convert_event,
    decode_event,
    micros,
    new_id,
    split_reference,
)

BEFORE = datetime(2026, 10, 1, 12, tzinfo=UTC)


def text(**fields):
    return json.dumps({"action": "a", **fields})


@pytest.mark.parametrize(
    "action", ["login", "file-download", "grade.updated", "aws.s3.get_object", "0", "-", "_", "a.0.-", "a" * 128]
)
def test_actions_that_pass(action):
    assert decode_event(json.dumps({"action": action})) == Event(action=action)


@pytest.mark.parametrize(
    "action",
    ["", ".", "a.", ".a", "a..b", "Login", "log in", "login\n", "grade:updated", "é", "а", "a\u0000", "a" * 129, "a/b"],
)
def test_actions_that_do_not(action):
    for refused in (lambda: decode_event(json.dumps({"action": action})), lambda: convert_event({"action": action})):
        with pytest.raises(InvalidEvent) as caught:
            refused()
        assert caught.value.field == "action"
    assert len(str(caught.value)) < 400
    assert ACTION_BYTES_MAX == 128


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ('{"action":"a","actr":"x"}', "actr"),
        ('{"action":"a","actor":{"ID":"x"}}', "actor.ID"),
        ('{"action":"a","actor":{"id":7}}', "actor.id"),
        ('{"action":"a","actor":7}', "actor"),
        ('{"action":"a","actor":{"roles":"admin"}}', "actor.roles"),
        ('{"action":"a","actor":{"roles":["a",1]}}', "actor.roles"),
        ('{"action":"a","actor":{"mfa":1}}', "actor.mfa"),
        ('{"action":"a","actor":{"mfa":"true"}}', "actor.mfa"),
        ('{"action":"a","source":"10.0.0.1"}', "source"),
        ('{"action":"a","record_count":1.5}', "record_count"),
        ('{"action":"a","record_count":"1"}', "record_count"),
        ('{"action":"a","record_count":true}', "record_count"),
        ('{"action":"a","outcome":"ok"}', "outcome"),
        ('{"action":"a","outcome":null}', "outcome"),
        ('{"action":"a","severity":"fatal"}', "severity"),
        ('{"action":"a","id":"17"}', "id"),
        ('{"action":"a","id":17}', "id"),
        ('{"action":"a","details":[]}', "details"),
        ('{"action":"a","details":"x"}', "details"),
        ('{"action":"a","change":{"before":[]}}', "change.before"),
        ('{"action":"a","disclosure":{"additional_parties":[{"interest":"x"}]}}', "disclosure.additional_parties"),
        ('{"action":"a","disclosure":{"recipient":{"nme":"x"}}}', "disclosure.recipient.nme"),
        ('{"action":"a","controls":["c",null]}', "controls"),
        ('{"action":1}', "action"),
        ('{"action":null}', "action"),
        ('{"actor":"x"}', ""),
        ("{}", ""),
        ("[]", ""),
        ("null", ""),
        ('"login"', ""),
        ("", ""),
        ('{"action":"a"', ""),
        ('{"action":"a"}{}', ""),
        ('{"action":"a",}', ""),
        ("{'action':'a'}", ""),
        ('{"action":"a","details":{"x":NaN}}', ""),
        ('{"action":"a","details":{"x":Infinity}}', ""),
        ('{"action":"a","details":{"x":1e999}}', "details"),
        ('\ufeff{"action":"a"}', ""),
        ('{"action":"a\nb"}', ""),
    ],
)
def test_bad_input_is_refused_and_its_field_named(raw, field):
    for data in (raw, raw.encode()):
        with pytest.raises(InvalidEvent) as caught:
            decode_event(data)
        assert caught.value.field == field
        assert str(caught.value)


@pytest.mark.parametrize(
    ("at", "us"),
    [
        ("2026-10-01T12:00:00Z", 1790856000000000),
        ("2026-10-01T14:00:00+02:00", 1790856000000000),
        ("2026-10-01T12:00:00.000001Z", 1790856000000001),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T02:00:00+02:00", 0),
        ("9999-12-31T23:59:59.999999Z", 253402300799999999),
    ],
)
def test_times(at, us):
    assert micros(decode_event(text(at=at)).at) == us
    assert micros(convert_event({"action": "a", "at": datetime.fromisoformat(at)}).at) == us


@pytest.mark.parametrize(
    "at",
    [
        "2026-10-01T12:00:00",
        "2026-10-01",
        "12:00",
        "yesterday",
        "",
        "2026-02-30T00:00:00Z",
        "2026-10-01T24:00:01Z",
        "2016-12-31T23:59:60Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-00:01",
        1790856000,
        1790856000.5,
    ],
)
def test_times_that_are_refused(at):
    with pytest.raises(InvalidEvent) as caught:
        decode_event(text(at=at))
    assert caught.value.field == "at"


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 10, 1),  # noqa: DTZ001  that it has no zone is the point
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
    ],
)
def test_datetimes_that_are_refused(at):
    for event in ({"action": "a", "at": at}, Event(action="a", at=at)):
        with pytest.raises(InvalidEvent) as caught:
            convert_event(event)
        assert caught.value.field == "at"


@pytest.mark.parametrize("escaped", [r"\ud800", r"\uDC00", r"\udc00\ud800", r"a\uD83Db"])
@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ('{"action":"a","actor":"%s"}', "actor"),
        ('{"action":"a","actor":{"name":"%s"}}', "actor.name"),
        ('{"action":"a","details":{"deep":[{"x":"%s"}]}}', "details.deep.x"),
        ('{"action":"a","change":{"after":{"%s":1}}}', "change.after"),
    ],
)
def test_lone_surrogates_are_named(raw, field, escaped):
    with pytest.raises(InvalidEvent, match="surrogate") as caught:
        decode_event(raw % escaped)
    assert caught.value.field == field


def test_surrogate_pairs_are_text():
    assert decode_event(r'{"action":"a","actor":"\ud83d\ude00"}').actor == "😀"


def test_bytes_that_are_not_utf8():
    with pytest.raises(InvalidEvent):
        decode_event(b'{"action":"a","actor":"\xff"}')


@pytest.mark.parametrize("depth", [5_000, 100_000])
def test_nesting_that_no_decoder_takes(depth):
    with pytest.raises(InvalidEvent, match="deep"):
        decode_event('{"action":"a","details":{"x":' + "[" * depth + "]" * depth + "}}")


def test_cycles_and_deep_objects():
    deep = []
    deep.append(deep)
    with pytest.raises(InvalidEvent, match="deep"):
        convert_event({"action": "a", "details": {"x": deep}})


def test_size():
    frame = len(text(message=""))
    assert decode_event(text(message="x" * (EVENT_BYTES_MAX - frame))).message
    with pytest.raises(InvalidEvent, match=str(EVENT_BYTES_MAX)):
        decode_event(text(message="x" * (EVENT_BYTES_MAX - frame + 1)))


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Event(action="a", outcome="weird"), "outcome"),
        (Event(action="a", message=5), "message"),
        (Event(action="a", actor=Actor(id=5)), "actor.id"),
        (Event(action="a", source=Source(ip=b"10.0.0.1")), "source.ip"),
        (Event(action="a", record_count="7"), "record_count"),
        (Event(action="a", data_categories=("a", 1)), "data_categories"),
        (Event(action="a", change=Change(before={1: 2})), "change.before"),
        (Event(action=5), "action"),
        (Event(action="a", actor={"id": "x", "x": 1}), "actor.x"),
        (Event(action="a", message=BEFORE), "message"),
        (Event(action="a", details={"x": object()}), ""),
    ],
)
def test_events_made_by_hand_are_checked_too(event, field):
    with pytest.raises(InvalidEvent) as caught:
        convert_event(event)
    assert caught.value.field == field


def test_events_made_by_hand():
    event = Event(
        action="a",
        id=UUID(int=1),
        at=BEFORE,
        actor=Actor(id="u1", roles=("x", "y"), mfa=False),
        details={"when": BEFORE, "n": float("inf")},
    )
    assert convert_event(event) == event
    given = {
        "action": "a",
        "actor": Actor(id="u1"),
        "id": str(UUID(int=1)),
        "disclosure": {"additional_parties": [Party(name="x")]},
    }
    made = convert_event(given)
    assert (made.actor, made.id) == (Actor(id="u1"), UUID(int=1))
    assert made.disclosure.additional_parties == (Party(name="x"),)
    assert convert_event(dict(MappingProxyType({"action": "a"}))) == Event(action="a")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("enrollment:17", ("enrollment", "17")),
        ("enrollment:17:b", ("enrollment", "17:b")),
        ("user-account:x", ("user-account", "x")),
        ("a_b:x", ("a_b", "x")),
        ("x9: y", ("x9", " y")),
        ("17", (None, "17")),
        ("", (None, "")),
        (":x", (None, ":x")),
        ("x:", (None, "x:")),
        ("User:17", (None, "User:17")),
        ("9x:17", (None, "9x:17")),
        ("a b:17", (None, "a b:17")),
        ("é:17", (None, "é:17")),
        ("/admin:x", (None, "/admin:x")),
        ("arn:aws:s3:::b", (None, "arn:aws:s3:::b")),
        ("https://x/y", (None, "https://x/y")),
        ("mailto:a@b", (None, "mailto:a@b")),
        ("2001:db8::1", (None, "2001:db8::1")),
    ],
)
def test_references(reference, parts):
    assert split_reference(reference) == parts


def test_no_uri_scheme_is_a_type():
    assert {"arn", "urn", "http", "https", "s3", "mailto", "file"} <= URI_SCHEMES
    assert [scheme for scheme in URI_SCHEMES if split_reference(f"{scheme}:x") != (None, f"{scheme}:x")] == []


def test_made_ids_are_uuid7_in_order():
    first, second = new_id(1_790_856_000_123_456_789), new_id(1_790_856_000_123_999_999)
    assert [(i.version, i.variant) for i in (first, second)] == [(7, "specified in RFC 4122")] * 2
    assert first.int >> 80 == 1_790_856_000_123
    assert first < second
    assert len({new_id(5) for _ in range(1000)}) == 1000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["action", "actor", "id", "at", "details", "change", "before", "x"]), x, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_nothing_but_invalid_event_is_ever_raised(value):
    for refuse in (lambda: decode_event(json.dumps(value)), lambda: convert_event(value)):
        try:
            event = refuse()
        except InvalidEvent:
            continue
        assert isinstance(event, Event)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_decoder(data):
    with pytest.raises(InvalidEvent):
        decode_event(b'{"action":' + data + b"\x00")
