"""Errors as RFC 9457 problem details: what failed, with which value, what to do; never a stack trace."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from affidavit.errors import AffidavitError, Busy, InvalidQuery, LoggingOff, StorageError
from affidavit.web.schemas import Problem

MEDIA_TYPE: Final = "application/problem+json"
ERRORS_MAX: Final = 20
VALUE_CHARS_MAX: Final = 120
STORAGE_RETRY_S: Final = 5.0
OFF_RETRY_S: Final = 60
_ABOUT: Final = "about:blank"
_LIBRARY_PLACES: Final = frozenset({"body", "query", "path", "header"})

logger = logging.getLogger("affidavit.web")


class ProblemResponse(Response):
    """One problem. `errors` are (field, message) pairs; `more` are extension members (RFC 9457 §3.2)."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str = "",
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        body = {
            "type": _ABOUT,
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "errors": [{"field": field, "message": message} for field, message in errors[:ERRORS_MAX]],
            **(more or {}),
        }
        # ASCII, since what a client sent may be no well-formed text.
        super().__init__(json.dumps(body).encode(), status, dict(headers or {}))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the API's description: these statuses answer with a problem."""
    schema = Problem.model_json_schema()
    schema["properties"]["errors"]["items"] = schema.pop("$defs")["Fault"]
    content = {MEDIA_TYPE: {"schema": schema}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def add_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(AffidavitError, _affidavit)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


def of_error(error: AffidavitError) -> ProblemResponse:
    """The problem of one of our own errors."""
    if isinstance(error, InvalidQuery) and error.column:
        return ProblemResponse(error.http_status, str(error), [("q", str(error))], more={"column": error.column})
    field = getattr(error, "field", "")
    errors = [(field, str(error).removeprefix(f"{field}: "))] if field else []
    headers: dict[str, str] = {}
    if isinstance(error, StorageError):
        wait_s = error.retry_after_s if isinstance(error, Busy) else STORAGE_RETRY_S
        headers["Retry-After"] = str(math.ceil(wait_s))
    elif isinstance(error, LoggingOff):
        headers["Retry-After"] = str(OFF_RETRY_S)
    return ProblemResponse(error.http_status, str(error), errors, headers)


async def _affidavit(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AffidavitError):
        raise error
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", type(error).__name__, error)
    return of_error(error)


async def _validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    errors = [_fault(one, _fields(request)) for one in found]
    malformed = any(one["type"] == "json_invalid" for one in found)
    status = HTTPStatus.BAD_REQUEST if malformed else HTTPStatus.UNPROCESSABLE_ENTITY
    named = ", ".join(dict.fromkeys(field for field, _ in errors if field))
    detail = f"Change {named}" if named else errors[0][1]
    return ProblemResponse(status, detail, errors)


def _fields(request: Request) -> list[str]:
    """The fields the body of a request can have."""
    body = getattr(request.scope.get("route"), "body_field", None)
    kind = getattr(getattr(body, "field_info", None), "annotation", None)
    return [field.alias or name for name, field in getattr(kind, "model_fields", {}).items()]


def _fault(error: Mapping[str, Any], fields: Sequence[str]) -> tuple[str, str]:
    """Field and message of one finding of pydantic, in our words where its own are a library's."""
    kind = error["type"]
    place = error["loc"]
    field = ".".join(str(part) for part in (place[1:] if place and place[0] in _LIBRARY_PLACES else place))
    given = error.get("input")
    if kind == "json_invalid":
        return "", f"The body is not JSON: {error.get('ctx', {}).get('error', 'it does not parse')}"
    if kind == "missing" and not field:
        return "", "There is no body. Send a JSON object"
    if kind == "extra_forbidden":
        return field, f"Unknown field. There are {', '.join(fields)}"
    if not field:
        return "", "Send a JSON object, with Content-Type: application/json"
    if kind in _WANTED:
        return field, f"{_short(given)} can't be used. Give {_WANTED[kind]}"
    if kind == "literal_error":
        return field, f"{_short(given)} can't be used. Choose {error['ctx']['expected']}"
    return field, f"{_short(given)} can't be used. {error['msg']}"


_WANTED: Final = {"string_type": "text", "list_type": "a list of texts"}


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[:VALUE_CHARS_MAX]}…"


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and not detail:
        detail = "There is nothing at this address"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        detail = f"This address takes {allowed}" if allowed else "This address takes another method"
    return ProblemResponse(error.status_code, detail, headers=error.headers)
