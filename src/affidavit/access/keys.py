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
OVERLAP_H_MAX: Final = 168
_HOUR_US: Final = 3_600_000_000
_KEY_RE: Final = re.compile(r"afk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")


def create_key(log: AuditLog, name: str, grant: Grant) -> tuple[Account, str]:
    """Make a key. Its text is given here and never again. Raises what `accounts.create` raises."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    made = accounts.create(log, "key", name, grant, _digest(secret))
    return made, _text(made, secret)


def rotate_key(log: AuditLog, name: str, overlap_h: int = 0) -> tuple[Account, str]:
    """Give a key another secret; the old one ends in `overlap_h` hours, 0 to OVERLAP_H_MAX: by default at once.

    Raises NotFound, InvalidRequest for one that has ended, and for other hours.
    """
    found = accounts.find(log, "key", name)
    now_us = time.time_ns() // 1000
    if not found.valid(now_us):
        raise InvalidRequest(f"key {name} has ended", "Make a new one: affidavit key add")
    if not 0 <= overlap_h <= OVERLAP_H_MAX:
        raise InvalidRequest(f"{overlap_h} hours of overlap", f"0 to {OVERLAP_H_MAX}; 0 ends the old secret at once")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    until_us = now_us + overlap_h * _HOUR_US if overlap_h else None
    accounts.set_secret(log, found, _digest(secret), "rotated", old_until_us=until_us)
    return accounts.find(log, "key", name), _text(found, secret)


def principal_of_key(log: AuditLog, text: str, *, anywhere: bool = False) -> Principal | None:
    """Who asks with this key; None where it has ended or expired, or is none of this tenant's: with `anywhere`, of no
    tenant's of the database.
    """
    match = _KEY_RE.match(text)
    if match is None:
        return None
    hexed = match[1]
    account_id = f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"
    found = accounts.by_id(log, account_id, anywhere=anywhere)
    now_us = time.time_ns() // 1000
    given = _digest(match[2])
    # Hashed and compared even where there is no such key: the time taken tells nothing.
    same = [hmac.compare_digest(given, one) for one in (found.secrets(now_us) if found else (_digest(""),))]
    if found is None or not any(same) or found.kind != "key" or not found.valid(now_us):
        return None
    return found.principal()


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _text(account: Account, secret: str) -> str:
    return f"{PREFIX}{account.id.replace('-', '')}_{secret}"
