"""Reference data: tables loaded by version, private to the tenant. Each load is an event on `control`.

A load is a version of a whole table; older versions stay readable, so that a report run again as of a moment finds
what was known then. Rows are kept as one Parquet file in the database.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Row, delete, func, insert, select

from affidavit.cases.counting import WEEKENDS, Calendar
from affidavit.cases.reference_tables import (
    DEFAULT_CALENDAR,
    FILE_BYTES_MAX,
    TABLES,
    Table,
    from_csv,
    from_rows,
    joined,
    table_of,
)
from affidavit.commitment import format_time
from affidavit.context import current
from affidavit.errors import Busy, InvalidRequest, NotFound
from affidavit.event import Event, micros
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import CONTROL
from affidavit.log.schema import reference_loads

LOADED: Final = "reference.loaded"
FORGOTTEN: Final = "reference.forgotten"
LOAD_TRIES: Final = 10
_META: Final = tuple(column for column in reference_loads.c if column.name != "content")


@dataclass(frozen=True, slots=True)
class Load:
    """One version of one table: when it was loaded (microseconds), how many rows it has, the sha256 of the file given
    (hexadecimal), that file's name, and who loaded it.
    """

    table: str
    version: int
    loaded_us: int
    rows: int
    sha256: str
    source: str
    actor: str


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The tables as they were known at a moment: Arrow tables by name, and the load behind each. A table that was
    never loaded is empty, and named in `missing`: reports say so, and take it for no pass.
    """

    tables: Mapping[str, pa.Table]
    loads: Mapping[str, Load]

    @property
    def missing(self) -> tuple[str, ...]:
        """The tables that were never loaded."""
        return tuple(name for name in TABLES if name not in self.loads)


def load_csv(log: AuditLog, name: str, file: Path, *, add: bool = False) -> Load:
    """Load a CSV file as the next version of a table; with `add`, its rows beside those of the version before.

    Raises InvalidRequest naming line, column and value; then nothing is loaded.
    """
    table = table_of(name)
    try:
        size = file.stat().st_size
        if size > FILE_BYTES_MAX:
            raise InvalidRequest(f"{file}: {size} bytes, at most {FILE_BYTES_MAX}", "Load it in parts, with --add")
        data = file.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}", "Name a readable file") from None
    rows = from_csv(table, data, ZoneInfo(log.tenant.zone), file.name)
    return _load(log, table, rows, hashlib.sha256(data).hexdigest(), file.name, add=add)


def load_rows(
    log: AuditLog, name: str, rows: Sequence[Mapping[str, Any]], sha256: str, *, source: str = "API", add: bool = False
) -> Load:
    """The same from JSON objects; `sha256` is that of the body they came in."""
    table = table_of(name)
    made = from_rows(table, rows, ZoneInfo(log.tenant.zone), source)
    return _load(log, table, made, sha256, source, add=add)


def _load(log: AuditLog, table: Table, rows: pa.Table, sha256: str, source: str, *, add: bool) -> Load:
    for _ in range(LOAD_TRIES):
        try:
            return _load_next(log, table, rows, sha256, source, add=add)
        except _Overtaken:
            continue
    raise Busy(f"{table.name} is being loaded by many at once", "Load it again")


class _Overtaken(InvalidRequest):
    """Another load became the version that this one was to be. No storage error: it must not fail its neighbours."""


def _load_next(log: AuditLog, table: Table, rows: pa.Table, sha256: str, source: str, *, add: bool) -> Load:
    with log.database.read() as connection:
        version = _version(connection, log, table.name)
        content = _content(connection, log, table.name, version) if add and version else None
    if content is not None:
        rows = joined(table, _decode(content), rows)
    load = Load(
        table.name, version + 1, time.time_ns() // 1000, rows.num_rows, sha256, source[:200], current().actor[:200]
    )
    kept = _encode(rows)

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        # Loads take turns: each holds the head of the log that tells of it.
        if _version(connection, log, load.table) != load.version - 1:
            raise _Overtaken(f"{load.table} has a version {load.version} already")
        connection.execute(
            insert(reference_loads).values(
                tenant_id=log.tenant.id,
                name=load.table,
                version=load.version,
                loaded_us=load.loaded_us,
                rows=load.rows,
                sha256=load.sha256,
                source=load.source,
                actor=load.actor,
                content=kept,
            )
        )

    own = {
        "settings.reference": load.table,
        "settings.version": str(load.version),
        "settings.sha256": sha256,
        "settings.mode": "add" if add else "replace",
    }
    log.record_own(LOADED, own, stream=CONTROL, event=Event(action=LOADED, record_count=load.rows), extra=put)
    return load


def list_loads(log: AuditLog, name: str = "") -> list[Load]:
    """Every version of every table (or of one), newest first within a table."""
    if name:
        table_of(name)
    wanted = select(*_META).where(*_of(log, name)).order_by(reference_loads.c.name, reference_loads.c.version.desc())
    with log.database.read() as connection:
        return [_load_of(row) for row in connection.execute(wanted)]


def tables(log: AuditLog, at: datetime | None = None) -> ReferenceData:
    """All tables as they were known at a moment, now by default."""
    found: dict[str, pa.Table] = {}
    loads: dict[str, Load] = {}
    for name, table in TABLES.items():
        try:
            loads[name], found[name] = read(log, name, at=at)
        except NotFound:
            found[name] = table.schema.empty_table()
    return ReferenceData(found, loads)


def read(log: AuditLog, name: str, *, version: int | None = None, at: datetime | None = None) -> tuple[Load, pa.Table]:
    """A version of a table, or the one known at a moment, now by default. Raises NotFound where there is none."""
    table_of(name)
    wanted = select(*_META).where(*_of(log, name)).order_by(reference_loads.c.version.desc()).limit(1)
    if version is not None:
        wanted = wanted.where(reference_loads.c.version == version)
    if at is not None:
        wanted = wanted.where(reference_loads.c.loaded_us <= micros(at))
    with log.database.read() as connection:
        row = connection.execute(wanted).first()
        if row is None:
            which = f" version {version}" if version is not None else ""
            raise NotFound(f"no {name}{which} loaded", f"Load it: affidavit reference load {name} FILE.csv")
        load = _load_of(row)
        return load, _decode(_content(connection, log, name, load.version))


def forget(log: AuditLog, name: str, before: int) -> int:
    """Destroy the versions before one, which stays; recorded on `control`. How many went.

    Reports as of moments before are then not evidenced. Raises NotFound where `before` is no version.
    """
    table_of(name)

    def drop(connection: Connection, _placed: Sequence[Any]) -> None:
        there = select(func.count()).where(*_of(log, name), reference_loads.c.version == before)
        if not connection.execute(there).scalar_one():
            raise NotFound(f"no {name} version {before} loaded", f"affidavit reference list {name} shows them")
        connection.execute(delete(reference_loads).where(*_of(log, name), reference_loads.c.version < before))

    count = sum(one.version < before for one in list_loads(log, name))
    own = {"settings.reference": name, "settings.before": str(before)}
    log.record_own(FORGOTTEN, own, stream=CONTROL, event=Event(action=FORGOTTEN, record_count=count), extra=drop)
    return count


def as_given(name: str, rows: pa.Table, limit: int) -> list[dict[str, str | bool | None]]:
    """The first rows as they were loaded: columns of the file, lists joined by `;`."""
    names = [column.name for column in table_of(name).columns]
    return [{key: _cell(value) for key, value in row.items()} for row in rows.select(names).slice(0, limit).to_pylist()]


def _cell(value: Any) -> str | bool | None:
    if isinstance(value, list):
        return ";".join(value)
    return value if value is None or isinstance(value, (str, bool)) else str(value)


def load_json(load: Load) -> dict[str, Any]:
    """A load for machines."""
    return {
        "table": load.table,
        "version": load.version,
        "loaded": format_time(load.loaded_us),
        "rows": load.rows,
        "sha256": load.sha256,
        "source": load.source,
        "actor": load.actor,
    }


def calendar(log: AuditLog, at: datetime | None = None, name: str = DEFAULT_CALENDAR) -> Calendar:
    """The business days of a calendar as it was known at a moment; weekends alone where none is loaded."""
    try:
        _, found = read(log, "calendars", at=at)
    except NotFound:
        return WEEKENDS
    pairs = zip(found.column("calendar").to_pylist(), found.column("date").to_pylist(), strict=True)
    return Calendar(name, frozenset(day for which, day in pairs if which == name))


def _of(log: AuditLog, name: str) -> tuple[Any, ...]:
    mine = reference_loads.c.tenant_id == log.tenant.id
    return (mine, reference_loads.c.name == name) if name else (mine,)


def _version(connection: Connection, log: AuditLog, name: str) -> int:
    newest = select(func.coalesce(func.max(reference_loads.c.version), 0)).where(*_of(log, name))
    return int(connection.execute(newest).scalar_one())


def _load_of(row: Row[Any]) -> Load:
    return Load(row.name, row.version, row.loaded_us, row.rows, row.sha256, row.source, row.actor)


def _content(connection: Connection, log: AuditLog, name: str, version: int) -> bytes:
    wanted = select(reference_loads.c.content).where(*_of(log, name), reference_loads.c.version == version)
    return bytes(connection.execute(wanted).scalar_one())


def _encode(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    return bytes(sink.getvalue())


def _decode(content: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(content))
