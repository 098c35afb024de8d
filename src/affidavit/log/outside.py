"""Checkpoints kept outside the database: what a log restored from an old backup is told by.

The newest checkpoint of every log also stands in a file of the home folder, fsynced; the archive's own `checkpoint`
covers what lies in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from affidavit.errors import AffidavitError, IntegrityError, NotFound, StorageError
from affidavit.log.archive import Archive, sync_folder
from affidavit.log.checkpoints import Pin
from affidavit.log.registry import LogInfo
from affidavit.tlog.checkpoint import Checkpoint, open_checkpoint
from affidavit.tlog.note import VerifierKey

FOLDER: Final = "checkpoints"


def keep(home: Path, log: LogInfo, pin: Pin) -> None:
    """Write the newest checkpoint beside the database; never goes back to a smaller one.

    Raises StorageError, and IntegrityError where the one there is not the log's.
    """
    before = read(home, log)
    if before is not None and before.size >= pin.size:
        return
    path = _path(home, log)
    temporary = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}.part")  # threads may be at it at once
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("wb") as out:
            out.write(pin.note)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(
            f"checkpoint {path}: {error.strerror}", "Give the process access to it, and space"
        ) from error


def read(home: Path, log: LogInfo) -> Checkpoint | None:
    """The checkpoint kept in the home folder, its signature checked; None where there is none."""
    try:
        data = _path(home, log).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"checkpoint {_path(home, log)}: {error.strerror}", "Make it readable") from error
    return opened(log, data, str(_path(home, log)))


def read_archived(archive: Archive, log: LogInfo) -> Checkpoint | None:
    """The checkpoint in the archive, its signature checked; None where there is none."""
    name = f"{log.folder}/log/checkpoint"
    try:
        data = archive.get(name)
    except NotFound:
        return None
    return opened(log, data, name)


def opened(log: LogInfo, data: bytes, where: str) -> Checkpoint:
    """The checkpoint in a note that one of the log's keys signed. Raises IntegrityError."""
    try:
        return open_checkpoint(data, log.origin, [VerifierKey.parse(key.vkey) for key in log.keys]).checkpoint
    except AffidavitError as error:
        raise IntegrityError(f"{where}: {error.message}", "Compare it with a copy; move it away to go on") from error


def _path(home: Path, log: LogInfo) -> Path:
    return home / FOLDER / f"{log.origin.rpartition('/')[2]}.note"
