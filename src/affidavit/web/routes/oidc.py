"""Signing in by an OpenID Connect provider: the way there, and the way back. The session is the one of a password."""

from __future__ import annotations

import html
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from affidavit.access import identities
from affidavit.access.oidc import UNDER_WAY_S, Oidc
from affidavit.access.provider import Rule
from affidavit.errors import AffidavitError, Busy, Forbidden, NotFound, StorageError
from affidavit.web.routes.sign_in import BACK_PATH, PROVIDER_PATH, Pages
from affidavit.web.work import Work

BROWSER_COOKIE: Final = "affidavit_sign_in"
PARAMETER_CHARS_MAX: Final = 4096
_AWAY: Final = 503
NOT_LET_IN: Final = "the provider knows you, but nothing here lets you in"


class ProviderPages:
    """The two addresses a browser passes. They need no principal; what comes back is believed as far as checked."""

    def __init__(self, pages: Pages, oidc: Oidc, work: Work) -> None:
        self._pages = pages
        self._logs = pages.logs
        self._oidc = oidc
        self._work = work

    def add(self, app: FastAPI, prefix: str) -> None:
        """Add the routes."""
        app.add_api_route(prefix + PROVIDER_PATH, self.begin, methods=["GET"], include_in_schema=False)
        app.add_api_route(prefix + BACK_PATH, self.back, methods=["GET"], include_in_schema=False)

    async def begin(self, request: Request) -> Response:
        """To the provider."""
        try:
            begun = await self._work.ask(self._oidc.begin, self._logs.first.log)
        except AffidavitError as error:
            return await self._failed(request, error)
        response = RedirectResponse(begun.address, 303)
        response.set_cookie(
            BROWSER_COOKIE,
            begun.browser,
            max_age=UNDER_WAY_S,
            path=self._pages.where(request, PROVIDER_PATH),
            httponly=True,
            secure=self._pages.secure,
            samesite="lax",  # the way back begins at another site; this cookie opens nothing by itself
        )
        return response

    async def back(self, request: Request) -> Response:
        """From the provider: a session, or the reason why not."""
        client = f"address {request.client.host if request.client else ''}"
        try:
            self._pages.tries.check(client)
            token = await self._admitted(request)
        except Forbidden as error:
            if request.cookies.get(BROWSER_COOKIE):  # else no browser that began here: other sites can send anybody
                self._pages.tries.wrong(client)
            await self._work.glance(identities.refuse, self._logs.first.log, error.message, self._oidc.provider.issuer)
            response = await self._failed(request, error)
        except AffidavitError as error:
            response = await self._failed(request, error)
        else:
            # The session's cookie is not sent on a way that began at another site, so the page goes on by itself.
            home = html.escape(self._pages.home(request))
            body = f'<p>You are signed in. <a href="{home}">Go on</a></p>'
            page = self._pages.page(request, "Signed in", body, onward=self._pages.home(request))
            response = self._pages.session(page, request, token)
        response.delete_cookie(
            BROWSER_COOKIE,
            path=self._pages.where(request, PROVIDER_PATH),
            httponly=True,
            secure=self._pages.secure,
            samesite="lax",
        )
        return response

    async def _admitted(self, request: Request) -> str:
        """A session's token. Raises Forbidden with the reason, StorageError where the provider does not answer."""
        given = request.query_params
        if any(len(given.getlist(name)) > 1 or len(given.get(name, "")) > PARAMETER_CHARS_MAX for name in given):
            raise Forbidden("the provider's answer is malformed", "Begin again")
        state, code, issuer = given.get("state", ""), given.get("code", ""), given.get("iss", "")
        browser = request.cookies.get(BROWSER_COOKIE, "")
        if issuer not in {"", self._oidc.provider.issuer}:  # RFC 9207
            raise Forbidden("another provider answered", "Begin again")
        if not code:
            raise Forbidden("the provider did not let you in", "Begin again, or ask whoever runs it")
        first = self._logs.first.log
        claims = await self._work.ask(self._oidc.finish, first, browser, state, code)
        rule = self._oidc.provider.rule_for(claims)
        if rule is None:
            raise Forbidden(NOT_LET_IN, "Ask an admin")
        return await self._session_token(rule, claims)

    async def _session_token(self, rule: Rule, claims: dict[str, object]) -> str:
        try:
            async with self._logs.using(rule.tenant or self._logs.first.log.tenant.name) as served:
                return await self._work.glance(identities.admit, served.log, self._oidc.provider, rule, claims)
        except NotFound as error:  # the rule names a tenant, profile or stream that there is not
            raise Forbidden(f"the rule that fits you does not: {error.message}", "Ask an admin") from None

    async def _failed(self, request: Request, error: AffidavitError) -> Response:
        headers = {"Retry-After": str(int(error.retry_after_s))} if isinstance(error, Busy) else None
        status = 429 if isinstance(error, Busy) else 401 if isinstance(error, Forbidden) else _AWAY
        if status != _AWAY or isinstance(error, StorageError):
            return await self._pages.ask(request, "", fail=f"{error}.", status=status, headers=headers)
        return await self._pages.ask(request, "", fail="Sign-in by this provider is not set up rightly.", status=_AWAY)
