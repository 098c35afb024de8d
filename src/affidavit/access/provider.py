"""Provider: who else may say who somebody is. An OpenID Connect provider's configuration, and whom its word lets in."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from affidavit.access.accounts import Grant, end_of_day, last_day
from affidavit.access.principal import ROLES
from affidavit.errors import InvalidRequest

SECRET_VARIABLE: Final = "AFFIDAVIT_OIDC_CLIENT_SECRET"  # noqa: S105  its name
RULES_MAX: Final = 1000
DAYS_MAX: Final = 3660
_DAY_US: Final = 86_400_000_000
_TEXTS: Final = ("issuer", "client_id", "client_secret_file", "scopes", "label", "name")
_CONDITIONS: Final = ("claim", "value", "domain")
_GRANTED: Final = ("tenant", "role", "profile", "streams", "from", "to", "days")


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom to let in, as what. Either `claim` is or holds `value`, or the verified e-mail is of `domain`.

    An empty `tenant` is the one served first. `days` after the first sign-in their access ends; 0: it does not.
    """

    role: str
    claim: str = ""
    value: str = ""
    domain: str = ""
    tenant: str = ""
    profile: str = ""
    streams: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    days: int = 0

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether these claims meet it."""
        if self.domain:
            return verified_email(claims).rpartition("@")[2].lower() == self.domain.lower()
        held = claims.get(self.claim)
        return self.value in held if isinstance(held, list) else held == self.value

    def grant(self, now_us: int, zone: str) -> Grant:
        """What somebody let in by it is given."""
        until = end_of_day(last_day(now_us + self.days * _DAY_US, zone), zone) if self.days else None
        return Grant(self.role, self.profile, self.streams, self.start, self.end, until)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID Connect provider. `label` is on its button; `name` the claim that names people, empty: e-mail, then
    preferred_username. Without a secret this is a public client, which PKCE alone protects.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False, default="")
    scopes: str = "openid email profile"
    label: str = "single sign-on"
    name: str = ""
    rules: tuple[Rule, ...] = ()

    def rule_for(self, claims: Mapping[str, Any]) -> Rule | None:
        """The first rule that fits; None: nobody is let in by these claims."""
        return next((rule for rule in self.rules if rule.fits(claims)), None)

    def name_of(self, claims: Mapping[str, Any]) -> str:
        """What the claims call somebody."""
        given = claims.get(self.name) if self.name else verified_email(claims) or claims.get("preferred_username")
        return given if isinstance(given, str) and given else str(claims["sub"])


def load(file: Path, environ: Mapping[str, str] | None = None) -> Provider | None:
    """The provider a TOML file describes; None where there is no file.

    Raises InvalidRequest naming file, key and what is allowed; never the secret.
    """
    if not file.is_file():
        return None
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file}: not TOML: {error}", "Check the file's syntax") from None
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}", "Make it readable for this process") from None
    _check_keys(file, table, (*_TEXTS, "grant"))
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            raise InvalidRequest(f"{file}: {key} is no text", f'{key} = "…"')
    for key in ("issuer", "client_id"):
        if not table.get(key):
            raise InvalidRequest(f"{file}: {key} is missing", f'{key} = "…", as the provider says')
    check_address(table["issuer"], f"{file}: issuer")
    rules = table.get("grant", [])
    if not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules) or len(rules) > RULES_MAX:
        raise InvalidRequest(f"{file}: grant", f"At most {RULES_MAX} tables, each [[grant]]")
    known = {key: table[key] for key in ("issuer", "client_id", "scopes", "label", "name") if table.get(key)}
    found = Provider(**known, secret=_secret(file, table, environ), rules=tuple(_rule(file, one) for one in rules))
    if "openid" not in found.scopes.split():
        raise InvalidRequest(f"{file}: scopes = {found.scopes!r}", "openid is among them")
    return found


def check_address(address: str, what: str) -> None:
    """Raises InvalidRequest for an address that is not https, but for this machine's own."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        own = host == "localhost" or (bool(host) and _is_loopback(host))
    except ValueError:
        raise InvalidRequest(f"{what} {address[:200]!r} is no address", "https://login.example.org") from None
    if not host or parts.query or parts.fragment or not (parts.scheme == "https" or (parts.scheme == "http" and own)):
        raise InvalidRequest(f"{what} {address[:200]!r}", "Begin with https://, without query and fragment")


def verified_email(claims: Mapping[str, Any]) -> str:
    """The e-mail in claims, if the provider says it has verified it; else empty."""
    email, verified = claims.get("email"), claims.get("email_verified")
    return email if isinstance(email, str) and "@" in email and (verified is True or verified == "true") else ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _secret(file: Path, table: Mapping[str, Any], environ: Mapping[str, str] | None) -> str:
    given = (os.environ if environ is None else environ).get(SECRET_VARIABLE, "")
    name: str = table.get("client_secret_file", "")
    if given or not name:
        return given
    path = file.parent / name
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidRequest(f"{file}: client_secret_file {path}", "Make it a readable file of one line") from None


def _rule(file: Path, table: dict[str, Any]) -> Rule:
    _check_keys(file, table, (*_CONDITIONS, *_GRANTED))
    where = f"{file}: [[grant]] { ({key: table[key] for key in _CONDITIONS if key in table}) }"
    streams, days = table.get("streams", []), table.get("days", 0)
    texts = [table.get(key, "") for key in (*_CONDITIONS, *_GRANTED) if key not in {"streams", "days"}]
    if not all(isinstance(one, str) for one in texts):
        raise InvalidRequest(f"{where}: what is no text", 'Write key = "…"; streams = ["…"]; days = 30')
    if not isinstance(streams, list) or not all(isinstance(one, str) for one in streams):
        raise InvalidRequest(f"{where}: streams", 'A list of texts: ["main"]')
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= DAYS_MAX:
        raise InvalidRequest(f"{where}: days = {days!r}", f"1 to {DAYS_MAX}, or 0 for no end")
    by_claim, by_domain = bool(table.get("claim")) and bool(table.get("value")), bool(table.get("domain"))
    if by_claim == by_domain:
        raise InvalidRequest(f"{where}: whom", 'Give claim = "groups" with value = "…", or domain = "example.org"')
    role = table.get("role", "")
    if role not in ROLES:
        raise InvalidRequest(f"{where}: role {role[:40]!r}", f"Choose one of {', '.join(ROLES)}")
    if role == "auditor" and not days:
        raise InvalidRequest(f"{where}: an auditor's access has an end", "Give days = 90")
    bounds = {"start": table.get("from", ""), "end": table.get("to", ""), "streams": tuple(streams)}
    if role == "admin" and (any(bounds.values()) or table.get("profile")):
        raise InvalidRequest(f"{where}: an admin can't be bound to a part of the log", "Choose another role")
    known = {key: table.get(key, "") for key in (*_CONDITIONS, "tenant", "profile")}
    return Rule(role=role, days=days, **known, **bounds)


def _check_keys(file: Path, table: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    unknown = next((key for key in table if key not in allowed), None)
    if unknown is not None:
        raise InvalidRequest(f"{file}: unknown key {unknown[:40]!r}", f"Keys: {', '.join(allowed)}")
