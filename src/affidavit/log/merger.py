"""The merger: many small segments become one, so that a query opens few files.

Segments sealed by age are merged within their block of SEGMENT_ROWS; sixteen full blocks become one file. The new file
is read back and compared with what it replaces before one transaction swaps them; old files stay until no reader can
still be at them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import delete, insert, select

from affidavit.errors import IntegrityError
from affidavit.log import segment as parquet
from affidavit.log.archive import Archive
from affidavit.log.catalogue import Segment, add_segment, drop_segments, list_segments, segment_name
from affidavit.log.database import Database
from affidavit.log.leases import Lease, lease
from affidavit.log.registry import LogInfo
from affidavit.log.schema import replaced_files
from affidavit.log.sealer import SEGMENT_ROWS

MERGED_ROWS: Final = 16 * SEGMENT_ROWS
MERGED_ROW_GROUP_ROWS: Final = SEGMENT_ROWS
READERS_GRACE_S: Final = 3600  # a read that began before a merge must end within this


def merge(
    database: Database, archive: Archive, log: LogInfo, *, at_point: Callable[[str], None] = lambda _name: None
) -> int:
    """Merge what can be merged of one log; how many files were replaced. 0 also where another process is at it."""
    done = 0
    with lease(database, f"seal/{log.id}") as held:
        if held is None:
            return 0
        while group := _group(database, log):
            done += _merge(database, archive, log, group, held, at_point)
    return done


def _group(database: Database, log: LogInfo) -> list[Segment]:
    """The next adjacent segments that together fill a block; empty where there are none."""
    with database.read() as connection:
        found = list_segments(connection, log.id)
    for block in (SEGMENT_ROWS, MERGED_ROWS):
        groups: dict[int, list[Segment]] = {}
        for one in found:
            if one.rows < block:
                groups.setdefault(one.first // block, []).append(one)
        for number, group in groups.items():
            whole = group[0].first == number * block and group[-1].end == (number + 1) * block
            if len(group) > 1 and whole and sum(one.rows for one in group) == block:
                return group
    return []


def _merge(
    database: Database,
    archive: Archive,
    log: LogInfo,
    group: Sequence[Segment],
    held: Lease,
    at_point: Callable[[str], None],
) -> int:
    first, end = group[0].first, group[-1].end
    generation = max(one.generation for one in group) + 1
    tables = (parquet.read_parquet(archive.get(one.name), one.name) for one in group)
    data = parquet.join_parquet(_renewing(tables, held), min(end - first, MERGED_ROW_GROUP_ROWS), end - first)
    name = segment_name(log.folder, first, end, generation)
    archive.put(name, data)
    at_point("merged written")
    _compare(archive, name, group, held)
    merged = _joined(group, name, generation, data)
    with database.write() as connection:
        if drop_segments(connection, log.id, group) != len(group):
            raise IntegrityError(f"{name}: the segments it replaces changed meanwhile", "It is tried again")
        add_segment(connection, log.id, merged)
        after = time.time_ns() // 1000 + READERS_GRACE_S * 1_000_000
        connection.execute(insert(replaced_files), [{"name": one.name, "after_us": after} for one in group])
        at_point("in merge transaction")
    at_point("merged listed")
    return len(group)


def _renewing(tables: Iterator[pa.Table], held: Lease) -> Iterator[pa.Table]:
    for table in tables:
        held.renew()
        yield table


def _compare(archive: Archive, name: str, group: Sequence[Segment], held: Lease) -> None:
    """Every row of the merged file is the row it replaces, in order."""
    merged = pq.ParquetFile(pa.BufferReader(archive.get(name)))
    groups = (parquet.conform(merged.read_row_group(at)) for at in range(merged.num_row_groups))
    waiting: list[pa.Table] = []
    for one in group:
        held.renew()
        source = parquet.read_parquet(archive.get(one.name), one.name)
        while sum(table.num_rows for table in waiting) < source.num_rows:
            waiting.append(next(groups))
        joined = pa.concat_tables(waiting).combine_chunks()
        if not joined.slice(0, source.num_rows).equals(source):
            raise IntegrityError(f"{name} is not what it was merged from", "The segments stay as they were")
        waiting = [joined.slice(source.num_rows)]
    if waiting and waiting[0].num_rows:
        raise IntegrityError(f"{name} has rows too many", "The segments stay as they were")


def _joined(group: Sequence[Segment], name: str, generation: int, data: bytes) -> Segment:
    listed = [one.actions for one in group]
    actions: frozenset[str] | None = None
    if all(one is not None for one in listed):
        actions = frozenset().union(*(one for one in listed if one is not None))
    return Segment(
        group[0].first,
        group[-1].end,
        generation,
        name,
        len(data),
        min(one.at_min for one in group),
        max(one.at_max for one in group),
        group[0].t_min,
        group[-1].t_max,
        actions,
        frozenset().union(*(one.paths for one in group)),
        sha256(data).digest(),
    )


def remove_replaced(database: Database, archive: Archive, *, now_us: int | None = None) -> int:
    """Remove files whose grace has ended; how many."""
    due = time.time_ns() // 1000 if now_us is None else now_us
    with database.read() as connection:
        names: list[Any] = list(
            connection.execute(select(replaced_files.c.name).where(replaced_files.c.after_us < due)).scalars()
        )
    for name in names:
        archive.delete(name)
        with database.write() as connection:
            connection.execute(delete(replaced_files).where(replaced_files.c.name == name))
    return len(names)
