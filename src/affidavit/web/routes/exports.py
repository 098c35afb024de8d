"""Exports over HTTP: the user's endpoint, and the preview beside the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from affidavit import export
from affidavit.access.principal import Principal
from affidavit.errors import Forbidden, InvalidRequest
from affidavit.export import ExportSpec, StreamMeta, estimate, jobs
from affidavit.log.audit_log import AuditLog
from affidavit.web.problems import documented
from affidavit.web.schemas import Estimate, ExportRequest, ExportRow, Forecast, PreviewAnswer
from affidavit.web.streams import FileStream
from affidavit.web.who import Exporter, bounded
from affidavit.web.work import log_of, work_of

PROBLEMS: Final = documented(400, 401, 403, 413, 422, 503)
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, streamed. Columns timestamp, user_id (tokens), action, resource",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": ExportRow.model_json_schema()}},
        },
        "headers": {
            "Content-Disposition": {"description": "attachment, with the file's name", "schema": {"type": "string"}},
            "Affidavit-Export": {"description": "Id of this export in the log", "schema": {"type": "string"}},
            "Affidavit-Rows": {"description": "Rows in the file, where known", "schema": {"type": "integer"}},
        },
    }
}

router = APIRouter(tags=["exports"])
legacy_router = APIRouter(tags=["exports"])


@router.post(
    "/api/export-compliance-logs",
    response_class=Response,
    responses={**FILE, **PROBLEMS},
    summary="Export events by dates, users and actions as one file",
)
@legacy_router.post("/api/export-compliance-logs", response_class=Response, include_in_schema=False)
async def export_compliance_logs(request: Request, body: ExportRequest, who: Principal = Exporter) -> FileStream:
    """Stream the export as CSV or JSON, and record it as an event of the log, whatever came of it."""
    log, work = log_of(request), work_of(request)
    with work.exporting() as done:
        meta, first, chunks = await work.query(_begin, log, who, body)
        headers = {
            "Content-Disposition": f'attachment; filename="{meta.filename}"',
            "Affidavit-Export": meta.export_id,
        }
        if meta.exact:
            headers["Affidavit-Rows"] = str(meta.rows)
        return FileStream(first, chunks, media_type=meta.media_type, headers=headers, done=done)


def _begin(log: AuditLog, who: Principal, body: ExportRequest) -> tuple[StreamMeta, bytes, Iterator[bytes]]:
    """Run up to the first bytes: what can fail for reasons of the request fails here, while a status can still say it.

    From the first byte on the iterator records what becomes of it, even if nobody reads on.
    """
    try:
        spec = spec_of(log, who, body)
    except (InvalidRequest, Forbidden) as error:
        jobs.record_refusal(log, error)
        raise
    meta, chunks = export.stream_export(log, spec)
    return meta, next(chunks), chunks


@router.post("/api/v1/exports/preview", responses=PROBLEMS, summary="See the first rows, and how many there would be")
async def preview(request: Request, body: ExportRequest, who: Principal = Exporter) -> PreviewAnswer:
    """The first ten rows as the file's reader would get them, a count that stops at a million, and what to expect."""
    log = log_of(request)
    found = await work_of(request).query(_estimate, log, who, body)
    rows = [ExportRow(**row) for row in found.preview]
    known = {name: getattr(found, name) for name in ("rows", "exact", "bytes", "seconds", "never")}
    verdicts = [Forecast(**asdict(one)) for one in found.verdicts]
    return PreviewAnswer(rows=rows, estimate=Estimate(**known, verdicts=verdicts))


def _estimate(log: AuditLog, who: Principal, body: ExportRequest) -> estimate.Estimate:
    return estimate.estimate(log, spec_of(log, who, body), bundle=False)


def spec_of(log: AuditLog, who: Principal, body: ExportRequest) -> ExportSpec:
    """What the five fields ask for, dates read in the tenant's zone. Raises InvalidSpec naming the field."""
    spec = export.legacy(
        start_date=body.start_date,
        end_date=body.end_date,
        user_ids=body.user_ids,
        actions=body.actions,
        format=body.format,
        zone=log.tenant.zone,
    )
    return bounded(log, who, spec)
