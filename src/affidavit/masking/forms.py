"""The cells that masks write: how each is made from a value.

A value that hasn't the form a mask expects gives None, an empty cell: no mask shows what it doesn't understand.
How such cells are told from others is the business of `affidavit.cells`, which exporter and verifiers share.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cells import AGE_GROUPED_FROM, LAST_MAX, check_mask_spec, mask_cell_ok
from affidavit.errors import MalformedProof

Cell = str | None

LAST_HIDDEN_MIN: Final = 4  # characters it must hide, or it shows none
CARD_SHOWN_DIGITS_MIN: Final = 15  # a shorter number would have under five hidden digits
SMALL_CELL_MINIMUM: Final = 11

_BYTE: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NUMBER_RE: Final = re.compile(rf"{_BYTE}\Z")
_IPV4_RE: Final = re.compile(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}\Z")
_PHONE_RE: Final = re.compile(r"\+?[0-9 ()./-]{7,40}\Z")
_DATE_RE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.,]{2,20}(?:Z|[+-][0-9:]{2,6})?)?)?)?\Z"
)
_AGE_RE: Final = re.compile(r"[0-9]{1,3}\Z")
_REGION_RE: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?(?:[ ,;/-].*)?\Z", re.DOTALL)
_COUNT_CELL: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
_GROUPED: Final = f"{AGE_GROUPED_FROM}+"


def email(value: str) -> Cell:
    """`j***@example.org`: first letter and domain. Local parts under three characters show no letter."""
    local, _, domain = value.strip().rpartition("@")
    domain = domain.lower()
    if not local or "@" in local:
        return None
    first = local[0] if len(local) > 2 and local[0].isascii() and local[0].isalnum() else ""
    cell = f"{first}***@{domain}"
    return cell if mask_cell_ok({"mask": "email"}, cell) else None


def phone(value: str) -> Cell:
    """`***45`: the last two digits of a number of 7 to 15."""
    digits = re.sub("[^0-9]", "", value)
    if not _PHONE_RE.match(value.strip()) or not 7 <= len(digits) <= 15:
        return None
    return "***" + digits[-2:]


def last(value: str, n: int = 4) -> Cell:
    """`****6789`: the last n letters or digits; only `****` where too little would be hidden."""
    bare = re.sub("[ ./_-]", "", value)
    hidden = len(bare) - n
    fits = bare.isascii() and bare.isalnum() and hidden >= max(n, LAST_HIDDEN_MIN)
    return "****" + (bare[-n:] if fits else "")


def card(value: str) -> Cell:
    """`411111******1111`: first six and last four, the most PCI DSS 3.4.1 lets be shown."""
    digits = re.sub("[ -]", "", value)
    if not re.fullmatch("[0-9]+", digits) or not CARD_SHOWN_DIGITS_MIN <= len(digits) <= 19:
        return None
    return f"{digits[:6]}******{digits[-4:]}"


def ip(value: str, v4: int = 24, v6: int = 48) -> Cell:
    """`10.42.7.0/24`, `2001:db8:7::/48` (RFC 5952). IPv4 mapped into IPv6 is IPv4; zones are dropped."""
    quick = _IPV4_RE.match(value) if v4 == 24 else None
    if quick is not None:
        return f"{quick[1]}.{quick[2]}.{quick[3]}.0/24"
    try:
        address = ipaddress.ip_address(value.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = v4 if address.version == 4 else v6
    return str(ipaddress.ip_network((address, bits), strict=False))


def ip_column(values: Any, v4: int = 24, v6: int = 48) -> Any:
    """`ip` of each cell of an Arrow string column without nulls; null where it gives none.

    Addresses are mostly distinct where networks are not: the last of four numbers decides nothing but whether it is
    one, so what is before it and itself are looked at once a distinct value. Any other form goes the long way.
    """
    parts = pc.split_pattern(values, ".", max_splits=1, reverse=True)
    dotted = pc.equal(pc.list_value_length(parts), 2)
    if not pc.all(dotted).as_py():
        parts = pc.if_else(dotted, parts, pa.scalar(["", ""], parts.type))
    heads, tails = (pc.list_element(parts, at).dictionary_encode() for at in (0, 1))
    first = (f"{head}.0" for head in heads.dictionary.to_pylist())
    networks = [ip(address, v4, v6) if _IPV4_RE.match(address) else None for address in first]
    numbers = [_NUMBER_RE.match(tail) is not None for tail in tails.dictionary.to_pylist()]
    quick = pc.take(pa.array(networks, pa.string()), heads.indices)
    quick = pc.if_else(pc.take(pa.array(numbers, pa.bool_()), tails.indices), quick, pa.scalar(None, pa.string()))
    if not quick.null_count:
        return quick
    others = pc.if_else(pc.is_null(quick), values, pa.scalar(None, pa.string())).dictionary_encode()
    found = [None if value is None else ip(value, v4, v6) for value in others.dictionary.to_pylist()]
    return pc.coalesce(quick, pc.take(pa.array(found, pa.string()), others.indices))


def month(value: str) -> Cell:
    """`2026-10` of an ISO 8601 date or time."""
    found = _date(value)
    return None if found is None or not found[1] else f"{found[0]}-{found[1]}"


def year(value: str, as_of: int) -> Cell:
    """`2026` of an ISO 8601 date or time; one 90 or more years before the year `as_of` gives `90+`."""
    found = _date(value)
    if found is None:
        return None
    return _GROUPED if as_of - int(found[0]) >= AGE_GROUPED_FROM else found[0]


def age(value: str) -> Cell:
    """An age in whole years, `90+` from 90 (45 CFR 164.514(b)(2)(i)(C): ages over 89)."""
    if not _AGE_RE.match(value):
        return None
    return _GROUPED if int(value) >= AGE_GROUPED_FROM else str(int(value))


def region(value: str) -> Cell:
    """`DE` or `US-CA`, where the value begins with an ISO 3166-1 or -2 code; the rest is dropped."""
    found = _REGION_RE.match(value)
    return None if found is None else found[1] + (found[2] or "")


def count(value: int, minimum: int = SMALL_CELL_MINIMUM) -> str:
    """A number of people or events, or `<11` where it is under the minimum."""
    return str(value) if value >= minimum else f"<{minimum}"


def counts(values: list[int], minimum: int = SMALL_CELL_MINIMUM, *, total_shown: bool = True) -> list[str]:
    """`count` of each cell of one row or column of a table.

    Where the total is shown beside them, a single suppressed cell could be subtracted; then the next
    smallest is suppressed too, and written as `<` the least number above it, which is true.
    """
    shown = [count(value, minimum) for value in values]
    small = [i for i, value in enumerate(values) if value < minimum]
    if total_shown and len(small) == 1 and len(values) > 1:
        second = min((i for i in range(len(values)) if i != small[0]), key=lambda i: values[i])
        shown[second] = f"<{values[second] + 1}"
    return shown


@dataclass(frozen=True, slots=True)
class Form:
    """A mask that is a function of the value alone. Options are whole numbers: (default, least, greatest).

    `column` gives the same as `apply` for a whole Arrow column without nulls, where that is faster than once a
    distinct value.
    """

    apply: Callable[..., Cell]
    label: str
    options: Mapping[str, tuple[int | None, int, int]] = field(default_factory=dict)
    column: Callable[..., Any] | None = None


FORMS: Final[Mapping[str, Form]] = {
    "email": Form(email, "partial e-mail"),
    "phone": Form(phone, "last 2 digits"),
    "last": Form(last, "last {n}", {"n": (4, 1, LAST_MAX)}),
    "card": Form(card, "first 6, last 4"),
    "ip": Form(ip, "IP /{v4}, /{v6}", {"v4": (24, 8, 24), "v6": (48, 16, 48)}, ip_column),
    "month": Form(month, "month"),
    "year": Form(year, "year", {"as_of": (None, 1970, 9999)}),
    "age": Form(age, "age, 90+ grouped"),
    "region": Form(region, "country, region"),
}


def parses(spec: Mapping[str, Any], cell: Cell) -> bool:
    """Whether `cell` may stand where a field is masked by `spec`, a mask in its JSON form; None is the empty cell.

    Never under `keep` (a kept field is opened, not masked), nor under a spec that is not complete. The grammar
    is `affidavit.cells`', which verifiers share.
    """
    try:
        check_mask_spec(spec)
    except MalformedProof:
        return False
    return mask_cell_ok(spec, cell)


def parses_count(cell: str, minimum: int = SMALL_CELL_MINIMUM) -> bool:
    """Whether `cell` is a count as `count` and `counts` write it."""
    bare = cell.removeprefix("<")
    return bool(_COUNT_CELL.match(bare)) and int(bare) >= minimum


def _date(value: str) -> tuple[str, str, str] | None:
    found = _DATE_RE.match(value.strip())
    if found is None or not "01" <= (found[2] or "01") <= "12" or not "01" <= (found[3] or "01") <= "31":
        return None
    return found[1], found[2] or "", found[3] or ""
