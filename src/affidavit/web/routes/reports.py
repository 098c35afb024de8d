"""Reports over HTTP: what there is, one run, and the files of kept runs."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from affidavit.access.principal import Principal
from affidavit.commitment import parse_time
from affidavit.errors import Forbidden, NotFound
from affidavit.export.configured import configured_profile
from affidavit.log.audit_log import AuditLog
from affidavit.masking.overrides import base_name
from affidavit.paths import lookup
from affidavit.query.tree import EVERYTHING, to_json
from affidavit.reports import describe, store
from affidavit.reports.asked import Asked
from affidavit.reports.library import Library, library_of
from affidavit.reports.package import PACKAGE
from affidavit.reports.render import FORMATS, filename, render
from affidavit.reports.rerun import addendum
from affidavit.reports.result import Result
from affidavit.reports.runner import Finished, run_report
from affidavit.reports.store import Kept
from affidavit.web.problems import documented
from affidavit.web.report_schemas import (
    Format,
    ReportAnswer,
    ReportBrief,
    ReportRequest,
    ReportRunAnswer,
    ReportRunsAnswer,
    ReportsAnswer,
    result_schema,
)
from affidavit.web.who import Exporter, view_for, within
from affidavit.web.work import log_of, work_of

DOWNLOADED: Final = "report.downloaded"
LISTED: Final = 50
_PROBLEMS: Final = documented(401, 403, 404, 422, 503)
_RESULT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The result", "content": {"application/json": {"schema": result_schema()}}}
}

ReportId = Annotated[str, Path(max_length=32, examples=["H3"])]
RunId = Annotated[str, Path(max_length=36)]

router = APIRouter(tags=["reports"])


@router.get("/api/v1/reports", responses=documented(401, 403, 422, 503), summary="The reports there are")
async def list_reports(request: Request, _who: Principal = Exporter) -> ReportsAnswer:
    """By framework, those of your own catalogue among them."""

    def run(log: AuditLog) -> list[dict[str, Any]]:
        library = library_of(log)
        return [describe.brief(library, one) for one in library.reports.values()]

    found = await work_of(request).glance(run, log_of(request))
    return ReportsAnswer(reports=[ReportBrief(**one) for one in found])


@router.get("/api/v1/reports/{report_id}", responses=_PROBLEMS, summary="What a report asks for and looks at")
async def show_report(request: Request, report_id: ReportId, _who: Principal = Exporter) -> ReportAnswer:
    """Its provisions, parameters, sections and rules."""

    def run(log: AuditLog) -> dict[str, Any]:
        library = library_of(log)
        return describe.whole(library, library.report(report_id))

    return ReportAnswer(**await work_of(request).glance(run, log_of(request)))


@router.post(
    "/api/v1/reports/{report_id}/run",
    response_class=Response,
    responses={**documented(400, 401, 403, 404, 413, 422, 500, 503), **_RESULT},
    summary="Run a report",
)
async def run_one(request: Request, report_id: ReportId, body: ReportRequest, who: Principal = Exporter) -> Response:
    """Its result, kept for files in other formats. Recorded as `report.created`."""
    data = await work_of(request).query(_run, log_of(request), who, report_id, body)
    return Response(data, media_type="application/json")


@router.get("/api/v1/report-runs", responses=documented(401, 403, 422, 503), summary="The newest kept runs")
async def list_runs(
    request: Request, limit: Annotated[int, Query(ge=1, le=store.LISTED_MAX)] = LISTED, who: Principal = Exporter
) -> ReportRunsAnswer:
    """Yours; for admins and officers everybody's: of them those that show no more than you may see."""
    log = log_of(request)
    found = await work_of(request).glance(store.list_kept, log)
    mine = [ReportRunAnswer(**msgspec.to_builtins(one)) for one in found if _is_theirs(log, one, who)]
    return ReportRunsAnswer(runs=mine[:limit])


@router.get(
    "/api/v1/report-runs/{run_id}",
    response_class=Response,
    responses={**_PROBLEMS, **_RESULT},
    summary="The result of a kept run",
)
async def show_run(request: Request, run_id: RunId, who: Principal = Exporter) -> Response:
    """As it was: nothing is run again."""

    def run(log: AuditLog) -> bytes:
        return render(_find(log, run_id, who), "json")

    return Response(await work_of(request).query(run, log_of(request)), media_type="application/json")


@router.get(
    "/api/v1/report-runs/{run_id}/file",
    response_class=Response,
    responses={
        **documented(401, 403, 404, 422, 500, 501, 503),
        200: {"description": "The file", "content": {"application/octet-stream": {}}},
    },
    summary="A kept run as a file",
)
async def fetch_file(
    request: Request,
    run_id: RunId,
    format: Annotated[Format, Query(description="package: with evidence, where it was asked for")] = "pdf",
    who: Principal = Exporter,
) -> Response:
    """Drawn from the kept result, so its numbers are the same. Recorded as `report.downloaded`."""
    work = work_of(request)
    with work.exporting() as done:
        data, media_type, name = await work.query(_file, log_of(request), who, run_id, format)
    done()
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=disposition)


def _run(log: AuditLog, who: Principal, report_id: str, body: ReportRequest) -> bytes:
    library = library_of(log)
    if body.since:
        finished = added_to(log, library, who, _find(log, body.since, who), body)
    else:
        finished = run_report(log, library, asked_of(log, library, who, report_id, body))
    store.keep(log, finished)
    if body.evidence:
        store.keep_package(log, finished)
    return finished.data


def added_to(log: AuditLog, library: Library, who: Principal, earlier: Result, body: ReportRequest) -> Finished:
    """The addendum to an earlier run, which reads the log anew: so it is asked for like any run, as the report stands
    and as the earlier one showed it. Raises Forbidden, InvalidRequest, NotFound.
    """
    who.streams_for((*library.report(earlier.report.id).streams, *earlier.run.streams))
    who.profile_for(base_name(earlier.run.profile), "")
    _check_parameters(log, library, who, earlier.report.id, body)
    return addendum(log, library, earlier, dict(body.parameters), within=within(log, who))


def asked_of(log: AuditLog, library: Library, who: Principal, report_id: str, body: ReportRequest) -> Asked:
    """What is asked for, within what the principal may see. Raises Forbidden, InvalidRequest, NotFound."""
    report = library.report(report_id)
    streams = who.streams_for(report.streams)
    _check_parameters(log, library, who, report.id, body)
    zone = body.zone or log.tenant.zone
    narrowed = None
    if body.query and who.own_profile:  # who can't lift their profile can't ask in clear for what it masks
        view = view_for(log, who, streams=streams, zone=zone)
        narrowed = view.clear(view.read(body.query), [log.pin(stream) for stream in streams])
    return Asked(
        report.id,
        body.start,
        body.end,
        zone,
        who.profile_for(body.profile, report.profile),
        dict(body.parameters),
        body.query,
        within(log, who),
        who.id,
        narrowed=narrowed,
    )


def _check_parameters(log: AuditLog, library: Library, who: Principal, report_id: str, body: ReportRequest) -> None:
    """Refuse values in clear of fields that the principal sees masked: asking for them would tell."""
    if not who.own_profile:
        return
    profile = configured_profile(log, who.own_profile)
    for name, parameter in library.report(report_id).parameters.items():
        path = lookup(parameter.path) if parameter.path else None
        if path is not None and body.parameters.get(name) and profile.mask_for(path).name != "keep":
            raise Forbidden(f"parameter {name} is masked for you", "Ask an officer to run this report")


def _file(log: AuditLog, who: Principal, run_id: str, format: str) -> tuple[bytes, str, str]:
    result = _find(log, run_id, who)
    if format == PACKAGE:
        data, media_type = store.package(log, run_id), "application/zip"
        name = f"report-{result.report.id}-{result.run.at[:10]}.zip"
    else:
        data, media_type, name = render(result, format), FORMATS[format].media_type, filename(result, format)
    own = {"run.id": run_id, "run.report": result.report.id, "export.format": format}
    log.record_own(DOWNLOADED, own)
    return data, media_type, name


def _find(log: AuditLog, run_id: str, who: Principal) -> Result:
    kept, result = store.find(log, run_id)
    if not _is_theirs(log, kept, who):
        raise NotFound(f"no report run {run_id[:80]!r}", "GET /api/v1/report-runs lists yours")
    return result


def _is_theirs(log: AuditLog, kept: Kept, who: Principal) -> bool:
    """Whether a kept run may be shown: it is theirs, and holds no more than a run of their own would now."""
    if who.role not in {"admin", "officer"} and not who.made(kept.by, parse_time(kept.at)):
        return False
    if not who.sees_as(base_name(kept.profile)) or not who.reads(kept.streams):
        return False
    bounds = within(log, who)
    return bounds == EVERYTHING or kept.within == to_json(bounds)
