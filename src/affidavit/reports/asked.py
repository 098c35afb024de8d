"""Asked: what one run of a report is asked for, checked against the report. Reads no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from affidavit.commitment import format_time, parse_time
from affidavit.errors import InvalidQuery, InvalidRequest
from affidavit.masking.profiles import Profile
from affidavit.query.period import period
from affidavit.query.tree import EVERYTHING, Group, Leaf, Query, all_of, eq
from affidavit.reports.report import HISTORY_ALL, Parameter, Report
from affidavit.settings import zone as known_zone

DAYS_DEFAULT: Final = 30
DAY_US: Final = 86_400_000_000
TEXT_CHARS_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period in microseconds, [start, end)."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `start` and `end` are dates or times as people write them: the end's whole day is included.

    Empty: the report's days up to the run. `profile` empty: the report's own. `filter` narrows the selection, and
    `within` is what the principal may see at all. `by` names who asks. `exact` is a period to the microsecond, of an
    earlier run; `narrowed` is the filter as a query, where its text is not for reading here.
    """

    report: str
    start: str = ""
    end: str = ""
    zone: str = "UTC"
    profile: str | Profile = ""
    parameters: Mapping[str, Any] | None = None
    filter: str = ""
    within: Query = EVERYTHING
    by: str = ""
    exact: Stretch | None = None
    narrowed: Query | None = None


def stretch(asked: Asked, now_us: int, days: int = DAYS_DEFAULT) -> Stretch:
    """The period asked for, by default the `days` days up to the run.

    Raises InvalidRequest where it ends before it begins, or is no time.
    """
    if asked.exact is not None:
        return asked.exact
    zone = known_zone(asked.zone)
    end_us = now_us + 1
    try:
        if asked.end:
            found = period(asked.end, zone)
            end_us = now_us + 1 if found.end is None else parse_time(found.end)
        start_us = parse_time(period(asked.start, zone).start) if asked.start else end_us - days * DAY_US
    except InvalidQuery as error:
        raise InvalidRequest(f"period: {error.message}", error.hint) from None
    if start_us >= end_us:
        raise InvalidRequest(
            f"period from {asked.start!r} to {asked.end!r}", "Its end lies before its start: swap them"
        )
    return Stretch(max(start_us, 0), end_us)


def check_years(where: Stretch, zone: str) -> None:
    """Raises InvalidRequest where a period is not whole years of the zone: who sees no more of times than the year
    could else read them out of the counts of shorter and shorter periods.
    """
    for us in (where.start_us, where.end_us):
        at = moment(us).replace(tzinfo=UTC).astimezone(known_zone(zone))
        if at != at.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0):
            raise InvalidRequest(
                f"the period begins or ends at {at.isoformat(' ', 'seconds')}, and times are masked under this profile",
                "Ask for whole years: from 2025-01-01 to 2025-12-31",
            )


def selection(report: Report, query: Query, asked: Asked, where: Stretch, values: Mapping[str, Any]) -> Query:
    """What the report reads: its query, the filter's and the principal's bounds, the subject, and times."""
    parts = [query, asked.within, *times(where, report.history_days)]
    if report.subject and values.get(report.subject):
        path = report.parameters[report.subject].path
        parts.append(eq(path, str(values[report.subject])))
    return flat(*parts)


def times(where: Stretch, history_days: int = 0) -> list[Query]:
    """The conditions on `at` of a period, with the history before it."""
    found: list[Query] = [Leaf("lt", "at", format_time(where.end_us))]
    if history_days != HISTORY_ALL:
        found.append(Leaf("ge", "at", format_time(max(where.start_us - history_days * DAY_US, 0))))
    return found


def flat(*queries: Query) -> Query:
    """All of these as one flat group, whose conditions on times then bound what is read."""
    parts: list[Query] = []
    for query in queries:
        parts += query.of if isinstance(query, Group) and query.op == "all" else (query,)
    return all_of(*parts) if parts else EVERYTHING


def values_of(report: Report, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The report's parameters with their values. Raises InvalidRequest naming parameter, value and what is allowed."""
    given = given or {}
    for name in given:
        if name not in report.parameters:
            allowed = ", ".join(report.parameters) or "none"
            raise InvalidRequest(f"report {report.id} has no parameter {name[:60]!r}", f"Parameters: {allowed}")
    found: dict[str, Any] = {}
    for name, parameter in report.parameters.items():
        value = given.get(name, parameter.default)
        if value is None or value == "":
            if parameter.required:
                raise InvalidRequest(f"report {report.id} needs {name}", f"{parameter.title}. {parameter.help}".strip())
            found[name] = None
        else:
            found[name] = _value(f"parameter {name}", parameter, value)
    return found


def _value(where: str, parameter: Parameter, value: Any) -> Any:
    if parameter.type in {"text", "choice"}:
        text = str(value)
        if len(text) > TEXT_CHARS_MAX or "\0" in text:
            raise InvalidRequest(f"{where}: too long, or with NUL", f"At most {TEXT_CHARS_MAX} characters")
        if parameter.type == "choice" and text not in parameter.choices:
            raise InvalidRequest(f"{where} = {text[:60]!r}", f"Allowed: {', '.join(parameter.choices)}")
        return text
    if parameter.type == "date":
        return _date(where, value)
    try:
        number = int(str(value)) if parameter.type == "integer" else float(str(value))
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{where} = {str(value)[:60]!r} is no {parameter.type}", parameter.help) from None
    low, high = parameter.least, parameter.most
    if not (low is None or number >= low) or not (high is None or number <= high):
        bounds = f"{'' if low is None else f'at least {low:g}'} {'' if high is None else f'at most {high:g}'}".strip()
        raise InvalidRequest(f"{where} = {number}", f"Allowed: {bounds}")
    return number


def _date(where: str, value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise InvalidRequest(f"{where} = {str(value)[:60]!r} is no date", "Write 2026-10-01") from None


def moment(us: int) -> datetime:
    """A moment as DuckDB takes it: naive, in UTC."""
    return datetime(1970, 1, 1) + timedelta(microseconds=us)  # noqa: DTZ001  TIMESTAMP has no zone
