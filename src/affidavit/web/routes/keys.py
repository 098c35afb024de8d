"""API keys over HTTP. A key's text is in the answer that makes it, and nowhere else."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request

from affidavit.access import accounts, keys
from affidavit.access.accounts import Account
from affidavit.access.principal import Principal
from affidavit.log.audit_log import AuditLog
from affidavit.web.access_bodies import GrantBody, KeyAnswer, KeyBody, KeysAnswer, NewKeyAnswer, RotateBody
from affidavit.web.gate import changing
from affidavit.web.problems import documented
from affidavit.web.routes.people import grant_of, shown
from affidavit.web.who import Manager
from affidavit.web.work import log_of, work_of

Name = Annotated[str, Path(max_length=64, examples=["ingest"])]
_ALL: Final = documented(401, 403, 503)
_MAKE: Final = documented(400, 401, 403, 404, 413, 422, 503)
_ONE: Final = documented(401, 403, 404, 422, 503)

router = APIRouter(tags=["access"])


@router.get("/api/v1/keys", responses=_ALL, summary="All API keys, without their secrets")
async def list_keys(request: Request, _who: Principal = Manager) -> KeysAnswer:
    """By name, ended ones too."""
    log = log_of(request)
    found = await work_of(request).glance(accounts.list_accounts, log, "key")
    return KeysAnswer(keys=[_shown(log, one) for one in found])


@router.post("/api/v1/keys", status_code=201, responses=_MAKE, summary="Make an API key")
async def make_key(request: Request, body: KeyBody, _who: Principal = Manager) -> NewKeyAnswer:
    """Its text is shown this once. Recorded as `api_key.created`."""

    def run(log: AuditLog) -> tuple[Account, str]:
        return keys.create_key(log, body.name, grant_of(log, body))

    async with changing(request):
        return _new(request, *await work_of(request).glance(run, log_of(request)))


@router.post("/api/v1/keys/{name}/rotate", responses=_MAKE, summary="Give a key another secret")
async def rotate_key(request: Request, name: Name, body: RotateBody, _who: Principal = Manager) -> NewKeyAnswer:
    """Shown this once. The old one ends at once, or after an overlap. Recorded as `api_key.rotated`."""
    async with changing(request):
        return _new(request, *await work_of(request).glance(keys.rotate_key, log_of(request), name, body.overlap_h))


@router.put("/api/v1/keys/{name}/grant", responses=_MAKE, summary="Change what a key may do and see")
async def change_key(request: Request, name: Name, body: GrantBody, _who: Principal = Manager) -> KeyAnswer:
    """In the place of the whole grant; acts at once. Recorded as `api_key.changed`."""

    def run(log: AuditLog) -> Account:
        return accounts.change(log, "key", name, grant_of(log, body))

    async with changing(request):
        return _shown(log_of(request), await work_of(request).glance(run, log_of(request)))


@router.post("/api/v1/keys/{name}/end", responses=_ONE, summary="End a key")
async def end_key(request: Request, name: Name, _who: Principal = Manager) -> KeyAnswer:
    """At once, with the secret it had before. Recorded as `api_key.ended`."""
    async with changing(request):
        return _shown(log_of(request), await work_of(request).glance(accounts.end, log_of(request), "key", name))


def _shown(log: AuditLog, account: Account) -> KeyAnswer:
    return KeyAnswer.model_validate({**shown(log, account), "old_until": account.to_json()["old_until"]})


def _new(request: Request, account: Account, text: str) -> NewKeyAnswer:
    return NewKeyAnswer(key=_shown(log_of(request), account), text=text)
