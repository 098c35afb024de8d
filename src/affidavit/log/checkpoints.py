"""Checkpoints: the signed size and root of a log, kept for every size that was ever pinned."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import select

from affidavit.errors import IntegrityError
from affidavit.log.database import Database
from affidavit.log.keys import Keys
from affidavit.log.registry import LogInfo
from affidavit.log.schema import checkpoints, logs
from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.merkle import Frontier


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
    root = Frontier.from_bytes(size, bytes(row.frontier)).root()
    if kept is not None:
        note = bytes(kept)
        if Checkpoint.parse(note.decode().rpartition("\n\n")[0] + "\n").root != root:
            raise IntegrityError(
                f"log {log.origin}: the checkpoint kept for size {size} has another root",
                "The journal was changed. Run affidavit log fsck",
            )
        return Pin(log.id, log.origin, log.stream, size, root, note)
    note = Checkpoint(log.origin, size, root).sign([keys.checkpoint_key(log.origin, log.generation)]).to_bytes()
    with database.write() as connection:
        connection.exec_driver_sql(
            database.sql(
                "INSERT INTO checkpoints (log_id, size, note, t_us) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (log_id, size) DO NOTHING"
            ),
            (log.id, size, note, time.time_ns() // 1000),
        )
    return Pin(log.id, log.origin, log.stream, size, root, note)


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
