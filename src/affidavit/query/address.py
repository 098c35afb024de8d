"""IP addresses and networks as the query's `cidr` sees them. Pure.

An address is 4 or 16 bytes, written as lower-case hex, so that a network is a range of equally long texts:
Python, TypeScript and SQL compare the same thing. An IPv4-mapped address (RFC 4291 §2.5.5.2) *is* the IPv4
address. Text that is not exactly an address (a zone id, leading zeros, spaces) is none, and in no network.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

ADDRESS_CHARS_MAX: Final = 45  # the longest IPv6 text, with an embedded IPv4 address
ADDRESSES_MAX: Final = 16_384  # remembered: a log repeats its addresses
_MAPPED: Final = "00000000000000000000ffff"


@lru_cache(ADDRESSES_MAX)
def address(text: str) -> str | None:
    """`text` as 8 (IPv4) or 32 (IPv6) hex digits; None where it is no address."""
    if len(text) > ADDRESS_CHARS_MAX or "%" in text or "/" in text or not text.isascii():
        return None
    try:
        packed = ipaddress.ip_address(text).packed.hex()
    except ValueError:
        return None
    return packed[24:] if packed.startswith(_MAPPED) and len(packed) == 32 else packed


def network(text: str) -> tuple[str, str] | None:
    """First and last address of a network `address/bits`, or of one address; None where it is none.

    Host bits may be set (10.1.2.3/8 is 10.0.0.0/8). A network inside ::ffff:0:0/96 is the IPv4 network.
    """
    base, slash, bits_text = text.partition("/")
    found = address(base)
    if found is None:
        return None
    mapped = len(found) == 8 and ":" in base
    width = len(found) * 4
    bits = width
    if slash:
        if not (bits_text.isascii() and bits_text.isdigit()) or len(bits_text) > 3:
            return None
        if len(bits_text) > 1 and bits_text[0] == "0":
            return None
        bits = int(bits_text) - (96 if mapped else 0)
        if bits < 0 and mapped:  # wider than the mapped range: a network of IPv6
            found, width, bits = _MAPPED + found, 128, bits + 96
        if not 0 <= bits <= width:
            return None
    host = (1 << (width - bits)) - 1
    value = int(found, 16) & ~host
    return f"{value:0{width // 4}x}", f"{value | host:0{width // 4}x}"


def within(text: str, first: str, last: str) -> bool:
    """Whether the address `text` lies in the network [first, last]."""
    found = address(text)
    return found is not None and len(found) == len(first) and first <= found <= last
