"""`cidr` in plain DuckDB SQL, without its network extension: the same hex texts as `address` makes."""

from __future__ import annotations

from typing import Final

_OCTET: Final = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])"
_V4: Final = rf"{_OCTET}(\.{_OCTET}){{3}}"
# Shape only; that the groups add up to eight is checked after the split.
_V6: Final = rf"[0-9a-f:]*:({_V4}|[0-9a-f:]*)"


_MAPPED: Final = "00000000000000000000ffff"


def key(digits: str) -> bytes:
    """Hex digits of `address` as 16 sortable bytes."""
    return bytes.fromhex(digits if len(digits) == 32 else _MAPPED + digits)


def exact(key: str, x: str, *, short: bool) -> str:
    """SQL: whether the address text `x` is what its sortable bytes `key` say, beside the range.

    A text with a zone is no address to `cidr`, and IPv4 mapped into IPv6 is in no network of IPv6 (not `short`).
    """
    whole = f"NOT contains({x}, '%')"
    return whole if short else f"{whole} AND NOT starts_with(hex({key}), '{_MAPPED.upper()}')"


def within(x: str, first: str, last: str) -> str:
    """SQL: whether the address text `x` lies in [first, last], hex texts of 8 or 32 digits. NULL for NULL.

    `first` and `last` are `?`, bound in this order: each appears once in the text.
    """
    lower = "lower(a)"
    v4 = f"CASE WHEN regexp_full_match(a, '{_V4}') THEN {_hex4('a')} END"
    v6 = f"CASE WHEN length(a) <= 45 AND regexp_full_match({lower}, '{_V6}') THEN {_hex6(lower)} END"
    found = f"list_transform([{x}], lambda a: coalesce({v4}, {v6}))"
    plain = (
        f"list_transform({found}, lambda h: "
        f"CASE WHEN length(h) = 32 AND starts_with(h, '{_MAPPED}') THEN h[25:] ELSE h END)"
    )
    ends = f"[{first}, {last}]"
    return (
        f"(list_transform([{{'h': ({plain})[1], 'r': {ends}}}], lambda s: "
        "s.h IS NOT NULL AND length(s.h) = length(s.r[1]) AND s.h BETWEEN s.r[1] AND s.r[2]))[1]"
    )


def _hex4(x: str) -> str:
    """8 hex digits of a valid dotted address."""
    parts = f"string_split({x}, '.')"
    return f"array_to_string(list_transform({parts}, lambda o: lpad(lower(hex(o::UTINYINT)), 2, '0')), '')"


def _hex6(x: str) -> str:
    """32 hex digits of an IPv6 address, NULL where the groups don't add up."""
    # An embedded IPv4 tail becomes two groups first.
    tail = f"regexp_extract({x}, '{_V4}$')"
    whole = (
        f"CASE WHEN contains({x}, '.') THEN left({x}, length({x}) - length({tail})) || {_groups4(tail)} ELSE {x} END"
    )
    halves = f"list_transform([{whole}], lambda w: string_split(w, '::'))[1]"
    lists = (
        f"list_transform([{halves}], lambda p: list_transform(p, lambda q: "
        "CASE WHEN q = '' THEN []::VARCHAR[] ELSE string_split(q, ':') END))[1]"
    )
    return (
        f"list_transform([{lists}], lambda g: CASE "
        "WHEN len(list_filter(flatten(g), lambda k: length(k) NOT BETWEEN 1 AND 4)) > 0 THEN NULL "
        "WHEN len(g) = 1 AND len(g[1]) = 8 THEN "
        "array_to_string(list_transform(g[1], lambda k: lpad(k, 4, '0')), '') "
        "WHEN len(g) = 2 AND len(g[1]) + len(g[2]) <= 7 THEN "
        "array_to_string(list_transform(g[1], lambda k: lpad(k, 4, '0')), '') "
        "|| repeat('0000', 8 - len(g[1]) - len(g[2])) "
        "|| array_to_string(list_transform(g[2], lambda k: lpad(k, 4, '0')), '') END)[1]"
    )


def _groups4(x: str) -> str:
    hex8 = f"list_transform([{x}], lambda z: {_hex4('z')})[1]"
    return f"(left({hex8}, 4) || ':' || right({hex8}, 4))"
