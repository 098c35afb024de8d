"""Status of a tenant's logs: sizes, newest checkpoints, counters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from affidavit.commitment import format_time
from affidavit.log import checkpoints
from affidavit.log.audit_log import AuditLog
from affidavit.log.catalogue import list_segments
from affidavit.log.schema import counters, logs


def status(log: AuditLog) -> dict[str, Any]:
    """{tenant, zone, stopped, logs, ended}, and for each stream of logs what it is, holds and counted.

    `checkpoint` is {size, at} or None; `stopped` is since when audit logging is off, None while it is on.
    """
    found: dict[str, Any] = {}
    stopped_us: int | None = None
    for stream, info in log.tenant.logs.items():
        with log.database.read() as connection:
            columns = (logs.c.size, logs.c.sealed, logs.c.stopped_us)
            head = connection.execute(select(*columns).where(logs.c.id == info.id)).one()
            files = list_segments(connection, info.id)
            counted = connection.execute(
                select(counters.c.name, counters.c.value).where(counters.c.log_id == info.id).order_by(counters.c.name)
            ).all()
        stopped_us = head.stopped_us or stopped_us
        newest = checkpoints.newest(log.database, info)
        found[stream] = {
            "origin": info.origin,
            "size": head.size,
            "sealed": head.sealed,
            "segments": len(files),
            "segment_bytes": sum(one.size for one in files),
            "checkpoint": None if newest is None else {"size": newest[0], "at": format_time(newest[2])},
            "counters": {row.name: row.value for row in counted},
        }
    ended = [{"origin": one.origin, "stream": one.stream} for one in log.tenant.ended]
    stopped = None if stopped_us is None else format_time(stopped_us)
    return {"tenant": log.tenant.name, "zone": log.tenant.zone, "stopped": stopped, "logs": found, "ended": ended}
