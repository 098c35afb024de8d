"""The tree of one log: hashes of any stretch of leaves, from tiles where sealed and from the journal's tail.

Reads hashes as stored; whoever needs certainty re-hashes entries (fsck, the sealer, an export's own check).
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, select

from affidavit.errors import IntegrityError, MalformedProof
from affidavit.log.archive import Archive
from affidavit.log.catalogue import sealed_size
from affidavit.log.database import Database
from affidavit.log.registry import LogInfo
from affidavit.log.schema import journal
from affidavit.tlog.merkle import Frontier, node_hash
from affidavit.tlog.proof import subtree_hash
from affidavit.tlog.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, decode_bundle, decode_tile

NODES_CACHED_MAX: Final = 8192
TILES_CACHED_MAX: Final = 512
BUNDLE_GZIP_LEVEL: Final = 6


class Tree:
    """Subtree hashes of a log. What is cached never changes: full tiles and complete nodes."""

    def __init__(self, database: Database, archive: Archive, log: LogInfo, *, sealed: int = 0) -> None:
        self._database = database
        self._archive = archive
        self._log = log
        self._sealed = sealed  # at least: below it, tiles are asked
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._tile = lru_cache(maxsize=TILES_CACHED_MAX)(self._read_tile)

    def subtree_hash(self, start: int, end: int) -> bytes:
        """RFC 6962 hash of leaves [start, end)."""
        if start == end:
            return Frontier().root()
        return subtree_hash(self.node, start, end)

    def node(self, level: int, index: int) -> bytes:
        """The root of the complete subtree of 2**level leaves at `index`."""
        found = self._nodes.get((level, index)) or self._from_tile(level, index)
        if found is None:
            with self._database.read() as connection:
                self._sealed = max(self._sealed, sealed_size(connection, self._log.id))
                found = self._node(connection, level, index)
        return found

    def _node(self, connection: Connection, level: int, index: int) -> bytes:
        """The same within a snapshot. Nodes that take many hashes are kept: a long tail is hashed once."""
        found = self._nodes.get((level, index)) or self._from_tile(level, index)
        if found is not None:
            return found
        if level == 0 or (level <= TILE_HEIGHT and index << level >= self._sealed):
            frontier = Frontier()
            frontier.extend(read_leaves(connection, self._log, index << level, (index + 1) << level))
            found = frontier.root()
        else:
            left = self._node(connection, level - 1, 2 * index)
            found = node_hash(left, self._node(connection, level - 1, 2 * index + 1))
        if level >= TILE_HEIGHT:
            if len(self._nodes) >= NODES_CACHED_MAX:
                self._nodes.clear()
            self._nodes[level, index] = found
        return found

    def _from_tile(self, level: int, index: int) -> bytes | None:
        """A node below a full tile; None where the archive has no such tile yet."""
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile_index = (index << inner) // TILE_WIDTH
        if (tile_index + 1) * TILE_WIDTH << (TILE_HEIGHT * tile_level) > self._sealed:
            return None
        hashes = self._tile(tile_level, tile_index)
        at = (index << inner) - tile_index * TILE_WIDTH
        row = hashes[at : at + (1 << inner)]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    def _read_tile(self, level: int, index: int) -> list[bytes]:
        name = Tile(level, index).path
        return decode_tile(self._archive.get(f"{self._log.folder}/log/{name}"))

    def frontier(self, size: int) -> Frontier:
        """The frontier at a size: what the log needs to go on from there."""
        frontier = Frontier()
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                frontier.append_subtree(level, self.node(level, frontier.size >> level))
        return frontier


def read_leaves(connection: Connection, log: LogInfo, start: int, end: int) -> list[bytes]:
    """The leaf hashes of [start, end) in the journal. Raises IntegrityError where one is missing."""
    rows = connection.execute(
        select(journal.c.leaf)
        .where(journal.c.log_id == log.id, journal.c.idx >= start, journal.c.idx < end)
        .order_by(journal.c.idx)
    )
    leaves = [bytes(row[0]) for row in rows]
    if len(leaves) != end - start:
        raise IntegrityError(
            f"log {log.origin}: {end - start - len(leaves)} entries of [{start}, {end}) are missing",
            "Run affidavit log fsck",
        )
    return leaves


def pack_bundle(data: bytes) -> bytes:
    """An entry bundle as it is stored: gzip without a time, so that the same entries give the same bytes."""
    return gzip.compress(data, BUNDLE_GZIP_LEVEL, mtime=0)


def read_bundle(archive: Archive, log: LogInfo, index: int) -> list[bytes]:
    """The 256 entries of a sealed bundle. Raises IntegrityError where the file is damaged."""
    name = f"{log.folder}/log/{Tile(ENTRIES, index).path}"
    try:
        return decode_bundle(gzip.decompress(archive.get(name)), TILE_WIDTH)
    except (OSError, EOFError, zlib.error, MalformedProof) as error:
        raise IntegrityError(f"{name} is damaged: {error}", "Restore it from a backup") from error
