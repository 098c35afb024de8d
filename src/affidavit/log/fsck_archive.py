"""fsck of sealed stretches: segment, entry bundles and tiles of one index range, rebuilt in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from affidavit.commitment import parse_entry
from affidavit.errors import AffidavitError, IntegrityError, MalformedProof
from affidavit.log.archive import Archive, open_archive
from affidavit.log.catalogue import Segment
from affidavit.log.registry import LogInfo
from affidavit.log.sealer import check_segment
from affidavit.log.tree import read_bundle
from affidavit.tlog.merkle import Frontier, leaf_hash
from affidavit.tlog.tiles import TILE_WIDTH, Tile, grow_tiles

SEGMENTS_FOR_PROCESSES: Final = 3  # fewer are checked quicker than a process starts


@dataclass(frozen=True, slots=True)
class Checked:
    """A sealed stretch that holds: its leaf hashes, and the times of its first and last entry."""

    leaves: list[bytes]
    t_first: int
    t_last: int


def check_sealed(url: str, home: str, log: LogInfo, segment: Segment) -> Checked:
    """Rebuild one segment against its entry bundles, and its level-0 tiles against the entries."""
    archive = open_archive(url, Path(home))
    entries: list[bytes] = []
    for bundle in range(segment.first // TILE_WIDTH, segment.end // TILE_WIDTH):
        try:
            entries += read_bundle(archive, log, bundle)
        except MalformedProof as error:
            name = Tile(-1, bundle).path
            raise IntegrityError(f"log {log.origin}: {name}: {error.message}", "Restore it from a backup") from error
    leaves = [leaf_hash(entry) for entry in entries]
    times: list[int] = []
    for index, entry in enumerate(entries, segment.first):
        try:
            t = parse_entry(entry).t_us
        except MalformedProof as error:
            raise IntegrityError(f"log {log.origin} ({log.stream}): entry {index}: {error.message}") from error
        if times and t < times[-1]:
            raise IntegrityError(f"log {log.origin} ({log.stream}): entry {index} lies before its predecessor in time")
        times.append(t)
    check_segment(archive.get(segment.name), segment, entries)
    return Checked(leaves, times[0], times[-1])


def check_all(url: str, home: str, log: LogInfo, segments: Sequence[Segment], processes: int) -> Iterator[Checked]:
    """`check_sealed` of each segment, in order; in `processes` of their own where there is enough to do."""
    workers = min(processes, os.cpu_count() or 1)
    if len(segments) < SEGMENTS_FOR_PROCESSES or workers == 1:
        for segment in segments:
            yield check_sealed(url, home, log, segment)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[Checked]] = []
        for segment in segments:
            waiting.append(pool.submit(check_sealed, url, home, log, segment))
            if len(waiting) > workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def grow(
    archive: Archive, log: LogInfo, frontier: Frontier, pending: dict[Tile, bytes], leaves: Sequence[bytes]
) -> None:
    """Extend the frontier and compare every tile that becomes full with the archive's. `pending` holds partial ones."""

    def partial(tile: Tile) -> bytes:
        return pending[tile]

    for tile, data in grow_tiles(frontier, leaves, partial):
        if tile.width < TILE_WIDTH:
            pending[tile] = data
            continue
        name = f"{log.folder}/log/{tile.path}"
        try:
            same = archive.get(name) == data
        except AffidavitError as error:
            raise IntegrityError(f"log {log.origin}: {error.message}", error.hint) from error
        if not same:
            raise IntegrityError(
                f"log {log.origin}: {tile.path} does not hold the hashes of its entries", "Restore it from a backup"
            )
        for one in [one for one in pending if one.level == tile.level and one.index == tile.index]:
            del pending[one]
