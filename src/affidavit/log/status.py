"""Status of a tenant's logs: sizes, newest checkpoints, counters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from affidavit.commitment import format_time
from affidavit.log import checkpoints
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import counters, logs


def status(log: AuditLog) -> dict[str, Any]:
    """{tenant, zone, logs: {stream: {origin, size, checkpoint: {size, at} | None, counters}}}."""
    found: dict[str, Any] = {}
    for stream, info in log.tenant.logs.items():
        with log.database.read() as connection:
            size = connection.execute(select(logs.c.size).where(logs.c.id == info.id)).scalar_one()
            counted = connection.execute(
                select(counters.c.name, counters.c.value).where(counters.c.log_id == info.id).order_by(counters.c.name)
            ).all()
        newest = checkpoints.newest(log.database, info)
        found[stream] = {
            "origin": info.origin,
            "size": size,
            "checkpoint": None if newest is None else {"size": newest[0], "at": format_time(newest[2])},
            "counters": {row.name: row.value for row in counted},
        }
    return {"tenant": log.tenant.name, "zone": log.tenant.zone, "logs": found}
