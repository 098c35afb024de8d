"""Inclusion and consistency proofs of RFC 9162, section 2.1, and their verification.

Provers read the tree through `get_node(level, index)`, which gives the root of a complete subtree. Misuse of
a prover raises InvalidRequest; whatever a verifier refuses raises MalformedProof with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hmac import compare_digest

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog.merkle import HASH_BYTES, SIZE_MAX, node_hash
from affidavit.tlog.range_proof import (
    decode_range_proof,
    encode_range_proof,
    range_proof,
    union_of_ranges,
    verify_range_proof,
)

GetNode = Callable[[int, int], bytes]

__all__ = [
    "GetNode",
    "consistency_proof",
    "decode_range_proof",
    "encode_range_proof",
    "inclusion_proof",
    "range_proof",
    "split_point",
    "subtree_hash",
    "union_of_ranges",
    "verify_consistency",
    "verify_inclusion",
    "verify_range_proof",
]


def split_point(width: int) -> int:
    """The largest power of two below `width` (at least 2): where RFC 6962 splits a subtree."""
    return 1 << ((width - 1).bit_length() - 1)


def subtree_hash(get_node: GetNode, start: int, end: int) -> bytes:
    """The root of the subtree over the leaves [start, end), complete or at the right edge of its tree.

    `start` MUST be a multiple of the smallest power of two ≥ end - start, as every subtree of a tree is.
    """
    width = end - start
    if width < 1 or start < 0 or start & ((1 << (width - 1).bit_length()) - 1):
        raise InvalidRequest(f"[{start}, {end}) is not a subtree of any tree")
    parts: list[bytes] = []
    while width:
        level = width.bit_length() - 1
        parts.append(get_node(level, start >> level))
        start += 1 << level
        width -= 1 << level
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def inclusion_proof(size: int, index: int, get_node: GetNode) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of `size` leaves, lowest first (RFC 9162,
    2.1.3.1).
    """
    if not 0 <= index < size <= SIZE_MAX:
        raise InvalidRequest(f"There is no leaf {index} in a tree of {size}", "Indexes are below the size.")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            path.append(subtree_hash(get_node, middle, end))
            end = middle
        else:
            path.append(subtree_hash(get_node, start, middle))
            start = middle
    path.reverse()
    return path


def consistency_proof(old: int, new: int, get_node: GetNode) -> list[bytes]:
    """The hashes that show the tree of `old` leaves to be the beginning of that of `new` (RFC 9162,
    2.1.4.1).
    """
    if not 0 < old <= new <= SIZE_MAX:
        raise InvalidRequest(
            f"There is no consistency proof from size {old} to size {new}", "Sizes must be 0 < old <= new."
        )
    start, end = 0, new
    whole = True  # whether [start, end) began at leaf 0 all the way down: the verifier then has its hash
    path: list[bytes] = []
    while old != end:
        middle = start + split_point(end - start)
        if old <= middle:
            path.append(subtree_hash(get_node, middle, end))
            end = middle
        else:
            path.append(subtree_hash(get_node, start, middle))
            start = middle
            whole = False
    if not whole:
        path.append(subtree_hash(get_node, start, end))
    path.reverse()
    return path


def verify_inclusion(size: int, index: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise MalformedProof unless `proof` leads from `leaf` at `index` to `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size <= SIZE_MAX:
        raise MalformedProof(f"Leaf {index} is not in a tree of size {size}")
    _check_hashes(leaf, root, *proof)
    position, last, at = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise MalformedProof(f"The inclusion proof of leaf {index} in {size} has hashes left over")
        if position & 1 or position == last:
            at = node_hash(sibling, at)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            at = node_hash(at, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise MalformedProof(f"The inclusion proof of leaf {index} in {size} has too few hashes")
    if not compare_digest(at, root):
        raise MalformedProof(f"Leaf {index} is not in the tree of size {size} with root {root.hex()}")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise MalformedProof unless the tree of `old` leaves is shown to begin that of `new` (RFC 9162,
    2.1.4.2).

    Size 0 is refused: every tree begins with the empty one, so a proof of it shows nothing.
    """
    if not 0 < old <= new <= SIZE_MAX:
        raise MalformedProof(f"Sizes {old} and {new} have no consistency proof")
    _check_hashes(old_root, new_root, *proof)
    if old == new:
        if proof:
            raise MalformedProof(f"A proof between equal sizes ({old}) must be empty")
        if not compare_digest(old_root, new_root):
            raise MalformedProof(f"Two roots for one size ({old}): {old_root.hex()} and {new_root.hex()}")
        return
    if not proof:
        raise MalformedProof(f"The consistency proof from {old} to {new} is empty")
    # When old is a power of two its root is the first hash, and not repeated in the proof.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_at = new_at = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise MalformedProof(f"The consistency proof from {old} to {new} has hashes left over")
        if position & 1 or position == last:
            old_at = node_hash(sibling, old_at)
            new_at = node_hash(sibling, new_at)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_at = node_hash(new_at, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise MalformedProof(f"The consistency proof from {old} to {new} has too few hashes")
    if not compare_digest(old_at, old_root):
        raise MalformedProof(f"The consistency proof does not give the root of the older tree (size {old})")
    if not compare_digest(new_at, new_root):
        raise MalformedProof(f"The consistency proof does not give the root of the newer tree (size {new})")


def _check_hashes(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise MalformedProof(f"A hash has {len(value)} bytes, not {HASH_BYTES}: {value[:64].hex()}")
