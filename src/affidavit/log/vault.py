"""The vault: random tokens with their values, per tenant and class, so that who may can turn them back.

A row holds an HMAC of the value, to find it again, the token, and the value under AES-256-GCM, all by keys
derived from the master key: the database alone gives no value away. The token itself is random (45 CFR 164.514(c)).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from affidavit.errors import InvalidRequest, NotFound
from affidavit.event import Basis, Event
from affidavit.log.database import Database
from affidavit.log.keys import Keys
from affidavit.log.reasons import check_reason, refusals_recorded
from affidavit.log.schema import vault_tokens
from affidavit.masking.tokens import VAULT_ENTROPY_BYTES, VAULT_TOKEN_RE, vault_token

REVEALED: Final = "token.revealed"
REVEALED_MAX: Final = 1000
"""Tokens turned back at once: each stands in the event."""
KNOWN_MAX: Final = 65_536
"""Tokens one vault remembers; when full it forgets them all."""
VALUES_AT_ONCE: Final = 4096
_NONCE_BYTES: Final = 12


class SqlVault:
    """The vault of one tenant, in the home's database. Not shared between threads."""

    def __init__(self, database: Database, tenant_id: str, keys: Keys) -> None:
        self._database = database
        self._tenant = tenant_id
        self._finding = keys.derive("vault-digest", tenant_id)
        self._sealing = AESGCM(keys.derive("vault-value", tenant_id))
        self._known: dict[bytes, str] = {}

    def get_or_create(self, cls: str, value: str) -> str:
        """As `masking.masks.Vault` has it."""
        return self.get_or_create_many(cls, [value])[0]

    def get_or_create_many(self, cls: str, values: Sequence[str]) -> list[str]:
        """The tokens of many values of one class, durable when this returns, in a transaction per 4,096 new ones."""
        digests = [self._digest(cls, value) for value in values]
        if len(self._known) > KNOWN_MAX:
            self._known.clear()
        found = {digest: self._known[digest] for digest in digests if digest in self._known}
        fresh = {d: v for d, v in zip(digests, values, strict=True) if d not in found}
        for part in _parts(sorted(fresh)):
            found |= self._stored(cls, {digest: fresh[digest] for digest in part})
        self._known |= found
        return [found[digest] for digest in digests]

    def values(self, tokens: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Class and value of each token. Raises NotFound where one is not of this tenant."""
        mine = vault_tokens.c.tenant_id == self._tenant
        columns = (vault_tokens.c.token, vault_tokens.c.cls, vault_tokens.c.sealed)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).where(mine, vault_tokens.c.token.in_(tokens))).all()
        missing = len(set(tokens)) - len(rows)
        if missing:
            raise NotFound(f"{missing} of {len(set(tokens))} tokens are not in the vault", "Check tenant and spelling")
        return {token: (cls, self._open(cls, token, bytes(sealed))) for token, cls, sealed in rows}

    def _stored(self, cls: str, fresh: dict[bytes, str]) -> dict[bytes, str]:
        mine = (vault_tokens.c.tenant_id == self._tenant, vault_tokens.c.cls == cls)
        wanted = select(vault_tokens.c.digest, vault_tokens.c.token).where(*mine, vault_tokens.c.digest.in_(fresh))
        with self._database.read() as connection:
            found = {bytes(digest): str(token) for digest, token in connection.execute(wanted)}
        rows = [self._row(cls, digest, value) for digest, value in fresh.items() if digest not in found]
        if not rows:
            return found
        # Another process may have made the same token meanwhile: the first stays. Digests ascend: none waits in a ring.
        statement = (
            "INSERT INTO vault_tokens (tenant_id,cls,digest,token,sealed) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING"
        )
        with self._database.write() as connection:
            connection.exec_driver_sql(self._database.sql(statement), rows)
            return {bytes(digest): str(token) for digest, token in connection.execute(wanted)}

    def _row(self, cls: str, digest: bytes, value: str) -> tuple[Any, ...]:
        token = vault_token(os.urandom(VAULT_ENTROPY_BYTES))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._sealing.encrypt(nonce, value.encode(), _place(cls, token))
        return (self._tenant, cls, digest, token, sealed)

    def _digest(self, cls: str, value: str) -> bytes:
        return hmac.digest(self._finding, cls.encode() + b"\x00" + value.encode(), "sha256")

    def _open(self, cls: str, token: str, sealed: bytes) -> str:
        plain = self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(cls, token))
        return plain.decode()


def reveal(log: Any, tokens: Sequence[str], reason: str) -> dict[str, tuple[str, str]]:
    """Class and value behind each vault token. Recorded as `token.revealed`, with the reason, before it is told.

    Raises InvalidRequest for a reason that says too little, no or too many tokens, or what is no vault token; NotFound
    for one that this tenant's vault does not hold. What is refused is recorded too.
    """
    own: dict[str, str] = {}
    with refusals_recorded(log, REVEALED, own, reason):
        check_reason(reason)
        if not 0 < len(tokens) <= REVEALED_MAX:
            raise InvalidRequest(f"{len(tokens)} tokens", f"Give 1 to {REVEALED_MAX} at once")
        for token in tokens:
            if not VAULT_TOKEN_RE.match(token):
                raise InvalidRequest(f"{token[:40]!r} is no vault token", "They are vt_ and 26 letters and digits")
        own["query.tokens"] = ",".join(dict.fromkeys(tokens))
        found = SqlVault(log.database, log.tenant.id, log.keys).values(tokens)
    log.record_own(REVEALED, own, event=Event(action=REVEALED, basis=Basis(justification=reason)))
    return found


def _place(cls: str, token: str) -> bytes:
    return f"{cls}\x00{token}".encode()


def _parts(digests: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(digests), VALUES_AT_ONCE):
        yield digests[start : start + VALUES_AT_ONCE]
