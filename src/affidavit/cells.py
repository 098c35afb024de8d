"""How a value is written in a data file: one place, shared by exporter and verifiers. Pure, stdlib only.

A *cell* is a tag and a text. Tag `s` is text (times, tokens and masked values too), `j` a JSON text shown
exactly as stored, and `n` an empty cell: an explicit null, an absent field, a removed or an erased one. See
docs/format.md, "Cells".
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from affidavit.errors import MalformedProof
from affidavit.paths import CLASSES, PUBLIC_KEYS

TEXT: Final = "s"
JSON: Final = "j"
EMPTY: Final = "n"


class Cell(NamedTuple):
    """One cell before it is written: tag `s`, `j` or `n` (then the text is "")."""

    tag: str
    text: str


NOTHING: Final = Cell(EMPTY, "")

# --- columns ----------------------------------------------------------------------------------------------

VIRTUAL: Final[Mapping[str, tuple[str, ...]]] = {"resource": ("resource.type", "resource.id")}
"""Columns made of several fields. A record MUST NOT have a path of such a name."""

TIMES: Final = frozenset({"at", "t"})


def underlying(path: str) -> tuple[str, ...]:
    """The fields a column of this path is made of; none for a public key of the entry."""
    if path in PUBLIC_KEYS:
        return ()
    return VIRTUAL.get(path, (path,))


def resource_text(kind: str | None, name: str | None) -> str | None:
    """The virtual column `resource`: "type:id", the id alone, or "type:" where only the type is known.

    >>> resource_text("grade", "17"), resource_text(None, "17"), resource_text("grade", None)
    ('grade:17', '17', 'grade:')
    """
    if kind is None:
        return name
    return f"{kind}:{name or ''}"


# --- CSV --------------------------------------------------------------------------------------------------

FORMULA_STARTS: Final = "=+-@\t\r'"
"""A text cell beginning with one of these gets one apostrophe in front, so that no spreadsheet runs it."""

CSV_END: Final = "\r\n"
_CSV_SPECIAL: Final = re.compile('[,"\r\n]')


def csv_guard(text: str) -> str:
    """The text, with an apostrophe in front where it begins like a formula."""
    return f"'{text}" if text[:1] and text[0] in FORMULA_STARTS else text


def csv_quote(text: str) -> str:
    """The text as a CSV field: quoted only where it holds a comma, a quote, CR or LF; quotes doubled."""
    return '"' + text.replace('"', '""') + '"' if _CSV_SPECIAL.search(text) else text


def csv_cell(tag: str, text: str) -> str:
    """One cell as it stands in the CSV file."""
    if tag == TEXT:
        return csv_quote(csv_guard(text))
    return csv_quote(text) if tag == JSON else ""


def csv_row(cells: Iterable[Cell]) -> str:
    """One row with its line end."""
    return ",".join([csv_cell(tag, text) for tag, text in cells]) + CSV_END


def csv_header(labels: Iterable[str]) -> str:
    """The header row: labels are text cells."""
    return ",".join([csv_cell(TEXT, label) for label in labels]) + CSV_END


def csv_text(raw: str) -> str | None:
    """The text of a cell that was written by `csv_cell("s", …)`; None where it can't have been.

    >>> csv_text("'=1"), csv_text("=1"), csv_text('"a,b"'), csv_text("'a")
    ('=1', None, 'a,b', None)
    """
    text = raw
    if raw[:1] == '"':
        if len(raw) < 2 or raw[-1] != '"':
            return None
        text = raw[1:-1].replace('""', '"')
    if text[:1] == "'":
        text = text[1:]
    return text if csv_cell(TEXT, text) == raw else None


# --- JSON -------------------------------------------------------------------------------------------------

JSON_BEGIN: Final = "[\n"
JSON_BETWEEN: Final = ",\n"
JSON_END: Final = "\n]\n"
JSON_EMPTY: Final = "[\n]\n"
_json_string: Final = json.JSONEncoder(ensure_ascii=False).encode


def json_text(text: str) -> str:
    """A JSON string with the fewest escapes: quote, backslash, and what is below U+0020 (short forms first)."""
    return _json_string(text)


def json_cell(tag: str, text: str) -> str:
    """One cell as it stands in the JSON file."""
    if tag == TEXT:
        return _json_string(text)
    return text if tag == JSON else "null"


def json_row(labels: Sequence[str], cells: Iterable[Cell]) -> str:
    """One row as a compact object, without the separator between rows."""
    pairs = zip(labels, cells, strict=True)
    return "{" + ",".join([f"{_json_string(label)}:{json_cell(*cell)}" for label, cell in pairs]) + "}"


def json_string_text(raw: str) -> str | None:
    """The text of a cell that was written by `json_text`; None where it can't have been."""
    try:
        text = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return text if isinstance(text, str) and _json_string(text) == raw else None


# --- time zones -------------------------------------------------------------------------------------------

ZONE_OFFSET_S_MAX: Final = 24 * 3600
TRANSITIONS_MAX: Final = 4096
ZONE_NAME_BYTES_MAX: Final = 128
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone as the manifest carries it: a name, and offsets (s, whole minutes) from instants (µs) on.

    The first instant is 0 (1970) and gives the offset in force before everything else; instants ascend.
    """

    name: str
    instants_us: tuple[int, ...]
    offsets_s: tuple[int, ...]

    def __post_init__(self) -> None:
        instants, offsets = self.instants_us, self.offsets_s
        if not 1 <= len(instants) == len(offsets) <= TRANSITIONS_MAX:
            raise MalformedProof(
                f"zone {self.name!r}: {len(instants)} transitions, allowed 1 to {TRANSITIONS_MAX}"
            )
        if instants[0] != 0 or any(a >= b for a, b in pairwise(instants)):
            raise MalformedProof(f"zone {self.name!r}: transitions must begin at 1970-01-01 and ascend")
        for offset in offsets:
            if offset % 60 or abs(offset) >= ZONE_OFFSET_S_MAX:
                raise MalformedProof(
                    f"zone {self.name!r}: offset {offset} s is not in whole minutes under a day"
                )

    def offset_s(self, us: int) -> int:
        """The offset from UTC in force at this instant, seconds."""
        return self.offsets_s[bisect_right(self.instants_us, us) - 1]

    def render(self, us: int) -> str:
        """An instant as `YYYY-MM-DDThh:mm:ss.ffffff±hh:mm`, `Z` for offset 0."""
        seconds, rest = divmod(us, _SECOND)
        head, tail = _local(seconds, self.offset_s(us))
        return f"{head}{rest:06d}{tail}"


UTC_ZONE: Final = Zone("UTC", (0,), (0,))


@lru_cache(maxsize=8192)
def _local(seconds: int, offset: int) -> tuple[str, str]:
    try:
        local = _EPOCH + timedelta(seconds=seconds + offset)
    except OverflowError:  # after the year 9999 in that zone: shown in UTC
        local, offset = _EPOCH + timedelta(seconds=seconds), 0
    hours, minutes = divmod(abs(offset) // 60, 60)
    tail = f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}" if offset else "Z"
    return local.strftime("%Y-%m-%dT%H:%M:%S."), tail


# --- masked cells -----------------------------------------------------------------------------------------

MASKS: Final[Mapping[str, frozenset[str]]] = {
    "keep": frozenset(),
    "remove": frozenset(),
    "token": frozenset({"class"}),
    "vault": frozenset({"class"}),
    "partial_email": frozenset(),
    "partial_phone": frozenset(),
    "last": frozenset({"n"}),
    "ip_prefix": frozenset(),
    "date": frozenset({"unit"}),
    "type_only": frozenset(),
    "detect": frozenset(),
}
"""Every mask a manifest may name, with the parameters its spec must have beside `mask`."""

LAST_MAX: Final = 8
DATE_UNITS: Final = ("month", "year", "age")
TOKEN_RE: Final = re.compile(r"tk_[a-z2-7]{26}\Z")
VAULT_RE: Final = re.compile(r"vt_[a-z2-7]{26}\Z")
_EMAIL_RE: Final = re.compile(r"[^\s@*]?\*\*\*@[^\s@]{1,253}\Z")
_PHONE_RE: Final = re.compile(r"\*\*\*[0-9]{0,2}\Z")
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4_RE: Final = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.0/24\Z")
_IPV6_RE: Final = re.compile(r"[0-9a-f:]{2,14}::/48\Z|::/48\Z")
_MONTH_RE: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])\Z")
_YEAR_RE: Final = re.compile(r"[0-9]{4}\Z")
_AGE_RE: Final = re.compile(r"(?:[1-8]?[0-9]|90\+)\Z")
_TYPE_RE: Final = re.compile(r"[a-z][a-z0-9_-]*\Z")
_DATES: Final = {"month": _MONTH_RE, "year": _YEAR_RE, "age": _AGE_RE}


def check_mask_spec(spec: Mapping[str, Any]) -> None:
    """Refuse a mask spec that is not exactly in form: MalformedProof names it."""
    name = spec.get("mask")
    wanted = MASKS.get(name) if isinstance(name, str) else None
    if wanted is None or set(spec) != wanted | {"mask"}:
        raise MalformedProof(
            f"mask {str(dict(spec))[:200]} is not one of {', '.join(MASKS)} with its parameters"
        )
    if "class" in wanted and spec["class"] not in CLASSES:
        raise MalformedProof(f"mask {name}: class {spec['class']!r} is unknown")
    if "n" in wanted and not (type(spec["n"]) is int and 1 <= spec["n"] <= LAST_MAX):
        raise MalformedProof(f"mask last: n {spec['n']!r} is not 1 to {LAST_MAX}")
    if "unit" in wanted and spec["unit"] not in DATE_UNITS:
        raise MalformedProof(f"mask date: unit {spec['unit']!r} is not {', '.join(DATE_UNITS)}")


def mask_cell_ok(spec: Mapping[str, Any], cell: str) -> bool:
    """Whether `cell` (its text, unquoted) is a well-formed output of this mask for a value that is there.

    The empty text is what every mask but `keep` gives for a null, and `remove` for everything.
    """
    name = spec["mask"]
    if name == "keep":
        return False  # a kept cell is regenerated, never parsed
    if not cell:
        return True
    if name in ("token", "vault"):
        return (TOKEN_RE if name == "token" else VAULT_RE).match(cell) is not None
    if name == "ip_prefix":
        return _IPV4_RE.match(cell) is not None or _is_ipv6_prefix(cell) or cell == "***"
    if name == "partial_email":
        return _EMAIL_RE.match(cell) is not None or cell == "***"
    if name == "partial_phone":
        return _PHONE_RE.match(cell) is not None
    if name == "last":
        return cell.startswith("***") and len(cell) <= 3 + int(spec["n"])
    if name == "date":
        return _DATES[spec["unit"]].match(cell) is not None or cell == "***"
    if name == "type_only":
        return _TYPE_RE.match(cell) is not None or cell == "***"
    return bool(name == "detect")


def _is_ipv6_prefix(cell: str) -> bool:
    if not _IPV6_RE.match(cell):
        return False
    groups = cell[:-5].split(":")
    return groups == [""] or (
        len(groups) <= 3 and all(re.fullmatch("[1-9a-f][0-9a-f]{0,3}|0", g) for g in groups)
    )
