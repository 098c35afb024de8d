"""Guards: requests refused before any route sees them. Pure ASGI, so that streams pass untouched."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affidavit.web.problems import ProblemResponse

BODY_BYTES_MAX: Final = 1 << 20
LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_HOST_RE: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::\d{1,5})?\Z", re.IGNORECASE)


class SameOrigin:
    """Refuses what another site's page sends (CSRF): by Sec-Fetch-Site, where it is missing by Origin against Host.

    Programs that are no browsers send neither, and pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS or _is_own(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        detail = "A page of another origin sent this. Open the form at this server's own address"
        await ProblemResponse(403, detail)(scope, receive, send)


def _is_own(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


class LoopbackHosts:
    """Answers only under loopback names, whatever a foreign DNS name was made to point to (DNS rebinding)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if scope["type"] != "http":
            return
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and host_name(hosts[0]) in LOOPBACK_NAMES:
            await self._app(scope, receive, send)
            return
        detail = "This server answers only under 127.0.0.1, localhost and [::1]"
        await ProblemResponse(421, detail, headers={"Cache-Control": "no-store"})(scope, receive, send)


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty where it is malformed.

    >>> host_name("[::1]:8765"), host_name("LOCALHOST"), host_name("evil.example:80:81")
    ('::1', 'localhost', '')
    """
    match = _HOST_RE.match(host)
    return (match[1] or match[2]).lower() if match else ""


class BodyLimit:
    """Refuses bodies over BODY_BYTES_MAX with 413: by Content-Length at once, else as soon as more has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
            await ProblemResponse(413, _too_large(length[:20]))(scope, receive, send)
            return
        received = 0

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > BODY_BYTES_MAX:
                    raise HTTPException(413, _too_large("more"))
            return message

        await self._app(scope, receiving, send)


def _too_large(size: str) -> str:
    return f"The body has {size} bytes, at most {BODY_BYTES_MAX}"
