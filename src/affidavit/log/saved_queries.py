"""Saved queries: text of the query language under a name, per tenant. `saved:name` stands for it in any query."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from affidavit.errors import InvalidQuery, InvalidRequest, NotFound
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import saved_queries
from affidavit.query.conditions import TEXT_PATHS
from affidavit.query.language import parse
from affidavit.query.tree import Query

SAVED: Final = "query.saved"
DELETED: Final = "query.deleted"
SAVED_QUERIES_MAX: Final = 1000
_NAME_RE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One saved query: its text as it was given, and when, in microseconds."""

    name: str
    text: str
    saved_us: int


def save(log: AuditLog, name: str, text: str) -> None:
    """Keep `text` under `name`, in the place of what it had; recorded as `query.saved`.

    Raises InvalidRequest for a bad name or too many, InvalidQuery for text that does not parse.
    """
    if not _NAME_RE.match(name):
        raise InvalidRequest(f"query name {name[:80]!r}", "1-64 lower-case letters, digits, _ and -")
    parse(text, log.declared)
    mine = saved_queries.c.tenant_id == log.tenant.id
    values = {"text": text, "saved_us": time.time_ns() // 1000}

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        if connection.execute(update(saved_queries).where(mine, saved_queries.c.name == name).values(values)).rowcount:
            return
        count = connection.execute(select(func.count()).select_from(saved_queries).where(mine)).scalar_one()
        if count >= SAVED_QUERIES_MAX:
            raise InvalidRequest(f"there are {count} saved queries already", "Delete some: affidavit query delete NAME")
        connection.execute(insert(saved_queries).values(tenant_id=log.tenant.id, name=name, **values))

    log.record_own(SAVED, {"query.name": name}, extra=put)


def remove(log: AuditLog, name: str) -> None:
    """Forget a saved query; recorded as `query.deleted`. Raises NotFound."""

    def drop(connection: Connection, _placed: Sequence[Any]) -> None:
        which = (saved_queries.c.tenant_id == log.tenant.id, saved_queries.c.name == name)
        if not connection.execute(delete(saved_queries).where(*which)).rowcount:
            raise NotFound(f"no saved query {name[:80]!r}", "affidavit query list shows them")

    log.record_own(DELETED, {"query.name": name}, extra=drop)


def list_saved(log: AuditLog) -> list[SavedQuery]:
    """All of this tenant, by name."""
    columns = (saved_queries.c.name, saved_queries.c.text, saved_queries.c.saved_us)
    wanted = select(*columns).where(saved_queries.c.tenant_id == log.tenant.id).order_by(saved_queries.c.name)
    with log.database.read() as connection:
        return [SavedQuery(*row) for row in connection.execute(wanted)]


def text_of(log: AuditLog, name: str) -> str:
    """The text of a saved query. Raises InvalidQuery offering the nearest name."""
    found = {one.name: one.text for one in list_saved(log)}
    if name not in found:
        near = difflib.get_close_matches(name[:80], found, 1, 0.5)
        hint = f"Did you mean saved:{near[0]}?" if near else "affidavit query list shows them"
        raise InvalidQuery("no such saved query", hint)
    return found[name]


def read_query(log: AuditLog, text: str, zone: tzinfo | str, *, text_paths: tuple[str, ...] = TEXT_PATHS) -> Query:
    """Read a query of this tenant: its declared fields and saved queries are known. As `query.language.parse`."""
    return parse(text, log.declared, zone, text_paths=text_paths, saved=partial(text_of, log))
