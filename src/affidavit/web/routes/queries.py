"""Saved queries over HTTP, and the fields a query may name."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from affidavit.access.principal import Principal
from affidavit.commitment import format_time
from affidavit.errors import InvalidQuery
from affidavit.export.mask import KEEP
from affidavit.log import saved_queries
from affidavit.log.audit_log import AuditLog
from affidavit.paths import PATHS, PUBLIC_KEYS
from affidavit.query.language import QUERY_TEXT_CHARS_MAX
from affidavit.web.answers import ParsedAnswer, PathAnswer, PathsAnswer, SavedQueriesAnswer, SavedQueryAnswer
from affidavit.web.problems import documented
from affidavit.web.who import QueryKeeper, Searcher, StateReader, view_for
from affidavit.web.work import log_of, work_of

Name = Annotated[str, Path(max_length=64, examples=["failed-logins"])]
_PROBLEMS: Final = documented(401, 403, 404, 422, 503)

router = APIRouter(tags=["queries"])


class QueryText(BaseModel):
    """The text of a query."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"text": "action:login outcome:failure"}})

    text: str = Field(max_length=QUERY_TEXT_CHARS_MAX)


@router.post(
    "/api/v1/queries/parse",
    responses=documented(400, 401, 403, 413, 422, 503),
    summary="Whether a query can be read, and what is wrong with it",
)
async def parse_query(request: Request, body: QueryText, who: Principal = Searcher) -> ParsedAnswer:
    """For a box that says so while one types. Searches nothing and is not recorded."""

    def run(log: AuditLog) -> ParsedAnswer:
        view = view_for(log, who, streams=who.streams or ("main",))
        try:
            view.read(body.text)
        except InvalidQuery as error:
            return ParsedAnswer(column=error.column, message=error.message, hint=error.hint)
        return ParsedAnswer(column=None, message="", hint="")

    return await work_of(request).glance(run, log_of(request))


@router.get("/api/v1/queries", responses=documented(401, 403, 503), summary="Saved queries")
async def list_queries(request: Request, _who: Principal = QueryKeeper) -> SavedQueriesAnswer:
    """All of the tenant, by name. In any query, saved:NAME stands for one."""
    found = await work_of(request).glance(saved_queries.list_saved, log_of(request))
    shown = [SavedQueryAnswer(name=one.name, text=one.text, saved=format_time(one.saved_us)) for one in found]
    return SavedQueriesAnswer(queries=shown)


@router.put(
    "/api/v1/queries/{name}",
    status_code=204,
    responses=documented(400, 401, 403, 413, 422, 503),
    summary="Keep a query under a name",
)
async def save_query(request: Request, name: Name, body: QueryText, _who: Principal = QueryKeeper) -> Response:
    """In the place of what the name had. Recorded as `query.saved`."""
    await work_of(request).glance(saved_queries.save, log_of(request), name, body.text)
    return Response(status_code=204)


@router.delete(
    "/api/v1/queries/{name}",
    status_code=204,
    responses=documented(401, 403, 404, 422, 503),
    summary="Forget a saved query",
)
async def delete_query(request: Request, name: Name, _who: Principal = QueryKeeper) -> Response:
    """Recorded as `query.deleted`."""
    await work_of(request).glance(saved_queries.remove, log_of(request), name)
    return Response(status_code=204)


@router.get("/api/v1/fields", responses=_PROBLEMS, summary="The fields events can have, declared ones included")
async def list_fields(
    request: Request,
    profile: Annotated[str, Query(max_length=64, description="Masking profile; yours by default")] = "",
    who: Principal = StateReader,
) -> PathsAnswer:
    """With tag and class, and how your profile shows each."""
    return await work_of(request).glance(_fields, log_of(request), who, profile)


def _fields(log: AuditLog, who: Principal, profile: str) -> PathsAnswer:
    streams = who.streams or ("main",)
    view = view_for(log, who, profile=profile, streams=streams)
    masker = view.masker()
    own = {field.path.name: field for field in log.declared.fields.values()}
    paths = [*PUBLIC_KEYS.values(), *PATHS.values(), *(field.path for field in own.values())]
    shown = [
        PathAnswer(
            path=path.name,
            tag=path.tag,  # type: ignore[arg-type]
            cls=path.cls,
            number=path.number,
            declared=path.name in own,
            label=own[path.name].label if path.name in own else "",
            mask="" if masker.mask_of(path.name).name == KEEP else masker.mask_of(path.name).name,
        )
        for path in paths
    ]
    return PathsAnswer(profile=view.profile.name, fields=shown)
