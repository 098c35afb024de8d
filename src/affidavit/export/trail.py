"""Trail: what the log holds about one run: asked for, made, downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from affidavit.commitment import format_time
from affidavit.export.jobs import ExportRun
from affidavit.export.rows import ATTESTING
from affidavit.query.tree import Leaf, all_of

EVENTS_MAX: Final = 200
"""Shown of one run, its first ones."""
SLACK_US: Final = 60_000_000
"""A run's events are looked for from this long before it was asked for: clocks of two machines differ."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One event about a run: when the log took it (RFC 3339, UTC), what it was, who did it, where it stands."""

    t: str
    action: str
    actor: str
    outcome: str
    stream: str
    index: int


def trail(log: Any, run: ExportRun) -> list[Mark]:
    """The events about a run, oldest first, at most EVENTS_MAX."""
    since = Leaf("ge", "at", format_time(run.created_us - SLACK_US))
    query = all_of(since, Leaf("eq", "run.id", run.id))
    batches = log.reader.rows(query, [log.pin(ATTESTING)], limit=EVENTS_MAX)
    return [_mark(row) for batch in batches for row in batch.to_pylist()]


def _mark(row: dict[str, Any]) -> Mark:
    fields = msgspec.json.decode(row["fields"], type=dict[str, str | None])
    return Mark(
        t=format_time(row["t_us"]),
        action=row["action"],
        actor=fields.get("actor.id") or "",
        outcome=row["outcome"],
        stream=ATTESTING,
        index=row["idx"],
    )
