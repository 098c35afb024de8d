"""RFC 6962 word for word: slow, recursive, obviously right. What the library is compared with."""

from hashlib import sha256


def leaves_of(size: int) -> list[bytes]:
    """Leaf hashes of the entries b"0", b"1", …"""
    return [sha256(b"\x00" + str(index).encode()).digest() for index in range(size)]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) <= 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def consistency(m: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*consistency(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*consistency(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def range_walk(leaves: list[bytes], included: set[int], cuts: set[int], start: int = 0) -> list[bytes]:
    """The rule of the range proof, as the format states it."""
    end = start + len(leaves)
    holds = any(start <= index < end for index in included)
    is_split = any(start < cut < end for cut in cuts)
    if not leaves:
        return []
    if not holds and not is_split:
        return [mth(leaves)]
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return [
        *range_walk(leaves[:k], included, cuts, start),
        *range_walk(leaves[k:], included, cuts, start + k),
    ]
