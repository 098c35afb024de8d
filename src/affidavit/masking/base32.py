"""The first 130 bits of a digest as 26 characters of base32: RFC 4648 §6 in lower case, for one and for many.

The standard library's encoder costs more than the HMAC before it. Here one digest is nine look-ups, and a column
of them is vector arithmetic on its big-endian 64-bit words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

CHARS: Final = 26
BYTES_MIN: Final = 17  # 130 bits, and 6 unused

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_TWO: Final = [_ALPHABET[i >> 5] + _ALPHABET[i & 31] for i in range(1 << 10)]
_THREE: Final = [_ALPHABET[i >> 10] + _TWO[i & 1023] for i in range(1 << 15)]
_TWO_COLUMN: Final = pa.array(_TWO)
_THREE_COLUMN: Final = pa.array(_THREE)


def encode(digest: bytes) -> str:
    """The 26 characters of one digest of at least 17 bytes."""
    bits = int.from_bytes(digest[:BYTES_MIN], "big") >> 6
    high, low = bits >> 70, bits & ((1 << 70) - 1)  # small numbers shift faster
    three = _THREE
    return (
        three[high >> 45] + three[high >> 30 & 32767] + three[high >> 15 & 32767] + three[high & 32767]
        + three[low >> 55] + three[low >> 40 & 32767] + three[low >> 25 & 32767] + three[low >> 10 & 32767]
        + _TWO[low & 1023]
    )  # fmt: skip


def encode_column(digests: Sequence[bytes], prefix: str = "") -> pa.Array:
    """`prefix` and the 26 characters of each digest, as a string column. Each MUST have exactly 32 bytes."""
    count = len(digests)
    # Turned round as a whole, big-endian words become little-endian ones, as Arrow has them, last digest first.
    words = pa.Array.from_buffers(pa.uint64(), 4 * count, [None, pa.py_buffer(b"".join(digests)[::-1])])
    last = pa.array(range(4 * count - 1, -1, -4), pa.int64())
    one, two, three = (words.take(pc.subtract(last, offset)) for offset in range(3))
    # Fifteen bits at a time; the fifth group is 4 bits of the first word and 11 of the second.
    threes = [_bits(one, 49), _bits(one, 34), _bits(one, 19), _bits(one, 4)]
    threes.append(pc.bit_wise_or(_bits(pc.shift_left(one, _word(11)), 0), _bits(two, 53)))
    threes += [_bits(two, 38), _bits(two, 23), _bits(two, 8)]
    rest = pc.bit_wise_or(pc.bit_wise_and(pc.shift_left(two, _word(2)), _word(1023)), pc.shift_right(three, _word(62)))
    texts = [_THREE_COLUMN.take(group) for group in threes]
    return pc.binary_join_element_wise(prefix, *texts, _TWO_COLUMN.take(rest), "")


def _bits(words: pa.Array, shift: int) -> pa.Array:
    return pc.bit_wise_and(pc.shift_right(words, _word(shift)), _word(32767))


def _word(value: int) -> pa.Scalar:
    return pa.scalar(value, pa.uint64())
