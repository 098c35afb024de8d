"""Exports as runs: ask for one, follow it, fetch its file, cancel it. A worker carries them out."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import anyio
import msgspec
from fastapi import APIRouter, Header, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse, Response

from affidavit.access.principal import Principal
from affidavit.errors import AffidavitError, InvalidQuery, InvalidRequest, NotFound
from affidavit.export import ExportSpec, jobs, legacy
from affidavit.export.download import download
from affidavit.export.estimate import estimate
from affidavit.export.jobs import ExportRun
from affidavit.export.outcome import MANIFEST, Outcome, read_outcome
from affidavit.export.scope import scope_of as scope_in_words
from affidavit.export.sidecar import beside
from affidavit.export.spec import LEGACY_COLUMNS, RESOURCE, Column, InvalidSpec
from affidavit.export.trail import trail
from affidavit.log.audit_log import AuditLog
from affidavit.log.saved_queries import read_query
from affidavit.masking.overrides import base_name
from affidavit.query.conditions import SHORT_NAMES
from affidavit.web.answers import RunAnswer, RunsAnswer, TrailAnswer, TrailMarkAnswer
from affidavit.web.problems import documented
from affidavit.web.schemas import Estimate, Forecast, RunEstimateAnswer, RunRequest
from affidavit.web.sse import MEDIA_TYPE, EventStream, Message
from affidavit.web.who import Exporter, both, bounded, narrows, still_there, view_for, within
from affidavit.web.work import log_of, work_of

LISTED: Final = 50
LOOK_EVERY_S: Final = 0.5
KEY_HEADER: Final = "Idempotency-Key"
MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
_ONE: Final = documented(401, 403, 404, 422, 503)
_PARTS: Final = "`data`: of a bundle, its data file alone; `manifest`: what a bundle, or a CSV or NDJSON file, holds"

router = APIRouter(tags=["exports"])


@router.post(
    "/api/v1/exports",
    status_code=202,
    responses=documented(400, 401, 403, 404, 413, 422, 503),
    response_model=RunAnswer,
    summary="Ask for an export; a worker carries it out",
)
async def create_run(
    request: Request,
    body: RunRequest,
    key: Annotated[
        str, Header(alias=KEY_HEADER, max_length=jobs.KEY_CHARS_MAX, description="Asks for the same run, however often")
    ] = "",
    who: Principal = Exporter,
) -> Response:
    """202 with the run as it stands, and its address in Location. What is refused is recorded as such."""

    def run(log: AuditLog) -> ExportRun:
        try:
            spec = spec_of(log, who, body)
        except AffidavitError as error:
            jobs.record_refusal(log, error)
            raise
        return jobs.request(log, spec, bundle=body.bundle, key=_own_key(who, key))

    found = await work_of(request).query(run, log_of(request))
    return JSONResponse(_told(found, who), 202, headers={"Location": f"{request.url.path}/{found.id}"})


@router.post(
    "/api/v1/exports/estimate",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
    summary="What a run would be: ten rows, size, time, and the verdicts to expect",
)
async def estimate_run(request: Request, body: RunRequest, who: Principal = Exporter) -> RunEstimateAnswer:
    """Under a key of its own: its tokens join with no file."""

    def run(log: AuditLog) -> Any:
        return estimate(log, spec_of(log, who, body), bundle=body.bundle)

    found = await work_of(request).query(run, log_of(request))
    known = {name: getattr(found, name) for name in ("rows", "exact", "bytes", "seconds", "never")}
    verdicts = [Forecast(**asdict(one)) for one in found.verdicts]
    return RunEstimateAnswer(rows=found.preview, estimate=Estimate(**known, verdicts=verdicts))


@router.get("/api/v1/exports", responses=documented(401, 403, 422, 503), summary="The newest runs, newest first")
async def list_runs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=jobs.RUNS_LISTED_MAX)] = LISTED,
    who: Principal = Exporter,
) -> RunsAnswer:
    """Yours; for admins and officers everybody's: of them those that hold no more than you may see."""
    log = log_of(request)
    found = await work_of(request).glance(jobs.list_runs, log, jobs.RUNS_LISTED_MAX)
    mine = [run for run in found if _is_theirs(log, run, who)][:limit]
    return RunsAnswer(runs=[RunAnswer(**_told(run, who)) for run in mine])


@router.get("/api/v1/exports/{run_id}", responses=_ONE, summary="One run as it stands")
async def show_run(request: Request, run_id: str, who: Principal = Exporter) -> RunAnswer:
    """Its state, how far it is, and what became of it."""
    return RunAnswer(**_told(await work_of(request).glance(_find, log_of(request), run_id, who), who))


@router.get(
    "/api/v1/exports/{run_id}/progress",
    response_class=Response,
    responses={
        **_ONE,
        200: {"description": "Server-sent events `run`", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    },
    summary="A run's progress, by server-sent events",
)
async def follow_run(request: Request, run_id: str, who: Principal = Exporter) -> Response:
    """`run` each time something changed; ends with the run."""
    log, work = log_of(request), work_of(request)
    with work.listening() as done:
        found = await work.glance(_find, log, run_id, who)
        return EventStream(_progress(request, log, found, who), done)


async def _progress(request: Request, log: AuditLog, run: ExportRun, who: Principal) -> AsyncIterator[Message | None]:
    work = work_of(request)
    shown = _shown(run)
    yield Message("run", shown)
    while not run.ended and not work.closing and await still_there(request.scope, who):
        await anyio.sleep(LOOK_EVERY_S)
        run = await work.look(partial(_find, log, run.id, who))
        before, shown = shown, _shown(run)
        yield None if shown == before else Message("run", shown)


@router.get(
    "/api/v1/exports/{run_id}/file",
    response_class=FileResponse,
    responses={
        **documented(401, 403, 404, 422, 500, 503),
        200: {"description": "The file", "content": {"application/octet-stream": {}}},
    },
    summary="The file of a finished run",
)
async def fetch_file(
    request: Request,
    run_id: str,
    part: Annotated[Literal["file", "data", "manifest"], Query(description=_PARTS)] = "file",
    who: Principal = Exporter,
) -> Response:
    """Checked against its hash before the first byte is sent; recorded as `export.downloaded`."""
    log, work = log_of(request), work_of(request)
    with work.exporting() as done:
        folder = Path(tempfile.mkdtemp(prefix="affidavit-download-"))

        def end() -> None:
            done()
            shutil.rmtree(folder, ignore_errors=True)

        try:
            path = await work.query(_fetched, log, run_id, who, folder, part)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        media_type = MEDIA_TYPES.get(path.suffix[1:], "application/octet-stream")
        return FileResponse(path, media_type=media_type, filename=path.name, background=BackgroundTask(end))


def _fetched(log: AuditLog, run_id: str, who: Principal, folder: Path, part: str) -> Path:
    run = _find(log, run_id, who)
    target = folder / (Path(run.file).name or "none")
    download(log, run.id, target)
    if part == "manifest":
        return _manifest_of(run, target)
    return _data_of(target, folder) if part == "data" and run.bundle else target


def _manifest_of(run: ExportRun, file: Path) -> Path:
    """What says what a file holds, where the file does not."""
    found = beside(file)
    if run.bundle:
        with zipfile.ZipFile(file) as archive:
            found.write_bytes(archive.read(MANIFEST))
    if not found.exists():
        raise NotFound(f"run {run.id} has no manifest", f"Its file says itself what it holds: {run.spec.format}")
    return found


def _data_of(bundle: Path, folder: Path) -> Path:
    """The data file of a bundle, beside it."""
    with zipfile.ZipFile(bundle) as archive:
        name = msgspec.json.decode(archive.read(MANIFEST))["data"]["name"]
        target = folder / f"{bundle.stem}{Path(name).suffix}"
        with archive.open(name) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
    return target


@router.get(
    "/api/v1/exports/{run_id}/trail",
    responses=_ONE,
    summary="What the log holds about a run: asked for, made, downloaded",
)
async def show_trail(request: Request, run_id: str, who: Principal = Exporter) -> TrailAnswer:
    """From the stream `access`, oldest first, at most 200 events."""

    def run(log: AuditLog) -> TrailAnswer:
        return TrailAnswer(events=[TrailMarkAnswer(**asdict(one)) for one in trail(log, _find(log, run_id, who))])

    return await work_of(request).query(run, log_of(request))


@router.post(
    "/api/v1/exports/{run_id}/cancel",
    responses=documented(401, 403, 404, 422, 503),
    summary="Cancel a run",
)
async def cancel_run(request: Request, run_id: str, who: Principal = Exporter) -> RunAnswer:
    """A queued run ends at once, a running one within a batch of rows."""

    def run(log: AuditLog) -> ExportRun:
        return jobs.cancel(log, _find(log, run_id, who).id)

    return RunAnswer(**_told(await work_of(request).glance(run, log_of(request)), who))


def _own_key(who: Principal, key: str) -> str:
    """The key as the run keeps it: nobody gets another's run by guessing a key."""
    if not key or not who.id:
        return key
    return sha256(f"{who.id}/{who.since_us}/{key}".encode()).hexdigest()


def _find(log: AuditLog, run_id: str, who: Principal) -> ExportRun:
    run = jobs.find(log, run_id)
    if not _is_theirs(log, run, who):
        raise NotFound(f"no export run {run_id[:80]!r}", "GET /api/v1/exports lists yours")
    return run


def _is_theirs(log: AuditLog, run: ExportRun, who: Principal) -> bool:
    """Whether a run may be shown: it is theirs, and holds no more than a run of their own would now."""
    if who.role not in {"admin", "officer"} and not who.made(run.actor, run.created_us):
        return False
    if not who.own_profile and not who.bound:
        return True
    try:
        spec = run.spec
    except AffidavitError:  # asked of another release: what it holds is not known
        return False
    return (
        who.sees_as(base_name(spec.profile_name)) and who.reads(spec.streams) and narrows(spec.query, within(log, who))
    )


def _shown(run: ExportRun) -> dict[str, Any]:
    shown = run.to_json()
    return {
        **shown,
        "file": Path(shown["file"]).name if shown["file"] else "",
        "actor": run.actor,
        "cancelling": run.cancelling,
    }


def _told(run: ExportRun, who: Principal) -> dict[str, Any]:
    """A run with what was asked and what came of it."""
    try:
        scope = asdict(scope_in_words(run.spec, clear=not who.own_profile))
    except AffidavitError:  # asked of another release, which this one can't read
        scope = None
    return {**_shown(run), "scope": scope, "outcome": _outcome(run) if run.state == jobs.DONE else None}


def _outcome(run: ExportRun) -> dict[str, Any]:
    found: Outcome = read_outcome(run.outcome_text)
    named = [dict(zip(("name", "status", "reason"), one, strict=True)) for one in found.verdicts]
    members = [{"name": name, "bytes": size} for name, size in found.members]
    return {**asdict(found), "verdicts": named, "members": members}


def spec_of(log: AuditLog, who: Principal, body: RunRequest) -> ExportSpec:
    """What a run is asked to hold, within what the principal may see. Raises InvalidSpec, InvalidQuery, Forbidden."""
    zone = body.zone or log.tenant.zone
    profile = who.profile_for(body.profile, "export")
    streams = tuple(body.streams)
    form = legacy(body.start_date, body.end_date, body.user_ids, body.actions, zone=zone).query
    try:
        if who.own_profile:  # free text is not looked for where they see a mask
            text = view_for(log, who, streams=streams, zone=zone).read(body.query)
        else:
            text = read_query(log, body.query, zone)
    except InvalidQuery as error:
        at = f", column {error.column}" if error.column else ""
        raise InvalidSpec(f"query{at}: {error.message}", error.hint, field="query") from None
    spec = ExportSpec(
        query=both(form, text),
        columns=tuple(_column(one) for one in body.columns) or LEGACY_COLUMNS,
        profile=profile,
        format=body.format,
        zone=zone,
        evidence=body.evidence,
        recipient=body.recipient,
        reason=body.reason,
        streams=streams,
        subject_ids=frozenset(body.subject_ids) or None,
        declared=log.declared,
    )
    return bounded(log, who, spec)


def _column(text: str) -> Column:
    """`label=path`, or a path that is its own label."""
    label, equals, path = text.partition("=")
    name = path if equals else label
    if not label or not name:
        raise InvalidRequest(f"column {text[:80]!r}", "Write a path, or LABEL=PATH")
    return Column(label, RESOURCE if name == RESOURCE else SHORT_NAMES.get(name, name))
