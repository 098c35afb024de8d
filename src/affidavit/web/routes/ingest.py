"""Ingest: events over HTTP. A raw route: it awaits the group commit itself, without a thread for each request."""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import Future
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import FastAPI, Header, Query
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from affidavit.access.principal import Principal
from affidavit.context import acting
from affidavit.errors import AffidavitError, DuplicateId, InvalidEvent
from affidavit.event import Event
from affidavit.log.audit_log import AuditLog
from affidavit.log.journal import Receipt
from affidavit.log.registry import MAIN
from affidavit.web import intake
from affidavit.web.courier import NOBODY, Courier
from affidavit.web.intake import Kind
from affidavit.web.logs import Logs, Served
from affidavit.web.metrics import Metrics
from affidavit.web.problems import ProblemResponse, documented, of_error
from affidavit.web.who import Recorder, allowed
from affidavit.web.work import Work, served_of

PATH: Final = "/api/v1/events"
KEY_CHARS_MAX: Final = 128
_ID_DOMAIN: Final = b"affidavit/ingest/v1"
_MULTI: Final = int(HTTPStatus.MULTI_STATUS)
_encode = msgspec.json.Encoder().encode


class Ingest:
    """The ASGI application behind `POST /api/v1/events`."""

    def __init__(self, logs: Logs, work: Work, metrics: Metrics) -> None:
        self._logs = logs
        self._work = work
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["affidavit.route"] = PATH
        try:
            response = await self._answer(scope, receive)
        except AffidavitError as error:
            response = of_error(error)
        except HTTPException as error:
            response = ProblemResponse(error.status_code, error.detail, headers=error.headers)
        except ClientDisconnect:
            return  # half a body is no batch: nothing was recorded
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers = Headers(scope=scope)
        served = served_of(scope, self._logs)
        log = served.log
        who = allowed(scope, log, "record")
        kind = intake.kind_of(headers)
        key = _key(headers)
        if key and who.id:
            key = f"{who.id}\n{key}"  # nobody meets another's events by using the same key
        stream = QueryParams(scope["query_string"]).get("stream", MAIN) if scope["query_string"] else MAIN
        rates, client = self._work.rates, f"{who.tenant}/{who.id}" if who.id else _client(scope)
        wait_s = rates.wait_s(client, time.monotonic())
        if wait_s:
            detail = f"{log.settings.client_events_per_s} events a second are taken of one client"
            return ProblemResponse(429, detail, headers={"Retry-After": str(math.ceil(wait_s))})
        with self._work.held.count() as take:
            body = await intake.read_body(receive, headers, take)
            if not kind.encoding and len(body) <= intake.SMALL_BYTES:
                batch = Batch(body, kind, stream, key)
                if batch.single:
                    rates.spend(client, 1, time.monotonic())
                    return await self._single(served, batch, stream)
                future = batch.submit(log)
            else:
                batch, future = await self._work.unpack(_submitted, log, body, kind, stream, key)
            rates.spend(client, batch.count, time.monotonic())
            # Shielded: a client gone leaves the recorder's future alone.
            results: list[Receipt | InvalidEvent] = await asyncio.shield(asyncio.wrap_future(future))
            response = batch.answer(results)
        self._metrics.events(batch.recorded, batch.duplicates, batch.rejected)
        return response

    async def _single(self, served: Served, batch: Batch, stream: str) -> Response:
        courier = served.couriers.get(stream)
        if courier is None:
            served.log.tenant.log(stream)  # couriers are for streams that exist
            courier = served.couriers[stream] = Courier(served.log, stream)
        try:
            if batch.errors:
                raise batch.errors[0]
            receipt = await courier.send(batch.events[0])
        except InvalidEvent as error:
            self._metrics.events(0, 0, 1)
            return of_error(error)
        self._metrics.events(not receipt.duplicate, receipt.duplicate, 0)
        return _json(_receipt(receipt), 200 if receipt.duplicate else 201)


def _submitted(
    log: AuditLog, body: bytes, kind: Kind, stream: str, key: str
) -> tuple[Batch, Future[list[Receipt | InvalidEvent]]]:
    batch = Batch(intake.decompress(body, kind.encoding) if kind.encoding else body, kind, stream, key)
    return batch, batch.submit(log)


class Batch:
    """The events of one request on their way. Made on the loop or in a thread; answered on the loop."""

    def __init__(self, body: bytes, kind: Kind, stream: str, key: str) -> None:
        self.errors: dict[int, InvalidEvent] = {}
        self.events: list[Event] = []
        self.recorded = self.duplicates = self.rejected = 0
        found = intake.split(body, kind)
        self.single = found.single
        self.count = len(found.items)
        self._stream = stream
        self._lines = [line for line, _ in found.items]
        self._where: list[int] = []
        for at, (line, raw) in enumerate(found.items):
            try:
                event = intake.decode(raw, kind.decode)
            except InvalidEvent as error:
                if found.single and not error.field and not intake.is_json(raw):
                    raise HTTPException(400, f"The body is no JSON: {error.message}") from None
                self.errors[at] = error
                continue
            if key and event.id is None:
                event = msgspec.structs.replace(event, id=_made_id(key, stream, line))
            self.events.append(event)
            self._where.append(at)

    def submit(self, log: AuditLog) -> Future[list[Receipt | InvalidEvent]]:
        """Hand over to the recorder what could be decoded. Raises NotFound, Forbidden, Busy, StorageError."""
        with acting(**NOBODY):
            return log.submit_many(self.events, stream=self._stream, checked=True)

    def answer(self, results: list[Receipt | InvalidEvent]) -> Response:
        """What became of each event."""
        receipts: dict[int, Receipt] = {}
        for at, result in zip(self._where, results, strict=True):
            if isinstance(result, Receipt):
                receipts[at] = result
            else:
                self.errors[at] = result
        self.rejected = len(self.errors)
        self.duplicates = sum(receipt.duplicate for receipt in receipts.values())
        self.recorded = len(receipts) - self.duplicates
        if self.single:
            if self.errors:
                return of_error(self.errors[0])
            return _json(_receipt(receipts[0]), 200 if self.duplicates else 201)
        shown = [
            {"line": line, **(_receipt(receipts[at]) if at in receipts else _fault(self.errors[at]))}
            for at, line in enumerate(self._lines)
        ]
        counts = {"accepted": len(receipts), "duplicates": self.duplicates, "rejected": self.rejected}
        if receipts or not self.errors:
            return _json({**counts, "results": shown}, _MULTI if self.errors else 200)
        return ProblemResponse(422, "None of the events could be recorded", more={**counts, "results": shown})


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "status": "duplicate" if receipt.duplicate else "recorded",
        "id": str(receipt.id),
        "log": receipt.log,
        "stream": receipt.stream,
        "index": receipt.index,
        "leaf": receipt.leaf.hex(),
        "t": receipt.t,
        "secrets_stripped": receipt.secrets,
    }


def _fault(error: InvalidEvent) -> dict[str, Any]:
    status = "conflict" if isinstance(error, DuplicateId) else "rejected"
    # What came may hold half characters: only ASCII leaves the server of it.
    message = str(error).encode("utf-8", "backslashreplace").decode()
    return {"status": status, "field": error.field.encode("utf-8", "backslashreplace").decode(), "message": message}


def _json(value: Any, status: int) -> Response:
    return Response(_encode(value), status, media_type="application/json")


def _key(headers: Headers) -> str:
    key = headers.get("idempotency-key", "")
    if len(key) > KEY_CHARS_MAX or not (key.isascii() and key.isprintable()):
        raise HTTPException(400, f"Idempotency-Key has 1 to {KEY_CHARS_MAX} printable ASCII characters")
    return key


def _made_id(key: str, stream: str, line: int) -> UUID:
    """The id of an event that brings none, in a request that has a key: the same when the request is sent again."""
    digest = sha256(b"\x00".join((_ID_DOMAIN, stream.encode(), key.encode(), b"%d" % line))).digest()
    value = int.from_bytes(digest[:16]) & ~(0xF << 76) | 8 << 76
    return UUID(int=value & ~(0x3 << 62) | 2 << 62)


def _client(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else ""


class Direct:
    """ASGI middleware: requests to hand in events go past the router and all that stands before it."""

    def __init__(self, app: ASGIApp, path: str, route: Ingest) -> None:
        self._app = app
        self._path = path
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, here or there."""
        # What is mounted gets the whole path, with the part before it in root_path.
        direct = (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"].removeprefix(scope.get("root_path", "")) == self._path
        )
        await (self._route if direct else self._app)(scope, receive, send)


_EVENT: Final = {"action": "grade.updated", "actor": "u1042", "resource": "enrollment:17"}
_RECEIPT: Final = {
    "status": "recorded",
    "id": "01900000-0000-7000-8000-000000000001",
    "log": "affidavit/00112233445566778899aabbccddeeff",
    "stream": "main",
    "index": 1042,
    "leaf": "9f" * 32,
    "t": "2026-10-01T12:00:00.000001Z",
    "secrets_stripped": 0,
}
_FAULT: Final = {"line": 2, "status": "rejected", "field": "action", "message": "action 'No' is malformed"}
_BATCH: Final = {"accepted": 1, "duplicates": 0, "rejected": 1, "results": [{"line": 1, **_RECEIPT}, _FAULT]}
_OBJECT: Final = {"type": "object"}
_CLOUDEVENT: Final = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/sis",
    "type": "com.example.order.created",
    "data": {"order": 9},
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "Plain, gzip or deflate; see docs/reference/events.md for the fields of an event",
        "content": {
            intake.JSON_TYPE: {
                "schema": {"oneOf": [_OBJECT, {"type": "array", "items": _OBJECT}]},
                "examples": {"one": {"value": _EVENT}, "batch": {"value": [_EVENT]}},
            },
            intake.LINES_TYPES[0]: {"schema": {"type": "string"}, "example": '{"action":"login"}\n{"action":"logout"}'},
            intake.CLOUDEVENT_TYPE: {"schema": _OBJECT, "example": _CLOUDEVENT},
            intake.CLOUDEVENTS_TYPE: {"schema": {"type": "array", "items": _OBJECT}, "example": [_CLOUDEVENT]},
        },
    }
}


def _answers() -> dict[int | str, dict[str, Any]]:
    def shown(description: str, example: Any) -> dict[str, Any]:
        return {"description": description, "content": {intake.JSON_TYPE: {"schema": _OBJECT, "example": example}}}

    return {
        200: shown("One event that was there already, or a batch wholly accepted", {**_RECEIPT, "status": "duplicate"}),
        201: shown("One event, durable", _RECEIPT),
        207: shown("A batch of which some were rejected: a result for each", _BATCH),
        **documented(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
    }


class _Handed(Response):
    """Lets the raw route answer where a request came by the router."""

    def __init__(self, ingest: Ingest) -> None:
        super().__init__()
        self._ingest = ingest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._ingest(scope, receive, send)


def add_ingest(app: FastAPI, ingest: Ingest, prefix: str) -> None:
    """Declare the route, for the description and for other methods, and put it before the router."""

    async def hand_in(
        _stream: Annotated[str, Query(alias="stream", description="The stream to record into")] = MAIN,
        _key: Annotated[
            str | None, Header(alias="Idempotency-Key", description="Makes a request one that can be sent again")
        ] = None,
        _who: Principal = Recorder,
    ) -> Response:
        """One event or a batch, in order, in one transaction. The answer comes when they are durable.

        Events with an id are recorded once, however often they are sent; so are all events of a request with an
        Idempotency-Key.
        """
        return _Handed(ingest)

    app.add_api_route(
        prefix + PATH,
        hand_in,
        methods=["POST"],
        response_class=Response,
        status_code=201,
        responses=_answers(),
        openapi_extra=_BODY,
        summary="Record events",
        tags=["events"],
    )
    app.add_middleware(Direct, path=prefix + PATH, route=ingest)
