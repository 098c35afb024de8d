"""Reference tables: what reports need and events don't carry. Their columns, and rows of CSV or JSON made into Arrow.

Pure. Every row has a validity: a date `valid_from` begins with its first moment, a date `valid_to` ends with its last
one, in the tenant's zone; times are exact, and the end is not included. What is left open is always.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import reduce
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.errors import InvalidRequest
from affidavit.event import micros

ROWS_MAX: Final = 1_000_000  # of one table
FILE_BYTES_MAX: Final = 256 << 20
CELL_CHARS_MAX: Final = 1000
ALWAYS_FROM_US: Final = -62_135_596_800_000_000
"""The first microsecond of year 1: what an open beginning is."""
ALWAYS_TO_US: Final = 253_402_300_800_000_000
"""The first microsecond of year 10000: what an open end is."""
_YES: Final = frozenset({"true", "yes", "1"})
_NO: Final = frozenset({"false", "no", "0", ""})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` is text, list (split at `;`), boolean, day, from or to. Of `from` and `to` (a date or time)
    the table holds `<name>_us` as well, a moment in microseconds. `cls` is the class that masking goes by.
    """

    name: str
    kind: str = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    cls: str = "none"


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of reference data. Rows of the same `key` may not be valid at the same time."""

    name: str
    what: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Its Arrow schema."""
        fields: list[tuple[str, Any]] = []
        for column in self.columns:
            fields.append((column.name, _ARROW.get(column.kind, pa.string())))
            if column.kind in ("from", "to"):
                fields.append((f"{column.name}_us", pa.int64()))
        return pa.schema(fields)


_ARROW: Final = {"list": pa.list_(pa.string()), "boolean": pa.bool_(), "day": pa.date32()}
_VALID: Final = (Column("valid_from", "from"), Column("valid_to", "to"))
TABLES: Final = {
    table.name: table
    for table in (
        Table(
            "people",
            "who acts, as human resources know them",
            ("id",),
            (
                Column("id", required=True, cls="staff"),
                Column("name", cls="person_name"),
                Column("surname", cls="person_name"),
                Column("email", cls="email"),
                Column("type", allowed=("staff", "contractor", "service", "student", "patient", "customer", "other")),
                Column("department"),
                Column("manager", cls="staff"),
                Column("roles", "list"),
                Column("privileged", "boolean"),
                Column("shared", "boolean"),
                Column("address", cls="location"),
                Column("started_on", "from"),
                Column("left_on", "to"),
                *_VALID,
            ),
        ),
        Table(
            "relations",
            "who has to do with whose data, and how",
            ("actor_id", "subject_id", "relation"),
            (
                Column("actor_id", required=True, cls="staff"),
                Column("subject_id", required=True, cls="subject"),
                Column("relation", required=True),
                *_VALID,
            ),
        ),
        Table(
            "sensitive_subjects",
            "whose data deserves a second look",
            ("subject_id",),
            (Column("subject_id", required=True, cls="subject"), Column("reason", required=True), *_VALID),
        ),
        Table(
            "calendars",
            "days on which nobody works",
            ("calendar", "date"),
            (Column("calendar"), Column("date", "day", required=True), Column("name")),
        ),
        Table(
            "systems",
            "systems in scope of a framework",
            ("id",),
            (
                Column("id", required=True),
                Column("name"),
                Column("scope", "list"),
                Column("owner", cls="staff"),
                *_VALID,
            ),
        ),
    )
}
DEFAULT_CALENDAR: Final = "default"


def table_of(name: str) -> Table:
    """The kind of reference data called `name`. Raises InvalidRequest."""
    if name not in TABLES:
        raise InvalidRequest(f"no reference table {name[:40]!r}", f"Allowed: {', '.join(TABLES)}")
    return TABLES[name]


def from_csv(table: Table, data: bytes, zone: tzinfo, source: str) -> pa.Table:
    """Rows of a CSV file (UTF-8, a header line) as Arrow. Raises InvalidRequest naming line, column and value."""
    if len(data) > FILE_BYTES_MAX:
        raise InvalidRequest(f"{source}: {len(data)} bytes, at most {FILE_BYTES_MAX}", "Load it in parts, with --add")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{source}: not UTF-8 at byte {error.start}", "Save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = array("Q")  # of each row, the number of its last line
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(table, header, source)
        columns: list[list[str]] = [[] for _ in header]
        once: dict[str, str] = {}  # the same text is kept once
        for row in reader:
            if row:
                lines.append(reader.line_num)
                _check_width(row, header, f"{source} line {reader.line_num}")
                _check_count(len(lines), source)
                for column, cell in zip(columns, row, strict=True):
                    column.append(once.setdefault(cell, cell))
    except csv.Error as error:
        raise InvalidRequest(f"{source} line {reader.line_num}: {error}", "Check the quotes") from None
    del once
    return _build(
        table, dict(zip(header, columns, strict=True)), len(lines), zone, lambda at: f"{source} line {lines[at]}"
    )


def from_rows(table: Table, rows: Sequence[Mapping[str, Any]], zone: tzinfo, source: str) -> pa.Table:
    """The same from JSON objects: text, booleans, lists of text, null."""
    _check_count(len(rows), source)
    for at, row in enumerate(rows):
        _check_header(table, list(row), f"{source} row {at + 1}", whole=False)
    names = [column.name for column in table.columns if any(column.name in row for row in rows)]
    cells = {
        name: [_text(row.get(name), f"{source} row {at + 1}", name) for at, row in enumerate(rows)] for name in names
    }
    return _build(table, cells, len(rows), zone, lambda at: f"{source} row {at + 1}")


def joined(table: Table, old: pa.Table, new: pa.Table) -> pa.Table:
    """Rows of both. Raises InvalidRequest where they say of one key two things at once, or are too many."""
    whole = pa.concat_tables([old, new]).combine_chunks()
    _check_count(whole.num_rows, table.name)
    _check_overlaps(table, whole, lambda at: f"row {at + 1} of both")
    return whole


def _text(value: Any, where: str, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    if isinstance(value, str):
        return value
    raise InvalidRequest(f"{where}, column {name}: {value!r:.60} is no text", "Give text, true, false or null")


def _check_width(row: list[str], header: list[str], where: str) -> None:
    if len(row) != len(header):
        raise InvalidRequest(f"{where}: {len(row)} cells under {len(header)} columns", "Check commas and quotes")


def _check_count(count: int, source: str) -> None:
    if count > ROWS_MAX:
        raise InvalidRequest(f"{source}: more than {ROWS_MAX} rows", "A table holds no more")


def _check_header(table: Table, names: Sequence[str], source: str, *, whole: bool = True) -> None:
    known = {column.name for column in table.columns}
    for at, name in enumerate(names):
        if name not in known or name in names[:at]:
            fault = "unknown" if name not in known else "repeated"
            raise InvalidRequest(
                f"{source}: {fault} column {name[:40]!r}",
                f"{table.name} has {', '.join(c.name for c in table.columns)}",
            )
    missing = [column.name for column in table.columns if column.required and column.name not in names]
    if missing and whole:
        raise InvalidRequest(f"{source}: column {missing[0]!r} is missing", "The first line names the columns")


def _build(
    table: Table, cells: dict[str, list[str]], count: int, zone: tzinfo, where: Callable[[int], str]
) -> pa.Table:
    built: dict[str, Any] = {}
    for column in table.columns:
        values = [cell.strip() for cell in cells.pop(column.name)] if column.name in cells else [""] * count
        for at, value in enumerate(values):
            if (column.required and not value) or len(value) > CELL_CHARS_MAX:
                fault = f"has {len(value)} characters, at most {CELL_CHARS_MAX}" if value else "is empty"
                raise InvalidRequest(f"{where(at)}, column {column.name} {fault}", "Each row needs one")
            if column.allowed and value and value not in column.allowed:
                raise InvalidRequest(
                    f"{where(at)}, column {column.name}: {value[:60]!r}", f"Allowed: {', '.join(column.allowed)}"
                )
        if column.name == "calendar":
            values = [value or DEFAULT_CALENDAR for value in values]
        for name, made in _convert(column, values, zone, where):
            built[name] = pa.array(made, table.schema.field(name).type)
    if "surname" in built:
        pairs = zip(built["surname"].to_pylist(), built["name"].to_pylist(), strict=True)
        built["surname"] = pa.array([own or (name.split()[-1] if name else None) for own, name in pairs], pa.string())
    whole = pa.Table.from_pydict(built, schema=table.schema)
    _check_overlaps(table, whole, where)
    return whole


def _convert(
    column: Column, values: list[str], zone: tzinfo, where: Callable[[int], str]
) -> Iterator[tuple[str, list[Any]]]:
    """The columns of the table that come of one of the file, by name: its values, and of moments their microseconds."""
    place = f", column {column.name}"
    if column.kind == "day":
        yield column.name, [_day(value, where(at) + place) for at, value in enumerate(values)]
    elif column.kind == "boolean":
        for at, value in enumerate(values):
            if value.lower() not in _YES | _NO:
                raise InvalidRequest(f"{where(at)}{place}: {value[:60]!r}", "Allowed: true, false")
        yield column.name, [value.lower() in _YES if value else None for value in values]
    elif column.kind == "list":
        yield column.name, [[one.strip() for one in value.split(";") if one.strip()] for value in values]
    else:
        yield column.name, [value or None for value in values]
    if column.kind in ("from", "to"):
        known: dict[str, int] = {"": ALWAYS_FROM_US if column.kind == "from" else ALWAYS_TO_US}
        for at, value in enumerate(values):
            if value not in known:
                known[value] = _moment(value, zone, where(at) + place, end=column.kind == "to")
        yield f"{column.name}_us", [known[value] for value in values]


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{where}: {text[:60]!r} is no date", "Write 2026-01-31") from None


def _moment(text: str, zone: tzinfo, where: str, *, end: bool) -> int:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=end)
            return micros(datetime.combine(day, time(), zone))
        found = datetime.fromisoformat(text)
        return micros(found if found.tzinfo is not None else found.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{where}: {text[:60]!r} is no date or time", "Write 2026-01-31 or 2026-01-31T08:00:00+01:00"
        ) from None


def _check_overlaps(table: Table, made: pa.Table, where: Callable[[int], str]) -> None:
    """Raise InvalidRequest where two rows of one key are valid at once, or a row ends before it begins."""
    timed = "valid_from_us" in made.column_names
    found = made.select([*table.key, *(("valid_from_us", "valid_to_us") if timed else ())])
    found = found.append_column("at", pa.array(range(found.num_rows), pa.int64()))
    if timed:
        never = pc.filter(found["at"], pc.less_equal(found["valid_to_us"], found["valid_from_us"]))
        if len(never):
            raise InvalidRequest(
                f"{where(never[0].as_py())}: valid_to is not after valid_from", "Give a later valid_to, or none"
            )
    order = [*table.key, *(["valid_from_us"] if timed else []), "at"]
    found = found.sort_by([(name, "ascending") for name in order]).combine_chunks()
    before, after = found.slice(0, max(found.num_rows - 1, 0)), found.slice(1)
    clash = reduce(pc.and_, (pc.equal(before[name], after[name]) for name in table.key))
    if timed:
        clash = pc.and_(clash, pc.less(after["valid_from_us"], before["valid_to_us"]))
    places = pc.filter(pa.array(range(before.num_rows), pa.int64()), clash)
    if not len(places):
        return
    first = places[0].as_py()
    name = ", ".join(f"{column} {str(after[column][first])[:40]!r}" for column in table.key)
    one, other = after["at"][first].as_py(), before["at"][first].as_py()
    raise InvalidRequest(
        f"{where(one)}: {name} is valid at the same time in {where(other)}", "End the one before the other begins"
    )
