"""ExportSpec: what one export is asked to hold, and how the form's five fields become one. Pure; reads no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from affidavit.commitment import format_time
from affidavit.errors import InvalidRequest
from affidavit.event import micros
from affidavit.masking.profiles import BUILTIN, Profile
from affidavit.paths import DeclaredFields, lookup
from affidavit.query.tree import EVERYTHING, QUERY_LIST_MAX, Leaf, Query, all_of, is_in

Evidence = Literal["auto", "full", "rows", "none"]
Format = Literal["csv", "json", "ndjson", "parquet", "xlsx", "pdf"]
EVIDENCE_LEVELS: Final[tuple[str, ...]] = get_args(Evidence)
FORMATS: Final[tuple[str, ...]] = get_args(Format)
LEGACY_FORMATS: Final = ("csv", "json")
COLUMNS_MAX: Final = 256
TEXT_BYTES_MAX: Final = 4096  # recipient, reason
LABEL_BYTES_MAX: Final = 256
RESOURCE: Final = "resource"  # the one virtual path: resource.type and resource.id in one cell

_US_MAX: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
_DATE_RE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_MOMENT_RE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)


class InvalidSpec(InvalidRequest):
    """An export that can't be carried out as asked. `field` is the argument to blame."""

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the label in the file's head, and the path it shows (or the virtual path `resource`)."""

    label: str
    path: str


LEGACY_COLUMNS: Final = (
    Column("timestamp", "at"),
    Column("user_id", "actor.id"),
    Column("action", "action"),
    Column("resource", RESOURCE),
)


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """What one export holds. Checked when made: raises InvalidSpec naming field and value.

    `evidence` auto is `full` when the query asks public keys only, else `rows`. `zone` is an IANA name: times in the
    file are shown in it. `profile` is the masking profile of the file's reader, by name or itself; `subject_ids` are
    the ids of the person whom a file under the profile `subject` is for. `bare` is JSON as a list of rows and
    nothing else.
    """

    query: Query = EVERYTHING
    columns: tuple[Column, ...] = LEGACY_COLUMNS
    profile: str | Profile = "export"
    format: Format = "csv"
    zone: str = "UTC"
    evidence: Evidence = "auto"
    recipient: str | None = None
    reason: str | None = None
    streams: tuple[str, ...] = ("main",)
    subject_ids: frozenset[str] | None = None
    declared: DeclaredFields | None = None
    bare: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise _invalid("format", self.format, f"Choose one of {', '.join(FORMATS)}")
        if self.bare and self.format != "json":
            raise _invalid("bare", self.format, "Only json can be bare")
        if self.evidence not in EVIDENCE_LEVELS:
            raise _invalid("evidence", self.evidence, f"Choose one of {', '.join(EVIDENCE_LEVELS)}")
        if isinstance(self.profile, str) and self.profile not in BUILTIN:
            raise _invalid("profile", self.profile, f"Choose one of {', '.join(BUILTIN)}")
        zone_of(self.zone)
        if not self.streams or len(set(self.streams)) != len(self.streams):
            raise _invalid("streams", list(self.streams), "Name at least one stream, each once")
        for name in ("recipient", "reason"):
            _check_text(name, getattr(self, name), TEXT_BYTES_MAX)
        self._check_columns()

    @property
    def profile_name(self) -> str:
        """What the manifest calls the profile."""
        return self.profile if isinstance(self.profile, str) else self.profile.name

    def _check_columns(self) -> None:
        if not 0 < len(self.columns) <= COLUMNS_MAX:
            raise _invalid("columns", len(self.columns), f"Give 1 to {COLUMNS_MAX} columns")
        labels = [column.label for column in self.columns]
        for column in self.columns:
            _check_text("columns", column.label, LABEL_BYTES_MAX)
            if not column.label or labels.count(column.label) > 1:
                raise _invalid("columns", column.label, "Give each column a label of its own")
            if column.path != RESOURCE and lookup(column.path, self.declared) is None:
                raise _invalid("columns", column.path, "Name a path of docs/reference/events.md")


def zone_of(name: str, field: str = "zone") -> ZoneInfo:
    """The zone of an IANA name. Raises InvalidSpec for unknown ones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise _invalid(field, name, "Name an IANA time zone: Europe/Berlin, America/New_York, UTC") from None


def legacy(
    start_date: str | date | datetime | None = None,
    end_date: str | date | datetime | None = None,
    user_ids: Iterable[str] | None = None,
    actions: Iterable[str] | None = None,
    format: str = "csv",
    zone: str = "UTC",
) -> ExportSpec:
    """The spec of the form's five fields: columns timestamp, user_id, action, resource; JSON is bare.

    Absent, None and "" leave a side open. A date is its whole day in `zone`, the end's last moment included, however
    long the day is. A time without offset means `zone`, one with offset itself; the end's instant is included. An
    empty list means all. Raises InvalidSpec naming field and value.
    """
    tz = zone_of(zone)
    parts: list[Query] = []
    start = _moment("start_date", start_date, tz)
    end = _moment("end_date", end_date, tz)
    lower = None if start is None else _first_us(start, tz)
    upper, inclusive = (None, False) if end is None else _last_us(end, tz)
    if lower is not None and upper is not None and lower > (upper if inclusive else max(upper - 1, 0)):
        skipped_day = start == end and not inclusive  # a date that never was: the zone jumped over it
        if not skipped_day:
            raise _invalid("end_date", str(end_date), f"It lies before start_date {str(start_date)!r}: swap them")
    if lower is not None and lower > 0:
        parts.append(Leaf("ge", "at", format_time(min(lower, _US_MAX))))
    if upper is not None and upper <= _US_MAX:
        parts.append(Leaf("le" if inclusive else "lt", "at", format_time(max(upper, 0))))
    for field, path, given in (("user_ids", "actor.id", user_ids), ("actions", "action", actions)):
        values = _values(field, given)
        if values:
            parts.append(is_in(path, values))
    if format not in LEGACY_FORMATS:
        raise _invalid("format", format, f"Choose one of {', '.join(LEGACY_FORMATS)}")
    query = all_of(*parts) if parts else EVERYTHING
    return ExportSpec(query=query, format=format, zone=zone, bare=format == "json")  # type: ignore[arg-type]


def _moment(field: str, value: str | date | datetime | None, zone: tzinfo) -> date | datetime | None:
    if value is None or isinstance(value, date):  # a datetime is a date
        return value
    if not isinstance(value, str):
        raise _invalid(field, value, "Give a date: 2026-10-01, or a time: 2026-10-01T12:00:00+02:00")
    text = value.strip()
    if not text:
        return None
    try:
        if _DATE_RE.match(text):
            return date.fromisoformat(text)
        if _MOMENT_RE.match(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(field, value, f"{error}".capitalize()) from None
    raise _invalid(field, value, f"Give a date: 2026-10-01, or a time: 2026-10-01T12:00:00 (read in {zone})")


def _first_us(moment: date | datetime, zone: tzinfo) -> int:
    """The first microsecond of a day, or of a time the clocks showed twice."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return _micros(moment, zone, fold=0)


def _last_us(moment: date | datetime, zone: tzinfo) -> tuple[int, bool]:
    """The end as (microseconds, included): a day ends where the next begins; a time is included itself."""
    if isinstance(moment, datetime):
        return _micros(moment, zone, fold=1), True
    if moment == date.max:
        return _US_MAX + 1, False
    return _first_us(moment + timedelta(days=1), zone), False


def _micros(moment: datetime, zone: tzinfo, *, fold: int) -> int:
    if moment.tzinfo is not None:
        return micros(moment)
    # Not through UTC datetimes: next to the years 1 and 9999 they overflow where the numbers do not.
    offset = moment.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
    return micros(moment.replace(tzinfo=UTC)) - offset // timedelta(microseconds=1)


def _values(field: str, given: Iterable[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    if isinstance(given, str):
        raise _invalid(field, given, "Give a list")
    values = tuple(dict.fromkeys(given))
    if len(values) > QUERY_LIST_MAX:
        raise _invalid(field, f"{len(values)} values", f"At most {QUERY_LIST_MAX}")
    for value in values:
        if not isinstance(value, str):
            raise _invalid(field, value, "Give text")
        _check_text(field, value, TEXT_BYTES_MAX)
    return values


def _check_text(field: str, value: str | None, limit: int) -> None:
    if value is None:
        return
    try:
        sound = len(value.encode()) <= limit and "\x00" not in value
    except UnicodeEncodeError:
        sound = False
    if not sound:
        raise _invalid(field, value, f"At most {limit} bytes of well-formed text without NUL")


def _invalid(field: str, value: object, hint: str) -> InvalidSpec:
    return InvalidSpec(f"{field}: {str(value)[:120]!r} can't be used", hint, field=field)
