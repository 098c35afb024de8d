"""Keyed tokens: the same value gives the same token under one key, and nothing without the key.

A token is `tk_` and the first 26 characters (130 bits) of the unpadded, lower-case base32 (RFC 4648 §6,
alphabet a-z2-7) of HMAC-SHA-256(key, tag ‖ value), where tag is the one byte `s` or `j` and value the
field's bytes. Keys come from one master key by HKDF-SHA-256 (RFC 5869), one per class of field and *scope*:
an export's id, so that two files can't be joined, or a log's origin, so that they can. A key's commitment
may be published: with the key shown later, any token can be proven or refuted (`proves`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from affidavit.errors import InvalidRequest
from affidavit.masking import base32
from affidavit.paths import CLASSES

LABEL: Final = b"affidavit/mask-key/v1"
KEY_BYTES: Final = 32
MASTER_BYTES_MIN: Final = 32
TOKEN_RE: Final = re.compile(r"tk_[a-z2-7]{26}\Z")
VAULT_TOKEN_RE: Final = re.compile(r"vt_[a-z2-7]{26}\Z")
VAULT_ENTROPY_BYTES: Final = base32.BYTES_MIN
# Values a tokenizer remembers, about 65 MB; when full it forgets them all and starts anew.
DISTINCT_VALUES_MAX: Final = 262_144


def derive_key(master: bytes, scope: str, cls: str) -> bytes:
    """The 32-byte key for one class of field in one scope.

    HKDF-SHA-256 without salt, info = LABEL ‖ 00 ‖ scope ‖ 00 ‖ class. Raises InvalidRequest for a master
    key under 32 bytes, an empty scope or one with NUL, or an unknown class.
    """
    if len(master) < MASTER_BYTES_MIN:
        raise InvalidRequest(f"master key of {len(master)} bytes", f"Give at least {MASTER_BYTES_MIN}")
    if not scope or "\0" in scope:
        raise InvalidRequest(f"mask key scope {scope!r}", "Give an export id or a log's origin, without NUL")
    if cls not in CLASSES:
        raise InvalidRequest(f"mask key class {cls!r}", f"Allowed: {', '.join(CLASSES)}")
    info = b"\0".join((LABEL, scope.encode(), cls.encode()))
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


def key_commitment(key: bytes) -> str:
    """SHA-256(LABEL ‖ 00 ‖ key) in hex: what a manifest carries instead of the key."""
    return hashlib.sha256(LABEL + b"\0" + key).hexdigest()


def token(key: bytes, value: str, tag: str = "s") -> str:
    """The token of one value. `value` is the string, or for tag `j` the JSON text as stored."""
    return "tk_" + base32.encode(hmac.digest(key, tag.encode() + value.encode(), "sha256"))


def proves(key: bytes, commitment: str, shown: str, value: str, tag: str = "s") -> bool:
    """Whether a published key is the committed one and `shown` is the token of `value` under it."""
    same_key = hmac.compare_digest(key_commitment(key), commitment)
    return same_key and hmac.compare_digest(token(key, value, tag).encode(), shown.encode())


def vault_token(entropy: bytes) -> str:
    """A vault token `vt_…` from 17 fresh random bytes: only the vault maps it back to a value.

    45 CFR 164.514(c) asks for codes not derived from information about the individual; keyed tokens are.
    """
    if len(entropy) != VAULT_ENTROPY_BYTES:
        raise InvalidRequest(f"{len(entropy)} bytes for a vault token", f"Give {VAULT_ENTROPY_BYTES}")
    return "vt_" + base32.encode(entropy)


class Tokenizer:
    """Tokens under one key, each value hashed once while it is remembered. Not shared between threads."""

    def __init__(self, key: bytes, *, distinct_max: int = DISTINCT_VALUES_MAX) -> None:
        if len(key) != KEY_BYTES:
            raise InvalidRequest(f"mask key of {len(key)} bytes", f"It has {KEY_BYTES}; see derive_key")
        block = key.ljust(64, b"\0")
        # HMAC (RFC 2104) from two started hashes: a third of the cost of a new hmac object per value.
        self._inner = hashlib.sha256(bytes(b ^ 0x36 for b in block))
        self._outer = hashlib.sha256(bytes(b ^ 0x5C for b in block))
        self._known: dict[bytes, str] = {}
        self._max = distinct_max
        self.commitment = key_commitment(key)

    def token(self, value: str, tag: str = "s") -> str:
        """The token of one value, as the module's `token`."""
        return self._of(tag.encode() + value.encode())

    def tokens(self, values: Iterable[str | None], tag: str = "s") -> list[str | None]:
        """The tokens of many values, None where the value is None."""
        return [None if value is None else self._of(tag.encode() + value.encode()) for value in values]

    def column(self, values: Any, tag: str = "s") -> pa.Array:
        """The tokens of an Arrow string column, as one of the same length; null stays null."""
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        distinct = coded.dictionary.cast(pa.binary()).to_pylist()
        # Mostly distinct ones are not worth looking up, nor remembering.
        make = self._made if len(distinct) * 2 > len(array) else self._remembered
        return pc.take(make(distinct, tag), coded.indices)

    def _made(self, values: list[bytes | None], tag: str) -> pa.Array:
        """The tokens of values, hashed each; null for None."""
        begun, outer = self._inner.copy(), self._outer
        begun.update(tag.encode())
        digests: list[bytes] = []
        for value in values:
            if value is not None:
                inner, whole = begun.copy(), outer.copy()
                inner.update(value)
                whole.update(inner.digest())
                digests.append(whole.digest())
        made = base32.encode_column(digests, "tk_")
        if len(digests) == len(values):
            return made
        places = iter(range(len(digests)))
        return made.take(pa.array([None if value is None else next(places) for value in values], pa.int64()))

    def _remembered(self, values: list[bytes | None], tag: str) -> pa.Array:
        """The same, of values that come again: only unknown ones are hashed."""
        prefix, known = tag.encode(), self._known
        tagged = [None if value is None else prefix + value for value in values]
        fresh = [one for one in tagged if one is not None and one not in known]
        now = dict(zip(fresh, self._made([one[1:] for one in fresh], tag).to_pylist(), strict=True)) if fresh else {}
        found = [None if one is None else known.get(one) or now[one] for one in tagged]
        self._remember(list(now), list(now.values()))
        return pa.array(found, pa.string())

    def _of(self, tagged: bytes) -> str:
        found = self._known.get(tagged)
        if found is None:
            found = "tk_" + base32.encode(self._mac(tagged))
            self._remember([tagged], [found])
        return found

    def _mac(self, tagged: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(tagged)
        outer.update(inner.digest())
        return outer.digest()

    def _remember(self, tagged: list[bytes], texts: list[str]) -> None:
        if len(self._known) + len(tagged) > self._max:
            self._known.clear()
        self._known.update(zip(tagged[: self._max], texts[: self._max], strict=True))


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """All keys of one scope (an export's id, or a log's origin) under one master key. Never printed."""

    master: bytes = field(repr=False)
    scope: str
    _made: dict[str, Tokenizer] = field(default_factory=dict, repr=False, compare=False)

    def tokenizer(self, cls: str) -> Tokenizer:
        """The tokenizer of one class; the same one each time."""
        if cls not in self._made:
            self._made[cls] = Tokenizer(derive_key(self.master, self.scope, cls))
        return self._made[cls]

    def commitments(self, classes: Iterable[str]) -> dict[str, str]:
        """Class → key commitment in hex, for the manifest."""
        return {cls: self.tokenizer(cls).commitment for cls in sorted(set(classes))}


def map_distinct(values: Any, function: Callable[[str], str | None]) -> pa.Array:
    """`function` over a string column, called once per distinct value; null stays null."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    mapped = [None if value is None else function(value) for value in array.dictionary.to_pylist()]
    return pc.take(pa.array(mapped, pa.string()), array.indices)
