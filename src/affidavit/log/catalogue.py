"""The catalogue: which segment files hold which stretch of a log, and what lies in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from affidavit.log.schema import logs, segments

ACTIONS_LISTED_MAX: Final = 256  # a segment with more different actions lists none: it may hold any


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment file: records [first, end). `actions` None: not listed; `paths`: the table paths it
    holds at all. Times in microseconds, both ends in it.
    """

    first: int
    end: int
    generation: int
    name: str
    size: int
    at_min: int
    at_max: int
    t_min: int
    t_max: int
    actions: frozenset[str] | None
    paths: frozenset[str]
    sha256: bytes

    @property
    def rows(self) -> int:
        """Records in it."""
        return self.end - self.first


def segment_name(folder: str, first: int, end: int, generation: int) -> str:
    """Where a segment is kept, below the archive's root."""
    return f"{folder}/records/{first:012d}-{end:012d}.{generation}.parquet"


def list_segments(connection: Connection, log_id: int) -> list[Segment]:
    """All segments of a log, by index."""
    rows = connection.execute(select(segments).where(segments.c.log_id == log_id).order_by(segments.c.first))
    return [
        Segment(
            row.first,
            row.end,
            row.generation,
            row.name,
            row.bytes,
            row.at_min,
            row.at_max,
            row.t_min,
            row.t_max,
            frozenset(json.loads(row.actions)) if row.actions else None,
            frozenset(json.loads(row.paths)),
            bytes(row.sha256),
        )
        for row in rows
    ]


def sealed_size(connection: Connection, log_id: int) -> int:
    """How much of a log lies in the archive."""
    return int(connection.execute(select(logs.c.sealed).where(logs.c.id == log_id)).scalar_one())


def add_segment(connection: Connection, log_id: int, segment: Segment) -> None:
    """List a segment."""
    actions = "" if segment.actions is None else json.dumps(sorted(segment.actions))
    connection.execute(
        insert(segments).values(
            log_id=log_id,
            first=segment.first,
            end=segment.end,
            generation=segment.generation,
            name=segment.name,
            bytes=segment.size,
            at_min=segment.at_min,
            at_max=segment.at_max,
            t_min=segment.t_min,
            t_max=segment.t_max,
            actions=actions,
            paths=json.dumps(sorted(segment.paths)),
            sha256=segment.sha256,
        )
    )


def drop_segments(connection: Connection, log_id: int, dropped: Sequence[Segment]) -> int:
    """Take segments off the list; how many were still on it under the same name."""
    removed = 0
    for segment in dropped:
        removed += connection.execute(
            delete(segments).where(
                segments.c.log_id == log_id, segments.c.first == segment.first, segments.c.name == segment.name
            )
        ).rowcount
    return removed
