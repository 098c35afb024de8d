"""Reading over HTTP: search, one event with its proof, facets, histogram, live tail. All through the reader's masks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from affidavit.access.principal import Principal
from affidavit.commitment import format_time, parse_entry
from affidavit.errors import NotFound
from affidavit.export.histogram import Histogram, histogram
from affidavit.export.live import Live
from affidavit.export.shown import Shown, show
from affidavit.export.spec import Column
from affidavit.export.view import COLUMNS, COUNT_MAX, FACETS_MAX, PAGE_ROWS, PAGE_ROWS_MAX, Found, Search
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import MAIN
from affidavit.query.bounds import bounds
from affidavit.query.conditions import SHORT_NAMES
from affidavit.query.language import QUERY_TEXT_CHARS_MAX
from affidavit.web.answers import EventAnswer, FacetsAnswer, FieldAnswer, HistogramAnswer, PageAnswer, RowAnswer
from affidavit.web.problems import documented
from affidavit.web.sse import MEDIA_TYPE, EventStream, Message
from affidavit.web.who import Searcher, query_for, still_there, view_for, within
from affidavit.web.work import log_of, work_of

LOOK_EVERY_S: Final = 1.0
COLUMNS_MAX: Final = 24
INDEX_MAX: Final = 2**53 - 1
_PROBLEMS: Final = documented(401, 403, 404, 422, 503)

Text = Annotated[
    str,
    Query(
        max_length=QUERY_TEXT_CHARS_MAX,
        description="Query language: actor:u1 action:auth.* -outcome:success; empty asks for everything",
        examples=["action:login outcome:failure"],
    ),
]
Moment = Annotated[str | None, Query(max_length=40, examples=["2026-10-01"])]
Profile = Annotated[str, Query(max_length=64, description="Masking profile; yours by default", examples=["internal"])]
Zone = Annotated[str, Query(max_length=64, description="IANA zone of times; the tenant's by default")]
Streams = Annotated[list[str], Query(max_length=16, description="Streams to read; repeat for more")]
Columns = Annotated[
    list[str],
    Query(
        max_length=COLUMNS_MAX,
        description="Fields to show in the place of the usual ones, each its own label; repeat for more",
        examples=[["time", "actor", "details"]],
    ),
]
_STREAMS: Final = [MAIN]
_USUAL: Final[list[str]] = []

router = APIRouter(tags=["events"])


@router.get("/api/v1/events", responses=_PROBLEMS, summary="Search events, a page at a time")
async def search_events(
    request: Request,
    q: Text = "",
    start: Annotated[Moment, Query(alias="from", description="First day, or a time")] = None,
    end: Annotated[Moment, Query(alias="to", description="Last day, included, or a time, itself included")] = None,
    limit: Annotated[int, Query(ge=0, le=PAGE_ROWS_MAX)] = PAGE_ROWS,
    cursor: Annotated[str, Query(max_length=200, description="`next` or `previous` of a page of this search")] = "",
    order: Annotated[str, Query(pattern="^(newest|oldest)$", description="Which come first")] = "newest",
    count: Annotated[bool, Query(description=f"Count what matches, up to {COUNT_MAX:,}")] = False,
    stream: Streams = _STREAMS,
    column: Columns = _USUAL,
    profile: Profile = "",
    zone: Zone = "",
    who: Principal = Searcher,
) -> PageAnswer:
    """Rows as you see them. What your profile masks can't be asked in clear, only by the tokens it shows.

    Every search is itself an event on the stream `access`.
    """

    def run(log: AuditLog) -> Found:
        view = view_for(log, who, profile=profile, streams=tuple(stream), zone=zone, columns=_columns(column))
        query = query_for(view, log, who, q, start, end)
        return view.search(Search(query, limit, order == "newest", cursor, count))

    found = await work_of(request).query(run, log_of(request))
    rows = [
        RowAnswer(stream=where, index=index, cells=cells)
        for (where, index), cells in zip(found.places, found.rows, strict=True)
    ]
    return PageAnswer(
        rows=rows,
        next=found.next,
        previous=found.previous,
        never=found.never,
        count=None if found.count is None else asdict(found.count),  # type: ignore[arg-type]
    )


@router.get("/api/v1/facets", responses=_PROBLEMS, summary="The most frequent values of fields among what matches")
async def facets(
    request: Request,
    facet: Annotated[list[str], Query(min_length=1, max_length=FACETS_MAX, examples=[["action", "outcome"]])],
    q: Text = "",
    start: Annotated[Moment, Query(alias="from")] = None,
    end: Annotated[Moment, Query(alias="to")] = None,
    stream: Streams = _STREAMS,
    profile: Profile = "",
    zone: Zone = "",
    who: Principal = Searcher,
) -> FacetsAnswer:
    """At most 20 values a field, as you see them: masked fields give tokens. Counts are text: few may be `<11`."""

    def run(log: AuditLog) -> Found:
        view = view_for(log, who, profile=profile, streams=tuple(stream), zone=zone)
        query = query_for(view, log, who, q, start, end)
        return view.search(Search(query, limit=0, count=True, facets=tuple(facet)))

    found = await work_of(request).query(run, log_of(request))
    shown = {path: [asdict(one) for one in values] for path, values in found.facets.items()}
    count = None if found.count is None else asdict(found.count)
    return FacetsAnswer(facets=shown, count=count)  # type: ignore[arg-type]


@router.get("/api/v1/histogram", responses=_PROBLEMS, summary="How many events fall into which stretch of time")
async def histogram_of(
    request: Request,
    q: Text = "",
    start: Annotated[Moment, Query(alias="from")] = None,
    end: Annotated[Moment, Query(alias="to")] = None,
    stream: Streams = _STREAMS,
    profile: Profile = "",
    zone: Zone = "",
    who: Principal = Searcher,
) -> HistogramAnswer:
    """Bars of seconds to months, by outcome. A step of days begins at the zone's midnights."""

    def run(log: AuditLog) -> Histogram:
        view = view_for(log, who, profile=profile, streams=tuple(stream), zone=zone)
        return histogram(log, view, query_for(view, log, who, q, start, end))

    return HistogramAnswer(**asdict(await work_of(request).query(run, log_of(request))))


@router.get(
    "/api/v1/events/live",
    response_class=Response,
    responses={
        **_PROBLEMS,
        200: {
            "description": "Server-sent events `event`, and `skipped`",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
    },
    summary="Events as they are recorded, by server-sent events",
)
async def live(
    request: Request,
    q: Text = "",
    stream: Annotated[str, Query(max_length=32)] = MAIN,
    column: Columns = _USUAL,
    profile: Profile = "",
    zone: Zone = "",
    last_event_id: Annotated[str, Header(max_length=20, description="Go on after this index")] = "",
    who: Principal = Searcher,
) -> Response:
    """Each `event` has stream, index and cells; its id is the index. `skipped` says how many were left out."""
    log, work = log_of(request), work_of(request)
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdecimal() else None

    def begin() -> Live:
        view = view_for(log, who, profile=profile, streams=(stream,), zone=zone, columns=_columns(column))
        return Live(log, view, query_for(view, log, who, q), after=after)

    with work.listening() as done:
        following = await work.query(begin)
        return EventStream(_news(request, following, stream, who), done)


async def _news(request: Request, following: Live, stream: str, who: Principal) -> AsyncIterator[Message | None]:
    work = work_of(request)
    while not work.closing and await still_there(request.scope, who):
        news = await work.look(following.look)
        if news is None:
            yield None
        else:
            for index, cells in zip(news.indexes, news.rows, strict=True):
                yield Message("event", {"stream": stream, "index": index, "cells": cells}, str(index))
            if news.skipped:
                yield Message("skipped", {"count": news.skipped})
        await anyio.sleep(LOOK_EVERY_S)


@router.get(
    "/api/v1/events/{stream}/{index}", responses=_PROBLEMS, summary="One event, and the proof that it is in the log"
)
async def event(
    request: Request, stream: str, index: int, profile: Profile = "", who: Principal = Searcher
) -> EventAnswer:
    """Its fields as you see them, and the ladder from its entry to the signed checkpoint. Recorded as a view."""

    def run(log: AuditLog) -> Shown:
        view = view_for(log, who, profile=profile, streams=(stream,))
        if not 0 <= index <= INDEX_MAX:
            raise NotFound(f"stream {stream} has no index {index}", "Indexes count from 0")
        check_period(log, who, stream, index)
        return show(log, view, stream, index)

    found = await work_of(request).query(run, log_of(request))
    fields = [FieldAnswer(**asdict(one)) for one in found.fields]
    return EventAnswer(stream=stream, index=index, fields=fields, proof=found.proof)  # type: ignore[arg-type]


def _columns(names: list[str]) -> tuple[Column, ...]:
    return tuple(Column(name, SHORT_NAMES.get(name, name)) for name in names) or COLUMNS


def check_period(log: AuditLog, who: Principal, stream: str, index: int) -> None:
    """Raises NotFound for what lies outside the principal's period: it is not there for them."""
    asked = bounds(within(log, who)).at
    if asked.lo is None and asked.hi is None:
        return
    at = next(log.entries(stream).read(index, index + 1), None) if index < log.pin(stream).size else None
    if at is None or not asked.meets(_at(at), _at(at)):
        raise NotFound(f"stream {stream} has no index {index} for you", "Your access is bound to a period")


def _at(entry: bytes) -> str:
    return format_time(parse_entry(entry).at_us)
