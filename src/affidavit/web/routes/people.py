"""People over HTTP: who asks, who may sign in, invitations; and what accounts can be given."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from affidavit.access import accounts, people
from affidavit.access.accounts import Account
from affidavit.access.principal import LOCAL, PERMISSIONS, PROFILES, ROLES, Principal
from affidavit.log.audit_log import AuditLog
from affidavit.masking.profiles import BUILTIN
from affidavit.web.access_bodies import (
    GrantBody,
    InvitationAnswer,
    MeAnswer,
    PeopleAnswer,
    PersonAnswer,
    PersonBody,
    RoleAnswer,
    RolesAnswer,
)
from affidavit.web.gate import COOKIE, changing, session_of
from affidavit.web.problems import documented
from affidavit.web.routes.sign_in import LINK_PATH
from affidavit.web.who import Manager, StateReader
from affidavit.web.work import log_of, work_of

Name = Annotated[str, Path(max_length=64, examples=["ann@example.org"])]
_ALL: Final = documented(401, 403, 503)
_MAKE: Final = documented(400, 401, 403, 404, 413, 422, 503)
_ONE: Final = documented(401, 403, 404, 422, 503)

router = APIRouter(tags=["access"])


@router.get("/api/v1/me", responses=_ALL, summary="Who asks, and what they may do and see")
async def me(request: Request, who: Principal = StateReader) -> MeAnswer:
    """For the frame of an interface: name, role, bounds, profile and zone."""
    log = log_of(request)
    return MeAnswer(
        name=who.name or who.id,
        kind=who.kind,
        role=who.role,
        may=[one for one in PERMISSIONS if who.may(one)],
        tenant=log.tenant.name,
        zone=log.tenant.zone,
        profile=who.profile_for("", "internal"),
        profile_fixed=bool(who.own_profile),
        streams=list(who.streams or ()),
        start=who.start or "",
        end=who.end or "",
    )


@router.post("/api/v1/sign-out", status_code=204, responses=_ALL, summary="End the session this is asked with")
async def sign_out(request: Request, who: Principal = StateReader) -> Response:
    """And take its cookie back. Recorded as `person.signed_out`. With a key, or without sign-in, nothing happens."""
    response = Response(status_code=204)
    token = session_of(request.headers)
    if who.kind == LOCAL or not token:
        return response
    async with changing(request):
        await work_of(request).glance(people.sign_out, log_of(request), token)
    response.delete_cookie(COOKIE, path=_under(request, "/"), httponly=True, samesite="strict")
    return response


@router.get("/api/v1/roles", responses=_ALL, summary="What accounts can be given: roles, profiles, streams")
async def list_roles(request: Request, _who: Principal = Manager) -> RolesAnswer:
    """Each role with what it may."""
    roles = [
        RoleAnswer(name=role, may=[one for one in PERMISSIONS if one in may], profile=PROFILES.get(role, ""))
        for role, may in ROLES.items()
    ]
    return RolesAnswer(roles=roles, profiles=list(BUILTIN), streams=list(log_of(request).tenant.logs))


@router.get("/api/v1/people", responses=_ALL, summary="Everybody who may sign in, or might")
async def list_people(request: Request, _who: Principal = Manager) -> PeopleAnswer:
    """By name, those without access any more too."""
    log = log_of(request)
    found = await work_of(request).glance(accounts.list_accounts, log, "person")
    return PeopleAnswer(people=[_shown(log, one) for one in found])


@router.post("/api/v1/people", status_code=201, responses=_MAKE, summary="Invite a person")
async def invite_person(request: Request, body: PersonBody, _who: Principal = Manager) -> InvitationAnswer:
    """With a one-time link to choose a password by, shown this once. Recorded as `person.created`."""

    def run(log: AuditLog) -> tuple[Account, str]:
        token = people.invite(log, body.name, grant_of(log, body))
        return accounts.find(log, "person", body.name), token

    async with changing(request):
        return _invitation(request, *await work_of(request).glance(run, log_of(request)))


@router.post(
    "/api/v1/people/{name}/invite", responses=_ONE, summary="Another one-time link for a person: resets the password"
)
async def invite_again(request: Request, name: Name, _who: Principal = Manager) -> InvitationAnswer:
    """Their password and sessions end at once. Refused for the last admin. Recorded as `person.invited`."""

    def run(log: AuditLog) -> tuple[Account, str]:
        token = people.invite_again(log, name, keep_admin=True)
        return accounts.find(log, "person", name), token

    async with changing(request):
        return _invitation(request, *await work_of(request).glance(run, log_of(request)))


@router.put("/api/v1/people/{name}/grant", responses=_MAKE, summary="Change what a person may do and see")
async def change_person(request: Request, name: Name, body: GrantBody, _who: Principal = Manager) -> PersonAnswer:
    """In the place of the whole grant; acts at once. Refused for the last admin. Recorded as `person.changed`."""

    def run(log: AuditLog) -> Account:
        return accounts.change(log, "person", name, grant_of(log, body), keep_admin=True)

    async with changing(request):
        return _shown(log_of(request), await work_of(request).glance(run, log_of(request)))


@router.post("/api/v1/people/{name}/end", responses=_ONE, summary="End a person's access")
async def end_person(request: Request, name: Name, _who: Principal = Manager) -> PersonAnswer:
    """And their sessions, at once. Refused for the last admin. Recorded as `person.ended`."""

    def run(log: AuditLog) -> Account:
        return accounts.end(log, "person", name, keep_admin=True)

    async with changing(request):
        return _shown(log_of(request), await work_of(request).glance(run, log_of(request)))


@router.post("/api/v1/people/{name}/restore", responses=_ONE, summary="Give a person their access back")
async def restore_person(request: Request, name: Name, _who: Principal = Manager) -> PersonAnswer:
    """With the password they had. Recorded as `person.restored`."""
    async with changing(request):
        return _shown(log_of(request), await work_of(request).glance(accounts.restore, log_of(request), name))


def grant_of(log: AuditLog, body: GrantBody) -> accounts.Grant:
    """What a body says. Raises InvalidRequest for a day that is none."""
    until = accounts.end_of_day(body.expires, log.tenant.zone) if body.expires else None
    return accounts.Grant(body.role, body.profile, tuple(body.streams), body.start, body.end, until)


def shown(log: AuditLog, account: Account) -> dict[str, object]:
    """What answers of people and keys have in common."""
    known = account.to_json()
    names = ("name", "role", "profile", "streams", "created", "ended", "state")
    expires = accounts.last_day(account.grant.expires_us, log.tenant.zone)
    return {
        **{name: known[name] for name in names},
        "start": account.grant.start,
        "end": account.grant.end,
        "expires": expires,
    }


def _shown(log: AuditLog, account: Account) -> PersonAnswer:
    return PersonAnswer.model_validate({**shown(log, account), "issuer": account.issuer})


def _invitation(request: Request, account: Account, token: str) -> InvitationAnswer:
    path = f"{_under(request, LINK_PATH)}?token={token}"
    return InvitationAnswer(person=_shown(log_of(request), account), path=path, hours=people.LINK_H)


def _under(request: Request, path: str) -> str:
    """A path as the browser sees it: below where the application is mounted, and its prefix."""
    return f"{request.scope.get('root_path', '')}{request.app.state.prefix}{path}"
