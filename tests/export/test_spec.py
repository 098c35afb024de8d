"""The form's five fields become the query they mean, in the zone they mean it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from affidavit.errors import InvalidRequest
from affidavit.export.spec import Column, ExportSpec, InvalidSpec, legacy
from affidavit.query.tree import EVERYTHING, to_json


def conditions(spec):
    tree = to_json(spec.query)
    parts = tree["of"] if tree["op"] == "all" else [tree]
    return [(p["op"], p["path"], p.get("value", p.get("values"))) for p in parts]


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_what_the_form_leaves_empty_is_everything(nothing):
    assert legacy(nothing, nothing, [], []).query == EVERYTHING
    assert legacy().query == EVERYTHING
    assert legacy(nothing, nothing, None, None).query == EVERYTHING


def test_columns_are_the_seed_s():
    assert [(c.label, c.path) for c in legacy().columns] == [
        ("timestamp", "at"), ("user_id", "actor.id"), ("action", "action"), ("resource", "resource"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", "2026-10-25T00:00:00.000000Z", "2026-10-26T00:00:00.000000Z"),
        ("Europe/Berlin", "2026-10-24T22:00:00.000000Z", "2026-10-25T23:00:00.000000Z"),  # 25 hours
        ("America/New_York", "2026-10-25T04:00:00.000000Z", "2026-10-26T04:00:00.000000Z"),
        ("Asia/Kolkata", "2026-10-24T18:30:00.000000Z", "2026-10-25T18:30:00.000000Z"),
    ],
)
def test_a_date_is_its_whole_day_in_the_zone(zone, start, end):
    expected = [("ge", "at", start), ("lt", "at", end)]
    assert conditions(legacy("2026-10-25", "2026-10-25", zone=zone)) == expected
    assert conditions(legacy(date(2026, 10, 25), date(2026, 10, 25), zone=zone)) == expected


def test_the_day_the_clocks_go_forward_has_23_hours():
    spec = legacy("2026-03-29", "2026-03-29", zone="Europe/Berlin")
    assert conditions(spec) == [
        ("ge", "at", "2026-03-28T23:00:00.000000Z"), ("lt", "at", "2026-03-29T22:00:00.000000Z"),
    ]  # fmt: skip


def test_a_day_that_begins_when_the_clocks_jump_over_midnight_begins_then():
    spec = legacy("2018-11-04", "2018-11-04", zone="America/Sao_Paulo")
    assert conditions(spec)[0] == ("ge", "at", "2018-11-04T03:00:00.000000Z")
    assert conditions(spec)[1] == ("lt", "at", "2018-11-05T02:00:00.000000Z")


def test_a_day_that_never_was_holds_nothing():
    spec = legacy("2011-12-30", "2011-12-30", zone="Pacific/Apia")
    (_, _, start), (_, _, end) = conditions(spec)
    assert start == end


def test_times_without_offset_are_of_the_zone_and_the_end_is_included():
    spec = legacy("2026-10-25T12:00", "2026-10-25T12:30:00", zone="Europe/Berlin")
    assert conditions(spec) == [
        ("ge", "at", "2026-10-25T11:00:00.000000Z"), ("le", "at", "2026-10-25T11:30:00.000000Z"),
    ]  # fmt: skip


def test_a_time_the_clocks_show_twice_opens_at_the_first_and_closes_at_the_second():
    spec = legacy("2026-10-25T02:30:00", "2026-10-25T02:30:00", zone="Europe/Berlin")
    assert conditions(spec) == [
        ("ge", "at", "2026-10-25T00:30:00.000000Z"), ("le", "at", "2026-10-25T01:30:00.000000Z"),
    ]  # fmt: skip


def test_times_with_offset_are_as_given_whatever_the_zone():
    aware = datetime(2026, 10, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    for start in ("2026-10-01T12:00:00+02:00", "2026-10-01T10:00:00Z", aware, aware.astimezone(UTC)):
        assert conditions(legacy(start, zone="Asia/Tokyo")) == [("ge", "at", "2026-10-01T10:00:00.000000Z")]


def test_times_the_log_can_t_hold_are_open_or_empty():
    assert legacy("1969-12-31").query == EVERYTHING
    assert legacy(None, "9999-12-31").query == EVERYTHING
    assert legacy("0001-01-01", "9999-12-31", zone="Asia/Tokyo").query == EVERYTHING
    assert conditions(legacy(None, "1960-01-01")) == [("lt", "at", "1970-01-01T00:00:00.000000Z")]


def test_users_and_actions_are_lists_each_value_once():
    spec = legacy(user_ids=["u1", "u2", "u1", "staff:7"], actions=["login", "file-download"])
    assert conditions(spec) == [
        ("in", "actor.id", ["u1", "u2", "staff:7"]), ("in", "action", ["login", "file-download"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ({"start_date": "2026-02-30"}, "start_date", "2026-02-30"),
        ({"start_date": "yesterday"}, "start_date", "yesterday"),
        ({"end_date": "2026-13-01"}, "end_date", "2026-13-01"),
        ({"end_date": "2026-10-01T25:00"}, "end_date", "2026-10-01T25:00"),
        ({"end_date": "20261001"}, "end_date", "20261001"),
        ({"start_date": 20261001}, "start_date", "20261001"),
        ({"start_date": "2026-10-02", "end_date": "2026-10-01"}, "end_date", "2026-10-01"),
        ({"start_date": "2026-10-01T12:00:01", "end_date": "2026-10-01T12:00"}, "end_date", "2026-10-01T12:00"),
        ({"user_ids": "u1"}, "user_ids", "u1"),
        ({"user_ids": [7]}, "user_ids", "7"),
        ({"user_ids": ["a\x00b"]}, "user_ids", "a"),
        ({"actions": ["\ud800"]}, "actions", "ud800"),
        ({"actions": ["x" * 5000]}, "actions", "xxx"),
        ({"format": "exe"}, "format", "exe"),
        ({"zone": "Mars/Olympus"}, "zone", "Mars/Olympus"),
        ({"zone": "../../etc/passwd"}, "zone", "passwd"),
        ({"zone": ""}, "zone", ""),
    ],
)
def test_what_can_t_be_meant_is_refused_by_field_and_value(arguments, field, value):
    with pytest.raises(InvalidSpec) as caught:
        legacy(**arguments)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: ")
    assert value in caught.value.message
    assert caught.value.hint
    assert isinstance(caught.value, InvalidRequest)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"columns": ()}, "columns"),
        ({"columns": (Column("a", "no.such_path"),)}, "columns"),
        ({"columns": (Column("", "at"),)}, "columns"),
        ({"columns": (Column("a", "at"), Column("a", "t"))}, "columns"),
        ({"evidence": "some"}, "evidence"),
        ({"streams": ()}, "streams"),
        ({"streams": ("main", "main")}, "streams"),
        ({"profile": "nobody"}, "profile"),
        ({"recipient": "x" * 5000}, "recipient"),
        ({"reason": "a\x00"}, "reason"),
    ],
)
def test_specs_are_checked_when_made(arguments, field):
    with pytest.raises(InvalidSpec) as caught:
        ExportSpec(**arguments)
    assert caught.value.field == field
