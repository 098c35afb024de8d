"""API keys: `afk_<account>_<secret>`. A secret is 256 random bits; its plain hash is kept, and compared
in constant time.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from hashlib import sha256
from typing import Final

from affidavit.access import accounts
from affidavit.access.accounts import Account, Grant
from affidavit.access.principal import Principal
from affidavit.errors import InvalidRequest
from affidavit.log.audit_log import AuditLog

PREFIX: Final = "afk_"
SECRET_BYTES: Final = 32
_KEY_RE: Final = re.compile(r"afk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")


def create_key(log: AuditLog, name: str, grant: Grant) -> tuple[Account, str]:
    """Make a key. Its text is given here and never again. Raises what `accounts.create` raises."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    made = accounts.create(log, "key", name, grant, _digest(secret))
    return made, _text(made, secret)


def rotate_key(log: AuditLog, name: str) -> tuple[Account, str]:
    """Give a key another secret; the old one ends at once. Raises NotFound, InvalidRequest for one that has ended."""
    found = accounts.find(log, "key", name)
    if not found.valid(time.time_ns() // 1000):
        raise InvalidRequest(f"key {name} has ended", "Make a new one: affidavit key add")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    accounts.set_secret(log, found, _digest(secret), "rotated")
    return found, _text(found, secret)


def principal_of_key(log: AuditLog, text: str) -> Principal | None:
    """Who asks with this key; None where it is none of this tenant's, has ended or expired."""
    match = _KEY_RE.match(text)
    if match is None:
        return None
    hexed = match[1]
    account_id = f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"
    found = accounts.by_id(log, account_id)
    # Hashed and compared even where there is no such key: the time taken tells nothing.
    same = hmac.compare_digest(_digest(match[2]), found.secret if found else _digest(""))
    if found is None or not same or found.kind != "key" or not found.valid(time.time_ns() // 1000):
        return None
    return found.principal(log.tenant.name)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _text(account: Account, secret: str) -> str:
    return f"{PREFIX}{account.id.replace('-', '')}_{secret}"
