"""Cursors: where a page ended, sealed: they tell nothing of times that a profile masks, and fit one search only."""

from __future__ import annotations

import base64
import binascii
import os
import struct
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from affidavit.errors import InvalidRequest

_PLACE: Final = struct.Struct(">qiq?")
_NONCE_BYTES: Final = 12


class Place(NamedTuple):
    """A row's place in the order, and whether the page wanted lies before it (`back`) or after it."""

    at_us: int
    k: int
    idx: int
    back: bool


class Cursors:
    """Cursors of one view. `key` is 32 secret bytes; `known` is what they are valid for."""

    def __init__(self, key: bytes, known: bytes) -> None:
        self._cipher = AESGCM(key)
        self._known = sha256(known).digest()

    def write(self, place: Place, search: bytes) -> str:
        """The cursor of a place in this search."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, _PLACE.pack(*place), self._known + search)
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def read(self, cursor: str, search: bytes) -> Place:
        """The place. Raises InvalidRequest for a cursor of another search, view or log, and for a changed one."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            opened = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._known + search)
        except (InvalidTag, binascii.Error, ValueError):
            raise InvalidRequest(
                f"cursor {cursor[:40]!r} is not of this search", "Use it with the query and options that gave it"
            ) from None
        return Place(*_PLACE.unpack(opened))
