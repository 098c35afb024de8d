"""Times as people write them: a year, month, day, hour, minute, second or fraction, each a stretch of time.

Without an offset a time is local to the given zone. A day begins at local midnight (the earlier of two, the
instant of the jump where there is none) and may last 23 or 25 hours. An hour or finer that happens twice, or
never, is refused: whoever means one gives its offset.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from affidavit.errors import InvalidQuery

YEAR_MIN: Final = 1970
TIME_CHARS_MAX: Final = 40
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not with, `end`, as text of the log. `end` is None where no later time exists."""

    start: str
    end: str | None
    instant: bool  # one microsecond, the finest there is


def zone_named(name: str) -> tzinfo:
    """The time zone of this name (IANA); InvalidQuery where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidQuery(f"unknown time zone {name[:60]!r}", "Use an IANA name: Europe/Berlin") from None


def looks_like_time(text: str) -> bool:
    """Whether `text` has the form of a date or time."""
    return len(text) <= TIME_CHARS_MAX and _RE.fullmatch(text) is not None


def period(text: str, zone: tzinfo, *, column: int = 0) -> Period:
    """The stretch of time that `text` names, in `zone` unless it has an offset.

    InvalidQuery where it names none.
    """
    found = _RE.fullmatch(text) if len(text) <= TIME_CHARS_MAX else None
    if found is None:
        raise InvalidQuery(
            f"{text[:TIME_CHARS_MAX]!r} is no time",
            "Write 2026-10-01, 2026-10, 2026-10-01T12:30 or 2026-10-01T12:30:00+02:00",
            column=column,
        )
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if int(year) < YEAR_MIN:
        raise InvalidQuery(f"{text!r} lies before {YEAR_MIN}", "Logs begin in 1970", column=column)
    try:
        naive = datetime(  # noqa: DTZ001  its zone comes next
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
        )
        own = _offset(offset)
    except ValueError as error:
        raise InvalidQuery(f"{text!r} is no real time: {error}", "Check day, hour and offset", column=column) from None
    if hour is None:
        return _calendar(naive, zone, unit="year" if month is None else "month" if day is None else "day")
    start = naive.replace(tzinfo=own) if own is not None else _local(naive, zone, text, column)
    if fraction is not None:
        length = timedelta(microseconds=10 ** (6 - len(fraction)))
    else:
        length = timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(hours=1)
    return _period(start, length, instant=fraction is not None and len(fraction) == 6)


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(f"offset {text}")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def _local(naive: datetime, zone: tzinfo, text: str, column: int) -> datetime:
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        back = first.utcoffset() or timedelta()
        happens = "never" if back < (second.utcoffset() or timedelta()) else "twice"
        raise InvalidQuery(
            f"{text!r} happens {happens} in {zone}",
            f"Give the offset: {first:%H:%M}{_shown(first)} or {second:%H:%M}{_shown(second)}",
            column=column,
        )
    return first


def _shown(moment: datetime) -> str:
    return moment.isoformat()[-6:]


def _calendar(naive: datetime, zone: tzinfo, unit: str) -> Period:
    try:
        if unit == "year":
            after = naive.replace(year=naive.year + 1)
        elif unit == "month":
            after = naive.replace(year=naive.year + naive.month // 12, month=naive.month % 12 + 1)
        else:
            after = naive + timedelta(days=1)
        end: str | None = _text(after.replace(tzinfo=zone))
    except (ValueError, OverflowError):  # after the year 9999
        end = None
    return Period(_text(naive.replace(tzinfo=zone)), end, instant=False)


def _period(start: datetime, length: timedelta, *, instant: bool) -> Period:
    try:
        end: str | None = _text(start.astimezone(UTC) + length)
    except OverflowError:
        end = None
    return Period(_text(start), end, instant)


def _text(moment: datetime) -> str:
    """As the log writes it; before 1970 is 1970, for there is nothing earlier."""
    try:
        utc = max(moment.astimezone(UTC), _FIRST)
    except OverflowError:
        return "9999-12-31T23:59:59.999999Z"
    return f"{utc:%Y-%m-%dT%H:%M:%S.%f}Z"
