"""People: passwords by argon2id, one-time links to choose them by, sessions. Tokens are kept by their hash alone."""

from __future__ import annotations

import secrets
import time
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select

from affidavit.access import accounts
from affidavit.access.accounts import Account, Grant
from affidavit.access.principal import Principal
from affidavit.context import acting
from affidavit.errors import Forbidden, InvalidRequest
from affidavit.event import Event, Resource
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import sessions

PASSWORD_CHARS_MIN: Final = 12
PASSWORD_BYTES_MAX: Final = 1024
SESSION_H: Final = 12
LINK_H: Final = 24
SIGNED_IN: Final = "person.signed_in"
SIGNED_OUT: Final = "person.signed_out"
REFUSED: Final = "person.refused"
_HOUR_US: Final = 3_600_000_000
_hasher: Final = PasswordHasher()  # argon2id, RFC 9106's second recommended parameters


def invite(log: AuditLog, name: str, grant: Grant) -> str:
    """Make a person without a password. Gives the token of a one-time link to choose one by, good for LINK_H."""
    return _new_token(log, accounts.create(log, "person", name, grant, ""), "link", LINK_H)


def invite_again(log: AuditLog, name: str, *, keep_admin: bool = False) -> str:
    """Another link for a person who lost the link or the password. The old password and all sessions end at once.

    Raises NotFound, InvalidRequest for one whose access ended; with `keep_admin` also for the last admin.
    """
    found = accounts.find(log, "person", name)
    if not found.valid(_now_us()):
        raise InvalidRequest(f"{name} has no access any more", "Add them anew: affidavit user add")
    accounts.set_secret(log, found, "", "invited", keep_admin=keep_admin)
    return _new_token(log, found, "link", LINK_H)


def invited(log: AuditLog, token: str, *, anywhere: bool = False) -> Account | None:
    """Whose link this is; None where it was used, is too old, or another tenant's: with `anywhere`, no tenant's."""
    return _account_of(log, token, "link", anywhere=anywhere)


def choose_password(log: AuditLog, token: str, password: str) -> Account:
    """Set a person's password by their link, which ends. Raises Forbidden for a bad link, InvalidRequest."""
    found = invited(log, token)
    if found is None:
        raise Forbidden("this link was used or is too old", "Ask an admin for another: affidavit user invite")
    if len(password) < PASSWORD_CHARS_MIN or len(password.encode("utf-8", "replace")) > PASSWORD_BYTES_MAX:
        raise InvalidRequest(
            f"the password has {len(password)} characters", f"At least {PASSWORD_CHARS_MIN}; four random words are good"
        )
    with acting(actor=found.name, actor_type="person"):
        accounts.set_secret(log, found, _hasher.hash(password.encode("utf-8", "replace")), "password_chosen")
    return found


def sign_in(log: AuditLog, name: str, password: str) -> str | None:
    """A session's token, or None. Either is recorded; unknown names take as long as wrong passwords."""
    found = next((one for one in accounts.list_accounts(log, "person") if one.name == name), None)
    usable = found is not None and found.valid(_now_us()) and bool(found.secret)
    held = found.secret if usable and found is not None else _nobody()
    fits = _fits(held, password) and usable
    if not fits or found is None:
        # The name given may be a password typed in the wrong place: only known names are recorded.
        known = Resource(type="person", id=found.name) if found else Resource(type="person")
        log.record_own(REFUSED, {}, event=Event(action=REFUSED, outcome="denied", resource=known))
        return None
    return begin_session(log, found)


def begin_session(log: AuditLog, found: Account, details: dict[str, Any] | None = None) -> str:
    """The token of a session for a person who has shown who they are. Recorded as `person.signed_in`."""
    token = _new_token(log, found, "session", SESSION_H)
    event = Event(action=SIGNED_IN, actor=found.name, resource=_of(found), details=details)
    log.record_own(SIGNED_IN, {}, event=event)
    return token


def sign_out(log: AuditLog, token: str) -> None:
    """End a session. One that is none is none afterwards, too."""
    found = _account_of(log, token, "session")
    with log.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))
    if found is not None:
        log.record_own(SIGNED_OUT, {}, event=Event(action=SIGNED_OUT, actor=found.name, resource=_of(found)))


def principal_of_session(log: AuditLog, token: str, *, anywhere: bool = False) -> Principal | None:
    """Who asks with this session; None where it or the person's access has ended, or it is another tenant's: with
    `anywhere`, no tenant's of the database.
    """
    found = _account_of(log, token, "session", anywhere=anywhere)
    return None if found is None else found.principal()


def has_admin(log: AuditLog) -> bool:
    """Whether some person can sign in as admin."""
    with log.database.read() as connection:
        return accounts.has_admin(connection, log.tenant.id)


def first_admin(log: AuditLog, name: str = "admin") -> str:
    """The token of a link for the first admin, made anew each time until somebody used one."""
    known = next((one for one in accounts.list_accounts(log, "person") if one.name == name), None)
    if known is None or known.ended_us is not None:
        return invite(log, name, Grant("admin"))
    return invite_again(log, name)


def _account_of(log: AuditLog, token: str, kind: str, *, anywhere: bool = False) -> Account | None:
    wanted = select(sessions.c.account_id).where(
        sessions.c.digest == _digest(token), sessions.c.kind == kind, sessions.c.until_us > _now_us()
    )
    with log.database.read() as connection:
        account_id = connection.execute(wanted).scalar()
    found = None if account_id is None else accounts.by_id(log, account_id, anywhere=anywhere)
    return found if found is not None and found.valid(_now_us()) else None


def _new_token(log: AuditLog, found: Account, kind: str, hours: int) -> str:
    token = secrets.token_urlsafe(32)
    until_us = _now_us() + hours * _HOUR_US
    with log.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.until_us <= _now_us()))
        connection.execute(
            insert(sessions).values(digest=_digest(token), account_id=found.id, kind=kind, until_us=until_us)
        )
    return token


def _fits(held: str, password: str) -> bool:
    try:
        return _hasher.verify(held, password[: PASSWORD_BYTES_MAX + 1].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash that no password fits, to spend the time of checking one."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _of(found: Account) -> Resource:
    return Resource(type="person", id=found.name)


def _now_us() -> int:
    return time.time_ns() // 1000
