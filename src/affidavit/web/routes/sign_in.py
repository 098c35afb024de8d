"""Signing in: plain pages without scripts, in the look of the form. A session is a cookie that only we read."""

from __future__ import annotations

import html
import time
from collections import OrderedDict
from typing import Final
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from affidavit.access import people
from affidavit.access.accounts import Account
from affidavit.errors import Busy, Forbidden, InvalidRequest, NotFound
from affidavit.web.gate import COOKIE, SignIn, session_of
from affidavit.web.logs import Logs
from affidavit.web.who import SCOPE_KEY
from affidavit.web.work import Work, log_of

PATH: Final = "/sign-in"
LINK_PATH: Final = "/welcome"
OUT_PATH: Final = "/sign-out"
PROVIDER_PATH: Final = "/sign-in/oidc"
BACK_PATH: Final = "/sign-in/oidc/back"
STYLE_PATH: Final = "/sign-in.css"
TRIES_MAX: Final = 10
TRIES_S: Final = 300.0
"""So many wrong passwords from one address, or for one name, in so long; then it waits."""
_CLIENTS_MAX: Final = 10_000
_FORM_BYTES_MAX: Final = 8192

STYLE: Final = """:root{color-scheme:light dark;
font:14px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--canvas:light-dark(#f3f4f6,#0c0e11);--surface:light-dark(#fff,#14171b);--hair:light-dark(#e4e7eb,#272c33);
--line:light-dark(#858e9a,#6a7481);--ink:light-dark(#14181e,#e8ebef);--ink-2:light-dark(#434c59,#b4bcc7);
--accent:light-dark(#2346a8,#9db6ff);--fill:light-dark(#2346a8,#8fabff);--on-fill:light-dark(#fff,#0b1430);
--fail:light-dark(#ab1f17,#ff9c92);--fail-soft:light-dark(#fdedeb,#341513)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-content:center;gap:16px;padding:16px;
background:var(--canvas);color:var(--ink);-webkit-font-smoothing:antialiased}
header{display:flex;align-items:center;gap:9px;padding:0 4px;font-size:15px;font-weight:600;letter-spacing:-.012em}
header svg{color:var(--accent)}
main{width:min(368px,calc(100vw - 32px));padding:24px;background:var(--surface);border:1px solid var(--hair);
border-radius:10px}
h1{font-size:22px;font-weight:600;letter-spacing:-.02em;line-height:1.3;margin:0 0 4px}
p{margin:0 0 16px;color:var(--ink-2)}
a{color:var(--accent)}code{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.92em}
p.fail{padding:8px 12px;border:1px solid var(--fail);border-radius:6px;background:var(--fail-soft);color:var(--ink)}
label{display:block;font-size:13px;font-weight:550;margin:0 0 6px}
input{width:100%;height:38px;font:inherit;color:inherit;background:var(--surface);border:1px solid var(--line);
border-radius:6px;padding:0 10px;margin:0 0 16px}
button,a.button{display:block;width:100%;height:38px;font:inherit;font-weight:500;line-height:38px;text-align:center;
text-decoration:none;border:0;border-radius:6px;padding:0 16px;background:var(--fill);
color:var(--on-fill);cursor:pointer}
a.button{margin:0 0 16px}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
input:focus-visible{outline-offset:-1px}
@media (max-width:720px),(pointer:coarse){input,button,a.button{height:44px;font-size:16px}a.button{line-height:44px}}
@media (forced-colors:active){main,button,a.button{border:1px solid CanvasText}}
"""


class Tries:
    """Counts tries that were not right, by name and by address: each when it begins, so that none slips past the count
    while others are being checked.
    """

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, *keys: str) -> None:
        """Raises Busy where one of them has failed too often."""
        now = time.monotonic()
        for key in keys:
            times = [one for one in self._wrong.get(key, ()) if now - one < TRIES_S]
            if len(times) >= TRIES_MAX:
                wait_s = TRIES_S - (now - times[0])
                raise Busy("too many wrong passwords", "Wait some minutes", retry_after_s=max(wait_s, 1.0))

    def begin(self, *keys: str) -> None:
        """One more begins. Raises Busy where one of them has failed too often."""
        self.check(*keys)
        self.wrong(*keys)

    def right(self, *keys: str) -> None:
        """The last one was right: it does not count."""
        for key in keys:
            if self._wrong.get(key):
                self._wrong[key].pop()

    def wrong(self, *keys: str) -> None:
        """One more."""
        now = time.monotonic()
        for key in keys:
            self._wrong[key] = [*(one for one in self._wrong.pop(key, ()) if now - one < TRIES_S), now][-TRIES_MAX:]
            while len(self._wrong) > _CLIENTS_MAX:
                self._wrong.popitem(last=False)


class Pages:
    """The pages over the logs of an application. `secure`: cookies go over https alone. `provider`: the words of the
    button that leads to an OpenID Connect provider, where there is one.
    """

    def __init__(self, logs: Logs, work: Work, known: SignIn, prefix: str, *, secure: bool, provider: str = "") -> None:
        self.logs = logs
        self._work = work
        self._known = known
        self._prefix = prefix
        self.secure = secure
        self.tries = Tries()
        self._provider = provider

    def add(self, app: FastAPI) -> None:
        """Add the routes. They need no principal."""
        for path, call, methods in (
            (PATH, self.form, ["GET"]),
            (PATH, self.sign_in, ["POST"]),
            (LINK_PATH, self.welcome, ["GET"]),
            (LINK_PATH, self.choose, ["POST"]),
            (OUT_PATH, self.sign_out, ["POST"]),
            (STYLE_PATH, self.style, ["GET"]),
        ):
            app.add_api_route(self._prefix + path, call, methods=methods, include_in_schema=False)

    async def style(self) -> Response:
        """The pages' look."""
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})

    async def form(self, request: Request, tenant: str = "") -> Response:
        """Name and password; or who is signed in, and the way out."""
        who = request.scope.get(SCOPE_KEY)
        if who is not None:
            return self.page(request, f"Signed in as {who.name}", _OUT, self.where(request, OUT_PATH))
        return await self.ask(request, tenant)

    async def ask(
        self, request: Request, tenant: str, *, fail: str = "", status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """The form, and what was wrong."""
        names = await self._work.glance(self.logs.names)
        tenant = html.escape(tenant or self.logs.first.log.tenant.name)
        body = _SIGN_IN.replace("TENANT", _TENANT.replace("NAME", tenant) if len(names) > 1 else "")
        if self._provider:
            address, label = html.escape(self.where(request, PROVIDER_PATH)), html.escape(self._provider)
            body = f'{_RECORDED}<p><a class="button" href="{address}">Sign in with {label}</a></p>{_OR}{body}'
        else:
            body = _RECORDED + body
        return self.page(request, "Sign in", body, self.where(request, PATH), fail=fail, status=status, headers=headers)

    async def sign_in(self, request: Request) -> Response:
        """A session, or the form again."""
        given = await _form(request)
        name, password = given.get("name", ""), given.get("password", "")
        tenant = given.get("tenant") or self.logs.first.log.tenant.name
        client = request.client.host if request.client else ""
        keys = (f"name {tenant[:64]}/{name[:64]}", f"address {client}")
        try:
            self.tries.begin(*keys)
        except Busy as error:
            wait = {"Retry-After": str(int(error.retry_after_s))}
            return await self.ask(request, tenant, fail=str(error), status=429, headers=wait)
        try:
            token = await self._checked(tenant, name, password)
        except BaseException:  # nobody has learnt whether it was right
            self.tries.right(*keys)
            raise
        if token is None:
            fail = "Name and password do not fit, or your access has ended."
            return await self.ask(request, tenant, fail=fail, status=401)
        self.tries.right(*keys)
        return self.session(RedirectResponse(self.home(request), 303), request, token)

    async def _checked(self, tenant: str, name: str, password: str) -> str | None:
        try:
            async with self.logs.using(tenant) as served:
                return await self._work.hash(people.sign_in, served.log, name, password)
        except NotFound:  # takes as long as a name that nobody has
            return await self._work.hash(people.sign_in, self.logs.first.log, "", password)

    def session(self, response: Response, request: Request, token: str) -> Response:
        """The response, with a session's cookie."""
        response.set_cookie(
            COOKIE,
            token,
            max_age=people.SESSION_H * 3600,
            path=self.home(request),
            httponly=True,
            secure=self.secure,
            samesite="strict",
        )
        return response

    async def welcome(self, request: Request, token: str = "") -> Response:
        """A one-time link: choose a password."""
        found = await self._work.glance(self._invited, token)
        if found is None:
            return self.page(request, "This link has ended", _ENDED, "", status=404)
        where = f"{self.where(request, LINK_PATH)}?token={quote(token, safe='')}"
        return self.page(request, f"Welcome, {found.name}", _CHOOSE, where)

    def _invited(self, token: str) -> Account | None:
        return people.invited(self.logs.first.log, token, anywhere=self.logs.every)

    async def choose(self, request: Request, token: str = "") -> Response:
        """Set the password; then sign in by it."""
        given = await _form(request)
        found = await self._work.glance(self._invited, token)
        tenant = found.tenant if found else self.logs.first.log.tenant.name
        try:
            async with self.logs.using(tenant) as served:
                await self._work.hash(people.choose_password, served.log, token, given.get("password", ""))
        except Forbidden:
            return self.page(request, "This link has ended", _ENDED, "", status=404)
        except InvalidRequest as error:
            where = f"{self.where(request, LINK_PATH)}?token={quote(token, safe='')}"
            return self.page(request, "Choose another password", _CHOOSE, where, fail=str(error), status=422)
        self._known.forget()
        several = tenant != self.logs.first.log.tenant.name
        asked = f"?tenant={quote(tenant, safe='')}" if several else ""
        return RedirectResponse(self.where(request, PATH) + asked, 303)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await self._work.glance(people.sign_out, log_of(request), session_of(request.headers))
        self._known.forget()
        response = RedirectResponse(self.where(request, PATH), 303)
        response.delete_cookie(COOKIE, path=self.home(request), httponly=True, secure=self.secure, samesite="strict")
        return response

    def home(self, request: Request) -> str:
        """The address of the form, as the browser sees it."""
        return f"{request.scope.get('root_path', '')}{self._prefix}/"

    def where(self, request: Request, path: str) -> str:
        """A path of ours as the browser sees it."""
        return f"{request.scope.get('root_path', '')}{self._prefix}{path}"

    def page(
        self,
        request: Request,
        title: str,
        body: str,
        action: str = "",
        *,
        fail: str = "",
        onward: str = "",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """A page. `body` is HTML whose form posts to ACTION; `onward` is an address to go on to at once."""
        said = f'<p class="fail" role="alert">{html.escape(fail[:1].upper() + fail[1:])}</p>' if fail else ""
        filled = body.replace("ACTION", html.escape(action))
        style = html.escape(self.where(request, STYLE_PATH))
        refresh = f'<meta http-equiv="refresh" content="0; url={html.escape(onward)}">' if onward else ""
        page = _PAGE.format(title=html.escape(title), style=style, refresh=refresh, said=said, body=filled)
        return HTMLResponse(page, status, headers)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form: each once."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await request.body()
    if kind != "application/x-www-form-urlencoded" or len(raw) > _FORM_BYTES_MAX:
        raise InvalidRequest("this takes a posted form", "Open the page in a browser")
    try:
        found = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=8, errors="strict")
    except ValueError:
        raise InvalidRequest("the form is not well-formed UTF-8", "Open the page in a browser") from None
    return {name: values[0] for name, values in found.items()}


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="same-origin">{refresh}
<title>{title} · Affidavit</title><link rel="stylesheet" href="{style}"></head>
<body><header><svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.7"
 stroke-linecap="round" aria-hidden="true"><path d="M9.2 4.6 5 15.2M10.8 4.6 15 15.2M7.2 11.2h5.6"/>
<g fill="currentColor" stroke="none"><circle cx="10" cy="3.4" r="2.1"/><circle cx="4.4" cy="16.6" r="2.1"/>
<circle cx="15.6" cy="16.6" r="2.1"/></g></svg>Affidavit</header>
<main><h1>{title}</h1>{said}{body}</main></body></html>
"""
_TENANT: Final = """<label for="tenant">Tenant</label>
<input id="tenant" name="tenant" value="NAME" autocomplete="organization" required>
"""
_RECORDED: Final = "<p>Sign-ins, searches and exports are recorded.</p>"
_OR: Final = "<p>Or with a password:</p>"
_SIGN_IN: Final = """<form method="post" action="ACTION">TENANT<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button></form>"""
_OUT: Final = """<p><a href="./">Back to the log</a></p>
<form method="post" action="ACTION"><button>Sign out</button></form>"""
_CHOOSE: Final = f"""<p>Choose a password of at least {people.PASSWORD_CHARS_MIN} characters. This link works once.</p>
<form method="post" action="ACTION"><label for="password">New password</label>
<input id="password" name="password" type="password" minlength="{people.PASSWORD_CHARS_MIN}"
 autocomplete="new-password" required autofocus>
<button>Set the password</button></form>"""
_ENDED: Final = "<p>It was used or is too old. An admin can make another: <code>affidavit user invite NAME</code></p>"
