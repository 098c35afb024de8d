"""Checkpoints: a log's origin, size and root as a signed note (C2SP tlog-checkpoint v1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from affidavit.errors import MalformedProof
from affidavit.tlog.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from affidavit.tlog.note import Note, SigningKey, Verified, VerifierKey, check_text, decode_base64, sign_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: `root` is the root of its first `size` leaves."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX:
            raise MalformedProof(f"A checkpoint can't have size {self.size}")
        if len(self.root) != HASH_BYTES:
            raise MalformedProof(f"The root of a checkpoint has {len(self.root)} bytes, not {HASH_BYTES}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise MalformedProof(f"The checkpoint of size 0 has the root {self.root.hex()}, not of no leaves")
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise MalformedProof(f"A line of a checkpoint is empty or more than one line: {line[:100]!r}")
            check_text(line + "\n")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint that a note's text is, or MalformedProof."""
        check_text(text)
        lines = text[:-1].split("\n")
        if len(lines) < 3:
            raise MalformedProof(f"A checkpoint has at least 3 lines, not {len(lines)}")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise MalformedProof(f"The size of a checkpoint is not a plain decimal number: {size[:100]!r}")
        return cls(origin, int(size), decode_base64(root, "The root of a checkpoint"), tuple(extensions))

    def text(self) -> str:
        """The note text: what is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "\n".join(lines) + "\n"

    def sign(self, keys: Sequence[SigningKey]) -> Note:
        """The signed note. The log's key name is its origin (C2SP: SHOULD)."""
        return sign_note(self.text(), keys)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log's signature holds. `signatures`: the log's and the known witnesses', note
    order.
    """

    checkpoint: Checkpoint
    note: Note
    signatures: tuple[Verified, ...]

    @property
    def cosignatures(self) -> tuple[Verified, ...]:
        """The witnesses' signatures among them, each with its time."""
        return tuple(verified for verified in self.signatures if verified.timestamp_s is not None)


def open_checkpoint(
    data: bytes,
    origin: str,
    keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
) -> SignedCheckpoint:
    """The checkpoint in the note `data`, which one of the log's `keys` MUST have signed and no known key
    wrongly.

    Raises MalformedProof when it is not in form, of another log, unsigned by the log, or wrongly signed.
    """
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != origin:
        raise MalformedProof(f"The checkpoint is of the log {checkpoint.origin[:100]!r}, not of {origin!r}")
    note.verify(keys)
    return SignedCheckpoint(checkpoint, note, note.verify((*keys, *witnesses)))
