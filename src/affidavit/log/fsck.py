"""fsck: is what is stored what was committed? Rebuilds commitments, entries, leaves and tree, names the first mismatch.

Reads every record of a log once, in index order, in constant memory; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from affidavit.commitment import commit_record, entry_bytes, format_time, parse_entry
from affidavit.errors import AffidavitError, IntegrityError
from affidavit.log.database import Database
from affidavit.log.registry import LogInfo
from affidavit.log.schema import checkpoints, event_ids, journal, logs
from affidavit.paths import NULL
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import Frontier, leaf_hash
from affidavit.tlog.note import VerifierKey

ROWS_PER_READ: Final = 4096
_fields = msgspec.json.Decoder(dict[str, str | None])
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class FsckResult:
    """A clean log: how many entries were rebuilt, the root (32 bytes) and how many kept checkpoints agree with it."""

    origin: str
    stream: str
    size: int
    root: bytes
    checkpoints: int


def fsck(database: Database, log: LogInfo, progress: Callable[[int, int], None] | None = None) -> FsckResult:
    """Check one log whole. Raises IntegrityError naming the first entry, or the checkpoint, that does not hold.

    The size is pinned at the start: writers may go on. `progress(done, size)`.
    """
    with database.read() as connection:
        head = connection.execute(select(logs.c.size, logs.c.t_us, logs.c.frontier).where(logs.c.id == log.id)).one()
        kept = dict(
            connection.execute(
                select(checkpoints.c.size, checkpoints.c.note).where(checkpoints.c.log_id == log.id)
            ).all()
        )
        last = connection.execute(select(func.max(journal.c.idx)).where(journal.c.log_id == log.id)).scalar()
    sizes = sorted(kept)
    _check_end(log, head.size, last, sizes)
    frontier = Frontier()
    last_t = 0
    agreed = 0
    while True:
        while sizes and sizes[0] == frontier.size:
            _check_checkpoint(log, sizes.pop(0), bytes(kept[frontier.size]), frontier.root())
            agreed += 1
        if frontier.size >= head.size:
            break
        until = min(frontier.size + ROWS_PER_READ, head.size, *sizes[:1])
        with database.read() as connection:
            rows = connection.execute(
                select(journal)
                .where(journal.c.log_id == log.id, journal.c.idx >= frontier.size, journal.c.idx < until)
                .order_by(journal.c.idx)
            ).all()
        leaves = []
        for expected, row in enumerate(rows, frontier.size):
            leaves.append(check_row(log, expected, row, last_t))
            last_t = row.t_us
        if len(leaves) < until - frontier.size:
            raise _problem(log, frontier.size + len(leaves), "is missing")
        frontier.extend(leaves)
        if progress is not None:
            progress(frontier.size, head.size)
    if frontier.to_bytes() != bytes(head.frontier):
        raise IntegrityError(
            f"log {log.origin}: the tree kept for size {head.size} is not the tree of its entries",
            "The head row was changed; compare with a checkpoint kept elsewhere",
        )
    if head.t_us != last_t:
        raise IntegrityError(
            f"log {log.origin}: its clock stands at {head.t_us} µs, its last entry at {last_t} µs",
            "The head row was changed. Restore a backup",
        )
    _check_ids(database, log, head.size)
    return FsckResult(log.origin, log.stream, head.size, frontier.root(), agreed)


def check_row(log: LogInfo, expected: int, row: Any, last_t: int) -> bytes:
    """Rebuild one journal row; its leaf hash. Raises IntegrityError."""
    if row.idx != expected:
        raise _problem(log, expected, "is missing")
    try:
        fields = _fields.decode(row.fields)
        values = tuple(fields.values())
        c = commit_record(tuple(fields), row.tags, values, bytes(row.seed))
        at_text, t_text = format_time(row.at_us), format_time(row.t_us)
        entry = entry_bytes(row.action, at_text, bytes(row.c), row.outcome, t_text)
        parse_entry(entry)
    except (AffidavitError, ValueError, TypeError, msgspec.DecodeError, UnicodeError) as error:
        raise _problem(log, expected, f"can't be rebuilt: {error}") from error
    if _encode(fields).decode() != row.fields or any(
        (value is None) != (tag == NULL) for value, tag in zip(values, row.tags, strict=True)
    ):
        raise _problem(log, expected, "has fields that are not written as they were committed")
    if c != bytes(row.c):
        raise _problem(log, expected, "has fields, tags or a seed that are not what was committed")
    leaf = leaf_hash(entry)
    if leaf != bytes(row.leaf):
        raise _problem(log, expected, "has an action, time, outcome or commitment that is not what was hashed")
    if row.t_us < last_t:
        raise _problem(log, expected, f"has a time {t_text} before the one of its predecessor")
    return leaf


def _problem(log: LogInfo, index: int, what: str) -> IntegrityError:
    return IntegrityError(
        f"log {log.origin} ({log.stream}): entry {index} {what}",
        "The stored log was changed or damaged. Keep a copy as it is, then restore a backup",
    )


def _check_end(log: LogInfo, size: int, last: int | None, sizes: list[int]) -> None:
    """What lies past the head: a log whose end was cut off, or rows that were never sequenced."""
    if last is not None and last >= size:
        raise _problem(log, last, f"lies past the log's end at {size}")
    if sizes and sizes[-1] > size:
        raise IntegrityError(
            f"log {log.origin}: a checkpoint of size {sizes[-1]} was signed, but the log ends at {size}",
            "Entries were cut off its end. Restore a backup",
        )


def _check_checkpoint(log: LogInfo, size: int, note: bytes, root: bytes) -> None:
    keys = [VerifierKey.parse(key.vkey) for key in log.keys if key.from_size <= size <= (key.to_size or size)]
    try:
        found = open_checkpoint(note, log.origin, keys).checkpoint
    except AffidavitError as error:
        raise IntegrityError(f"log {log.origin}: the checkpoint of size {size}: {error.message}", error.hint) from error
    if found.size != size or found.root != root:
        raise IntegrityError(
            f"log {log.origin}: the checkpoint of size {size} has a root that the entries do not give",
            "An entry below it was changed together with its hashes. Compare with a copy",
        )


def _check_ids(database: Database, log: LogInfo, size: int) -> None:
    with database.read() as connection:
        stray = connection.execute(
            select(event_ids.c.idx).where(event_ids.c.log_id == log.id, event_ids.c.idx >= size).limit(1)
        ).scalar()
        now = connection.execute(select(logs.c.size).where(logs.c.id == log.id)).scalar_one()
    if stray is not None and stray >= now:
        raise IntegrityError(f"log {log.origin}: an id points to entry {stray}, past the end", "Restore a backup")
