"""fsck: is what is stored what was committed? Rebuilds commitments, entries, leaves and tree, names the first mismatch.

Reads every record of a log once, in index order, in constant memory; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import func, select

from affidavit.commitment import commit_record, entry_bytes, format_time, parse_entry
from affidavit.errors import AffidavitError, IntegrityError
from affidavit.log.audit_log import AuditLog
from affidavit.log.catalogue import Segment, list_segments
from affidavit.log.database import Database
from affidavit.log.fsck_archive import check_all, grow
from affidavit.log.registry import LogInfo
from affidavit.log.schema import checkpoints, event_ids, journal, logs
from affidavit.paths import NULL
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import Frontier, leaf_hash
from affidavit.tlog.note import VerifierKey
from affidavit.tlog.tiles import Tile

ROWS_PER_READ: Final = 4096
_RESTORE: Final = "The stored log was changed or damaged. Keep a copy as it is, then restore a backup"
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


def fsck(
    log: AuditLog, stream: str, progress: Callable[[int, int], None] | None = None, *, processes: int = 1
) -> FsckResult:
    """Check one log whole. Raises IntegrityError naming the first entry, file or checkpoint that does not hold.

    The size is pinned at the start: writers may go on. `progress(done, size)`. `processes` above 1 spawns
    some: the caller's main module must then be importable.
    """
    info = log.tenant.log(stream)
    with log.database.read() as connection:
        head = connection.execute(
            select(logs.c.size, logs.c.sealed, logs.c.t_us, logs.c.frontier).where(logs.c.id == info.id)
        ).one()
        kept = dict(
            connection.execute(
                select(checkpoints.c.size, checkpoints.c.note).where(checkpoints.c.log_id == info.id)
            ).all()
        )
        last = connection.execute(select(func.max(journal.c.idx)).where(journal.c.log_id == info.id)).scalar()
        segments = list_segments(connection, info.id)
    check = _Check(log, info, kept, progress, head.size)
    _check_end(info, head.size, last, check.sizes)
    check.sealed(segments, head.sealed, processes)
    check.tail(head.size)
    if check.frontier.to_bytes() != bytes(head.frontier):
        raise IntegrityError(
            f"log {info.origin}: the tree kept for size {head.size} is not the tree of its entries",
            "The head row was changed; compare with a checkpoint kept elsewhere",
        )
    if head.t_us != check.last_t:
        raise IntegrityError(
            f"log {info.origin}: its clock stands at {head.t_us} µs, its last entry at {check.last_t} µs",
            "The head row was changed. Restore a backup",
        )
    _check_ids(log.database, info, head.size)
    return FsckResult(info.origin, info.stream, head.size, check.frontier.root(), check.agreed)


class _Check:
    """One fsck under way: the tree as rebuilt so far, and the checkpoints still to come."""

    def __init__(
        self,
        log: AuditLog,
        info: LogInfo,
        kept: dict[int, bytes],
        progress: Callable[[int, int], None] | None,
        size: int,
    ) -> None:
        self._log = log
        self._info = info
        self._kept = kept
        self._tell = progress or (lambda _done, _size: None)
        self._size = size
        self._pending: dict[Tile, bytes] = {}
        self.sizes = sorted(kept)
        self.frontier = Frontier()
        self.last_t = 0
        self.agreed = 0
        self._agree()

    def sealed(self, segments: Sequence[Segment], end: int, processes: int) -> None:
        """The archive's part: segments cover it without a gap, and give entries, tiles and checkpoints."""
        at = 0
        for segment in segments:
            if segment.first != at:
                raise _problem(self._info, at, "is in no segment of the catalogue")
            at = segment.end
        if at != end:
            raise _problem(self._info, min(at, end), "is where the catalogue and the head disagree on what is sealed")
        home, url = str(self._log.home), self._log.settings.archive
        for checked in check_all(url, home, self._info, segments, processes):
            if checked.t_first < self.last_t:
                raise _problem(self._info, self.frontier.size, "has a time before the one of its predecessor")
            self.last_t = checked.t_last
            self._extend(checked.leaves, sealed=True)

    def tail(self, size: int) -> None:
        """The journal's part."""
        while self.frontier.size < size:
            first = self.frontier.size
            until = min(first + ROWS_PER_READ, size)
            with self._log.database.read() as connection:
                rows = connection.execute(
                    select(journal)
                    .where(journal.c.log_id == self._info.id, journal.c.idx >= first, journal.c.idx < until)
                    .order_by(journal.c.idx)
                ).all()
            leaves = []
            for expected, row in enumerate(rows, first):
                leaves.append(check_row(self._info, expected, row, self.last_t))
                self.last_t = row.t_us
            if len(leaves) < until - first:
                raise _problem(self._info, first + len(leaves), "is missing")
            self._extend(leaves, sealed=False)

    def _extend(self, leaves: Sequence[bytes], *, sealed: bool) -> None:
        """Grow the tree, stopping at every size that has a checkpoint."""
        while leaves:
            count = min([len(leaves), *(size - self.frontier.size for size in self.sizes[:1])])
            if sealed:
                grow(self._log.archive, self._info, self.frontier, self._pending, leaves[:count])
            else:
                self.frontier.extend(leaves[:count])
            leaves = leaves[count:]
            self._agree()
        self._tell(self.frontier.size, self._size)

    def _agree(self) -> None:
        while self.sizes and self.sizes[0] == self.frontier.size:
            size = self.sizes.pop(0)
            _check_checkpoint(self._info, size, bytes(self._kept[size]), self.frontier.root())
            self.agreed += 1


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
        _RESTORE,
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
        raise IntegrityError(
            f"log {log.origin}: the checkpoint of size {size}: {error.message}", error.hint or _RESTORE
        ) from error
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
