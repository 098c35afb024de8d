"""Accounts: API keys and people in SQL. Each change and its event on `control` are one transaction."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, insert, or_, select, update

from affidavit.access.principal import ROLES, Principal, Role
from affidavit.commitment import format_time
from affidavit.errors import InvalidRequest, NotFound
from affidavit.event import Event, Resource, micros, new_id
from affidavit.export.spec import legacy
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import CONTROL
from affidavit.log.schema import accounts, identities, sessions, tenants
from affidavit.masking.profiles import BUILTIN, builtin

Kind = Literal["key", "person"]
State = Literal["active", "invited", "ended", "expired"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ACCOUNTS_MAX: Final = 10_000
NAME_CHARS_MAX: Final = 64
_NAME_RE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account may do and see: role, and the bounds of `Principal`. `expires_us` ends it by itself."""

    role: Role
    profile: str = ""
    streams: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    expires_us: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an OpenID Connect provider knows a person as."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands. `secret` is a hash; `old_secret` one that was rotated and works until `old_until_us`.

    `issuer` is the OpenID Connect provider that knows the person, if one does.
    """

    id: str
    tenant: str
    kind: Kind
    name: str
    grant: Grant
    secret: str
    created_us: int
    ended_us: int | None
    old_secret: str = ""
    old_until_us: int | None = None
    issuer: str = ""

    def valid(self, now_us: int) -> bool:
        """Whether it may be used."""
        return self.ended_us is None and (self.grant.expires_us is None or now_us < self.grant.expires_us)

    def secrets(self, now_us: int) -> tuple[str, ...]:
        """The hashes of the secrets that open it now."""
        overlaps = self.old_until_us is not None and now_us < self.old_until_us
        return (self.secret, self.old_secret) if overlaps else (self.secret,)

    def state(self, now_us: int) -> State:
        """How it stands."""
        if self.ended_us is not None:
            return "ended"
        if not self.valid(now_us):
            return "expired"
        return "active" if self.secret or self.issuer else "invited"

    def principal(self) -> Principal:
        """Who asks with it."""
        grant = self.grant
        return Principal(
            id=self.name if self.kind == "person" else f"key:{self.name}",
            role=grant.role,
            tenant=self.tenant,
            kind=self.kind,
            name=self.name,
            profile=grant.profile,
            streams=grant.streams or None,
            start=grant.start or None,
            end=grant.end or None,
            since_us=self.created_us,
        )

    def to_json(self) -> dict[str, Any]:
        """For machines and people; without the secret."""
        grant = self.grant
        return {
            "kind": self.kind,
            "name": self.name,
            "role": grant.role,
            "profile": grant.profile,
            "streams": list(grant.streams),
            "from": grant.start,
            "to": grant.end,
            "expires": None if grant.expires_us is None else format_time(grant.expires_us),
            "created": format_time(self.created_us),
            "ended": None if self.ended_us is None else format_time(self.ended_us),
            "state": self.state(time.time_ns() // 1000),
            "issuer": self.issuer,
            "old_until": None if self.old_until_us is None else format_time(self.old_until_us),
        }


def end_of_day(text: str, zone: str) -> int:
    """The moment a day is over in a zone, in microseconds since 1970. Raises InvalidRequest for what is no date."""
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
        return micros(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        raise InvalidRequest(f"last day {text[:40]!r}", "Give a date: 2026-12-31") from None


def last_day(until_us: int | None, zone: str) -> str:
    """The last day that begins before a moment, in a zone: the other way round; empty for None."""
    if until_us is None:
        return ""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=until_us - 1)
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def check(log: AuditLog, grant: Grant, now_us: int) -> None:
    """Raises InvalidRequest and NotFound naming what of a grant can't be."""
    if grant.role not in ROLES:
        raise InvalidRequest(f"role {str(grant.role)[:40]!r}", f"Choose one of {', '.join(ROLES)}")
    if grant.profile and grant.profile not in BUILTIN:
        builtin(grant.profile)
    for stream in grant.streams:
        log.tenant.log(stream)
    legacy(grant.start or None, grant.end or None, zone=log.tenant.zone)
    if grant.expires_us is not None and grant.expires_us <= now_us:
        raise InvalidRequest(f"it would end on {format_time(grant.expires_us)}, which is past", "Give a later day")
    if grant.role == "auditor" and grant.expires_us is None:
        raise InvalidRequest("an auditor's access has an end", "Give the day it ends: --expires 2026-12-31")
    if grant.role == "admin" and (grant.profile or grant.streams or grant.start or grant.end):
        raise InvalidRequest("an admin can't be bound to a part of the log", "Choose another role")


def create(
    log: AuditLog, kind: Kind, name: str, grant: Grant, secret: str, *, identity: Identity | None = None
) -> Account:
    """Make an account, known by `identity` too. Recorded as `api_key.created` or `person.created`.

    A name that ended can be taken anew.

    Raises InvalidRequest for a name that is taken, and what `check` raises.
    """
    if not _NAME_RE.match(name):
        raise InvalidRequest(f"{kind} name {name[:80]!r}", "1-64 letters, digits and . _ @ + -")
    now_us = time.time_ns() // 1000
    check(log, grant, now_us)
    values: dict[str, Any] = {
        "id": str(new_id()),
        "tenant_id": log.tenant.id,
        "kind": kind,
        "name": name,
        "role": grant.role,
        "secret": secret,
        "profile": grant.profile,
        "streams": ",".join(grant.streams),
        "period_start": grant.start,
        "period_end": grant.end,
        "expires_us": grant.expires_us,
        "created_us": now_us,
        "ended_us": None,
        "old_secret": "",
        "old_until_us": None,
    }

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        mine = (accounts.c.tenant_id == log.tenant.id, accounts.c.kind == kind)
        rows = connection.execute(select(accounts.c.id, accounts.c.name, accounts.c.ended_us).where(*mine)).all()
        if len(rows) >= ACCOUNTS_MAX:
            raise InvalidRequest(f"there are {len(rows)} accounts already", "Ask whether all of them are needed")
        known = next((row for row in rows if row.name == name), None)
        if known is None:
            connection.execute(insert(accounts).values(values))
            _know(connection, log, values["id"], identity)
            return
        if known.ended_us is None:
            raise InvalidRequest(f"{kind} {name} is there already", "Choose another name, or end it first")
        # Who had the name before is somebody else: neither their sessions nor their provider's word open it.
        connection.execute(sessions.delete().where(sessions.c.account_id == known.id))
        connection.execute(identities.delete().where(identities.c.account_id == known.id))
        renewed = {key: value for key, value in values.items() if key != "id"}
        connection.execute(update(accounts).where(accounts.c.id == known.id).values(renewed))
        _know(connection, log, known.id, identity)

    record(log, kind, "created", name, grant, put)
    return find(log, kind, name)


def _know(connection: Connection, log: AuditLog, account_id: str, identity: Identity | None) -> None:
    if identity is None:
        return
    known = (identities.c.tenant_id == log.tenant.id, identities.c.issuer == identity.issuer)
    same = identities.c.subject == identity.subject
    if connection.execute(select(identities.c.account_id).where(*known, same)).first() is not None:
        raise InvalidRequest("they have just signed in elsewhere for the first time", "Try again")
    row = {"tenant_id": log.tenant.id, "issuer": identity.issuer, "subject": identity.subject}
    connection.execute(insert(identities).values(**row, account_id=account_id))


def change(log: AuditLog, kind: Kind, name: str, grant: Grant, *, keep_admin: bool = False) -> Account:
    """Put another grant in the place of the one an account has; it acts at once. Recorded as `….changed`.

    Raises NotFound, InvalidRequest for one that has ended, what `check` raises, and with `keep_admin` InvalidRequest
    where nobody could manage the tenant any more.
    """
    found = find(log, kind, name)
    check(log, grant, time.time_ns() // 1000)
    values = {
        "role": grant.role,
        "profile": grant.profile,
        "streams": ",".join(grant.streams),
        "period_start": grant.start,
        "period_end": grant.end,
        "expires_us": grant.expires_us,
    }

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        which = (accounts.c.id == found.id, accounts.c.ended_us.is_(None))
        if not connection.execute(update(accounts).where(*which).values(values)).rowcount:
            raise InvalidRequest(f"{kind} {name} has ended", "Its bounds can't be changed any more")
        if keep_admin:
            _check_admin(connection, log)

    record(log, kind, "changed", name, grant, put)
    return find(log, kind, name)


def end(log: AuditLog, kind: Kind, name: str, *, keep_admin: bool = False) -> Account:
    """End an account and its sessions at once. Recorded. Raises NotFound, InvalidRequest where it has ended already,
    and with `keep_admin` where nobody could manage the tenant any more.
    """
    found = find(log, kind, name)

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        which = (accounts.c.id == found.id, accounts.c.ended_us.is_(None))
        if not connection.execute(update(accounts).where(*which).values(ended_us=time.time_ns() // 1000)).rowcount:
            raise InvalidRequest(f"{kind} {name} has ended already", "There is nothing to do")
        connection.execute(sessions.delete().where(sessions.c.account_id == found.id))
        if keep_admin:
            _check_admin(connection, log)

    record(log, kind, "ended", name, found.grant, put)
    return find(log, kind, name)


def restore(log: AuditLog, name: str) -> Account:
    """Give a person whose access was ended their access back, with the password they had. Recorded as
    `person.restored`. Raises NotFound, InvalidRequest where it did not end or its own end has passed.
    """
    found = find(log, "person", name)
    if found.ended_us is None:
        raise InvalidRequest(f"{name} has access", "There is nothing to restore")
    check(log, found.grant, time.time_ns() // 1000)

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        connection.execute(update(accounts).where(accounts.c.id == found.id).values(ended_us=None))

    record(log, "person", "restored", name, found.grant, put)
    return find(log, "person", name)


def set_secret(
    log: AuditLog, found: Account, secret: str, what: str, *, old_until_us: int | None = None, keep_admin: bool = False
) -> None:
    """Put another secret in the place of the one there is; sessions and links end. Recorded as `what`.

    The old one works until `old_until_us`, or ends at once; one that was old already ends either way. With
    `keep_admin` raises InvalidRequest where nobody could manage the tenant any more.
    """
    old = {"old_secret": found.secret if old_until_us is not None else "", "old_until_us": old_until_us}

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        # One who ended meanwhile stays ended, and a key rotated meanwhile is not rotated back.
        which = (accounts.c.id == found.id, accounts.c.ended_us.is_(None), accounts.c.secret == found.secret)
        if not connection.execute(update(accounts).where(*which).values(secret=secret, **old)).rowcount:
            raise InvalidRequest(f"{found.kind} {found.name} was changed meanwhile", "Look at it again")
        connection.execute(sessions.delete().where(sessions.c.account_id == found.id))
        if keep_admin:
            _check_admin(connection, log)

    record(log, found.kind, what, found.name, found.grant, put)


def has_admin(connection: Connection, tenant_id: str) -> bool:
    """Whether some person can sign in as admin: access that goes on, and a password or a provider that knows them."""
    known = exists().where(identities.c.account_id == accounts.c.id)
    wanted = select(accounts.c.id).where(
        accounts.c.tenant_id == tenant_id,
        accounts.c.kind == "person",
        accounts.c.role == "admin",
        accounts.c.ended_us.is_(None),
        or_(accounts.c.expires_us.is_(None), accounts.c.expires_us > time.time_ns() // 1000),
        or_(accounts.c.secret != "", known),
    )
    return connection.execute(wanted.limit(1)).first() is not None


def _check_admin(connection: Connection, log: AuditLog) -> None:
    """Called in the transaction of a change, whose lock on `control` keeps two admins from ending each other."""
    if not has_admin(connection, log.tenant.id):
        raise InvalidRequest("nobody else is an admin who can sign in", "Make somebody else an admin first")


def find(log: AuditLog, kind: Kind, name: str) -> Account:
    """One account of this tenant, ended or not. Raises NotFound."""
    found = _read(log, accounts.c.kind == kind, accounts.c.name == name)
    if not found:
        raise NotFound(f"no {kind} {name[:80]!r}", f"affidavit {'user' if kind == 'person' else 'key'} list shows them")
    return found[0]


def by_id(log: AuditLog, account_id: str, *, anywhere: bool = False) -> Account | None:
    """One account by its id: of this tenant, or with `anywhere` of any tenant of the database."""
    found = _read(log, accounts.c.id == account_id, anywhere=anywhere)
    return found[0] if found else None


def list_accounts(log: AuditLog, kind: Kind) -> list[Account]:
    """All of this tenant, by name, ended ones too."""
    return _read(log, accounts.c.kind == kind)


def _read(log: AuditLog, *which: Any, anywhere: bool = False) -> list[Account]:
    if not anywhere:
        which = (accounts.c.tenant_id == log.tenant.id, *which)
    issuer = select(identities.c.issuer).where(identities.c.account_id == accounts.c.id).limit(1).scalar_subquery()
    wanted = select(accounts, tenants.c.name.label("tenant"), issuer.label("issuer")).join(
        tenants, tenants.c.id == accounts.c.tenant_id
    )
    wanted = wanted.where(*which).order_by(accounts.c.name)
    with log.database.read() as connection:
        return [_account(row) for row in connection.execute(wanted)]


def _account(row: Any) -> Account:
    streams = tuple(row.streams.split(",")) if row.streams else ()
    grant = Grant(row.role, row.profile, streams, row.period_start, row.period_end, row.expires_us)
    return Account(
        row.id,
        row.tenant,
        row.kind,
        row.name,
        grant,
        row.secret,
        row.created_us,
        row.ended_us,
        row.old_secret,
        row.old_until_us,
        row.issuer or "",
    )


def record(log: AuditLog, kind: Kind, what: str, name: str, grant: Grant, extra: Any) -> None:
    """The event of a change, with the change: `api_key.created`, `person.ended` and so on, on `control`."""
    noun = "api_key" if kind == "key" else "person"
    action = f"{noun}.{what}"
    bounds = {"profile": grant.profile, "streams": list(grant.streams), "from": grant.start, "to": grant.end}
    details: dict[str, Any] = {"role": grant.role, **{key: value for key, value in bounds.items() if value}}
    if grant.expires_us is not None:
        details["expires"] = format_time(grant.expires_us)
    event = Event(action=action, resource=Resource(type=noun, id=name), details=details)
    log.record_own(action, {}, stream=CONTROL, event=event, extra=extra)
