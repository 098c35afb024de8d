"""Recovery: on opening, is the database as new as what was signed?

A database restored from an old backup has a smaller log than the checkpoints kept outside it. What the archive holds
is taken back from there; if even so entries that were signed are missing, the log refuses to go on, for it would sign
a second history. `continue_under_new_origin` ends it and begins a new one, recorded on `control`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update

from affidavit.errors import IntegrityError, StorageError
from affidavit.log import outside, registry
from affidavit.log.archive import Archive
from affidavit.log.catalogue import Segment, add_segment, drop_segments, list_segments
from affidavit.log.database import Database
from affidavit.log.journal import Appender, clock_us
from affidavit.log.registry import CONTROL, LogInfo
from affidavit.log.schema import checkpoints, journal, logs
from affidavit.log.sealer import describe
from affidavit.log.segment import read_parquet
from affidavit.log.tree import Tree
from affidavit.tlog.checkpoint import Checkpoint

if TYPE_CHECKING:
    from affidavit.log.audit_log import AuditLog

CONTINUED: Final = "log.continued"
_RESTORE: Final = "Restore the archive"
_HINT: Final = "Restore a newer backup, or begin a new log: affidavit log continue --stream {}"


def check(database: Database, archive: Archive, home: Path, log: LogInfo) -> None:
    """Compare a log's head with the checkpoints outside the database; catch up from the archive where it can.

    Raises IntegrityError where signed entries are missing, or where the tree is another than the signed one.
    """
    signed = outside.read(home, log)
    archived = _archived(archive, log)  # before the head is read: sealing goes on meanwhile
    size, sealed, kept = _head(database, log, signed)
    if archived is not None and archived.size > sealed:
        _catch_up(database, archive, log, archived)
        size, _, kept = _head(database, log, signed)
    if signed is None or kept:
        return
    if signed.size > size:
        raise IntegrityError(
            f"log {log.origin} ({log.stream}) has {size} entries, but {signed.size} were signed: "
            "the database is older than its checkpoint",
            _HINT.format(log.stream),
        )
    if Tree(database, archive, log).subtree_hash(0, signed.size) != signed.root:
        raise IntegrityError(
            f"log {log.origin} ({log.stream}): the first {signed.size} entries are not the signed ones",
            _HINT.format(log.stream),
        )


def _archived(archive: Archive, log: LogInfo) -> Checkpoint | None:
    try:
        return outside.read_archived(archive, log)
    except StorageError:  # recording goes on while the archive is away; nothing is sealed until it is back
        return None


def _head(database: Database, log: LogInfo, signed: Checkpoint | None) -> tuple[int, int, bool]:
    """(size, sealed, whether the database itself keeps a checkpoint of the signed size)."""
    with database.read() as connection:
        row = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == log.id)).one()
        kept = signed is not None and (
            connection.execute(
                select(checkpoints.c.size).where(checkpoints.c.log_id == log.id, checkpoints.c.size == signed.size)
            ).first()
            is not None
        )
    return row.size, row.sealed, kept and signed is not None and signed.size <= row.size


def _catch_up(database: Database, archive: Archive, log: LogInfo, archived: Checkpoint) -> None:
    """List the archive's segments up to its checkpoint, and move the head there.

    Raises IntegrityError, and changes nothing, where archive and database are not one history.
    """
    tree = Tree(database, archive, log, sealed=archived.size)
    if tree.subtree_hash(0, archived.size) != archived.root:
        raise IntegrityError(
            f"log {log.origin}: the archive's files do not give its checkpoint of size {archived.size}",
            "Restore the archive from a backup",
        )
    with database.read() as connection:
        size, sealed = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == log.id)).one()
        listed = list_segments(connection, log.id)
    common = min(size, archived.size)
    if Tree(database, archive, log).subtree_hash(0, common) != tree.subtree_hash(0, common):
        raise IntegrityError(
            f"log {log.origin} ({log.stream}): the archive holds another history than the database",
            f"Find out which is the log. {_HINT.format(log.stream)}",
        )
    found, replaced = _segments(archive, log, sealed, archived.size), []
    if found is None:  # the backup is from before a merge
        found, replaced = _segments(archive, log, 0, archived.size), listed
    if found is None:
        raise IntegrityError(f"log {log.origin}: the archive lacks records of [0, {archived.size})", _RESTORE)
    with database.write() as connection:
        head = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == log.id)).one()
        if (head.size, head.sealed) != (size, sealed):
            return  # another process was quicker
        drop_segments(connection, log.id, replaced)
        for segment in found:
            add_segment(connection, log.id, segment)
        moved: dict[str, Any] = {"sealed": archived.size}
        if size < archived.size:
            frontier = tree.frontier(archived.size).to_bytes()
            moved |= {"size": archived.size, "frontier": frontier, "t_us": found[-1].t_max}
        connection.execute(update(logs).where(logs.c.id == log.id).values(**moved))
        connection.execute(delete(journal).where(journal.c.log_id == log.id, journal.c.idx < archived.size))


def _segments(archive: Archive, log: LogInfo, start: int, end: int) -> list[Segment] | None:
    """Files that cover [start, end), the newest generation first where several do; None where there is a gap."""
    ranges: dict[int, list[tuple[int, int, str]]] = {}
    for name in archive.list(f"{log.folder}/records"):
        stem, _, generation = name.rpartition("/")[2].removesuffix(".parquet").rpartition(".")
        begin, _, last = stem.partition("-")
        if begin.isdigit() and last.isdigit() and generation.isdigit():
            ranges.setdefault(int(begin), []).append((int(last), int(generation), name))
    found: list[Segment] = []
    at = start
    while at < end:
        fitting = [one for one in ranges.get(at, []) if one[0] <= end]
        if not fitting:
            return None
        until, number, file = max(fitting, key=lambda one: (one[0], one[1]))
        data = archive.get(file)
        found.append(describe(read_parquet(data, file), file, number, data))
        at = until
    return found


def continue_under_new_origin(log: AuditLog, stream: str) -> tuple[LogInfo, LogInfo, dict[str, Any]]:
    """End the stream's log as it stands and begin an empty one: (old, new, what happened).

    One transaction with its event, `log.continued` on `control`: on the new one where that is the stream. `log` itself
    still knows the old one: open it again. Raises Forbidden where another process was quicker.
    """
    old = log.tenant.log(stream)
    signed = outside.read(log.home, old)
    with log.database.write() as connection:
        ids = [old.id, log.tenant.log(CONTROL).id]
        size = Appender(log.database, connection, ids, clock_us).size(old.id)
        now_us = clock_us()
        connection.execute(update(logs).where(logs.c.id == old.id).values(ended_us=now_us))
        registry.create_log(connection, log.keys, log.tenant.id, stream, now_us)
        tenant = registry.tenant_in(connection, log.tenant.name)
        new, control = tenant.log(stream), tenant.log(CONTROL)
        found = {"size": size, "signed": 0 if signed is None else signed.size}
        own = {
            "log.stream": stream,
            "log.ended": old.origin,
            "log.begun": new.origin,
            "log.ended_size": str(found["size"]),
            "log.signed_size": str(found["signed"]),
        }
        event = log.own_prepared(CONTINUED, own)._replace(log_id=control.id)
        Appender(log.database, connection, [control.id], clock_us).append(control.id, [event])
    return old, new, found
