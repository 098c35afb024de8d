"""The sealer: moves full stretches of a log from the journal into the archive.

Segment, entry bundles and full tiles are written under names fixed by their index range, read back and re-hashed
against the journal's leaves; then one transaction lists the segment and deletes the journal rows. A crash anywhere
leaves the old state or the new: what was written without being listed is written again under the same names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, select, update

from affidavit.commitment import commit_record, entry_bytes, format_time, parse_entry
from affidavit.errors import IntegrityError
from affidavit.log import segment as parquet
from affidavit.log.archive import Archive
from affidavit.log.catalogue import ACTIONS_LISTED_MAX, Segment, add_segment, segment_name
from affidavit.log.database import Database
from affidavit.log.entries import row_entry
from affidavit.log.leases import Lease, lease
from affidavit.log.registry import LogInfo
from affidavit.log.schema import event_ids, journal, logs
from affidavit.log.tree import Tree, pack_bundle, read_bundle
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.tiles import TILE_WIDTH, Tile, bundles_for_range, encode_bundle, grow_tiles

SEGMENT_ROWS: Final = 65_536  # entries a full segment holds, and the tail that is sealed by size
ROWS_AT_ONCE: Final = 8192  # held as Python objects
PUTS_AT_ONCE: Final = 4
US_PER_H: Final = 3_600_000_000

Crash = Callable[[str], None]  # a point that fault tests stop at


@dataclass(frozen=True, slots=True)
class SealPolicy:
    """When to seal: a full segment always; smaller ones (multiples of 256) once the oldest entry is this old."""

    age_s: float
    dedupe_window_h: int


def seal(
    database: Database,
    archive: Archive,
    log: LogInfo,
    policy: SealPolicy,
    *,
    everything: bool = False,
    at_point: Crash = lambda _name: None,
) -> int:
    """Seal what is due of one log; how many entries were sealed. 0 also where another process is at it.

    `everything` seals whatever fills whole tiles, however new. Raises IntegrityError where the journal's rows are not
    what was committed (nothing is deleted then), StorageError where the archive refuses.
    """
    done = 0
    with lease(database, f"seal/{log.id}") as held:
        if held is None:
            return 0
        while (end := _due(database, log, policy, everything=everything)) is not None:
            done += _seal_one(database, archive, log, end, held, policy, at_point)
    return done


def _due(database: Database, log: LogInfo, policy: SealPolicy, *, everything: bool) -> tuple[int, int] | None:
    """The next stretch [first, end) to seal, or None."""
    with database.read() as connection:
        head = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == log.id)).one()
        waiting = head.size - head.sealed
        if waiting < TILE_WIDTH:
            return None
        full = SEGMENT_ROWS - head.sealed % SEGMENT_ROWS
        if waiting >= full:
            return head.sealed, head.sealed + full
        oldest = connection.execute(
            select(journal.c.t_us).where(journal.c.log_id == log.id, journal.c.idx == head.sealed)
        ).scalar_one()
    if everything or oldest + policy.age_s * 1_000_000 <= time.time_ns() // 1000:
        return head.sealed, head.sealed + waiting // TILE_WIDTH * TILE_WIDTH
    return None


def _seal_one(
    database: Database,
    archive: Archive,
    log: LogInfo,
    stretch: tuple[int, int],
    held: Lease,
    policy: SealPolicy,
    at_point: Crash,
) -> int:
    first, end = stretch
    table, entries, leaves = _read_stretch(database, log, first, end)
    data = parquet.to_parquet(table)
    segment = describe(table, segment_name(log.folder, first, end, 0), 0, data)
    held.renew()
    archive.put(segment.name, data)
    at_point("segment written")
    _write_log_files(database, archive, log, first, entries, leaves)
    at_point("tiles written")
    held.renew()
    check_segment(archive.get(segment.name), segment, entries)
    _check_bundles(archive, log, first, end, leaves)
    at_point("checked")
    now_us = time.time_ns() // 1000
    with database.write() as connection:
        moved = connection.execute(
            update(logs).where(logs.c.id == log.id, logs.c.sealed == first).values(sealed=end)
        ).rowcount
        if moved != 1:
            return 0  # the lease was lost and another process sealed this stretch
        add_segment(connection, log.id, segment)
        connection.execute(delete(journal).where(journal.c.log_id == log.id, journal.c.idx < end))
        connection.execute(
            delete(event_ids).where(
                event_ids.c.log_id == log.id,
                event_ids.c.idx < end,
                event_ids.c.t_us < now_us - policy.dedupe_window_h * US_PER_H,
            )
        )
        at_point("in transaction")
    at_point("listed")
    return end - first


def _read_stretch(database: Database, log: LogInfo, first: int, end: int) -> tuple[pa.Table, list[bytes], list[bytes]]:
    """Records, entries and leaf hashes of [first, end) in the journal, a few thousand rows at a time."""
    tables: list[pa.Table] = []
    entries: list[bytes] = []
    leaves: list[bytes] = []
    with database.read() as connection:
        for start in range(first, end, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, end)
            rows: Sequence[Any] = connection.execute(
                select(journal)
                .where(journal.c.log_id == log.id, journal.c.idx >= start, journal.c.idx < stop)
                .order_by(journal.c.idx)
            ).all()
            if [row.idx for row in rows] != list(range(start, stop)):
                raise IntegrityError(
                    f"log {log.origin}: entries of [{start}, {stop}) are missing", "Run affidavit log fsck"
                )
            tables.append(parquet.to_table(rows))
            entries += [row_entry(row) for row in rows]
            leaves += [bytes(row.leaf) for row in rows]
    return pa.concat_tables(tables), entries, leaves


def describe(table: pa.Table, name: str, generation: int, data: bytes) -> Segment:
    """What the catalogue says of a segment that holds this table."""
    actions = pc.unique(table.column("action")).to_pylist()
    at = pc.min_max(table.column("occurred_at").cast("int64")).as_py()
    t = pc.min_max(table.column("recorded_at").cast("int64")).as_py()
    index = pc.min_max(table.column("idx")).as_py()
    return Segment(
        index["min"],
        index["max"] + 1,
        generation,
        name,
        len(data),
        at["min"],
        at["max"],
        t["min"],
        t["max"],
        frozenset(actions) if len(actions) <= ACTIONS_LISTED_MAX else None,
        parquet.paths_of(table),
        sha256(data).digest(),
    )


def _write_log_files(
    database: Database, archive: Archive, log: LogInfo, first: int, entries: list[bytes], leaves: list[bytes]
) -> None:
    """Entry bundles, and the tiles of the size that is then sealed."""
    tree = Tree(database, archive, log)

    def partial(tile: Tile) -> bytes:
        return b"".join(tree.node(tile.level * 8, tile.first + at) for at in range(tile.width))

    # Most of the time goes by waiting for the disk or the bucket: a few at once.
    with ThreadPoolExecutor(PUTS_AT_ONCE, "affidavit-put") as pool:
        waiting = []
        for bundle in bundles_for_range(first, first + len(entries)):
            at = bundle.first - first
            packed = pack_bundle(encode_bundle(entries[at : at + TILE_WIDTH]))
            waiting.append(pool.submit(archive.put, f"{log.folder}/log/{bundle.path}", packed))
        # Partial tiles of the upper levels too: the folder is then a whole log at the size of its checkpoint.
        for tile, hashes in grow_tiles(tree.frontier(first), leaves, partial):
            waiting.append(pool.submit(archive.put, f"{log.folder}/log/{tile.path}", hashes))
        for one in waiting:
            one.result()


def check_segment(data: bytes, segment: Segment, entries: Sequence[bytes]) -> None:
    """Rebuild every record's commitment from a segment's bytes and compare with its entry."""
    if sha256(data).digest() != segment.sha256:
        raise IntegrityError(
            f"{segment.name} is damaged: its SHA-256 is not the one listed", "Restore it from a backup"
        )
    table = parquet.read_parquet(data, segment.name)
    if table.num_rows != len(entries):
        raise IntegrityError(f"{segment.name}: {table.num_rows} rows, not {len(entries)}", "It is written again")
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        part = table.slice(start, ROWS_AT_ONCE)
        _check_rows(part, segment, segment.first + start, entries[start : start + ROWS_AT_ONCE])


def _check_rows(table: pa.Table, segment: Segment, expected: int, entries: Sequence[bytes]) -> None:
    """Each row gives its entry byte for byte."""
    public = zip(
        *(table.column(name).to_pylist() for name in ("action", "outcome")),
        table.column("occurred_at").cast("int64").to_pylist(),
        table.column("recorded_at").cast("int64").to_pylist(),
        strict=True,
    )
    for (index, seed, paths, tags, values), shown, entry in zip(parquet.records(table), public, entries, strict=True):
        c = commit_record(paths, tags, values, seed)
        if index != expected or _entry_of(c, *shown) != entry:
            parsed = parse_entry(entry)
            if index != expected or shown != (parsed.action, parsed.outcome, parsed.at_us, parsed.t_us):
                raise IntegrityError(f"{segment.name}: row of entry {expected} does not show its entry", _AGAIN)
            raise IntegrityError(f"{segment.name}: entry {expected} is not what was committed", _AGAIN)
        expected += 1


def _entry_of(c: bytes, action: str, outcome: str, at_us: int, t_us: int) -> bytes | None:
    try:
        return entry_bytes(action, format_time(at_us), c, outcome, format_time(t_us))
    except ValueError:  # no time that an entry can have
        return None


_AGAIN: Final = "Nothing was deleted. Run affidavit log fsck"


def _check_bundles(archive: Archive, log: LogInfo, first: int, end: int, leaves: Sequence[bytes]) -> None:
    """Read bundles and level-0 tiles back; their leaf hashes must be the journal's."""
    for bundle in bundles_for_range(first, end):
        name = f"{log.folder}/log/{bundle.path}"
        at = bundle.first - first
        hashes = [leaf_hash(entry) for entry in read_bundle(archive, log, bundle.index)]
        if hashes != list(leaves[at : at + TILE_WIDTH]):
            raise IntegrityError(f"{name} does not give the leaves of the journal", _AGAIN)
        tile = f"{log.folder}/log/{Tile(0, bundle.index).path}"
        if archive.get(tile) != b"".join(hashes):
            raise IntegrityError(f"{tile} does not hold the leaves of the journal", _AGAIN)
