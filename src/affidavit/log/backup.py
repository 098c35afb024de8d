"""Backup: a copy of a home that can be restored, made while others write.

The order is what makes it one. The checkpoints are read first, so that none is newer than the database; then come the
archive, the database, and the archive again, so that whatever the database lists is there. Archive files never change:
the next backup to the same folder copies what is new, and until it is whole the one before stays. The master key is
never in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import select

from affidavit.commitment import format_time
from affidavit.errors import AffidavitError, IntegrityError, InvalidRequest, StorageError
from affidavit.event import Event, Outcome
from affidavit.log.archive import TEMPORARY, FolderArchive, sync_folder
from affidavit.log.audit_log import AuditLog
from affidavit.log.outside import FOLDER as CHECKPOINTS
from affidavit.log.registry import CONTROL
from affidavit.log.schema import logs, segments, tenants
from affidavit.version import VERSION

MADE: Final = "log.backed_up"
MANIFEST: Final = "backup.json"
DATABASE: Final = "journal.db"
ARCHIVE: Final = "archive"
CHECKPOINT: Final = "log/checkpoint"
"""The one name in a log's archive whose bytes change."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup is of, as its `backup.json` has it: tenants by id, and the size of each log by its origin.

    `database` is `sqlite`, with its `sha256`, or `postgresql`, which is dumped elsewhere; `archive` is `folder`, or the
    bucket that was not copied.
    """

    made: str
    version: str
    database: str
    sha256: str
    archive: str
    tenants: dict[str, str]
    logs: dict[str, int]


@dataclass(slots=True)
class Copied:
    """What one run copied of the archive, and all the names there are."""

    files: int = 0
    bytes: int = 0
    names: frozenset[str] = frozenset()


def backup(
    log: AuditLog, target: Path, *, dump: Sequence[str] = (), tell: Tell = lambda _stage: None
) -> tuple[Backup, Copied]:
    """Copy the home, all tenants of it, to the folder `target`.

    Recorded on each tenant's `control` as `log.backed_up`, before the database is copied, so that it is in the copy;
    where that then fails, another one says so.

    `dump` is the command that dumps a PostgreSQL database; it is run at the moment when that belongs. A bucket is not
    copied. Raises InvalidRequest for a folder that holds something else, and for a database without a way to dump it;
    StorageError where disk or command fails: the backup that was there before stays.
    """
    sqlite = log.database.sqlite
    if sqlite is bool(dump):
        hint = "Leave --dump out" if sqlite else 'Give the command: --dump "pg_dump -Fc -f FILE DATABASE"'
        raise InvalidRequest(f"the database is {'SQLite' if sqlite else 'PostgreSQL'}", hint)
    names = _check_target(log, target)
    made = format_time(time.time_ns() // 1000)
    copied = Copied()
    part = target / f"{DATABASE}{TEMPORARY}"
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        notes = {file.name: file.read_bytes() for file in (log.home / CHECKPOINTS).glob("*.note")}
        tell("archive")
        _copy_archive(log, names, target, copied)
        with _recorded(log, names.values(), made):
            tell("database")
            digest = _copy_database(log, part) if sqlite else _run(dump)
            tell("archive, what came meanwhile")
            _copy_archive(log, names, target, copied, last=True)
            listed, sizes = _listed(log, part)
            _check_archive(log, target, listed)
            archive = "folder" if isinstance(log.archive, FolderArchive) else log.settings.archive
            found = Backup(made, VERSION, "sqlite" if sqlite else "postgresql", digest, archive, names, sizes)
            _place(log, target, part, notes, found)
        _prune(target, copied, listed)
    except OSError as error:
        where = error.filename or target
        raise StorageError(f"backup {where}: {error.strerror}", "Give it access and space, and run it again") from error
    return found, copied


@contextmanager
def _recorded(log: AuditLog, names: Iterable[str], made: str) -> Iterator[None]:
    def record(outcome: Outcome, detail: str | None = None) -> None:
        for name in names:
            with AuditLog.open(log.home, tenant=name, create=False, database=log.settings.database) as one:
                event = Event(action=MADE, outcome=outcome, status_detail=detail)
                one.record_own(MADE, {"log.backup": made}, stream=CONTROL, event=event)

    record("success")
    try:
        yield
    except BaseException as error:
        record("failure", error.message if isinstance(error, AffidavitError) else type(error).__name__)
        raise


def read_manifest(source: Path) -> Backup:
    """What a folder says of the backup in it. Raises InvalidRequest where there is none, or no whole one."""
    try:
        return Backup(**json.loads((source / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InvalidRequest(f"{source} holds no whole backup", f"It would have a {MANIFEST}") from None
    except (OSError, ValueError, TypeError) as error:
        raise InvalidRequest(f"{source / MANIFEST}: {error}", "Use another backup") from None


def _check_target(log: AuditLog, target: Path) -> dict[str, str]:
    """The tenants of the home, by id. Raises InvalidRequest for a folder that is not for their backup."""
    home, there = log.home.resolve(), target.resolve()
    if there.is_relative_to(home) or home.is_relative_to(there):
        raise InvalidRequest(f"{target} and the home {log.home} lie in one another", "Choose a folder apart from it")
    with log.database.read() as connection:
        names = {row.id: row.name for row in connection.execute(select(tenants.c.id, tenants.c.name))}
    if (target / MANIFEST).exists():
        if not set(read_manifest(target).tenants) & set(names):
            raise InvalidRequest(f"{target} holds a backup of another log", "Choose another folder")
    elif target.is_dir() and any(one.name not in _PARTS for one in target.iterdir()):
        raise InvalidRequest(f"{target} holds something else", "Choose an empty folder, or one with a backup")
    return names


_PARTS: Final = frozenset({DATABASE, f"{DATABASE}{TEMPORARY}", ARCHIVE, CHECKPOINTS})


def _copy_archive(
    log: AuditLog, tenant_ids: Collection[str], target: Path, copied: Copied, *, last: bool = False
) -> None:
    """Copy what is not there yet; the `last` time the checkpoints too, after what they cover."""
    if not isinstance(log.archive, FolderArchive):
        return
    root = log.archive.root
    # Read before anything is listed: what they cover is in the list then.
    notes = {
        name: (root / name).read_bytes() for name in _names(log.archive, tenant_ids) if last and is_checkpoint(name)
    }
    names = _names(log.archive, tenant_ids)
    copied.names |= frozenset(names)
    for name in names:
        if is_checkpoint(name):
            continue
        try:
            size = copy_file(root / name, target / ARCHIVE / name, again=False)
        except FileNotFoundError:
            continue  # merged away meanwhile: if the database still lists it, the check says so
        copied.files += size is not None
        copied.bytes += size or 0
    for name, note in notes.items():
        write_file(target / ARCHIVE / name, note)


def _names(archive: FolderArchive, tenant_ids: Iterable[str]) -> list[str]:
    return [name for tenant_id in tenant_ids for name in archive.list(tenant_id)]


def is_checkpoint(name: str) -> bool:
    """Whether a name in the archive is that of a checkpoint."""
    return name.endswith(f"/{CHECKPOINT}")


def _copy_database(log: AuditLog, part: Path) -> str:
    """A snapshot by SQLite's own means; writers go on. Gives its SHA-256."""
    begin_private(part)
    try:
        with closing(_read_only(log.database.url.database or "")) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)  # in one step: it does not begin anew at every write
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        raise StorageError(f"backup of the database: {error}", "Give it access and space, and run it again") from error
    if found != "ok":
        raise IntegrityError(f"the database is damaged: {found}", "Restore an older backup")
    with part.open("rb") as made:
        os.fsync(made.fileno())
        return hashlib.file_digest(made, "sha256").hexdigest()


def _read_only(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)


def _run(command: Sequence[str]) -> str:
    """Dump a database by the operator's own command. Gives no digest: where the dump lies is theirs to know."""
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  the operator's own
    except OSError as error:
        raise InvalidRequest(f"--dump {command[0]}: {error.strerror}", "Name a program that is there") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise StorageError(f"--dump {command[0]} ended with {done.returncode}: {said[:300]}", "Run it by itself first")
    return ""


def _listed(log: AuditLog, part: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes of every segment and size of every log that the copied database lists.

    A PostgreSQL dump can't be looked into; what the database lists now stands for it.
    """
    names = select(segments.c.name, segments.c.bytes)
    sizes = select(logs.c.origin, logs.c.size)
    if log.database.sqlite:
        with closing(_read_only(str(part))) as copy:
            return dict(copy.execute(str(names)).fetchall()), dict(copy.execute(str(sizes)).fetchall())
    with log.database.read() as connection:
        listed = {row.name: row.bytes for row in connection.execute(names)}
        return listed, {row.origin: row.size for row in connection.execute(sizes)}


def _check_archive(log: AuditLog, target: Path, listed: dict[str, int]) -> None:
    if not isinstance(log.archive, FolderArchive):
        return
    for name, size in listed.items():
        path = target / ARCHIVE / name
        if not path.is_file() or path.stat().st_size != size:
            raise StorageError(f"backup: {name} was merged away meanwhile, or is damaged", "Run it again")


def _place(log: AuditLog, target: Path, part: Path, notes: dict[str, bytes], found: Backup) -> None:
    """Put the new backup in the place of the one before. Until the last step there is no whole one."""
    os.sync()
    if found.sha256:
        part.replace(target / DATABASE)
    (target / CHECKPOINTS).mkdir(mode=0o700, exist_ok=True)
    for name, note in notes.items():
        write_file(target / CHECKPOINTS / name, note)
    for file in log.home.glob("*.toml"):
        copy_file(file, target / file.name)
    write_file(target / MANIFEST, json.dumps(asdict(found), indent=2).encode() + b"\n")


def _prune(target: Path, copied: Copied, listed: dict[str, int]) -> None:
    """Remove segments that were merged into others since the last backup."""
    for path in (target / ARCHIVE).glob("*/*/records/*"):
        name = path.relative_to(target / ARCHIVE).as_posix()
        if name not in listed and name not in copied.names:
            path.unlink()


def copy_file(source: Path, target: Path, *, again: bool = True) -> int | None:
    """Copy a file so that its name stands for whole bytes alone. Without `again` one of the same size is left.

    Gives its size; None where nothing was copied.
    """
    size = source.stat().st_size
    if not again and target.is_file() and target.stat().st_size == size:
        return None
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(target.name + TEMPORARY)
    begin_private(part)
    shutil.copyfile(source, part)
    part.replace(target)
    return size


def begin_private(part: Path) -> None:
    """Make a file anew, empty, that nobody but its owner can open: from its first byte on, not from its last."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole and durably, readable for its owner alone."""
    part = path.with_name(path.name + TEMPORARY)
    begin_private(part)
    with part.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    sync_folder(path.parent)
