"""Restore: a home from a backup, and what that did to each log.

A restored database is older than what was signed since. On opening, `recovery.check` compares each log with the
checkpoints outside the database: what the archive holds is taken back from there, and where signed entries are missing
the log refuses to go on. Nothing newer that the home still has (checkpoints, archive files) is overwritten.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from affidavit import settings as settings_module
from affidavit.errors import AffidavitError, IntegrityError, InvalidRequest, MalformedProof, StorageError
from affidavit.log import checkpoints, keys, recovery
from affidavit.log.archive import TEMPORARY, FolderArchive, open_archive
from affidavit.log.audit_log import AuditLog
from affidavit.log.backup import (
    ARCHIVE,
    DATABASE,
    Backup,
    begin_private,
    copy_file,
    is_checkpoint,
    read_manifest,
    write_file,
)
from affidavit.log.outside import FOLDER as CHECKPOINTS
from affidavit.log.registry import CONTROL
from affidavit.settings import SETTINGS_FILE
from affidavit.tlog.checkpoint import Checkpoint

RESTORED: Final = "log.restored"


@dataclass(frozen=True, slots=True)
class RestoredLog:
    """One log after a restore: its size in the backup, its size now, and why it does not go on; "" where it does."""

    tenant: str
    stream: str
    origin: str
    backed_up: int
    size: int
    problem: str


def restore(
    source: Path, home: Path, *, notes: Path | None = None, tell: Callable[[str], None] = lambda _stage: None
) -> tuple[Backup, list[RestoredLog]]:
    """Make `home` from the backup in `source`, and see how each log stands. The master key MUST be there already.

    `notes` is a folder with newer checkpoints, where they were kept apart. A PostgreSQL database is restored before,
    by its own means. Recorded as `log.restored` on each tenant's `control`, unless that log does not go on.

    Raises InvalidRequest for a home that has a database, or no key; IntegrityError where backup and home disagree.
    """
    found = read_manifest(source)
    keys.load(home, create=False)
    sqlite = found.database == "sqlite"
    _check_settings(source, home)
    try:
        for file in source.glob("*.toml"):
            if not (home / file.name).exists():
                copy_file(file, home / file.name)
        loaded = settings_module.load(home)
        database = _database(source, home, found, loaded.database)
        tell("archive")
        _restore_archive(source, home, loaded.archive)
        tell("checkpoints")
        _restore_notes(source / CHECKPOINTS, home / CHECKPOINTS)
        if notes is not None:
            _restore_notes(notes, home / CHECKPOINTS)
        if sqlite:
            tell("database")
            part = database.with_name(database.name + TEMPORARY)
            begin_private(part)
            shutil.copyfile(source / DATABASE, part)
            os.sync()
            part.replace(database)
    except OSError as error:
        where = error.filename or home
        raise StorageError(f"restore {where}: {error.strerror}", "Give it access and space; run it again") from error
    tell("logs")
    return found, [one for name in found.tenants.values() for one in _look(home, name, found)]


def _check_settings(source: Path, home: Path) -> None:
    """Raises InvalidRequest where settings of the backup would lead to the database or archive it was made from."""
    if (home / SETTINGS_FILE).exists():
        return
    backed_up = settings_module.load(source, environ={})
    named = [name for name in ("database", "archive") if getattr(backed_up, name)]
    if named:
        raise InvalidRequest(
            f"{source / SETTINGS_FILE} names {' and '.join(named)}: the live ones, perhaps",
            f"Put a {SETTINGS_FILE} into {home} first, with those that are meant",
        )


def _database(source: Path, home: Path, found: Backup, url: str) -> Path:
    """Where an SQLite database goes. Raises where one is there already, or the backup's is not the one backed up."""
    sqlite = found.database == "sqlite"
    if sqlite is bool(url and make_url(url).get_backend_name() != "sqlite"):
        raise InvalidRequest(f"the backup is of {found.database}", "Let the setting database say the same")
    target = Path(make_url(url).database or "") if sqlite and url else home / DATABASE
    if not sqlite:
        return target
    for name in (target.name, f"{target.name}-wal", f"{target.name}-shm"):
        if target.with_name(name).exists():
            raise InvalidRequest(f"{home} has a {name}", "Move it away (keep it), and leave the rest where it is")
    with (source / DATABASE).open("rb") as copy:
        digest = hashlib.file_digest(copy, "sha256").hexdigest()
    if digest != found.sha256:
        raise IntegrityError(f"{source / DATABASE} is not the one that was backed up", "Use another backup")
    return target


def _restore_archive(source: Path, home: Path, url: str) -> None:
    """Bring back the files that are missing. What is there already was never changed, or is newer."""
    root, target = source / ARCHIVE, open_archive(url, home)
    if not root.is_dir() or not isinstance(target, FolderArchive):
        return
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or name.endswith(TEMPORARY):
            continue
        there = target.root / name
        if not there.exists():
            copy_file(path, there)
        elif not is_checkpoint(name) and there.stat().st_size != path.stat().st_size:
            raise IntegrityError(f"{there} is another than in the backup", "Find out which is damaged; move it away")


def _restore_notes(source: Path, target: Path) -> None:
    """Of two checkpoints of a log the larger one stays: a log is compared with the newest that anybody has."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for note in source.glob("*.note"):
        data, there = note.read_bytes(), target / note.name
        if not there.exists() or _size(there.read_bytes(), there) < _size(data, note):
            write_file(there, data)


def _size(note: bytes, path: Path) -> int:
    try:
        return Checkpoint.parse(note.decode().rpartition("\n\n")[0] + "\n").size
    except (MalformedProof, UnicodeDecodeError) as error:
        raise IntegrityError(f"{path} is no checkpoint: {error}", "Move it away, or bring another copy") from None


def _look(home: Path, tenant: str, found: Backup) -> list[RestoredLog]:
    """How each log of a tenant stands; the restore is recorded where `control` goes on."""
    results = []
    with AuditLog.open(home, tenant=tenant, create=False, check=False) as log:
        for info in log.tenant.logs.values():
            problem = ""
            try:
                recovery.check(log.database, log.archive, home, info)
            except AffidavitError as error:
                problem = str(error)
            size = checkpoints.size_of(log.database, info)
            results.append(RestoredLog(tenant, info.stream, info.origin, found.logs.get(info.origin, 0), size, problem))
        behind = [one.stream for one in results if one.problem]
        if CONTROL not in behind:
            own = {"log.backup": found.made, **({"log.behind": ",".join(behind)} if behind else {})}
            log.record_own(RESTORED, own, stream=CONTROL)
    return results
