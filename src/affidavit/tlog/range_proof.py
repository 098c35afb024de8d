"""Range proofs: one proof that many leaves, in any number of ranges, are in a tree.

Walk the tree by RFC 6962's split, left first. A subtree that holds no included index and is not split by a
*cut* (a smaller size whose root is wanted too) gives one hash. The verifier has the included leaves and needs
nothing else: the root follows, and from the same hashes the root at every cut.

Neither side recurses. Between two borders (ends of ranges, cuts) the walk gives the largest subtrees that
fit, left to right, and up to any border the tree so far is a frontier: its root is the root at that size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from string import hexdigits

from affidavit.errors import AffidavitError, InvalidRequest, MalformedProof
from affidavit.tlog.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX, Frontier

LEAVES_AT_ONCE = 4096
"""Included leaves hashed in one go: enough to be fast, 128 KiB of memory."""

PROOF_LINE_BYTES = 2 * HASH_BYTES + 1
_HEX = frozenset(hexdigits.lower().encode())

Range = tuple[int, int]
"""Leaves [start, end)."""


def range_proof(
    size: int,
    ranges: Sequence[Range],
    cuts: Sequence[int],
    subtree_hash: Callable[[int, int], bytes],
) -> Iterator[bytes]:
    """The hashes of the walk, in its order. `subtree_hash(start, end)` gives the root of that subtree.

    `ranges` are non-empty, ascending and disjoint, `cuts` ascending sizes between 0 and `size`, both ends
    excluded; else InvalidRequest.
    """
    _check(size, ranges, cuts, InvalidRequest)
    return (
        subtree_hash(left, right)
        for start, end, included in _stretches(size, ranges, cuts)
        if not included
        for left, right in _subtrees(start, end, size)
    )


def verify_range_proof(
    size: int,
    ranges: Sequence[Range],
    leaf_hashes: Iterable[bytes],
    cuts: Sequence[int],
    nodes: Iterable[bytes],
) -> tuple[bytes, dict[int, bytes]]:
    """The root of `size` leaves and the root at each cut, from the included leaves' hashes (in index order)
    and the proof. Both iterables are read once, to their ends, in constant memory.

    Raises MalformedProof when ranges or cuts are not in form, or when a leaf or node is missing or left over.
    It is for the caller to compare the roots with signed ones: only that proves anything.
    """
    _check(size, ranges, cuts, MalformedProof)
    leaves, proof = iter(leaf_hashes), iter(nodes)
    wanted = frozenset(cuts)
    frontier = Frontier()
    roots: dict[int, bytes] = {}
    tail: bytes | None = None
    for start, end, included in _stretches(size, ranges, cuts):
        if included:
            _take_leaves(frontier, leaves, end - start)
        else:
            for left, right in _subtrees(start, end, size):
                node = _next_node(proof, left, right)
                width = right - left
                if width & (width - 1):
                    tail = node  # incomplete, so it ends at the right edge: nothing follows it
                else:
                    frontier.append_subtree(width.bit_length() - 1, node)
        if end in wanted:
            roots[end] = frontier.root()
    if next(leaves, None) is not None:
        raise MalformedProof("There are more leaves than the ranges hold")
    if next(proof, None) is not None:
        raise MalformedProof("The range proof has hashes left over")
    if size == 0:
        return EMPTY_ROOT, roots
    return (frontier.root() if tail is None else frontier.root_with(tail)), roots


def encode_range_proof(nodes: Iterable[bytes]) -> Iterator[bytes]:
    """The proof as text: one line a hash, 64 lower-case hex digits and LF."""
    for node in nodes:
        yield node.hex().encode() + b"\n"


def decode_range_proof(data: bytes) -> Iterator[bytes]:
    """The hashes of a proof written as text. Raises MalformedProof on the first line not exactly in form."""
    for at in range(0, len(data), PROOF_LINE_BYTES):
        line = data[at : at + PROOF_LINE_BYTES]
        digits = line[:-1]
        if len(line) != PROOF_LINE_BYTES or line[-1:] != b"\n" or not _HEX.issuperset(digits):
            number = at // PROOF_LINE_BYTES + 1
            raise MalformedProof(f"Line {number} of the range proof is not 64 hex digits and a newline")
        yield bytes.fromhex(digits.decode())


def union_of_ranges(ranges: Iterable[Range]) -> list[Range]:
    """The same leaves as ascending, disjoint ranges that don't touch. The ranges given may overlap, in any
    order.
    """
    union: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            raise InvalidRequest(f"[{start}, {end}) is an empty range")
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((start, end))
    return union


def _check(size: int, ranges: Sequence[Range], cuts: Sequence[int], error: type[AffidavitError]) -> None:
    if not 0 <= size <= SIZE_MAX:
        raise error(f"A tree can't have {size} leaves")
    at = 0
    for start, end in ranges:
        if not at <= start < end <= size:
            raise error(f"Range [{start}, {end}) is empty, out of order or outside the tree of size {size}")
        at = end
    before = 0
    for cut in cuts:
        if not before < cut < size:
            raise error(f"Cut {cut} is out of order, twice or not between 0 and the size {size}")
        before = cut


def _stretches(size: int, ranges: Sequence[Range], cuts: Sequence[int]) -> Iterator[tuple[int, int, bool]]:
    """The tree's leaves as (start, end, included), left to right, with a border at every cut."""
    at = passed = 0
    for first, last in chain(ranges, ((size, size),)):
        for end, included in ((first, False), (last, True)):
            while passed < len(cuts) and cuts[passed] < end:
                if cuts[passed] > at:
                    yield at, cuts[passed], included
                    at = cuts[passed]
                passed += 1
            if end > at:
                yield at, end, included
                at = end


def _subtrees(start: int, end: int, size: int) -> Iterator[Range]:
    """The largest subtrees of the tree of `size` leaves that make up [start, end), left to right."""
    while start < end:
        if end == size and start & size == start and (size ^ start) < (start & -start or size + 1):
            yield start, size  # start is where a subtree at the right edge begins
            return
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield start, start + (1 << level)
        start += 1 << level


def _take_leaves(frontier: Frontier, leaves: Iterator[bytes], count: int) -> None:
    while count:
        batch = list(islice(leaves, min(count, LEAVES_AT_ONCE)))
        if not batch:
            raise MalformedProof(f"Leaf {frontier.size} of the ranges is missing")
        for leaf in batch:
            if len(leaf) != HASH_BYTES:
                raise MalformedProof(f"A leaf hash has {len(leaf)} bytes, not {HASH_BYTES}")
        frontier.extend(batch)
        count -= len(batch)


def _next_node(proof: Iterator[bytes], start: int, end: int) -> bytes:
    node = next(proof, None)
    if node is None:
        raise MalformedProof(f"The range proof ends before the hash of leaves [{start}, {end})")
    if len(node) != HASH_BYTES:
        raise MalformedProof(f"The hash of leaves [{start}, {end}) has {len(node)} bytes, not {HASH_BYTES}")
    return node
