"""Counting time as laws do: hours, calendar days, business days, calendar months. Pure.

The day of the start is not counted, and a period of days, business days or months ends with the last moment of its
last day in the tenant's zone (Regulation (EEC, Euratom) 1182/71 Art. 3; the same holds for the American rules here).
Hours are real hours, counted from the very moment: where clocks are put forward or back the wall shows another time.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from affidavit.cases.deadlines import Deadline
from affidavit.errors import InvalidRequest

SOON_SHARE: Final = 4
"""A case is due soon in the last quarter of its time."""
Status = Literal["open", "due_soon", "overdue", "met", "late"]
_INSTANT: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are business days: all but `weekend` (Monday is 0) and `holidays`."""

    name: str = "weekends"
    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})

    def is_business(self, day: date) -> bool:
        """Whether it is one.

        >>> Calendar().is_business(date(2026, 2, 28))
        False
        """
        return day.weekday() not in self.weekend and day not in self.holidays

    def on_or_after(self, day: date) -> date:
        """The first business day from `day` on."""
        while not self.is_business(day):
            day += _DAY
        return day

    def add(self, day: date, amount: int) -> date:
        """The `amount`-th business day after `day`."""
        for _ in range(amount):
            day = self.on_or_after(day + _DAY)
        return day


WEEKENDS: Final = Calendar()


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has none.

    >>> add_months(date(2026, 1, 31), 1), add_months(date(2024, 1, 31), 1), add_months(date(2026, 11, 30), 3)
    (datetime.date(2026, 2, 28), datetime.date(2024, 2, 29), datetime.date(2027, 2, 28))
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last microsecond of a day in a zone, in UTC."""
    return datetime.combine(day + _DAY, time(), zone).astimezone(UTC) - _INSTANT


def due(
    start: datetime,
    deadline: Deadline,
    calendar: Calendar = WEEKENDS,
    zone: tzinfo = UTC,
    *,
    extended: bool = False,
    paused: Iterable[tuple[datetime, datetime]] = (),
) -> datetime:
    """The last moment in time, in UTC: what is done then is in time, a microsecond later it is late.

    An extension counts from the same start. Pauses (from, to) lengthen hours by their length, days by the whole days
    they make together. Raises InvalidRequest for a naive start, or an extension or pause that the law does not know.
    """
    if start.tzinfo is None:
        raise InvalidRequest(f"start {start.isoformat()!r} has no offset", "Give one: 2026-10-01T12:00:00+02:00")
    amount = deadline.amount
    if extended:
        if deadline.extension is None:
            raise InvalidRequest(f"{deadline.id} can't be extended", f"{deadline.citation} knows no extension")
        amount += deadline.extension.amount
    rest = sum((end - begin for begin, end in paused), timedelta())
    if rest and not deadline.pause:
        raise InvalidRequest(f"{deadline.id} can't be paused", f"{deadline.citation} knows no pause")
    if rest < timedelta():
        raise InvalidRequest("a pause ends before it begins", "Give its start first")
    if deadline.unit == "hour":
        return start.astimezone(UTC) + timedelta(hours=amount) + rest
    day = start.astimezone(zone).date()
    if deadline.unit == "month":
        day = add_months(day, amount)
    elif deadline.unit == "business_day":
        day = calendar.add(day, amount)
    else:
        day += timedelta(days=amount)
    day += timedelta(days=rest.days)
    if deadline.counting == "eu" or (rest and deadline.unit == "business_day"):
        day = calendar.on_or_after(day)
    return end_of_day(day, zone)


def status(start: datetime, last: datetime, done: datetime | None, now: datetime) -> Status:
    """Where a clock stands at `now`: what was done after `now` is not done yet."""
    if done is not None and done <= now:
        return "met" if done <= last else "late"
    if now > last:
        return "overdue"
    return "due_soon" if last - now <= (last - start) / SOON_SHARE else "open"
