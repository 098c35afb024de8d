"""What the server is and holds: status, values for suggestions, health."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import text
from starlette.responses import Response

from affidavit.access.principal import LOCAL, Principal
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import MAIN
from affidavit.log.status import status as read_status
from affidavit.version import VERSION
from affidavit.web.metrics import MEDIA_TYPE, Metrics
from affidavit.web.problems import documented
from affidavit.web.schemas import CheckpointAnswer, HeldValue, StatusAnswer, ValuesAnswer
from affidavit.web.who import Measurer, StateReader, ValueReader, unbound
from affidavit.web.work import log_of, work_of

VALUES_MAX: Final = 20
VALUES_READ_MAX: Final = 1000
"""Actions are few: `q` is looked for anywhere in this many of the most frequent ones."""
Q_CHARS_MAX: Final = 200

router = APIRouter(tags=["state"])


@router.get("/api/v1/status", responses=documented(503), summary="The tenant, its zone, and the size of its log")
async def status(request: Request, who: Principal = StateReader) -> StatusAnswer:
    """Cheap; the form asks it when it opens."""
    log = log_of(request)
    found = await work_of(request).glance(read_status, log)
    main = found["logs"][MAIN]
    newest = main["checkpoint"]
    return StatusAnswer(
        tenant=log.tenant.name,
        name=log.tenant.name,
        zone=log.tenant.zone,
        entries=main["size"],
        checkpoint=CheckpointAnswer(**newest) if newest else None,
        version=VERSION,
        signed_in=who.kind != LOCAL,
        stopped=found["stopped"],
    )


@router.get(
    "/api/v1/values", responses=documented(422, 503), summary="Values the log holds in a field, most frequent first"
)
async def values(
    request: Request,
    field: Literal["action", "actor.id"],
    q: Annotated[str, Query(max_length=Q_CHARS_MAX)] = "",
    who: Principal = ValueReader,
) -> ValuesAnswer:
    """Actions that contain `q`, or actor ids that begin with it; at most VALUES_MAX."""
    unbound(who)
    held = await work_of(request).query(_values, log_of(request), field, q)
    return ValuesAnswer(values=[HeldValue(value=value, count=count) for value, count in held])


def _values(log: AuditLog, field: str, q: str) -> list[tuple[str, int]]:
    pins = [log.pin(MAIN)]
    if field != "action":
        return log.reader.values(field, q, pins, VALUES_MAX)
    found = log.reader.values(field, "", pins, VALUES_READ_MAX)
    return [pair for pair in found if q.lower() in pair[0]][:VALUES_MAX]


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **documented(401, 403, 503),
        200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
    summary="What this process did and how its log stands, for Prometheus",
)
async def metrics(request: Request, _who: Principal = Measurer) -> Response:
    """Requests, latencies, events recorded and refused, the recorder's queue, sizes of the logs.

    Where several tenants are served, what all of them asked of the process is told to the first alone.
    """
    work, log = work_of(request), log_of(request)
    found: Metrics = request.app.state.metrics
    process = log is request.app.state.logs.first.log
    text = await work.glance(partial(found.text, log, work, process=process))
    return Response(text, headers={"Content-Type": MEDIA_TYPE})


@router.get("/healthz", responses=documented(503), summary="Whether the server can read its journal")
async def health(request: Request) -> dict[str, str]:
    """200 `{"status": "ok"}`, or 503 where the journal does not answer."""
    await work_of(request).glance(_ping, log_of(request))
    return {"status": "ok"}


def _ping(log: AuditLog) -> None:
    with log.database.read() as connection:
        connection.execute(text("SELECT 1"))
