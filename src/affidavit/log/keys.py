"""Keys: one master key, everything else derived from it by HKDF-SHA-256 (RFC 5869).

The master key lives in a file of mode 0600 in the home folder, or in AFFIDAVIT_MASTER_KEY; never in the database.
Checkpoint keys are Ed25519, one per log and generation, so that every host that knows the master key signs alike.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from affidavit.errors import InvalidRequest, NotFound, StorageError
from affidavit.masking.tokens import derive_key
from affidavit.tlog.note import SigningKey

MASTER_KEY_BYTES: Final = 32
MASTER_KEY_VARIABLE: Final = "AFFIDAVIT_MASTER_KEY"
MASTER_KEY_FILE: Final = "keys/master.key"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """All keys of one home. `repr` shows nothing."""

    master: bytes

    def derive(self, *purpose: str) -> bytes:
        """32 bytes for one purpose; parts are joined by NUL, so no two lists of parts meet."""
        info = b"\x00".join(part.encode() for part in ("affidavit/v1", *purpose))
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self.master)

    def checkpoint_key(self, origin: str, generation: int) -> SigningKey:
        """The Ed25519 key that signs checkpoints of the log `origin`, of one generation."""
        return SigningKey(name=origin, seed=self.derive("checkpoint", origin, str(generation)))

    def mask_key(self, scope: str, cls: str) -> bytes:
        """The token key of one field class in one export (or log): `scope` is its id."""
        return derive_key(self.master, scope, cls)

    def __repr__(self) -> str:
        return "Keys(…)"


def load(home: Path, environ: Mapping[str, str] | None = None, *, create: bool) -> Keys:
    """The keys of `home`: from the environment, else from its file, which is made where `create` says so.

    Raises InvalidRequest for a malformed key or a file others may read, NotFound where there is none, StorageError
    where it can't be read or made.
    """
    given = (os.environ if environ is None else environ).get(MASTER_KEY_VARIABLE)
    if given is not None:
        return Keys(_decode(given, MASTER_KEY_VARIABLE))
    file = home / MASTER_KEY_FILE
    try:
        if not file.exists():
            if not create:
                raise NotFound(f"no master key in {file}", f"Restore it, or set {MASTER_KEY_VARIABLE}")
            _create(file)
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            raise InvalidRequest(f"{file} has mode {mode:04o}: others may read the master key", f"chmod 600 {file}")
        return Keys(_decode(file.read_text(encoding="ascii", errors="replace"), str(file)))
    except OSError as error:
        raise StorageError(
            f"master key {file}: {error.strerror}", "Give the process access to the folder, and space"
        ) from error


def _create(file: Path) -> None:
    """Write a fresh key so that of several processes exactly one wins, and none ever sees half a key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(base64.b64encode(os.urandom(MASTER_KEY_BYTES)) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(temporary, file)
        except FileExistsError:
            return
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        temporary.unlink()


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise InvalidRequest(f"{where} is no master key", f"{MASTER_KEY_BYTES} bytes in base64")
    return key
