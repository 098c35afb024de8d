"""The plan of a read: which segments and which tail can hold answers, and the windows of `at` they are walked in.

A window is a stretch of `at`. Windows are walked in order and each is sorted by itself, so a read never sorts more
than a window, and a page stops at the window that fills it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pyarrow as pa
from sqlalchemy import Connection, or_, select

from affidavit.commitment import parse_time
from affidavit.log.catalogue import Segment, list_segments, sealed_size
from affidavit.log.checkpoints import Pin
from affidavit.log.database import Database
from affidavit.log.schema import journal
from affidavit.log.tail import Stretch, Tails, runs
from affidavit.query.bounds import Bounds, bounds
from affidavit.query.tree import Query

WINDOW_ROWS: Final = 262_144  # rows that begin in one window, about
WINDOW_GROWTH: Final = 4
FETCH_ROWS: Final = 8192
PREFIXES_MAX: Final = 64  # of actions that the journal is asked for; with more, all rows are looked through
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
    """What one pinned log holds that can match: segments, and stretches of the tail."""

    k: int
    pin: Pin
    segments: tuple[Segment, ...]
    tail: tuple[Stretch, ...]

    def within(self, window: Window) -> tuple[Segment, ...]:
        """The segments that can hold times of a window."""
        return tuple(
            one
            for one in self.segments
            if (window.low is None or one.at_max >= window.low) and (window.high is None or one.at_min < window.high)
        )


class Plan:
    """A read that has begun: one snapshot of catalogue and tail, held until the block of `plan` ends."""

    def __init__(self, connection: Connection, query: Query | None, pins: Sequence[Pin], tails: Tails) -> None:
        self._connection = connection
        self._tails = tails
        self.bounds = bounds(query) if query is not None else Bounds()
        self.low = None if self.bounds.at.lo is None else parse_time(self.bounds.at.lo)
        self.high = None if self.bounds.at.hi is None else parse_time(self.bounds.at.hi)
        never = self.bounds.never or self.bounds.at.empty
        self.parts = [] if never else [self._part(k, pin) for k, pin in enumerate(pins)]

    def _part(self, k: int, pin: Pin) -> Part:
        sealed = sealed_size(self._connection, pin.log_id)
        found = [one for one in list_segments(self._connection, pin.log_id) if self._can_match(one, pin)]
        tail = self._tails.stretches(self._connection, pin.log_id, sealed, pin.size)
        return Part(k, pin, tuple(found), tuple(one for one in tail if one.meets(self.low, self.high)))

    def _can_match(self, segment: Segment, pin: Pin) -> bool:
        if segment.first >= pin.size:
            return False
        if (self.low is not None and segment.at_max < self.low) or (
            self.high is not None and segment.at_min >= self.high
        ):
            return False
        wanted = self.bounds.actions
        return wanted is None or segment.actions is None or any(wanted.match(action) for action in segment.actions)

    def windows(self, rows: int = WINDOW_ROWS, *, descending: bool = False) -> list[Window]:
        """Stretches of `at`, ascending, that together hold every answer.

        The first one walked (the last where `descending`) holds about `rows`; later ones more, up to WINDOW_ROWS.
        """
        starts = [(one.at_min, one.rows) for part in self.parts for one in part.segments]
        starts += [(one.low, one.rows) for part in self.parts for one in part.tail]
        if not starts:
            return []
        cuts: set[int] = set()
        held = 0
        for at, count in sorted(starts, reverse=descending):
            # A cut lies before what begins there: walking down, that belongs to the window being closed.
            held += count if descending else 0
            if held >= rows or (held and not descending and held + count > rows):
                cuts.add(at)
                held, rows = 0, min(rows * WINDOW_GROWTH, WINDOW_ROWS)
            held += 0 if descending else count
        inner = [
            at for at in sorted(cuts) if (self.low is None or at > self.low) and (self.high is None or at < self.high)
        ]
        return [Window(low, high) for low, high in pairwise([self.low, *inner, self.high])]

    def tail(self, part: Part, window: Window) -> Generator[pa.RecordBatch, None, None]:
        """The unsealed rows of a part within a window, as batches of ROW_SCHEMA."""
        for first, end in runs([one for one in part.tail if one.meets(window.low, window.high)]):
            yield from self._journal_rows(part, window, first, end)

    def _journal_rows(self, part: Part, window: Window, first: int, end: int) -> Generator[pa.RecordBatch, None, None]:
        names = [name for name in ROW_SCHEMA.names if name != "k"]
        statement = select(*(journal.c[name] for name in names)).where(
            journal.c.log_id == part.pin.log_id, journal.c.idx >= first, journal.c.idx < end
        )
        if window.low is not None:
            statement = statement.where(journal.c.at_us >= window.low)
        if window.high is not None:
            statement = statement.where(journal.c.at_us < window.high)
        wanted = self.bounds.actions
        if wanted is not None and len(wanted.prefixes) <= PREFIXES_MAX:
            begins = (journal.c.action.startswith(prefix, autoescape=True) for prefix in sorted(wanted.prefixes))
            statement = statement.where(or_(journal.c.action.in_(sorted(wanted.exact)), *begins))
        result = self._connection.execute(statement, execution_options={"stream_results": True})
        try:
            while rows := result.fetchmany(FETCH_ROWS):
                columns = [[part.k] * len(rows), *zip(*rows, strict=True)]
                arrays = [pa.array(column, kind) for column, kind in zip(columns, ROW_SCHEMA.types, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=ROW_SCHEMA)
        finally:
            result.close()


@contextmanager
def plan(database: Database, query: Query | None, pins: Sequence[Pin], tails: Tails) -> Iterator[Plan]:
    """Begin a read: one snapshot for catalogue and tail, so that sealing in between loses or doubles nothing."""
    with database.read() as connection:
        yield Plan(connection, query, pins, tails)
