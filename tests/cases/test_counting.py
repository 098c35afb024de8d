"""Counting as laws do: tables at month ends, leap days and changes of clocks; properties over all of time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.cases.counting import WEEKENDS, Calendar, add_months, due, end_of_day, status
from affidavit.cases.deadlines import UNITS, Deadline, Extension, builtin
from affidavit.errors import InvalidRequest

BERLIN = ZoneInfo("Europe/Berlin")
CHICAGO = ZoneInfo("America/Chicago")
EASTER_2024 = Calendar("easter", frozenset({date(2024, 3, 29), date(2024, 4, 1)}))
JULY_2026 = Calendar("july", frozenset({date(2026, 7, 3)}))
US_2026 = date(2026, 6, 1)


def limit(id, on=US_2026):
    return builtin().get(id, on)


def last_day(id, start, zone=UTC, calendar=WEEKENDS, **options):
    found = due(start, limit(id), calendar, zone, **options).astimezone(zone)
    assert found.time() == time(23, 59, 59, 999999)
    return found.date()


@pytest.mark.parametrize(
    ("received", "extended", "expected"),
    [
        (date(2026, 3, 5), False, date(2026, 4, 6)),  # 5 April is a Sunday
        (date(2026, 8, 31), False, date(2026, 9, 30)),  # no 31 September
        (date(2026, 1, 31), False, date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2024, 1, 31), False, date(2024, 2, 29)),  # a leap day
        (date(2023, 12, 29), True, date(2024, 3, 29)),  # three months from receipt
        (date(2025, 11, 30), True, date(2026, 3, 2)),  # 28 February again, of three months
        (date(2026, 12, 15), False, date(2027, 1, 15)),  # over the year's end
    ],
)
def test_months_of_european_law(received, extended, expected):
    start = datetime.combine(received, time(9), BERLIN)
    assert last_day("gdpr.response", start, BERLIN, extended=extended) == expected


def test_european_periods_end_after_holidays():
    start = datetime(2024, 2, 29, 10, tzinfo=BERLIN)
    assert last_day("gdpr.response", start, BERLIN) == date(2024, 3, 29)
    assert last_day("gdpr.response", start, BERLIN, EASTER_2024) == date(2024, 4, 2)


@pytest.mark.parametrize(
    ("id", "start", "extended", "expected"),
    [
        ("ccpa.response", date(2026, 1, 1), False, date(2026, 2, 15)),  # a Sunday: calendar days end where they end
        ("ccpa.response", date(2026, 1, 1), True, date(2026, 4, 1)),  # 90 in all
        ("ferpa.inspection", date(2024, 1, 16), False, date(2024, 3, 1)),  # over a leap day
        ("ferpa.inspection", date(2026, 1, 16), False, date(2026, 3, 2)),
        ("hipaa.access", date(2026, 5, 5), False, date(2026, 6, 4)),
        ("hipaa.access", date(2026, 5, 5), True, date(2026, 7, 4)),
        ("hipaa.accounting", date(2026, 5, 5), False, date(2026, 7, 4)),
        ("hipaa.accounting", date(2026, 5, 5), True, date(2026, 8, 3)),
    ],
)
def test_calendar_days_of_american_law(id, start, extended, expected):
    assert last_day(id, datetime.combine(start, time(12), CHICAGO), CHICAGO, extended=extended) == expected


def test_business_days_leave_out_weekends_and_holidays():
    start = datetime(2026, 7, 1, 12, tzinfo=CHICAGO)
    assert last_day("ccpa.confirmation", start, CHICAGO) == date(2026, 7, 15)
    assert last_day("ccpa.confirmation", start, CHICAGO, JULY_2026) == date(2026, 7, 16)
    assert last_day("ccpa.opt_out", start, CHICAGO, JULY_2026) == date(2026, 7, 23)
    saturday = datetime(2026, 7, 4, 12, tzinfo=CHICAGO)
    assert last_day("ccpa.confirmation", saturday, CHICAGO) == date(2026, 7, 17)


@pytest.mark.parametrize(
    ("aware", "expected"),
    [
        (datetime(2026, 3, 27, 12, tzinfo=BERLIN), datetime(2026, 3, 30, 13, tzinfo=BERLIN)),  # an hour is left out
        (datetime(2026, 10, 23, 12, tzinfo=BERLIN), datetime(2026, 10, 26, 11, tzinfo=BERLIN)),  # an hour comes twice
        (datetime(2026, 6, 5, 18, 30, tzinfo=BERLIN), datetime(2026, 6, 8, 18, 30, tzinfo=BERLIN)),  # over a weekend
    ],
)
def test_hours_are_real_hours(aware, expected):
    found = due(aware, limit("gdpr.authority"), zone=BERLIN)
    assert found == expected
    assert found - aware.astimezone(UTC) == timedelta(hours=72)


def test_the_day_of_the_start_is_the_tenants():
    start = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)  # 23:30 of the day before in Chicago
    assert last_day("ferpa.inspection", start, CHICAGO) == date(2026, 4, 19)
    assert last_day("ferpa.inspection", start, UTC) == date(2026, 4, 20)


def test_days_end_at_midnight_where_clocks_change_there():
    santiago = ZoneInfo("America/Santiago")  # 5 April 2026 has 23:00 to 24:00 twice, 6 September no 0:00
    assert end_of_day(date(2026, 4, 4), santiago) == datetime(2026, 4, 5, 3, 59, 59, 999999, tzinfo=UTC)
    assert end_of_day(date(2026, 9, 5), santiago) == datetime(2026, 9, 6, 3, 59, 59, 999999, tzinfo=UTC)


def test_pauses_lengthen_where_the_law_knows_them():
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    pauses = [
        (datetime(2026, 6, 3, 12, tzinfo=UTC), datetime(2026, 6, 6, 11, tzinfo=UTC)),
        (datetime(2026, 6, 10, 12, tzinfo=UTC), datetime(2026, 6, 11, 0, tzinfo=UTC)),
    ]
    assert last_day("gdpr.response", start) == date(2026, 7, 1)
    assert last_day("gdpr.response", start, paused=pauses) == date(2026, 7, 6)  # 4 July is a Saturday
    with pytest.raises(InvalidRequest, match=r"ccpa.response can't be paused\. 11 CCR 7021"):
        due(start, limit("ccpa.response"), paused=pauses)


def test_what_the_law_does_not_know_is_refused():
    start = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(InvalidRequest, match=r"ferpa.inspection can't be extended"):
        due(start, limit("ferpa.inspection"), extended=True)
    with pytest.raises(InvalidRequest, match="has no offset"):
        due(start.replace(tzinfo=None), limit("ferpa.inspection"))
    with pytest.raises(InvalidRequest, match="a pause ends before it begins"):
        due(start, limit("gdpr.response"), paused=[(start, start - timedelta(hours=1))])


def test_status_at_a_moment():
    start, last = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    day = timedelta(days=1)
    assert status(start, last, None, start) == "open"
    assert status(start, last, None, last - day - tick) == "open"
    assert status(start, last, None, last - day) == "due_soon"
    assert status(start, last, None, last) == "due_soon"
    assert status(start, last, None, last + tick) == "overdue"
    assert status(start, last, last, last + day) == "met"
    assert status(start, last, last + tick, last + day) == "late"
    assert status(start, last, last + day, last) == "due_soon"  # not yet done then


# Properties.

UNIT = st.sampled_from(UNITS)
BEGIN, END = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  bounds are naive
MOMENTS = st.datetimes(BEGIN, END, timezones=st.just(UTC))
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Chicago", "America/Santiago", "Asia/Kolkata", "Pacific/Auckland"]
)
HOLIDAYS = st.frozensets(st.dates(date(2000, 1, 1), date(2101, 1, 1)), max_size=20)


def made(unit, amount, counting="plain", more=0):
    return Deadline(
        id="x",
        law="x",
        applies="request",
        title="",
        start="received",
        done="closed",
        amount=amount,
        unit=unit,
        counting="plain" if unit == "hour" else counting,
        citation="",
        edition="",
        source="read",
        valid_from=date(2000, 1, 1),
        extension=Extension(amount=more) if more else None,
        pause=True,
    )


@given(MOMENTS, UNIT, st.integers(1, 90), ZONES, HOLIDAYS, st.integers(1, 90))
def test_limits_lie_ahead_and_extensions_further(start, unit, amount, zone, holidays, more):
    calendar = Calendar("some", holidays)
    one = made(unit, amount, more=more)
    found = due(start, one, calendar, ZoneInfo(zone))
    assert found > start
    assert due(start, one, calendar, ZoneInfo(zone), extended=True) > found
    assert due(start, made(unit, amount, "eu"), calendar, ZoneInfo(zone)) >= found


@given(MOMENTS, MOMENTS, UNIT, st.integers(1, 60), ZONES, HOLIDAYS)
def test_who_comes_later_is_never_due_earlier(one, other, unit, amount, zone, holidays):
    first, second = sorted((one, other))
    limits = [
        due(start, made(unit, amount, "eu"), Calendar("some", holidays), ZoneInfo(zone)) for start in (first, second)
    ]
    assert limits[0] <= limits[1]


@given(MOMENTS, st.integers(1, 40), HOLIDAYS)
def test_business_days_are_counted_one_by_one(start, amount, holidays):
    calendar = Calendar("some", holidays)
    last = due(start, made("business_day", amount), calendar).date()
    days = [start.date() + timedelta(days=n) for n in range(1, (last - start.date()).days + 1)]
    assert sum(map(calendar.is_business, days)) == amount
    assert calendar.is_business(last)


@given(MOMENTS, st.sampled_from(["day", "business_day", "month"]), st.integers(1, 40), ZONES, HOLIDAYS)
def test_european_periods_end_on_a_business_day(start, unit, amount, zone, holidays):
    calendar = Calendar("some", holidays)
    last = due(start, made(unit, amount, "eu"), calendar, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    assert calendar.is_business(last.date())
    assert (last + timedelta(microseconds=1)).astimezone(UTC).astimezone(ZoneInfo(zone)).date() > last.date()


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_months_keep_the_day_or_end_with_the_month(day, months):
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1
    assert found.day <= day.day


@given(MOMENTS, st.integers(1, 500), ZONES)
def test_hours_never_depend_on_the_zone(start, amount, zone):
    assert due(start.astimezone(ZoneInfo(zone)), made("hour", amount), zone=ZoneInfo(zone)) - start == timedelta(
        hours=amount
    )


@given(MOMENTS, UNIT, st.integers(1, 40), st.integers(0, 400))
def test_a_pause_moves_days_by_whole_days(start, unit, amount, hours):
    one = made(unit, amount)
    paused = [(start, start + timedelta(hours=hours))]
    moved = due(start, one, paused=paused) - due(start, one)
    if unit == "hour":
        assert moved == timedelta(hours=hours)
    else:
        assert moved >= timedelta(days=hours // 24)
        assert unit == "business_day" or moved == timedelta(days=hours // 24)
