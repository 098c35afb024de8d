"""Live: what a log takes up from now on, as one reader sees it. Polled; holds nothing open between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from affidavit.commitment import format_time
from affidavit.export.view import Search, View
from affidavit.log.checkpoints import size_of
from affidavit.log.plan import ROW_SCHEMA
from affidavit.log.schema import journal
from affidavit.query.evaluate import compile as compiled
from affidavit.query.tree import Query

ENTRIES_MAX: Final = 1000
"""Of one look: where more came, the newest are looked at and the others counted."""
_fields: Final = msgspec.json.Decoder(dict[str, str | None])


@dataclass(frozen=True, slots=True)
class News:
    """What came since the last look, in the log's order: cells, their indexes, and how many were left out."""

    rows: list[dict[str, str | None]]
    indexes: list[int]
    skipped: int


class Live:
    """Follows one stream from where it is now, or from behind the index `after`.

    Begun, it is recorded as one search, and refused as one.
    """

    def __init__(self, log: Any, view: View, query: Query, *, after: int | None = None) -> None:
        self._log = log
        self._view = view
        self._query = query
        self._info = log.tenant.log(view.spec.streams[0])
        self._seen = size_of(log.database, self._info)
        if after is not None:
            self._seen = min(after + 1, self._seen)
        view.search(Search(query, limit=0))

    def look(self) -> News | None:
        """What is new; None where nothing is."""
        size = size_of(self._log.database, self._info)
        if size == self._seen:
            return None
        first = max(self._seen, size - ENTRIES_MAX)
        rows = self._rows(first, size)
        # What was sealed meanwhile is no longer in the journal; it counts as left out.
        skipped = size - self._seen - len(rows)
        self._seen = size
        found = self._matching(rows)
        if not found:
            return News([], [], skipped)
        columns = [[0] * len(found), *([getattr(row, name) for row in found] for name in ROW_SCHEMA.names[1:])]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, ROW_SCHEMA.types, strict=True)]
        batch = pa.RecordBatch.from_arrays(arrays, schema=ROW_SCHEMA)
        batch = batch.take(pc.sort_indices(batch.column("at_us")))
        indexes = [index for _, index in self._view.places(batch)]
        shown = dict(zip(indexes, self._view.shown(batch), strict=True))
        return News([shown[index] for index in sorted(shown)], sorted(shown), skipped)

    def _rows(self, first: int, end: int) -> list[Any]:
        columns = [journal.c[name] for name in ROW_SCHEMA.names[1:]]
        wanted = select(*columns).where(journal.c.log_id == self._info.id, journal.c.idx >= first, journal.c.idx < end)
        with self._log.database.read() as connection:
            return list(connection.execute(wanted.order_by(journal.c.idx)))

    def _matching(self, rows: list[Any]) -> list[Any]:
        pins = [self._log.pin(self._info.stream)]
        matches = compiled(self._view.clear(self._query, pins))
        found = []
        for row in rows:
            public = {
                "action": row.action,
                "outcome": row.outcome,
                "at": format_time(row.at_us),
                "t": format_time(row.t_us),
            }
            fields = _fields.decode(row.fields)
            cells = {path: (tag, value) for tag, (path, value) in zip(row.tags, fields.items(), strict=True)}
            if matches(public, cells):
                found.append(row)
        return found
