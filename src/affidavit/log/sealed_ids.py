"""Ids in the archive: an import months later must find an event whose id the journal has long forgotten.

The same event has the same time, so only segments that can hold the batch's times are asked, by Bloom filter first.
"""

from __future__ import annotations

from collections.abc import Sequence

from affidavit.errors import DuplicateId
from affidavit.log.archive import Archive
from affidavit.log.catalogue import Segment, list_segments
from affidavit.log.database import Database
from affidavit.log.engine import connect
from affidavit.record import Record
from affidavit.settings import Settings

Found = int | DuplicateId  # the index of the same event, or that another one has the id


def find(
    database: Database, archive: Archive, settings: Settings, log_id: int, records: Sequence[Record]
) -> dict[int, Found]:
    """Which of `records` are sealed already: {position: index, or the clash}.

    Only ids that callers gave are looked for. Content is compared by time, action and outcome: what an entry says in
    public.
    """
    wanted: dict[str, list[int]] = {}  # an id may come twice in one batch
    for at, record in enumerate(records):
        if record.given:
            wanted.setdefault(str(record.event_id), []).append(at)
    if not wanted:
        return {}
    with database.read() as connection:
        segments = [one for one in list_segments(connection, log_id) if _may_hold(one, records)]
    if not segments:
        return {}
    files = ", ".join("?" * len(segments))
    with connect(settings, archive) as engine:
        rows = engine.execute(
            "SELECT CAST(id AS VARCHAR), idx, epoch_us(occurred_at), action, outcome "
            f"FROM read_parquet([{files}]) WHERE id IN (SELECT unnest(?::UUID[]))",
            [*(archive.locate(one.name) for one in segments), list(wanted)],
        ).fetchall()
    return {at: _compared(row, records[at]) for row in rows for at in wanted[row[0]]}


def _may_hold(segment: Segment, records: Sequence[Record]) -> bool:
    return any(one.at_us is None or segment.at_min <= one.at_us <= segment.at_max for one in records)


def _compared(row: tuple[str, int, int, str, str], record: Record) -> Found:
    event_id, index, sealed_at_us, action, outcome = row
    if (action, outcome) == (record.action, record.outcome) and record.at_us in (None, sealed_at_us):
        return index
    return DuplicateId(
        f"id {event_id} is already used by another event, at index {index}",
        "Give every event an id of its own",
        field="id",
    )
