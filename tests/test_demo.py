"""The demo: the same campus from the same seed, an export that verifies, a second run that adds nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from affidavit.cli import main
from affidavit.demo import ZONE, campus_events, entries, export_month, month_before, open_campus, verify_as_stranger

NOW = datetime(2024, 11, 20, 17, 30, tzinfo=ZoneInfo(ZONE))


def test_the_same_seed_gives_the_same_events():
    assert campus_events(NOW, 300) == campus_events(NOW, 300)
    assert campus_events(NOW, 300) != campus_events(NOW, 300, seed=18)


@pytest.mark.parametrize("count", [1, 50, 2000])
def test_events_are_as_many_as_asked_in_order_and_past(count):
    events = campus_events(NOW, count)
    times = [event.at for event in events]
    assert len(events) == count
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert times[0].date() >= date(2024, 10, 1)
    assert len({event.id for event in events}) == count


def test_the_campus_lives_by_day_and_week():
    events = campus_events(NOW, 3000)
    people = [event.at for event in events if not event.actor.is_service and event.outcome == "success"]
    hours = Counter(at.hour for at in people)
    weekend = sum(at.weekday() >= 5 for at in people)
    assert hours[10] > 5 * hours[3]
    assert weekend < len(people) / 5
    actions = Counter(event.action for event in events)
    assert {"login", "grade.updated", "transcript.disclosed", "enrollment.synced", "file-download"} <= set(actions)
    assert {event.outcome for event in events} == {"success", "failure", "denied"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), (date(2025, 12, 1), date(2025, 12, 31))),
        (datetime(2028, 3, 31, tzinfo=UTC), (date(2028, 2, 1), date(2028, 2, 29))),
    ],
)
def test_month_before(now, expected):
    assert month_before(now) == expected


def test_the_export_verifies_from_two_files(tmp_path):
    log, recorded = open_campus(tmp_path, NOW, 400)
    with log:
        bundle, result = export_month(log, NOW)
        trust, found = verify_as_stranger(log, bundle)
    october = sum(event.at.month == 10 for event in campus_events(NOW, 400))
    assert (recorded, result.rows) == (400, october)
    assert (bundle.name, trust.name) == ("audit-log-2024-10.zip", "trust.json")
    assert {v.name: str(v.status) for v in found.verdicts.values()} == {
        "AUTHENTIC": "PASS",
        "COMPLETE": "PASS",
        "TIMED": "NOT PROVEN",
        "WITNESSED": "NOT PROVEN",
        "VIEW MATCHES": "PASS",
    }


def test_command_runs_twice_and_adds_nothing(tmp_path):
    arguments = ["demo", "--home", str(tmp_path), "--events", "200", "--no-serve"]
    first, second = (CliRunner().invoke(main, arguments) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert "Recorded 200 events" in first.output
    assert "nothing was added" in second.output
    verdicts = ("AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES")
    assert all(f"\n{name} " in first.output for name in verdicts)
    assert "Not proven by any bundle" in first.output
    log, recorded = open_campus(tmp_path, NOW)
    with log:
        assert (recorded, entries(log)) == (0, 200)
