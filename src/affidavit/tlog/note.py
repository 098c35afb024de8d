"""Signed notes: text and the signatures under it (C2SP signed-note v1), by Ed25519 keys and witnesses'
cosignatures (C2SP tlog-cosignature v1).

Parsing says only that a note is in form. Nothing in it may be believed before `Note.verify` has returned.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog.ed25519 import KEY_BYTES, SIGNATURE_BYTES, check_public_key, verifies

NOTE_BYTES_MAX = 1_000_000
"""The largest note, in bytes."""
SIGNATURES_MAX = 100
"""The most signatures under a note; C2SP asks verifiers to accept 16."""
KEY_ID_BYTES = 4
TIMESTAMP_BYTES = 8
TIMESTAMP_MAX = 2**63 - 1
"""The latest time of a cosignature, in seconds since 1970."""

_EM_DASH = "— "
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NOT_IN_NAME = re.compile("[+\\x00-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]")
"""Plus, control characters and what Unicode calls White_Space; spelled out so that every verifier has the
same."""
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", re.DOTALL)


class Algorithm(IntEnum):
    """The signature types understood here, by their identifier byte."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


def decode_base64(text: str, what: str) -> bytes:
    """Standard, padded base64 (RFC 4648, section 4) with no junk and spare bits zero, or MalformedProof."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedProof(f"{what} is not base64: {text[:100]!r}") from error
    if base64.b64encode(data).decode() != text:
        raise MalformedProof(f"{what} is not base64 in its one exact form: {text[:100]!r}")
    return data


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    """SHA-256(name ‖ 0A ‖ algorithm ‖ public key), its first 4 bytes."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public_key).digest()[:KEY_ID_BYTES]


def check_name(name: str) -> None:
    """Raise MalformedProof unless `name` can be a key's name: not empty, no spaces, no plus, valid UTF-8."""
    if not name or _NOT_IN_NAME.search(name):
        raise MalformedProof(f"A key name is empty or has a space, plus or control character: {name[:100]!r}")
    _encode(name, "A key name")


def check_text(text: str) -> None:
    """Raise MalformedProof unless `text` can be a note's text: ends in a newline, has no other control
    character.
    """
    if not text.endswith("\n"):
        raise MalformedProof("A note's text does not end in a newline")
    if text.startswith("\ufeff"):
        raise MalformedProof("A note begins with a byte order mark")
    control = _CONTROLS.search(text)
    if control:
        raise MalformedProof(f"A note has the control character {control[0]!r} at {control.start()}")
    _encode(text, "A note's text")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under. Made only of keys that may be trusted (see `ed25519`)."""

    name: str
    public_key: bytes
    algorithm: Algorithm = Algorithm.ED25519
    id: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_public_key(self.public_key)
        object.__setattr__(self, "id", key_id(self.name, self.algorithm, self.public_key))

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """The key written as `<name>+<key id, 8 hex digits>+<base64 of algorithm ‖ public key>`."""
        match = _VKEY.fullmatch(vkey)
        if match is None:
            raise MalformedProof(f"Not a verifier key: {vkey[:200]!r}", "It looks like name+01234567+base64.")
        name, hex_id, encoded = match.groups()
        data = decode_base64(encoded, "The verifier key")
        if data[0] not in (Algorithm.ED25519, Algorithm.COSIGNATURE_V1):
            raise MalformedProof(
                f"The verifier key of {name[:100]!r} is of type 0x{data[0]:02x}",
                "Known are 0x01 and 0x04.",
            )
        key = cls(name, data[1:], Algorithm(data[0]))
        if key.id.hex() != hex_id:
            raise MalformedProof(f"The verifier key of {name[:100]!r} has id {hex_id}, not {key.id.hex()}")
        return key

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under. `repr` does not show the seed."""

    name: str
    seed: bytes = field(repr=False)
    algorithm: Algorithm = Algorithm.ED25519

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise InvalidRequest(f"The seed of an Ed25519 key has {KEY_BYTES} bytes, not {len(self.seed)}")

    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw(), self.algorithm)

    def sign(self, text: str, timestamp_s: int | None = None) -> Signature:
        """Sign a note's text. A cosignature needs the time, in seconds since 1970; a plain signature has
        none.
        """
        check_text(text)
        if (timestamp_s is None) != (self.algorithm is Algorithm.ED25519):
            raise InvalidRequest(f"A signature of type {self.algorithm.name} {_time_rule(self.algorithm)}")
        verifier = self.verifier()
        if timestamp_s is None:
            return Signature(self.name, verifier.id, self._private().sign(text.encode()))
        if not 0 <= timestamp_s <= TIMESTAMP_MAX:
            raise InvalidRequest(f"A cosignature can't carry the time {timestamp_s}")
        signed = self._private().sign(cosigned_message(text, timestamp_s))
        return Signature(self.name, verifier.id, timestamp_s.to_bytes(TIMESTAMP_BYTES, "big") + signed)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def _time_rule(algorithm: Algorithm) -> str:
    return "carries no time" if algorithm is Algorithm.ED25519 else "needs a time"


def cosigned_message(text: str, timestamp_s: int) -> bytes:
    """The bytes a cosignature/v1 signs."""
    return f"cosignature/v1\ntime {timestamp_s}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. `signature` is what follows the key id; for a cosignature, time ‖ signature."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_EM_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """The signature of one line, without its newline."""
        name, space, encoded = line.removeprefix(_EM_DASH).partition(" ")
        if not line.startswith(_EM_DASH) or not space:
            raise MalformedProof(f"Not a signature line: {line[:200]!r}", "It looks like '— name base64'.")
        check_name(name)
        data = decode_base64(encoded, f"The signature of {name[:100]!r}")
        if len(data) <= KEY_ID_BYTES:
            raise MalformedProof(f"The signature of {name[:100]!r} is empty")
        return cls(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds. `timestamp_s` is a cosignature's time in seconds since 1970, else None."""

    key: VerifierKey
    timestamp_s: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, and the signatures under it, in their order."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """The note in `data`, or MalformedProof when a byte is not in form. Verifies nothing."""
        if len(data) > NOTE_BYTES_MAX:
            raise MalformedProof(f"A note of {len(data)} bytes is above the limit of {NOTE_BYTES_MAX}")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedProof(f"A note is not UTF-8 at byte {error.start}") from error
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise MalformedProof("A note has no signature lines after a last empty line")
        text += "\n"
        check_text(text)
        signatures = lines[:-1].split("\n")
        if len(signatures) > SIGNATURES_MAX:
            raise MalformedProof(f"A note has {len(signatures)} signatures; the limit is {SIGNATURES_MAX}")
        return cls(text, tuple(Signature.parse(line) for line in signatures))

    def to_bytes(self) -> bytes:
        """The note as stored and sent."""
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()

    def with_signatures(self, signatures: Iterable[Signature]) -> Note:
        """This note with more signatures under it, such as witnesses' cosignatures."""
        return replace(self, signatures=(*self.signatures, *signatures))

    def verify(self, keys: Sequence[VerifierKey]) -> tuple[Verified, ...]:
        """The signatures by `keys`, each key at most once (its first line), in the note's order.

        Lines of unknown keys are ignored. Raises MalformedProof when any line of a known key does not verify,
        and when there is none.
        """
        known = {(key.name, key.id): key for key in keys}
        found: dict[tuple[str, bytes], Verified] = {}
        for signature in self.signatures:
            identity = (signature.name, signature.key_id)
            if identity in known:
                verified = verify_signature(self.text, signature, known[identity])
                found.setdefault(identity, verified)
        if not found:
            wanted = ", ".join(sorted(key.name for key in keys)) or "none given"
            signed = ", ".join(sorted({signature.name for signature in self.signatures}))
            raise MalformedProof(f"No signature by a known key ({wanted})", f"The note is signed by {signed}.")
        return tuple(found.values())


def verify_signature(text: str, signature: Signature, key: VerifierKey) -> Verified:
    """What a signature line by `key` under `text` says, or MalformedProof when it does not hold."""
    if key.algorithm is Algorithm.ED25519:
        if not verifies(key.public_key, signature.signature, text.encode()):
            raise MalformedProof(f"The signature of {key.name!r} does not verify")
        return Verified(key)
    if len(signature.signature) != TIMESTAMP_BYTES + SIGNATURE_BYTES:
        raise MalformedProof(f"The cosignature of {key.name!r} has {len(signature.signature)} bytes, not 72")
    timestamp_s = int.from_bytes(signature.signature[:TIMESTAMP_BYTES], "big")
    if timestamp_s > TIMESTAMP_MAX:
        raise MalformedProof(f"The cosignature of {key.name!r} has the impossible time {timestamp_s}")
    message = cosigned_message(text, timestamp_s)
    if not verifies(key.public_key, signature.signature[TIMESTAMP_BYTES:], message):
        raise MalformedProof(f"The cosignature of {key.name!r} does not verify")
    return Verified(key, timestamp_s)


def sign_note(text: str, keys: Sequence[SigningKey]) -> Note:
    """A note of `text` signed by plain Ed25519 keys. Raises InvalidRequest when the result would be
    refused.
    """
    if not keys:
        raise InvalidRequest("A note needs a signature", "Give at least one signing key.")
    note = Note(text, tuple(key.sign(text) for key in keys))
    if len(note.to_bytes()) > NOTE_BYTES_MAX or len(keys) > SIGNATURES_MAX:
        raise InvalidRequest(f"The note would be above {NOTE_BYTES_MAX} bytes or {SIGNATURES_MAX} signatures")
    return note


def _encode(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedProof(f"{what} has a lone surrogate at {error.start}") from error
