"""The edge: what every request and answer goes through. Who is acting, security headers, the last resort."""

from __future__ import annotations

import logging
import re
import time
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affidavit.context import acting, current
from affidavit.web.metrics import Metrics
from affidavit.web.problems import ProblemResponse

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY_KEY: Final = "affidavit.policy"
"""Where a route leaves, in its scope, the policy of a page that is none of the application's: we may frame it."""
NO_STORE: Final = "no-store"
USER_AGENT_CHARS_MAX: Final = 512
_REQUEST_ID_RE: Final = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")

logger = logging.getLogger("affidavit.web")


class Edge:
    """ASGI middleware: request context, headers on every answer, and a plain 500 for what nobody foresaw.

    What an embedding application already said of the request with `affidavit.acting` is kept.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = _known(scope)
        status = 0
        began_s = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, known["request_id"], scope.get(POLICY_KEY))
            await send(message)

        before = current()
        with acting(**{name: value for name, value in known.items() if not getattr(before, name)}):
            try:
                await self._app(scope, receive, sending)
            except Exception:
                logger.exception("request %s failed", known["request_id"])
                if status:
                    return  # the connection breaks off, so that nobody takes a part for the whole
                detail = f"The server's own messages say more under request {known['request_id']}"
                await ProblemResponse(500, detail)(scope, receive, sending)
            finally:
                self._metrics.request(scope["method"], _route(scope), status, time.perf_counter() - began_s)


def _route(scope: Scope) -> str:
    """The address as it is declared, for few metrics; empty where there is none."""
    route = scope.get("route")
    return str(getattr(route, "path_format", "")) or str(scope.get("affidavit.route", ""))


def _known(scope: Scope) -> dict[str, str]:
    headers = Headers(scope=scope)
    given = headers.get("x-request-id", "")
    client: Any = scope.get("client")
    agent = headers.get("user-agent", "")
    return {
        "ip": client[0] if client else "",
        "user_agent": agent.replace("\x00", "")[:USER_AGENT_CHARS_MAX],
        "request_id": given if _REQUEST_ID_RE.match(given) else str(uuid4()),
    }


_SECURITY: Final = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())


def _add_headers(message: Message, request_id: str, policy: str | None) -> None:
    headers = [pair for pair in message.get("headers", ()) if pair[0] not in _OURS]
    headers += _SECURITY if policy is None else _framed(policy)
    headers.append((b"x-request-id", request_id.encode()))
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", NO_STORE.encode()))
    message["headers"] = headers


def _framed(policy: str) -> list[tuple[bytes, bytes]]:
    own = {b"content-security-policy": policy.encode(), b"x-frame-options": b"SAMEORIGIN"}
    return [(name, own.get(name, value)) for name, value in _SECURITY]


_OURS: Final = frozenset({name for name, _ in _SECURITY} | {b"x-request-id"})
