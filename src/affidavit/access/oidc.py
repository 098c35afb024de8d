"""OIDC: signing in by OpenID Connect, authorization code flow with PKCE (Core 1.0 §3.1, RFC 7636, RFC 9700).

The numbers of the steps that check a token are those of Core 1.0 §3.1.3.7.
"""

from __future__ import annotations

import importlib.util
import secrets
import ssl
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from affidavit.access.provider import Provider, check_address
from affidavit.errors import Forbidden, InvalidRequest, MissingExtra, StorageError
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import sign_ins

UNDER_WAY_S: Final = 600
"""How long a sign-in may take at the provider."""
UNDER_WAY_MAX: Final = 10_000
"""Sign-ins sent to the provider and not back; of more the oldest are forgotten."""
HTTP_TIMEOUT_S: Final = 10.0
METADATA_S: Final = 3600.0
"""How long what the provider says of itself, and its keys, are kept."""
KEYS_AGAIN_S: Final = 60.0
"""Unknown keys are asked for anew, at most so often."""
LEEWAY_S: Final = 60
TOKEN_CHARS_MAX: Final = 65_536
SUBJECT_CHARS_MAX: Final = 255
REASON_CHARS_MAX: Final = 200
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures alone: neither `none`, nor codes made with a secret that both sides know."""
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError)  # what libraries raise over JSON of other shapes


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in sent on its way: the address to send the browser to, and what only the browser holds."""

    address: str
    browser: str


class Oidc:
    """One provider, spoken to as one client. Thread-safe. `redirect` is the address it sends browsers back to.

    Raises MissingExtra where the extra [oidc] is not installed.
    """

    def __init__(self, provider: Provider, redirect: str) -> None:
        if not all(importlib.util.find_spec(one) for one in ("authlib", "httpx2")):
            raise MissingExtra("sign-in by OpenID Connect", "oidc")
        self.provider = provider
        self._redirect = redirect
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, Any] | None = None

    def begin(self, log: AuditLog) -> Begun:
        """Send somebody on their way. Raises StorageError where the provider does not answer, InvalidRequest where it
        says of itself what can't be.
        """
        metadata = self._about()
        state, browser, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        verifier = secrets.token_urlsafe(48)
        with log.database.write() as connection:
            _make_room(connection)
            connection.execute(
                insert(sign_ins).values(
                    digest=_digest(browser, state),
                    nonce=nonce,
                    verifier=verifier,
                    until_us=time.time_ns() // 1000 + UNDER_WAY_S * 1_000_000,
                )
            )
        with self._client() as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return Begun(address, browser)

    def finish(self, log: AuditLog, browser: str, state: str, code: str) -> dict[str, Any]:
        """The claims of whoever came back, once. Raises Forbidden saying which step did not hold, StorageError."""
        begun = _take(log, browser, state)
        if begun is None:
            raise Forbidden("this sign-in was not begun in this browser, or took too long", "Begin again")
        nonce, verifier = begun
        token = self._fetch(code, verifier)
        return self._check(token, nonce)

    def _fetch(self, code: str, verifier: str) -> dict[str, Any]:
        import httpx2
        from authlib.integrations.base_client import OAuthError

        endpoint = self._about()["token_endpoint"]
        try:
            with self._client() as client:
                found = client.fetch_token(endpoint, grant_type="authorization_code", code=code, code_verifier=verifier)
        except OAuthError:
            raise Forbidden("the provider did not take the code", "Begin again") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, *_MALFORMED):
            raise _away(self.provider.issuer) from None
        return dict(found)

    def _check(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Core 1.0 §3.1.3.7, from a token of the token endpoint to claims that can be believed."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        text = token.get("id_token")
        if not isinstance(text, str) or len(text) > TOKEN_CHARS_MAX:
            raise Forbidden("the provider sent no ID token", "Is openid among its scopes?")
        try:
            found = self._decode(text)  # 6, 7, 8: the signature, by a key of the provider, in a way we allow
            claims = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self.provider.issuer},  # 2
                    "aud": {"essential": True, "value": self.provider.client_id},  # 3
                    "sub": {"essential": True},
                },
                {"nonce": nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_S)  # 4, 5: azp; 9, 10: times; 11: nonce; and §3.1.3.8: at_hash
        except JoseError as error:
            raise Forbidden(f"the ID token does not hold: {error}"[:REASON_CHARS_MAX], "Begin again") from None
        except _MALFORMED:
            raise Forbidden("the ID token is malformed", "Begin again") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARS_MAX:
            raise Forbidden("the ID token's subject is malformed", "Begin again")
        return dict(claims)

    def _decode(self, text: str) -> Any:
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jws import JWSRegistry

        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(text, self._key_set(METADATA_S), registry=registry)
        except InvalidKeyIdError:  # the provider may have begun another key since
            return jwt.decode(text, self._key_set(KEYS_AGAIN_S), registry=registry)

    def _about(self) -> dict[str, Any]:
        """What the provider says of itself (Discovery 1.0 §4)."""
        with self._lock:
            if self._metadata is not None and time.monotonic() - self._metadata[0] < METADATA_S:
                return self._metadata[1]
        found = self._get(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.provider.issuer:
            raise InvalidRequest(
                f"the provider calls itself {str(found.get('issuer'))[:200]!r}, not {self.provider.issuer!r}",
                "Write the issuer as the provider does",
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            check_address(str(found.get(name, "")), f"{self.provider.issuer}: {name}")
        with self._lock:
            self._metadata = (time.monotonic(), found)
        return found

    def _key_set(self, kept_s: float) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        with self._lock:
            if self._keys is not None and time.monotonic() - self._keys[0] < kept_s:
                return self._keys[1]
        address = self._about()["jwks_uri"]
        try:
            found = KeySet.import_key_set(self._get(address))  # type: ignore[arg-type]
        except (JoseError, *_MALFORMED):
            raise _away(address) from None
        with self._lock:
            self._keys = (time.monotonic(), found)
        return found

    def _get(self, address: str) -> dict[str, Any]:
        import httpx2

        try:
            with self._client() as client:
                answer = client.request("GET", address, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            raise _away(address) from None
        if not isinstance(found, dict):
            raise _away(address)
        return found

    def _method(self) -> str:
        """How the client says who it is (Core 1.0 §9)."""
        if not self.provider.secret:
            return "none"
        known = self._metadata[1].get("token_endpoint_auth_methods_supported") if self._metadata else None
        only_post = isinstance(known, list) and "client_secret_basic" not in known and "client_secret_post" in known
        return "client_secret_post" if only_post else "client_secret_basic"

    def _client(self) -> Any:
        """Follows no redirect, and believes no proxy of the environment."""
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self.provider.client_id,
            self.provider.secret or None,
            token_endpoint_auth_method=self._method(),
            scope=self.provider.scopes,
            redirect_uri=self._redirect,
            code_challenge_method="S256",
            timeout=HTTP_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
        )


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Whom to believe over https: the system's certificates. Reading them takes a third of a second."""
    import httpx2

    return httpx2.create_ssl_context()


def _away(address: str) -> StorageError:
    return StorageError(f"{address[:200]} does not answer as an OpenID Connect provider does", "Try again later")


def _make_room(connection: Connection) -> None:
    """Forget what took too long, and of too many the oldest: whoever floods this keeps out nobody who is quick."""
    connection.execute(delete(sign_ins).where(sign_ins.c.until_us <= time.time_ns() // 1000))
    count = connection.execute(select(func.count()).select_from(sign_ins)).scalar_one()
    if count >= UNDER_WAY_MAX:
        oldest = select(sign_ins.c.digest).order_by(sign_ins.c.until_us).limit(count - UNDER_WAY_MAX + 1)
        connection.execute(delete(sign_ins).where(sign_ins.c.digest.in_(oldest)))


def _take(log: AuditLog, browser: str, state: str) -> tuple[str, str] | None:
    """Nonce and verifier of a sign-in under way, which then is none any more: nothing comes back twice."""
    which = sign_ins.c.digest == _digest(browser, state)
    with log.database.write() as connection:
        row = connection.execute(select(sign_ins).where(which)).first()
        gone = connection.execute(delete(sign_ins).where(which)).rowcount
    if row is None or not gone or row.until_us <= time.time_ns() // 1000:
        return None
    return row.nonce, row.verifier


def _digest(browser: str, state: str) -> str:
    return sha256(f"{browser}\n{state}".encode("utf-8", "replace")).hexdigest()
