"""The Merkle tree of RFC 6962, section 2.1, over SHA-256: hashes, and the frontier that a growing log keeps.

A *node* is the root of a complete subtree, named by (level, index): it covers the 2**level leaves from
index * 2**level. All hashes are 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from affidavit.errors import MalformedProof

HASH_BYTES = 32
SIZE_MAX = 2**63 - 1
"""The largest tree, in leaves. Larger sizes are refused wherever one is read."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256(00 ‖ data)."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(01 ‖ left ‖ right)."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class NodeRun:
    """Consecutive nodes of one level that became complete: (level, first), (level, first + 1), …"""

    level: int
    first: int
    hashes: Sequence[bytes]


class Frontier:
    """What a log remembers of its tree to go on growing it: its size and the roots of the complete subtrees
    that make it up, largest first, one for each bit set in the size (a compact range from 0).

    Hashes given to it MUST be 32 bytes; they are not looked at on this path.
    """

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[bytes] = []

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, from the left (the largest)."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, node: bytes) -> None:
        """Add a complete subtree of 2**level leaves by its root; `size` MUST be a multiple of 2**level."""
        if self.size & ((1 << level) - 1):
            raise MalformedProof(f"A subtree of level {level} can't begin at leaf {self.size}")
        nodes, carry = self._nodes, self.size >> level
        while carry & 1:
            node = sha256(_NODE + nodes.pop() + node).digest()
            carry >>= 1
        nodes.append(node)
        self.size += 1 << level

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaf hashes, in order."""
        if len(leaves) == 1:
            self.append_subtree(0, leaves[0])
        else:
            self.extend_with_nodes(leaves)

    def extend_with_nodes(self, leaves: Sequence[bytes]) -> list[NodeRun]:
        """Add many leaf hashes; returns every node that became complete, one run a level, lowest level first.

        The first run is the leaves themselves. Whole levels are hashed at a time: one list comprehension a
        level costs about half of one call a leaf.
        """
        runs: list[NodeRun] = []
        right: list[bytes] = []
        fresh: Sequence[bytes] = leaves
        index = self.size
        while fresh:
            runs.append(NodeRun(len(runs), index, fresh))
            row = [self._nodes.pop(), *fresh] if index & 1 else fresh
            if len(row) & 1:
                right.append(row[-1])
            fresh = [sha256(_NODE + a + b).digest() for a, b in zip(row[0::2], row[1::2], strict=False)]
            index >>= 1
        self._nodes.extend(reversed(right))
        self.size += len(leaves)
        return runs

    def root(self) -> bytes:
        """The root of the tree; `EMPTY_ROOT` when it has no leaves."""
        if not self._nodes:
            return EMPTY_ROOT
        return self.root_with(self._nodes[-1], skip_last=True)

    def root_with(self, tail: bytes, *, skip_last: bool = False) -> bytes:
        """The root of the tree that ends in one more subtree, smaller than all of these, whose root is
        `tail`.
        """
        last = len(self._nodes) - (1 if skip_last else 0)
        for node in reversed(self._nodes[:last]):
            tail = sha256(_NODE + node + tail).digest()
        return tail

    def to_bytes(self) -> bytes:
        """The hashes, one after the other. The size is kept beside them."""
        return b"".join(self._nodes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The frontier that `to_bytes` wrote at this size. Raises MalformedProof when the length can't be
        right.
        """
        if not 0 <= size <= SIZE_MAX:
            raise MalformedProof(f"A tree can't have {size} leaves")
        if len(data) != HASH_BYTES * size.bit_count():
            raise MalformedProof(
                f"The frontier of {size} leaves has {HASH_BYTES * size.bit_count()} bytes, not {len(data)}"
            )
        frontier = cls()
        frontier.size = size
        frontier._nodes = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
        return frontier

    def copy(self) -> Frontier:
        """An independent copy."""
        twin = Frontier()
        twin.size = self.size
        twin._nodes = self._nodes.copy()
        return twin

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frontier):
            return NotImplemented
        return self.size == other.size and self._nodes == other._nodes

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Frontier(size={self.size}, root={self.root().hex()})"


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree with these leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def tree_root_from_subtrees(subtrees: Iterable[tuple[int, bytes]]) -> bytes:
    """The root of a tree given as complete subtrees (level, root), left to right, each beginning at a
    multiple of its own size. Raises MalformedProof when one does not.
    """
    frontier = Frontier()
    for level, node in subtrees:
        frontier.append_subtree(level, node)
    return frontier.root()
