"""The application: routes, pages, problems and guards put together over one log."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.routing import Route

from affidavit.access import provider
from affidavit.access.oidc import Oidc
from affidavit.errors import InvalidRequest
from affidavit.log.audit_log import AuditLog
from affidavit.version import VERSION
from affidavit.web import pages
from affidavit.web.edge import Edge
from affidavit.web.gate import Authorize, Gate, SignIn
from affidavit.web.guards import BodyLimit, SameOrigin
from affidavit.web.logs import Logs
from affidavit.web.metrics import Metrics
from affidavit.web.problems import add_handlers
from affidavit.web.routes import (
    cases,
    configuration,
    events,
    exports,
    ingest,
    keys,
    people,
    published,
    queries,
    reference,
    reports,
    reveal,
    runs,
    state,
    verifier,
)
from affidavit.web.routes import oidc as provider_pages
from affidavit.web.routes import sign_in as sign_in_pages
from affidavit.web.work import Work

LEGACY_PATH: Final = "/api/export-compliance-logs"
OPENAPI_PATH: Final = "/api/v1/openapi.json"


def create_app(
    log: AuditLog | Logs,
    *,
    prefix: str = "",
    authorize: Authorize | None = None,
    sign_in: bool = False,
    secure: bool = False,
    url: str = "",
) -> FastAPI:
    """The whole service over `log`: API, form and health, under `prefix`; LEGACY_PATH stands at the root as well.

    With `sign_in` everything but health, description and the sign-in itself needs an API key or a session of the
    tenant; `secure` sends the session's cookie over https alone. `authorize` says instead who asks, from the ASGI
    scope: None is nobody. With neither whoever reaches the application may do everything. `url` is its own address as
    people's browsers see it: where an OpenID Connect provider, if one is set up, sends them back to.
    Over `Logs` of every tenant each principal has their own tenant's. Log or Logs stay the caller's to close.
    Raises InvalidRequest for a prefix that is no path.
    """
    prefix = _prefix(prefix)
    app = FastAPI(
        title="Affidavit",
        version=VERSION,
        summary="An audit log, and exports that prove themselves.",
        openapi_url=prefix + OPENAPI_PATH,
        docs_url=None,  # the pages FastAPI offers load scripts from elsewhere
        redoc_url=None,
    )
    app.state.logs = logs = log if isinstance(log, Logs) else Logs(log)
    app.state.work = work = Work(logs.first.log.settings)
    app.state.metrics = metrics = Metrics()
    for module in (
        *(events, exports, runs, queries, state, published, verifier, people, keys, configuration, reveal),
        *(cases, reference, reports),
    ):
        app.include_router(module.router, prefix=prefix)
    if prefix:
        app.include_router(exports.legacy_router)
    app.state.prefix = prefix
    app.state.sign_in = known = SignIn(logs, work) if sign_in else None
    if known is not None:
        authorize = known
        _add_sign_in(app, logs, known, prefix, secure=secure, url=url)
    pages.add_pages(app, prefix, sign_in_path=prefix + sign_in_pages.PATH if sign_in else "")
    add_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    ingest.add_ingest(app, ingest.Ingest(logs, work, metrics), prefix)
    if authorize is not None:
        app.add_middleware(Gate, logs=logs, work=work, authorize=authorize)
    app.add_middleware(SameOrigin)
    app.add_middleware(Edge, metrics=metrics)
    return app


def _add_sign_in(app: FastAPI, logs: Logs, known: SignIn, prefix: str, *, secure: bool, url: str) -> None:
    first, work = logs.first.log, app.state.work
    found = provider.load(first.home / first.settings.oidc)
    pages = sign_in_pages.Pages(logs, work, known, prefix, secure=secure, provider=found.label if found else "")
    pages.add(app)
    if found is not None:
        if not url:
            raise InvalidRequest("an OpenID Connect provider sends people back to an address", "Give it: url=…")
        there = Oidc(found, f"{url.rstrip('/')}{prefix}{sign_in_pages.BACK_PATH}")
        provider_pages.ProviderPages(pages, there, work).add(app, prefix)


def mount(app: FastAPI, log: AuditLog, path: str = "/audit", authorize: Authorize | None = None) -> FastAPI:
    """Mount the service in an existing application, and give it back.

    Its routes are then at `path`/api/v1/…, the form at `path`/, and the export endpoint at `path`LEGACY_PATH and at
    LEGACY_PATH itself. `authorize` says of each request who asks, from its ASGI scope, and so what it may do. Without
    it whoever may reach these paths may do everything: guard them as the application guards its own.
    """
    path = _prefix(path)
    if not path:
        raise InvalidRequest("path is the root", "Give a path of its own: /audit")
    service = create_app(log, authorize=authorize)
    app.mount(path, service, name="affidavit")
    app.router.routes.append(Route(LEGACY_PATH, service, include_in_schema=False))
    return service


def _prefix(path: str) -> str:
    if path in ("", "/"):
        return ""
    trimmed = path.rstrip("/")
    if not trimmed.startswith("/") or "//" in trimmed or any(char in trimmed for char in "{}?#"):
        raise InvalidRequest(f"{path!r} is no path", "Begin with one slash: /audit")
    return trimmed
