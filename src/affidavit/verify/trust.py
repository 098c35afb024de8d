"""The trust file: the keys, witnesses and roots a verifier believes. Never taken from the bundle.

docs/format.md, "Trust file". A trust file that is not in form is the caller's mistake: InvalidRequest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog.merkle import SIZE_MAX
from affidavit.tlog.note import Algorithm, VerifierKey, decode_base64
from affidavit.verify import strict
from affidavit.verify.policy import Policy, parse_policy
from affidavit.verify.timestamps import check_root

TRUST_BYTES_MAX: Final = 4 << 20
LOGS_MAX: Final = 1024
KEYS_MAX: Final = 256
WITNESSES_MAX: Final = 64  # lines
ROOTS_MAX: Final = 64
ROOT_CHARS_MAX: Final = 65_536
ORIGIN_RE: Final = re.compile(r"affidavit/[0-9a-f]{32}\Z")
STREAM_RE: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
_KEYS: Final = ("tenant", "name", "logs", "witnesses", "quorum", "timestamp_roots", "verify_html")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A log's key, and the checkpoint sizes it may sign: from_size to to_size, both included; None is open."""

    key: VerifierKey
    from_size: int
    to_size: int | None

    def covers(self, size: int) -> bool:
        """Whether this key may sign a checkpoint of this size."""
        return self.from_size <= size and (self.to_size is None or size <= self.to_size)


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log the tenant has, and its keys."""

    origin: str
    stream: str
    keys: tuple[TrustedKey, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier believes about one tenant. `timestamp_roots` are DER certificates."""

    tenant: str
    name: str
    logs: Mapping[str, TrustedLog]
    policy: Policy = field(default_factory=Policy)
    timestamp_roots: tuple[bytes, ...] = ()
    verify_html: frozenset[bytes] = frozenset()


def load_trust(source: Trust | Mapping[str, Any] | str | Path) -> Trust:
    """The trust in a file (a path) or in decoded JSON. Raises InvalidRequest naming what is wrong."""
    if isinstance(source, Trust):
        return source
    try:
        return _trust(strict.load_json(_read(source), "it"))
    except (MalformedProof, OSError, TypeError, ValueError) as error:
        raise InvalidRequest(f"trust file: {error}", "Ask the log's operator for it: affidavit log trust") from None


def _read(source: Mapping[str, Any] | str | Path) -> bytes:
    if isinstance(source, Mapping):
        return json.dumps(source).encode()
    with Path(source).open("rb") as file:
        data = file.read(TRUST_BYTES_MAX + 1)
    if len(data) > TRUST_BYTES_MAX:
        raise MalformedProof(f"more than {TRUST_BYTES_MAX} bytes")
    return data


def _trust(obj: Any) -> Trust:
    strict.keys(obj, _KEYS, "it")
    logs = [_log(item, f"logs[{n}]") for n, item in enumerate(strict.array(obj["logs"], "logs", LOGS_MAX))]
    by_origin = {log.origin: log for log in logs}
    if len(by_origin) != len(logs):
        raise MalformedProof("logs: the same origin twice")
    policy = parse_policy(strict.array(obj["witnesses"], "witnesses", WITNESSES_MAX), obj["quorum"])
    roots = [_root(item) for item in strict.array(obj["timestamp_roots"], "timestamp_roots", ROOTS_MAX)]
    pages = [strict.unhex(item, "verify_html", 32) for item in strict.array(obj["verify_html"], "verify_html", 1024)]
    return Trust(
        strict.text(obj["tenant"], "tenant", 128),
        strict.text(obj["name"], "name", 256),
        by_origin,
        policy,
        tuple(roots),
        frozenset(pages),
    )


def _log(obj: Any, what: str) -> TrustedLog:
    strict.keys(obj, ("origin", "stream", "keys"), what)
    origin, stream = strict.text(obj["origin"], f"{what}.origin", 64), strict.text(obj["stream"], what, 64)
    if not ORIGIN_RE.match(origin) or not STREAM_RE.match(stream):
        raise MalformedProof(f"{what}: origin {origin!r} or stream {stream!r} is malformed")
    items = strict.array(obj["keys"], f"{what}.keys", KEYS_MAX)
    return TrustedLog(origin, stream, tuple(_key(item, f"{what}.keys[{n}]") for n, item in enumerate(items)))


def _key(obj: Any, what: str) -> TrustedKey:
    strict.keys(obj, ("vkey", "from_size", "to_size"), what)
    key = VerifierKey.parse(strict.text(obj["vkey"], f"{what}.vkey", 1024))
    if key.algorithm is not Algorithm.ED25519:
        raise MalformedProof(f"{what}: a log's key is of type 0x01, not 0x{key.algorithm:02x}")
    first = strict.integer(obj["from_size"], f"{what}.from_size")
    last = None if obj["to_size"] is None else strict.integer(obj["to_size"], f"{what}.to_size")
    if not first <= (SIZE_MAX if last is None else last):
        raise MalformedProof(f"{what}: from_size {first} is above to_size {last}")
    return TrustedKey(key, first, last)


def _root(item: Any) -> bytes:
    text = strict.text(item, "timestamp_roots", ROOT_CHARS_MAX)
    return check_root(decode_base64(text, "A timestamp root"), "a timestamp root")
