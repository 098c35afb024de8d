"""The cells that masks write: how each is made from a value, and whether a cell is well-formed (`parses`).

Standard library only, so that a verifier can import it. A value that hasn't the form a mask expects gives
None, an empty cell: no mask shows what it doesn't understand. A well-formed cell is not a true one: what
stands in a masked cell is the operator's statement.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Cell = str | None

LAST_MAX: Final = 6  # characters a `last` mask may show
LAST_HIDDEN_MIN: Final = 4  # characters it must hide, or it shows none
CARD_SHOWN_DIGITS_MIN: Final = 15  # a shorter number would have under five hidden digits
SMALL_CELL_MINIMUM: Final = 11
AGE_GROUPED_FROM: Final = 90  # 45 CFR 164.514(b)(2)(i)(C): ages over 89
DOMAIN_CHARS_MAX: Final = 253

_DOMAIN: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
_DOMAIN_RE: Final = re.compile(_DOMAIN + r"\Z")
_EMAIL_CELL: Final = re.compile(r"[A-Za-z0-9]?\*\*\*@(.+)\Z")
_PHONE_RE: Final = re.compile(r"\+?[0-9 ()./-]{7,40}\Z")
_PHONE_CELL: Final = re.compile(r"\*\*\*[0-9]{2}\Z")
_LAST_CELL: Final = re.compile(r"\*\*\*\*([A-Za-z0-9]*)\Z")
_CARD_CELL: Final = re.compile(r"[0-9]{6}\*{6}[0-9]{4}\Z")
_DATE_RE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.,]{2,20}(?:Z|[+-][0-9:]{2,6})?)?)?)?\Z"
)
_MONTH_CELL: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])\Z")
_YEAR_CELL: Final = re.compile(r"[0-9]{4}\Z")
_AGE_RE: Final = re.compile(r"[0-9]{1,3}\Z")
_AGE_CELL: Final = re.compile(r"(?:[0-9]|[1-8][0-9]|90\+)\Z")
_REGION_RE: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?(?:[ ,;/-].*)?\Z", re.DOTALL)
_REGION_CELL: Final = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?\Z")
_TOKEN_CELL: Final = re.compile(r"tk_[a-z2-7]{26}\Z")
_VAULT_CELL: Final = re.compile(r"vt_[a-z2-7]{26}\Z")
_COUNT_CELL: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
_GROUPED: Final = f"{AGE_GROUPED_FROM}+"


def email(value: str) -> Cell:
    """`j***@example.org`: first letter and domain. Local parts under three characters show no letter."""
    local, _, domain = value.strip().rpartition("@")
    domain = domain.lower()
    if not local or "@" in local or len(domain) > DOMAIN_CHARS_MAX or not _DOMAIN_RE.match(domain):
        return None
    first = local[0] if len(local) > 2 and local[0].isascii() and local[0].isalnum() else ""
    return f"{first}***@{domain}"


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
    try:
        address = ipaddress.ip_address(value.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = v4 if address.version == 4 else v6
    return str(ipaddress.ip_network((address, bits), strict=False))


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
    """An age in whole years, `90+` from 90."""
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
    """A mask that is a function of the value alone. Options are whole numbers: (default, least, greatest)."""

    apply: Callable[..., Cell]
    label: str
    options: Mapping[str, tuple[int | None, int, int]] = field(default_factory=dict)


FORMS: Final[Mapping[str, Form]] = {
    "email": Form(email, "partial e-mail"),
    "phone": Form(phone, "last 2 digits"),
    "last": Form(last, "last {n}", {"n": (4, 1, LAST_MAX)}),
    "card": Form(card, "first 6, last 4"),
    "ip": Form(ip, "IP /{v4}, /{v6}", {"v4": (24, 8, 24), "v6": (48, 16, 48)}),
    "month": Form(month, "month"),
    "year": Form(year, "year", {"as_of": (None, 1970, 9999)}),
    "age": Form(age, "age, 90+ grouped"),
    "region": Form(region, "country, region"),
}


def parses(spec: Mapping[str, Any], cell: Cell) -> bool:
    """Whether `cell` may stand where a field is masked by `spec`, a mask in its JSON form.

    None is the empty cell. Under `keep`, or a mask this version doesn't know, nothing may: a kept field is
    opened, never masked.
    """
    name = spec.get("mask")
    if name == "own":
        inner = spec.get("inner")
        return cell is None or (isinstance(inner, Mapping) and parses(inner, cell))
    form = _CELLS.get(str(name))
    return form is not None and (cell is None or form(spec, cell))


def _parses_email(_spec: Mapping[str, Any], cell: str) -> bool:
    found = _EMAIL_CELL.match(cell)
    return bool(found and len(found[1]) <= DOMAIN_CHARS_MAX and _DOMAIN_RE.match(found[1]))


def _parses_last(spec: Mapping[str, Any], cell: str) -> bool:
    found = _LAST_CELL.match(cell)
    return bool(found and len(found[1]) in {0, spec.get("n", 4)})


def _parses_ip(spec: Mapping[str, Any], cell: str) -> bool:
    try:
        network = ipaddress.ip_network(cell)
    except ValueError:
        return False
    bits = spec.get("v4", 24) if network.version == 4 else spec.get("v6", 48)
    return str(network) == cell and network.prefixlen == bits


def _parses_year(spec: Mapping[str, Any], cell: str) -> bool:
    as_of = spec.get("as_of")
    if as_of is None:
        return bool(_YEAR_CELL.match(cell))
    return cell == _GROUPED or bool(_YEAR_CELL.match(cell) and as_of - int(cell) < AGE_GROUPED_FROM)


def _parses_count(spec: Mapping[str, Any], cell: str) -> bool:
    minimum = spec.get("minimum", SMALL_CELL_MINIMUM)
    bare = cell.removeprefix("<")
    return bool(_COUNT_CELL.match(bare)) and int(bare) >= minimum


def _date(value: str) -> tuple[str, str, str] | None:
    found = _DATE_RE.match(value.strip())
    if found is None or not "01" <= (found[2] or "01") <= "12" or not "01" <= (found[3] or "01") <= "31":
        return None
    return found[1], found[2] or "", found[3] or ""


_CELLS: Final[Mapping[str, Callable[[Mapping[str, Any], str], bool]]] = {
    "remove": lambda _spec, _cell: False,
    "token": lambda _spec, cell: bool(_TOKEN_CELL.match(cell)),
    "vault": lambda _spec, cell: bool(_VAULT_CELL.match(cell)),
    "type": lambda spec, cell: cell == f"[{spec.get('class')}]",
    "replace": lambda _spec, _cell: True,
    "email": _parses_email,
    "phone": lambda _spec, cell: bool(_PHONE_CELL.match(cell)),
    "last": _parses_last,
    "card": lambda _spec, cell: bool(_CARD_CELL.match(cell)),
    "ip": _parses_ip,
    "month": lambda _spec, cell: bool(_MONTH_CELL.match(cell)),
    "year": _parses_year,
    "age": lambda _spec, cell: bool(_AGE_CELL.match(cell)),
    "region": lambda _spec, cell: bool(_REGION_CELL.match(cell)),
    "small-cell": _parses_count,
}
