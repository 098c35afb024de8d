"""The estate is the same each time, says that it is made up, and its cases are late or in time on whatever day it ends.

That reports find what is planted is tested with the reports.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from affidavit.cases.case import clocks
from affidavit.cases.caseload import Caseload
from affidavit.cases.reference_data import tables
from affidavit.cases.reference_tables import TABLES
from affidavit.estate import noise, privacy
from affidavit.estate.estate import events, expectations, load, open_estate, planted
from affidavit.estate.plan import ZONE, Plan
from affidavit.event import convert_event

NOW = datetime(2025, 10, 15, 20, tzinfo=UTC)
# A Monday, a Saturday, just after both changes of clocks, after the year's end, after a leap day.
ENDS = [
    NOW.replace(month=9, day=8),
    NOW.replace(month=5, day=31),
    datetime(2025, 3, 10, 15, tzinfo=UTC),
    datetime(2025, 11, 2, 18, tzinfo=UTC),
    datetime(2026, 1, 2, 3, tzinfo=UTC),
    datetime(2024, 3, 2, 18, tzinfo=UTC),
]
LATE = {"g1.overdue", "g1.closed_late", "g1.extension_late", "h1.reply_late", "c1.confirmed_late", "c1.answered_late"}
LATE |= {"c1.over_90", "c1.opt_out_late", "g5.late_without_reasons", "g5.late_with_reasons"}


def named(event):
    return event.details.get("scenario", "")


def test_the_same_seed_and_moment_give_the_same_events():
    assert list(events(NOW, 200)) == list(events(NOW, 200))
    assert list(events(NOW, 200, seed=1)) != list(events(NOW, 200))
    assert len({event.id for event in events(NOW, 500)}) == len(list(events(NOW, 500)))


def test_every_event_is_valid_labelled_and_past():
    for event in events(NOW, 300):
        assert convert_event(event) == event
        assert event.details["synthetic"] is True
        assert event.at <= NOW
        assert event.actor is not None
        assert event.target


def test_scenarios_and_expectations_name_the_same():
    there = {named(event) for event in planted(Plan(NOW, 1))}
    expected = {name for one in expectations() for name in (*one.fires, *one.quiet)}
    assert there == expected
    for one in expectations():
        assert one.fires or one.cells, (one.report, one.finding)
        assert one.quiet or one.absent, (one.report, one.finding)
        assert not set(one.fires) & set(one.quiet), (one.report, one.finding)


def test_noise_is_of_no_scenario_and_of_as_many_events_as_asked():
    plan = Plan(NOW, 1)
    found = list(noise.busy(plan, 700))
    assert len(found) == 700
    assert {named(event) for event in (*found, *noise.steady(plan))} == {""}


@pytest.mark.parametrize("now", ENDS, ids=[f"{end:%Y-%m-%d}" for end in ENDS])
def test_its_cases_are_late_or_in_time_on_any_day(log, now):
    log.record_many(planted(Plan(now, 5)))
    caseload = Caseload(log)
    calendar = Plan(now, 5).calendar
    late = set()
    for case in caseload.cases().values():
        found = clocks(case, caseload.book, now, ZoneInfo(ZONE), calendar)
        assert found, case.id
        assert case.problems == []
        if any(one.status in {"late", "overdue"} for one in found):
            late.add(case.id.partition("-")[2])
    assert late == LATE


def test_a_log_is_filled_once(home):
    heard = []
    log, recorded = open_estate(home, NOW, 100, progress=heard.append)
    with log:
        assert log.pin().size == recorded
        assert heard[-1] == recorded - sum(1 for _ in privacy.open_cases(Plan(NOW, 23)))
        data = tables(log)
        assert data.missing == ()
        assert set(data.tables) == set(TABLES)
        assert len(Caseload(log).listed(state="open")) >= 5
    log, again = open_estate(home, NOW, 100)
    log.close()
    assert again == 0


def test_open_cases_are_not_late():
    at = datetime(2025, 10, 15, 20, tzinfo=UTC)
    begun = {named(event): event.at for event in privacy.open_cases(Plan(at, 1))}
    assert set(begun) == {"open.new", "open.due_soon", "open.consumer", "open.student", "open.breach"}
    assert all(at - start < timedelta(days=30) for start in begun.values())


def test_loading_tells_how_many(log):
    assert load(log, NOW, 50, days=100) == log.pin().size
