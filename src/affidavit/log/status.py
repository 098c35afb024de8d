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
    """{tenant, zone, logs: {stream: {origin, size, sealed, segments, segment_bytes, checkpoint, counters}}, ended}.

    `checkpoint` is {size, at} or None.
    """
    found: dict[str, Any] = {}
    for stream, info in log.tenant.logs.items():
        with log.database.read() as connection:
            head = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == info.id)).one()
            files = list_segments(connection, info.id)
            counted = connection.execute(
                select(counters.c.name, counters.c.value).where(counters.c.log_id == info.id).order_by(counters.c.name)
            ).all()
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
    return {"tenant": log.tenant.name, "zone": log.tenant.zone, "logs": found, "ended": ended}
