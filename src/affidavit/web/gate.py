"""Gate: who asks is found out before any route, and what is refused for it is recorded."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affidavit.access.keys import principal_of_key
from affidavit.access.people import principal_of_session
from affidavit.access.principal import Principal
from affidavit.context import acting
from affidavit.errors import AffidavitError, NotFound
from affidavit.event import Event
from affidavit.log.audit_log import AuditLog
from affidavit.web.logs import Logs
from affidavit.web.problems import of_error
from affidavit.web.who import AUTHORIZE_KEY, SCOPE_KEY
from affidavit.web.work import LOG_KEY, Work, served_of

COOKIE: Final = "affidavit_session"
KNOWN_S: Final = 0.5
"""How long an answer of who holds a key or session is kept: what was ended elsewhere acts within it."""
KNOWN_MAX: Final = 4096
REFUSED: Final = "access.refused"
REFUSALS_A_MINUTE_MAX: Final = 120
"""Recorded; of more only the number is, with the next."""
_REFUSED_STATUSES: Final = frozenset({401, 403})
Authorize = Callable[[Scope], Awaitable[Principal | None]]


class Gate:
    """ASGI middleware: puts the principal of each request into its scope, None where nobody is known, and the log of
    their tenant: no route has another.

    `authorize` says who it is. Routes decide what that is enough for.
    """

    def __init__(self, app: ASGIApp, logs: Logs, work: Work, authorize: Authorize) -> None:
        self._app = app
        self._logs = logs
        self._work = work
        self._authorize = authorize
        self._minute = 0
        self._recorded = 0
        self._left_out = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with contextlib.AsyncExitStack() as held:
            try:
                who = await self._authorize(scope)
                if who is not None:
                    scope[LOG_KEY] = await held.enter_async_context(self._logs.using(who.tenant))
            except NotFound:
                who = None  # another tenant's is nobody here
            except AffidavitError as error:
                await of_error(error)(scope, receive, send)
                return
            scope[SCOPE_KEY] = who
            scope[AUTHORIZE_KEY] = self._authorize
            await self._pass(scope, receive, send, who)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, who: Principal | None) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _REFUSED_STATUSES:
                await self._refused(scope, who)
            await send(message)

        if who is None:
            await self._app(scope, receive, sending)
            return
        with acting(actor=who.id, actor_type="api_key" if who.kind == "key" else who.kind):
            await self._app(scope, receive, sending)

    async def _refused(self, scope: Scope, who: Principal | None) -> None:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._recorded = minute, 0
        if self._recorded >= REFUSALS_A_MINUTE_MAX:
            self._left_out += 1
            return
        self._recorded += 1
        left_out, self._left_out = self._left_out, 0
        route = getattr(scope.get("route"), "path_format", "") or scope.get("affidavit.route", "")
        what = f"{scope['method']} {route}"[:300]
        details = {"not_recorded_before": left_out} if left_out else None
        event = Event(action=REFUSED, outcome="denied", target=what, details=details)
        with acting(**({"actor": who.id} if who else {})):
            await self._work.glance(_record, served_of(scope, self._logs).log, event)


def _record(log: AuditLog, event: Event) -> None:
    with contextlib.suppress(AffidavitError):  # it is refused all the same
        log.record_own(REFUSED, {}, event=event)


class SignIn:
    """Authorizes by API key (`Authorization: Bearer afk_…`) or session cookie, of any tenant served."""

    def __init__(self, logs: Logs, work: Work) -> None:
        self._logs = logs
        self._work = work
        self._known: dict[str, tuple[float, Principal | None]] = {}

    async def __call__(self, scope: Scope) -> Principal | None:
        """Who asks; None where there is neither, or it is not good."""
        headers = Headers(scope=scope)
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer":
                return None
            return await self._find(principal_of_key, text.strip())
        token = session_of(headers)
        return await self._find(principal_of_session, token) if token else None

    def forget(self) -> None:
        """Ask anew for everybody: something changed."""
        self._known.clear()

    async def _find(self, find: Callable[..., Principal | None], text: str) -> Principal | None:
        now = time.monotonic()
        known = self._known.get(text)
        if known is not None and now - known[0] < KNOWN_S:
            return known[1]
        first = self._logs.first.log
        found = await self._work.glance(partial(find, first, text, anywhere=self._logs.every))
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[text] = (now, found)
        return found


@contextlib.asynccontextmanager
async def changing(request: Request) -> AsyncIterator[None]:
    """Around a change of accounts: afterwards everybody is asked for anew, so that it acts with the next request."""
    try:
        yield
    finally:
        known: SignIn | None = request.app.state.sign_in
        if known is not None:
            known.forget()


def session_of(headers: Headers) -> str:
    """The session's token in a request's cookies; empty where there is none."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
