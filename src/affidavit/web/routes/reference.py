"""Reference data over HTTP: load tables, list versions, look at rows."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request

from affidavit.access.principal import Principal
from affidavit.cases import reference_data
from affidavit.cases.reference_data import Load, load_json
from affidavit.errors import Forbidden
from affidavit.log.audit_log import AuditLog
from affidavit.web.case_schemas import LoadAnswer, LoadsAnswer, ReferenceAnswer, ReferenceBody
from affidavit.web.problems import documented
from affidavit.web.who import ReferenceKeeper
from affidavit.web.work import log_of, work_of

ROWS_SHOWN_MAX: Final = 1000
_PROBLEMS: Final = documented(401, 403, 404, 422, 503)

Table = Annotated[
    Literal["people", "relations", "sensitive_subjects", "calendars", "systems"], Path(examples=["people"])
]

router = APIRouter(tags=["reference data"])


@router.get("/api/v1/reference", responses=documented(401, 403, 503), summary="Versions of reference data")
async def list_loads(request: Request, _who: Principal = ReferenceKeeper) -> LoadsAnswer:
    """Every version of every table, newest first within a table."""
    found = await work_of(request).glance(reference_data.list_loads, log_of(request))
    return LoadsAnswer(loads=[LoadAnswer(**load_json(one)) for one in found])


@router.get("/api/v1/reference/{table}", responses=_PROBLEMS, summary="The first rows of a table")
async def show_table(
    request: Request,
    table: Table,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="By default the newest")] = None,
    limit: Annotated[int, Query(ge=0, le=ROWS_SHOWN_MAX)] = 50,
    who: Principal = ReferenceKeeper,
) -> ReferenceAnswer:
    """Of a version, as they were loaded."""
    load, first = await work_of(request).query(_rows, log_of(request), who, table, version, limit)
    return ReferenceAnswer(**load_json(load), first=first)


@router.post(
    "/api/v1/reference/{table}",
    status_code=201,
    responses=documented(400, 401, 403, 413, 422, 503),
    summary="Load a table",
)
async def load_table(
    request: Request, table: Table, body: ReferenceBody, _who: Principal = ReferenceKeeper
) -> LoadAnswer:
    """As its next version: whole, or with `add` beside the rows there. Recorded as `reference.loaded` on `control`."""
    digest = hashlib.sha256(await request.body()).hexdigest()
    load = await work_of(request).query(_load, log_of(request), table, body, digest)
    return LoadAnswer(**load_json(load))


def _load(log: AuditLog, table: str, body: ReferenceBody, digest: str) -> Load:
    return reference_data.load_rows(log, table, body.rows, digest, add=body.add)


def _rows(
    log: AuditLog, who: Principal, table: str, version: int | None, limit: int
) -> tuple[Load, list[dict[str, str | bool | None]]]:
    if who.own_profile:
        raise Forbidden("reference data is shown in clear alone", f"You see everything through {who.own_profile}")
    load, rows = reference_data.read(log, table, version=version)
    return load, reference_data.as_given(table, rows, limit)
