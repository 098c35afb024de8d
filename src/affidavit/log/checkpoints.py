"""Checkpoints: the signed size and root of a log, kept for every size that was ever pinned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from affidavit.errors import IntegrityError, MalformedProof, NotFound
from affidavit.log.archive import Archive
from affidavit.log.catalogue import sealed_size
from affidavit.log.database import Database
from affidavit.log.journal import Appender, clock_us
from affidavit.log.keys import Keys
from affidavit.log.registry import CONTROL, LogInfo, LogKey
from affidavit.log.schema import checkpoints, log_keys, logs
from affidavit.log.tree import Tree
from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.merkle import Frontier

if TYPE_CHECKING:
    from affidavit.log.audit_log import AuditLog

ROTATED: Final = "key.rotated"


class Pin(NamedTuple):
    """A log at one size: what an export, a proof or a reader is pinned to. `note` is the signed checkpoint."""

    log_id: int
    origin: str
    stream: str
    size: int
    root: bytes
    note: bytes


def pin(database: Database, keys: Keys, log: LogInfo) -> Pin:
    """Sign a checkpoint of the log as it stands now (or reuse the one of this size) and keep it."""
    with database.read() as connection:
        row = connection.execute(select(logs.c.size, logs.c.frontier).where(logs.c.id == log.id)).one()
        size = row.size
        kept = connection.execute(
            select(checkpoints.c.note).where(checkpoints.c.log_id == log.id, checkpoints.c.size == size)
        ).scalar()
        generations = signing_generations(connection, log, size)
    root = Frontier.from_bytes(size, bytes(row.frontier)).root()
    if kept is not None:
        note = bytes(kept)
        if _root(note) != root:
            raise IntegrityError(
                f"log {log.origin}: the checkpoint kept for size {size} has another root",
                "The journal was changed. Run affidavit log fsck",
            )
        return Pin(log.id, log.origin, log.stream, size, root, note)
    note = sign(keys, log, size, root, generations)
    with database.write() as connection:
        connection.exec_driver_sql(
            database.sql(
                "INSERT INTO checkpoints (log_id, size, note, t_us) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (log_id, size) DO NOTHING"
            ),
            (log.id, size, note, time.time_ns() // 1000),
        )
    return Pin(log.id, log.origin, log.stream, size, root, note)


def sign(keys: Keys, log: LogInfo, size: int, root: bytes, generations: Sequence[int]) -> bytes:
    """A signed note of one size, under the keys in force there (two at the size where one took over)."""
    signers = [keys.checkpoint_key(log.origin, generation) for generation in generations]
    return Checkpoint(log.origin, size, root).sign(signers).to_bytes()


def signing_generations(connection: Connection, log: LogInfo, size: int) -> list[int]:
    """The key generations that sign a size, newest first; read afresh, for another process may have rotated."""
    return list(
        connection.execute(
            select(log_keys.c.generation)
            .where(
                log_keys.c.log_id == log.id,
                log_keys.c.from_size <= size,
                or_(log_keys.c.to_size.is_(None), log_keys.c.to_size >= size),
            )
            .order_by(log_keys.c.generation.desc())
        ).scalars()
    )


def size_of(database: Database, log: LogInfo) -> int:
    """The present size of a log."""
    with database.read() as connection:
        return int(connection.execute(select(logs.c.size).where(logs.c.id == log.id)).scalar_one())


def publish_archived(database: Database, archive: Archive, keys: Keys, log: LogInfo) -> int:
    """Write the archive's own checkpoint: the size whose entries are all in it. Gives that size."""
    with database.read() as connection:
        size = sealed_size(connection, log.id)
        generations = signing_generations(connection, log, size)
    root = Tree(database, archive, log).subtree_hash(0, size)
    archive.put(f"{log.folder}/log/checkpoint", sign(keys, log, size, root, generations))
    return size


def rotate_key(log: AuditLog, stream: str) -> LogKey:
    """Begin a new key generation at the present size, which both keys sign; later sizes only the new one.

    One transaction with its event, `key.rotated` on `control`. Hand out the trust file again afterwards.
    """
    info, control = log.tenant.log(stream), log.tenant.log(CONTROL)
    with log.database.write() as connection:
        appender = Appender(log.database, connection, [info.id, control.id], clock_us)
        size = appender.size(info.id)
        mine = log_keys.c.log_id == info.id
        last = connection.execute(select(log_keys).where(mine).order_by(log_keys.c.generation.desc()).limit(1)).one()
        generation = last.generation + 1
        vkey = str(log.keys.checkpoint_key(info.origin, generation).verifier())
        before = (mine, log_keys.c.generation == last.generation)
        connection.execute(update(log_keys).where(*before).values(to_size=size))
        connection.execute(insert(log_keys).values(log_id=info.id, generation=generation, vkey=vkey, from_size=size))
        connection.execute(delete(checkpoints).where(checkpoints.c.log_id == info.id, checkpoints.c.size == size))
        own = {"key.origin": info.origin, "key.vkey": vkey, "key.from_size": str(size)}
        appender.append(control.id, [log.own_prepared(ROTATED, own)])
    return LogKey(generation, vkey, size, None)


def _root(note: bytes) -> bytes | None:
    try:
        return Checkpoint.parse(note.decode().rpartition("\n\n")[0] + "\n").root
    except (MalformedProof, UnicodeDecodeError):
        return None


def last_kept(database: Database, log: LogInfo) -> Pin:
    """An ended log at its newest checkpoint that its entries still reach. Raises NotFound where it was never signed."""
    size = size_of(database, log)
    with database.read() as connection:
        row = connection.execute(
            select(checkpoints.c.size, checkpoints.c.note)
            .where(checkpoints.c.log_id == log.id, checkpoints.c.size <= size)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        ).first()
    root = None if row is None else _root(bytes(row.note))
    if row is None or root is None:
        raise NotFound(f"log {log.origin} has ended and was never signed", "Its entries can't be proven")
    return Pin(log.id, log.origin, log.stream, row.size, root, bytes(row.note))


def newest(database: Database, log: LogInfo) -> tuple[int, bytes, int] | None:
    """The newest checkpoint kept: (size, note, when in microseconds)."""
    with database.read() as connection:
        row = connection.execute(
            select(checkpoints.c.size, checkpoints.c.note, checkpoints.c.t_us)
            .where(checkpoints.c.log_id == log.id)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        ).first()
    return None if row is None else (row.size, bytes(row.note), row.t_us)
