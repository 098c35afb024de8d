"""The journal: sequences prepared events into one log's tail, in one transaction.

The order of things inside the transaction is the log's correctness: lock the head row, find repeats, give each event
the next index and a time that never runs backwards, build entry and leaf, extend the tree, insert, move the head.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from affidavit.commitment import CLOCK_SKEW_US_MAX, SEED_BYTES, commit_record, entry_bytes, format_time
from affidavit.errors import DuplicateId, InvalidEvent, LoggingOff
from affidavit.log.database import Database, Head
from affidavit.record import Record
from affidavit.tlog.merkle import Frontier, leaf_hash

DIGEST_BYTES: Final = 16
JOURNAL_COLUMNS: Final = (
    "log_id",
    "idx",
    "at_us",
    "t_us",
    "action",
    "outcome",
    "c",
    "leaf",
    "seed",
    "tags",
    "fields",
)
ID_COLUMNS: Final = ("log_id", "event_id", "idx", "t_us", "digest")
_encode = msgspec.json.Encoder().encode


class Prepared(NamedTuple):
    """An event ready for sequencing: everything that needs no lock is done."""

    log_id: int
    record: Record
    seed: bytes
    c: bytes
    fields: str
    digest: bytes


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What a durable event got: its log (origin), stream, index, leaf hash (32 bytes), time `t`, id.

    `duplicate` is true where the same event (same id, same content) was there already; index is then the first one's
    and `leaf` is empty, for the log does not look it up.
    """

    log: str
    stream: str
    index: int
    leaf: bytes
    t_us: int
    id: UUID
    duplicate: bool = False
    secrets: int = 0

    @property
    def t(self) -> str:
        """The log's time as text."""
        return format_time(self.t_us)


def prepare(
    log_id: int, record: Record, seed: bytes, digest_key: bytes, filled: frozenset[str] = frozenset()
) -> Prepared:
    """Compute commitments and the stored form of a record. Runs outside every lock. `seed`: fresh 32 random bytes.

    `filled` are paths that the request's context filled in: the same event sent again by another request is a repeat.
    """
    if len(seed) != SEED_BYTES:
        raise ValueError(f"seed of {len(seed)} bytes, not {SEED_BYTES}")
    fields = _encode(dict(zip(record.paths, record.values, strict=True)))
    at = b"" if record.at_us is None else b"%d" % record.at_us
    told = fields
    if filled:
        pairs = zip(record.paths, record.values, strict=True)
        told = _encode({path: value for path, value in pairs if path not in filled})
    content = b"\x00".join((record.action.encode(), at, record.outcome.encode(), told))
    digest = blake2b(content, digest_size=DIGEST_BYTES, key=digest_key).digest()
    c = commit_record(record.paths, record.tags, record.values, seed)
    return Prepared(log_id, record, seed, c, fields.decode(), digest)


Placed = tuple[int, bytes, int, bool] | InvalidEvent  # index, leaf, t_us, duplicate; or why not


class Appender:
    """One transaction's worth of sequencing over one or more logs."""

    def __init__(
        self, database: Database, connection: Connection, log_ids: Sequence[int], clock_us: Callable[[], int]
    ) -> None:
        self._database = database
        self._connection = connection
        self._heads = database.lock_logs(connection, log_ids)
        self._now_us = clock_us()  # under the lock: what waited for another transaction is not told as earlier than it

    def size(self, log_id: int) -> int:
        """The size of a locked log."""
        return self._heads[log_id].size

    def append(self, log_id: int, events: Sequence[Prepared], *, again: bool = False) -> list[Placed]:
        """Sequence `events` into one log. The result has one item an event, in order.

        `again`: they were tried before and may be there, so ids we made ourselves are looked up too.
        Raises LoggingOff for a log that was stopped.
        """
        size, last_t, frontier_bytes, stopped_us = self._heads[log_id]
        if stopped_us is not None and events:
            raise LoggingOff(
                f"audit logging is off since {format_time(stopped_us)}: nothing is recorded",
                "Switch it on: affidavit config set audit_logging on --reason WHY",
                log_id=log_id,
            )
        t_us = max(self._now_us, last_t)
        t_text = format_time(t_us)
        raw_ids = [event.record.event_id.bytes for event in events]
        given = [one for one, event in zip(raw_ids, events, strict=True) if again or event.record.given]
        known = self._database.known_ids(self._connection, log_id, given)
        placed: list[Placed] = []
        rows: list[tuple[object, ...]] = []
        ids: list[tuple[object, ...]] = []
        leaves: list[bytes] = []
        index, secrets = size, 0
        for (_, record, seed, c, fields, digest), event_id in zip(events, raw_ids, strict=True):
            action, at_us, outcome, _, by_caller, _, tags, _, stripped = record
            if (again or by_caller) and event_id in known:
                placed.append(_repeat(record, digest, *known[event_id], t_us))
                continue
            if at_us is None:
                at_us = t_us
            elif at_us > t_us + CLOCK_SKEW_US_MAX:
                placed.append(
                    InvalidEvent(
                        f"at {format_time(at_us)} lies more than 300 s after the log's clock {t_text}",
                        "Check the producer's clock",
                        field="at",
                    )
                )
                continue
            leaf = leaf_hash(entry_bytes(action, format_time(at_us), c, outcome, t_text))
            leaves.append(leaf)
            rows.append((log_id, index, at_us, t_us, action, outcome, c, leaf, seed, tags, fields))
            ids.append((log_id, event_id, index, t_us, digest))
            if by_caller:
                known[event_id] = (index, digest)
            placed.append((index, leaf, t_us, False))
            index += 1
            secrets += stripped
        if rows:
            frontier = Frontier.from_bytes(size, frontier_bytes)
            frontier.extend(leaves)
            self._database.insert(self._connection, "journal", JOURNAL_COLUMNS, rows)
            self._database.insert(self._connection, "event_ids", ID_COLUMNS, ids)
            self._heads[log_id] = Head(index, t_us, frontier.to_bytes())
            self._connection.exec_driver_sql(
                self._database.sql("UPDATE logs SET size = ?, t_us = ?, frontier = ? WHERE id = ?"),
                (index, t_us, frontier.to_bytes(), log_id),
            )
        if secrets:
            self._database.count(self._connection, log_id, "secrets_stripped", secrets)
        return placed


def clock_us() -> int:
    """The log's clock: microseconds since 1970."""
    return time.time_ns() // 1000


def _repeat(record: Record, digest: bytes, index: int, known: bytes, t_us: int) -> Placed:
    if digest == known:
        return index, b"", t_us, True
    return DuplicateId(
        f"id {record.event_id} is already used by another event, at index {index}",
        "Give every event an id of its own",
        field="id",
    )
