"""Entries of a log by index: from bundles where sealed, from the journal's columns in the tail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, select

from affidavit.commitment import entry_bytes, format_time, parse_entry
from affidavit.errors import IntegrityError
from affidavit.log.archive import Archive
from affidavit.log.catalogue import list_segments, sealed_size
from affidavit.log.database import Database
from affidavit.log.registry import LogInfo
from affidavit.log.schema import journal
from affidavit.log.tree import read_bundle
from affidavit.tlog.tiles import TILE_WIDTH

FETCH_ROWS: Final = 8192
_COLUMNS: Final = (
    journal.c.idx,
    journal.c.action,
    journal.c.at_us,
    journal.c.c,
    journal.c.outcome,
    journal.c.t_us,
)


class Entries:
    """The entries of one log."""

    def __init__(self, database: Database, archive: Archive, log: LogInfo) -> None:
        self._database = database
        self._archive = archive
        self._log = log

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Entry bytes of [start, end), in order. Raises IntegrityError at a gap."""
        sealed = 0  # as far as it was found to be: it only grows
        while start < end:
            found: list[bytes] = []
            if start >= sealed:
                with self._database.read() as connection:
                    sealed = sealed_size(connection, self._log.id)
                    if start >= sealed:
                        found = self._from_journal(connection, start, min(start + FETCH_ROWS, end))
            if start < sealed:
                bundle, offset = divmod(start, TILE_WIDTH)
                found = read_bundle(self._archive, self._log, bundle)[offset : offset + end - start]
            yield from found
            start += len(found)

    def _from_journal(self, connection: Connection, start: int, end: int) -> list[bytes]:
        rows = connection.execute(
            select(*_COLUMNS)
            .where(journal.c.log_id == self._log.id, journal.c.idx >= start, journal.c.idx < end)
            .order_by(journal.c.idx)
        ).all()
        for expected, row in enumerate(rows, start):
            if row.idx != expected:
                raise _gap(self._log, expected)
        if len(rows) != end - start:
            raise _gap(self._log, start + len(rows))
        return [row_entry(row) for row in rows]

    def window_start(self, size: int, t_us: int) -> int:
        """The last index below `size` with t < t_us, or 0: where the evidence of a window that begins then starts."""
        low, high = 0, size
        with self._database.read() as connection:
            for segment in list_segments(connection, self._log.id):
                if segment.end <= size and segment.t_max < t_us:
                    low = segment.end
                elif segment.t_min >= t_us:
                    high = min(high, segment.first)
                    break
        while low < high:  # t never decreases along the log
            middle = (low + high) // 2
            t = parse_entry(next(self.read(middle, middle + 1))).t_us
            low, high = (middle + 1, high) if t < t_us else (low, middle)
        return max(low - 1, 0)


def row_entry(row: Any) -> bytes:
    """The entry of a journal row."""
    return entry_bytes(row.action, format_time(row.at_us), bytes(row.c), row.outcome, format_time(row.t_us))


def _gap(log: LogInfo, index: int) -> IntegrityError:
    return IntegrityError(f"log {log.origin} ({log.stream}): entry {index} is missing", "Run affidavit log fsck")
