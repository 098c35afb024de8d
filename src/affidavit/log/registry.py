"""Tenants and their logs: who exists, under which origin, signed by which keys."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from affidavit.errors import InvalidRequest, NotFound
from affidavit.log.database import Database
from affidavit.log.keys import Keys
from affidavit.log.schema import log_keys, logs, tenants
from affidavit.paths import DeclaredFields

DEFAULT_TENANT: Final = "default"
MAIN: Final = "main"
ACCESS: Final = "access"
CONTROL: Final = "control"
STREAMS: Final = (MAIN, ACCESS, CONTROL)
OWN_STREAMS: Final = frozenset({ACCESS, CONTROL})
_NAME_RE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class LogKey:
    """A checkpoint key of a log: who signs from which size up to which (None: still in force)."""

    generation: int
    vkey: str
    from_size: int
    to_size: int | None


@dataclass(frozen=True, slots=True)
class LogInfo:
    """One log of a tenant."""

    id: int
    stream: str
    origin: str
    folder: str
    keys: tuple[LogKey, ...]

    @property
    def generation(self) -> int:
        """The generation that signs now."""
        return self.keys[-1].generation


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant with its open logs by stream; `ended` are logs that another one took over from."""

    id: str
    name: str
    zone: str
    declared: DeclaredFields = field(repr=False)
    logs: dict[str, LogInfo] = field(repr=False)
    ended: tuple[LogInfo, ...] = field(repr=False, default=())

    def log(self, stream: str) -> LogInfo:
        """The log of a stream, or the one of an origin, ended or not. Raises NotFound naming what there is."""
        found = self.logs.get(stream)
        if found is not None:
            return found
        for one in (*self.logs.values(), *self.ended):
            if one.origin == stream:
                return one
        raise NotFound(f"tenant {self.name} has no stream {stream[:80]!r}", f"Streams: {', '.join(self.logs)}")

    def owns(self, log_id: int) -> bool:
        """Whether a log is this tenant's, ended or not."""
        return any(one.id == log_id for one in (*self.logs.values(), *self.ended))


def create_tenant(database: Database, keys: Keys, name: str, zone: str) -> Tenant:
    """Make a tenant and its three logs, all with fresh random ids. Raises InvalidRequest where the name is taken."""
    if not _NAME_RE.match(name):
        raise InvalidRequest(f"tenant name {name[:80]!r}", "1-64 lower-case letters, digits, _ and -")
    now_us = time.time_ns() // 1000
    tenant_id = os.urandom(16).hex()
    try:
        with database.write() as connection:
            try:
                connection.execute(insert(tenants).values(id=tenant_id, name=name, zone=zone, created_us=now_us))
            except IntegrityError:
                raise InvalidRequest(f"tenant {name} exists already", "Choose another name") from None
            for stream in STREAMS:
                create_log(connection, keys, tenant_id, stream, now_us)
            return tenant_in(connection, name)
    except IntegrityError:
        raise InvalidRequest(f"tenant {name} exists already", "Choose another name") from None


def create_log(connection: Connection, keys: Keys, tenant_id: str, stream: str, now_us: int) -> None:
    """Make an empty log under a fresh origin, in a folder of its own: a stream may have had logs before."""
    number = len(
        connection.execute(select(logs.c.id).where(logs.c.tenant_id == tenant_id, logs.c.stream == stream)).all()
    )
    origin = f"affidavit/{os.urandom(16).hex()}"
    stopped = select(func.max(logs.c.stopped_us)).where(logs.c.tenant_id == tenant_id)
    log_id = connection.execute(
        insert(logs)
        .values(
            tenant_id=tenant_id,
            stream=stream,
            origin=origin,
            folder=f"{tenant_id}/{stream}" if number == 0 else f"{tenant_id}/{stream}.{number}",
            frontier=b"",
            created_us=now_us,
            stopped_us=None if stream in OWN_STREAMS else stopped.scalar_subquery(),
        )
        .returning(logs.c.id)
    ).scalar_one()
    vkey = str(keys.checkpoint_key(origin, 0).verifier())
    connection.execute(insert(log_keys).values(log_id=log_id, generation=0, vkey=vkey, from_size=0))


def find_tenant(database: Database, name: str) -> Tenant:
    """The tenant called `name`. Raises NotFound."""
    with database.read() as connection:
        return tenant_in(connection, name)


def declare_fields(connection: Connection, tenant_id: str, given: DeclaredFields) -> DeclaredFields:
    """Add declared fields to a tenant's, or change their class, label and column. Gives all of them.

    A field once declared stays, with its type: records hold it. Raises InvalidRequest for another type.
    """
    row = connection.execute(select(tenants.c.declared_fields).where(tenants.c.id == tenant_id)).scalar_one()
    before = DeclaredFields.from_tables(json.loads(row))
    for name, field_ in given.fields.items():
        old = before.fields.get(name)
        if old is not None and old.type != field_.type:
            raise InvalidRequest(
                f"declared field {name!r}: type {field_.type}, but it is {old.type} already", "Choose another name"
            )
    whole = DeclaredFields.from_tables({**before.to_tables(), **given.to_tables()})
    text = json.dumps(whole.to_tables(), ensure_ascii=False)
    connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(declared_fields=text))
    return whole


def with_present_keys(database: Database, log: LogInfo) -> LogInfo:
    """The log with its keys as they are now: another process may have rotated them."""
    with database.read() as connection:
        return replace(log, keys=_keys(connection, log.id))


def list_tenants(database: Database) -> list[str]:
    """All names, sorted."""
    with database.read() as connection:
        return list(connection.execute(select(tenants.c.name).order_by(tenants.c.name)).scalars())


def tenant_in(connection: Connection, name: str) -> Tenant:
    """The tenant called `name`, as this transaction sees it. Raises NotFound."""
    row = connection.execute(select(tenants).where(tenants.c.name == name)).first()
    if row is None:
        raise NotFound(f"no tenant {name[:80]!r}", "affidavit tenant list shows the tenants there are")
    found: dict[str, LogInfo] = {}
    ended: list[LogInfo] = []
    for log in connection.execute(select(logs).where(logs.c.tenant_id == row.id).order_by(logs.c.id)).all():
        info = LogInfo(
            log.id,
            log.stream,
            log.origin,
            log.folder,
            _keys(connection, log.id),
        )
        if log.ended_us is None:
            found[log.stream] = info
        else:
            ended.append(info)
    declared = DeclaredFields.from_tables(json.loads(row.declared_fields))
    return Tenant(row.id, row.name, row.zone, declared, found, tuple(ended))


def _keys(connection: Connection, log_id: int) -> tuple[LogKey, ...]:
    rows = connection.execute(select(log_keys).where(log_keys.c.log_id == log_id).order_by(log_keys.c.generation))
    return tuple(LogKey(row.generation, row.vkey, row.from_size, row.to_size) for row in rows)
