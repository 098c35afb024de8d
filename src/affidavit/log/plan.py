"""The plan of a read: which segments and which tail can hold answers, and the windows of `at` they are walked in.

A window is a stretch of `at`. Windows are walked in order and each is sorted by itself, so a read never sorts more
than a window, and a page stops at the window that fills it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from sqlalchemy import Connection, func, select

from affidavit.commitment import parse_time
from affidavit.log.catalogue import Segment, list_segments, sealed_size
from affidavit.log.checkpoints import Pin
from affidavit.log.database import Database
from affidavit.log.schema import journal
from affidavit.query.bounds import Bounds, bounds
from affidavit.query.tree import Query

WINDOW_ROWS: Final = 262_144  # rows of segments that begin in one window, about
FETCH_ROWS: Final = 8192
ROW_SCHEMA: Final = pa.schema(
    [
        ("k", pa.int32()),
        ("idx", pa.int64()),
        ("at_us", pa.int64()),
        ("t_us", pa.int64()),
        ("action", pa.string()),
        ("outcome", pa.string()),
        ("seed", pa.binary(32)),
        ("tags", pa.string()),
        ("fields", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch [low, high) of `at` in microseconds; None is open."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one pinned log holds that can match: segments, and the tail [sealed, end) with its range of `at`."""

    k: int
    pin: Pin
    segments: tuple[Segment, ...]
    sealed: int
    tail_at: tuple[int, int] | None

    def within(self, window: Window) -> tuple[Segment, ...]:
        """The segments that can hold times of a window."""
        return tuple(
            one
            for one in self.segments
            if (window.low is None or one.at_max >= window.low) and (window.high is None or one.at_min < window.high)
        )


class Plan:
    """A read that has begun: one snapshot of catalogue and tail, held until the block of `plan` ends."""

    def __init__(self, connection: Connection, query: Query | None, pins: Sequence[Pin]) -> None:
        self._connection = connection
        self.bounds = bounds(query) if query is not None else Bounds()
        self.low = None if self.bounds.at.lo is None else parse_time(self.bounds.at.lo)
        self.high = None if self.bounds.at.hi is None else parse_time(self.bounds.at.hi)
        never = self.bounds.never or self.bounds.at.empty
        self.parts = [] if never else [self._part(k, pin) for k, pin in enumerate(pins)]

    def _part(self, k: int, pin: Pin) -> Part:
        sealed = sealed_size(self._connection, pin.log_id)
        found = [one for one in list_segments(self._connection, pin.log_id) if self._can_match(one, pin)]
        tail_at = None
        if sealed < pin.size:
            low, high = self._connection.execute(
                select(func.min(journal.c.at_us), func.max(journal.c.at_us)).where(
                    journal.c.log_id == pin.log_id, journal.c.idx >= sealed, journal.c.idx < pin.size
                )
            ).one()
            tail_at = None if low is None else (low, high)
        return Part(k, pin, tuple(found), sealed, tail_at)

    def _can_match(self, segment: Segment, pin: Pin) -> bool:
        if segment.first >= pin.size:
            return False
        if (self.low is not None and segment.at_max < self.low) or (
            self.high is not None and segment.at_min >= self.high
        ):
            return False
        wanted = self.bounds.actions
        return wanted is None or segment.actions is None or any(wanted.match(action) for action in segment.actions)

    def windows(self, rows: int = WINDOW_ROWS) -> list[Window]:
        """Stretches of `at`, ascending, that together hold every answer."""
        starts = sorted((one.at_min, one.rows) for part in self.parts for one in part.segments)
        starts += [(part.tail_at[0], part.pin.size - part.sealed) for part in self.parts if part.tail_at is not None]
        starts.sort()
        if not starts:
            return []
        found: list[Window] = []
        low, held = self.low, 0
        for at, count in starts:
            if held and held + count > rows and (low is None or at > low) and (self.high is None or at < self.high):
                found.append(Window(low, at))
                low, held = at, 0
            held += count
        found.append(Window(low, self.high))
        return found

    def tail(self, part: Part, window: Window) -> Generator[pa.RecordBatch, None, None]:
        """The unsealed rows of a part within a window, as batches of ROW_SCHEMA."""
        names = [name for name in ROW_SCHEMA.names if name != "k"]
        statement = select(*(journal.c[name] for name in names)).where(
            journal.c.log_id == part.pin.log_id, journal.c.idx >= part.sealed, journal.c.idx < part.pin.size
        )
        if window.low is not None:
            statement = statement.where(journal.c.at_us >= window.low)
        if window.high is not None:
            statement = statement.where(journal.c.at_us < window.high)
        result = self._connection.execute(statement, execution_options={"stream_results": True})
        try:
            while rows := result.fetchmany(FETCH_ROWS):
                columns = [[part.k] * len(rows), *zip(*rows, strict=True)]
                arrays = [pa.array(column, kind) for column, kind in zip(columns, ROW_SCHEMA.types, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=ROW_SCHEMA)
        finally:
            result.close()


@contextmanager
def plan(database: Database, query: Query | None, pins: Sequence[Pin]) -> Iterator[Plan]:
    """Begin a read: one snapshot for catalogue and tail, so that sealing in between loses or doubles nothing."""
    with database.read() as connection:
        yield Plan(connection, query, pins)
