"""The tree of one log at one size: hashes of any stretch of leaves, read from the journal.

Reads leaf hashes as stored; whoever needs certainty re-hashes entries (fsck, export's own check).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from affidavit.errors import IntegrityError
from affidavit.log.database import Database
from affidavit.log.schema import journal
from affidavit.tlog.merkle import Frontier

LEAVES_PER_READ: Final = 8192


class Tree:
    """Subtree hashes of a log."""

    def __init__(self, database: Database, log_id: int) -> None:
        self._database = database
        self._log_id = log_id

    def subtree_hash(self, start: int, end: int) -> bytes:
        """RFC 6962 hash of leaves [start, end)."""
        frontier = Frontier()
        for leaves in self._leaves(start, end):
            frontier.extend(leaves)
        return frontier.root()

    def node(self, level: int, index: int) -> bytes:
        """The root of the complete subtree of 2**level leaves at `index`."""
        return self.subtree_hash(index << level, (index + 1) << level)

    def _leaves(self, start: int, end: int) -> Iterator[list[bytes]]:
        with self._database.read() as connection:
            for first in range(start, end, LEAVES_PER_READ):
                yield read_leaves(connection, self._log_id, first, min(first + LEAVES_PER_READ, end))


def read_leaves(connection: Connection, log_id: int, start: int, end: int) -> list[bytes]:
    """The leaf hashes of [start, end). Raises IntegrityError where one is missing."""
    rows = connection.execute(
        select(journal.c.leaf)
        .where(journal.c.log_id == log_id, journal.c.idx >= start, journal.c.idx < end)
        .order_by(journal.c.idx)
    )
    leaves = [bytes(row[0]) for row in rows]
    if len(leaves) != end - start:
        raise IntegrityError(
            f"log {log_id}: {end - start - len(leaves)} entries of [{start}, {end}) are missing",
            "Run affidavit log fsck",
        )
    return leaves
