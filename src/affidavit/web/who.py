"""Who asks: the principal of a request, what a route needs of it, and the part of the log it may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.types import Scope

from affidavit.access.principal import Permission, Principal, local
from affidavit.errors import Forbidden
from affidavit.export.spec import Column, ExportSpec, legacy
from affidavit.export.view import COLUMNS, View
from affidavit.log.audit_log import AuditLog
from affidavit.query.tree import EVERYTHING, Group, Query, all_of
from affidavit.web.work import log_of

SCOPE_KEY: Final = "affidavit.principal"
AUTHORIZE_KEY: Final = "affidavit.authorize"
SIGN_IN: Final = "Sign in, or send an API key: Authorization: Bearer …"


@dataclass(frozen=True)
class needs:  # noqa: N801  reads as a word where routes say what they need
    """A route's dependency: the principal, if its role allows `permission`; else 401 or 403."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        """The principal."""
        return allowed(request.scope, log_of(request), self.permission)


def allowed(scope: Scope, log: AuditLog, permission: Permission) -> Principal:
    """The principal of a request, if it may. Raises HTTPException 401 and Forbidden."""
    if SCOPE_KEY not in scope:
        return local(log.tenant.name)
    found: Principal | None = scope[SCOPE_KEY]
    if found is None:
        raise HTTPException(401, SIGN_IN, headers={"WWW-Authenticate": 'Bearer realm="affidavit"'})
    if not found.may(permission):
        raise Forbidden(f"role {found.role} may not {permission}", "Ask an admin for another role")
    return found


async def still_there(scope: Scope, who: Principal) -> bool:
    """Whether who asked is still known, for what goes on long after it was asked: a key may have ended meanwhile."""
    authorize = scope.get(AUTHORIZE_KEY)
    return authorize is None or await authorize(scope) == who


def needed_by(dependency: Callable[..., Any] | None) -> Permission | None:
    """What a dependency is there to check; None for others."""
    return dependency.permission if isinstance(dependency, needs) else None


Recorder = Depends(needs("record"))
Searcher = Depends(needs("search"))
ValueReader = Depends(needs("values"))
Exporter = Depends(needs("export"))
QueryKeeper = Depends(needs("queries"))
TileReader = Depends(needs("tiles"))
StateReader = Depends(needs("state"))
Measurer = Depends(needs("measure"))
Manager = Depends(needs("manage"))
Overseer = Depends(needs("configuration"))
Configurer = Depends(needs("configure"))
Revealer = Depends(needs("reveal"))
CaseReader = Depends(needs("cases"))
CaseWorker = Depends(needs("case_work"))
ReferenceKeeper = Depends(needs("reference"))


def view_for(
    log: AuditLog,
    who: Principal,
    *,
    profile: str = "",
    streams: tuple[str, ...] = ("main",),
    zone: str = "",
    columns: Sequence[Column] = COLUMNS,
) -> View:
    """The log as this principal sees it. Raises Forbidden, NotFound, InvalidSpec."""
    for stream in who.streams_for(streams):
        log.tenant.log(stream)
    return View(
        log,
        who.profile_for(profile, "internal"),
        who.id,
        columns=columns,
        zone=zone or log.tenant.zone,
        streams=streams,
    )


def query_for(
    view: View, log: AuditLog, who: Principal, text: str, start: str | None = None, end: str | None = None
) -> Query:
    """What is asked, within what this principal may see. Raises InvalidQuery, InvalidSpec."""
    asked = legacy(start, end, zone=view.spec.zone).query
    return both(asked, view.read(text), within(log, who))


def bounded(log: AuditLog, who: Principal, spec: ExportSpec) -> ExportSpec:
    """An export within what the principal may see. Raises InvalidQuery, Forbidden.

    Whoever can't lift their profile can't ask in clear for what it masks, here as in a search.
    """
    streams = who.streams_for(spec.streams)
    query = spec.query
    if who.own_profile:
        view = view_for(log, who, streams=streams, zone=spec.zone)
        query = view.clear(query, [log.pin(stream) for stream in streams])
        spec = replace(spec, profile=who.own_profile)
    return replace(spec, query=both(query, within(log, who)))


def within(log: AuditLog, who: Principal) -> Query:
    """The condition that every event this principal may see meets."""
    return legacy(who.start, who.end, zone=log.tenant.zone).query


def both(*queries: Query) -> Query:
    """All of these: one flat group, whose conditions on times then bound what is read."""
    flat: list[Query] = []
    for query in queries:
        flat += _conditions(query)
    return all_of(*flat) if flat else EVERYTHING


def narrows(query: Query, bounds: Query) -> bool:
    """Whether a query finds nothing outside of bounds, told by its having their conditions."""
    return set(_conditions(bounds)) <= set(_conditions(query))


def _conditions(query: Query) -> tuple[Query, ...]:
    """The parts all of which must be met."""
    return query.of if isinstance(query, Group) and query.op == "all" else (query,)


def unbound(who: Principal) -> Principal:
    """The principal, if it may see all of the log. Raises Forbidden."""
    if who.bound:
        raise Forbidden("this shows more of the log than you may see", "Your access is bound to a period or streams")
    return who
