"""Own events: forms as the schema has them, and the arithmetic of keep."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.commitment import format_time, parse_time
from affidavit.errors import MalformedProof
from affidavit.verify.own import TABLE, keep_until, read_own
from tests.verify.test_format_document import DOCS, PAGE, validator


def until(text, months, days=0):
    found = keep_until(parse_time(f"{text}T10:00:00.000000Z"), months, days)
    return None if found is None else format_time(found)[:10]


@pytest.mark.parametrize(
    ("start", "months", "days", "end"),
    [
        ("2027-08-31", 6, 0, "2028-02-29"),
        ("2028-02-29", 12, 0, "2029-02-28"),
        ("2028-02-29", 48, 0, "2032-02-29"),
        ("2028-01-30", 1, 1, "2028-03-01"),
        ("2026-12-31", 1, 0, "2027-01-31"),
        ("2026-11-30", 3, 0, "2027-02-28"),
        ("2026-10-01", 0, 31, "2026-11-01"),
        ("2026-10-01", 0, 0, "2026-10-01"),
        ("9999-11-30", 1, 0, "9999-12-30"),
        ("9999-12-01", 0, 30, "9999-12-31"),
        ("9999-12-01", 1, 0, None),
        ("9999-12-31", 0, 1, None),
        ("2026-10-01", 12_000, 366_000, "4028-10-27"),
        ("9000-10-01", 12_000, 0, None),
    ],
)
def test_keep(start, months, days, end):
    assert until(start, months, days) == end


TIMES = st.integers(0, parse_time("2400-01-01T00:00:00.000000Z"))


@given(TIMES, TIMES, st.integers(0, 600), st.integers(0, 1000))
def test_keep_is_monotone_and_is_what_calendars_say(one, other, months, days):
    one, other = sorted((one, other))
    early, late = keep_until(one, months, days), keep_until(other, months, days)
    assert early <= late
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    day = min(date.day, calendar.monthrange(year, month + 1)[1])
    kept = date.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
    assert format_time(early) == kept.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


ORIGIN = "affidavit/" + "a" * 32
ENTRY = (
    '{"action":"a.b","at":"2026-10-01T00:00:00.000000Z","c":"' + "A" * 43 + '","outcome":"success",'
    '"t":"2026-10-01T00:00:00.000000Z","v":1}'
)
VKEY = "x+c15e9a80+Aa9Gg2AKDu9MMBHm3nAdzCq2lF7d4e1cbI5fA1yAAAAA"
GOOD = {
    "retention.changed": {"retention.stream": "main", "retention.months": 12, "retention.days": 0},
    "log.purged": {"purge.origin": ORIGIN, "purge.end": 512, "purge.kept": [[1, 2], [2, 9]], "purge.policy": 0,
                   "purge.last": ENTRY},
    "hold.placed": {"hold.id": "h", "hold.scope": "public", "hold.origin": ORIGIN, "hold.ranges": [[1, 2], [7, None]]},
    "hold.released": {"hold.id": "h"},
    "record.erased": {"erasure.root": "0" * 64},
    "log.anchored": {"anchor.origin": ORIGIN, "anchor.size": 1, "anchor.root": "0" * 64, "anchor.token": "AAAA"},
}  # fmt: skip


def read(action, values):
    fields = {
        path: ("s", value) if isinstance(value, str) else ("j", json.dumps(value, separators=(",", ":")))
        for path, value in values.items()
    }
    return read_own(action, fields, frozenset(fields), "x")


def test_the_schema_and_the_code_know_the_same_paths():
    schema = json.loads((DOCS / "schemas" / "own.json").read_text("utf-8"))["properties"]
    assert schema.keys() == {"export.created", *TABLE}
    for action, rules in TABLE.items():
        variants = schema[action].get("oneOf", [schema[action]])
        assert {path for variant in variants for path in variant["properties"]} == rules.keys()
        required = set.intersection(*(set(variant["required"]) for variant in variants))
        assert required == {path for path, rule in rules.items() if rule.must}


def test_every_own_path_is_in_the_page():
    section = PAGE.partition("## Own events\n")[2].partition("\n## ")[0]
    for action, rules in TABLE.items():
        assert f"`{action}`" in section
        for path, rule in rules.items():
            assert f"| `{path}` | {'✔' if rule.must else ''} |".replace("|  |", "| |") in section, path


@pytest.mark.parametrize("action", sorted(GOOD))
def test_good_events_are_read_and_fit_the_schema(action):
    assert read(action, GOOD[action]).keys() == GOOD[action].keys()
    validator("own").validate({action: GOOD[action]})


@pytest.mark.parametrize(
    ("action", "path", "value"),
    [
        ("retention.changed", "retention.stream", "Main"),
        ("retention.changed", "retention.months", 12_001),
        ("retention.changed", "retention.days", -1),
        ("log.purged", "purge.end", 257),
        ("log.purged", "purge.kept", [[2, 1, 3]]),
        ("log.purged", "purge.kept", [1]),
        ("hold.placed", "hold.scope", "secret"),
        ("hold.placed", "hold.scope", "private"),
        ("hold.placed", "hold.id", ""),
        ("hold.placed", "hold.ranges", [[True, 2]]),
        ("record.erased", "erasure.root", "0" * 63),
        ("log.anchored", "anchor.token", "AA A"),
        ("log.anchored", "anchor.size", 0),
    ],
)
def test_bad_events_are_refused_by_code_and_schema(action, path, value):
    bad = GOOD[action] | {path: value}
    with pytest.raises(MalformedProof):
        read(action, bad)
    assert not validator("own").is_valid({action: bad})


def test_private_holds_tell_no_scope():
    private = {"hold.id": "h", "hold.scope": "private"}
    assert read("hold.placed", private) == private
    validator("own").validate({"hold.placed": private})
    with pytest.raises(MalformedProof):
        read("hold.placed", {"hold.id": "h", "hold.scope": "public"})
