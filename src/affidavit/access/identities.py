"""Identities: people that an OpenID Connect provider knows, each by issuer and subject, never by name or e-mail."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select

from affidavit.access import accounts, people
from affidavit.access.accounts import NAME_CHARS_MAX, Account, Identity
from affidavit.access.provider import Provider, Rule
from affidavit.errors import Forbidden
from affidavit.event import Event, Resource
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import identities

_NOT_NAME_RE: Final = re.compile(r"[^A-Za-z0-9._@+-]+")
_MARK_CHARS: Final = 9


def admit(log: AuditLog, provider: Provider, rule: Rule, claims: Mapping[str, Any]) -> str:
    """A session's token for whom the provider knows: `log` is the tenant's that `rule` lets them into.

    Who comes for the first time becomes a person; who is one already gets the rule's role if they had another, and
    keeps their bounds if not. Each is recorded. Raises Forbidden for one whose access ended.
    """
    identity = Identity(provider.issuer, str(claims["sub"]))
    now_us = time.time_ns() // 1000
    found = _find(log, identity)
    if found is None:
        found = _provide(log, provider, rule, claims, identity)
    if not found.valid(now_us):
        raise Forbidden("your access has ended", "Ask an admin")
    if found.grant.role != rule.role:
        found = accounts.change(log, "person", found.name, rule.grant(now_us, log.tenant.zone))
    return people.begin_session(log, found, {"issuer": provider.issuer})


def refuse(log: AuditLog, reason: str, issuer: str) -> None:
    """Record that somebody came back and was not let in. Who they are is not: it was not proven, or not asked for."""
    event = Event(
        action=people.REFUSED,
        outcome="denied",
        resource=Resource(type="person"),
        details={"issuer": issuer, "reason": reason},
    )
    log.record_own(people.REFUSED, {}, event=event)


def _find(log: AuditLog, identity: Identity) -> Account | None:
    wanted = select(identities.c.account_id).where(
        identities.c.tenant_id == log.tenant.id,
        identities.c.issuer == identity.issuer,
        identities.c.subject == identity.subject,
    )
    with log.database.read() as connection:
        account_id = connection.execute(wanted).scalar()
    return None if account_id is None else accounts.by_id(log, account_id)


def _provide(log: AuditLog, provider: Provider, rule: Rule, claims: Mapping[str, Any], identity: Identity) -> Account:
    grant = rule.grant(time.time_ns() // 1000, log.tenant.zone)
    taken = {one.name for one in accounts.list_accounts(log, "person")}
    mark = sha256(f"{identity.issuer}\n{identity.subject}".encode()).hexdigest()[: _MARK_CHARS - 1]
    name = _NOT_NAME_RE.sub("-", provider.name_of(claims)).strip("-._@+")[:NAME_CHARS_MAX] or f"person-{mark}"
    if name in taken:  # somebody else's, even if their access ended: nobody comes into another's place by a name
        name = f"{name[: NAME_CHARS_MAX - _MARK_CHARS]}-{mark}"
    return accounts.create(log, "person", name, grant, "", identity=identity)
