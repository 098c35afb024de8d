"""How a value is written in a data file: one place, shared by exporter and verifiers. Pure, stdlib only.

A *cell* is a tag and a text. Tag `s` is text (times, tokens and masked values too), `j` a JSON text shown
exactly as stored, and `n` an empty cell: an explicit null, an absent field, a removed or an erased one. See
docs/format.md, "Cells".
"""

from __future__ import annotations

import ipaddress
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from affidavit.errors import MalformedProof
from affidavit.paths import CLASSES, PATH_RE, PUBLIC_KEYS

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
_CSV_NOT_PLAIN: Final = re.compile("[,\"\r\n]|^[=+\\-@\t']")


def csv_guard(text: str) -> str:
    """The text, with an apostrophe in front where it begins like a formula."""
    return f"'{text}" if text[:1] and text[0] in FORMULA_STARTS else text


def csv_quote(text: str) -> str:
    """The text as a CSV field: quoted only where it holds a comma, a quote, CR or LF; quotes doubled."""
    return '"' + text.replace('"', '""') + '"' if _CSV_SPECIAL.search(text) else text


def csv_cell(tag: str, text: str) -> str:
    """One cell as it stands in the CSV file."""
    if tag == TEXT:
        return csv_quote(csv_guard(text)) if _CSV_NOT_PLAIN.search(text) else text
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
NDJSON_END: Final = "\n"
_json_string: Final = json.JSONEncoder(ensure_ascii=False).encode


def json_text(text: str) -> str:
    """A JSON string, fewest escapes: quote, backslash, what is below U+0020 (short forms first)."""
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
            raise MalformedProof(f"zone {self.name!r}: {len(instants)} transitions, allowed 1 to {TRANSITIONS_MAX}")
        if instants[0] != 0 or any(a >= b for a, b in pairwise(instants)):
            raise MalformedProof(f"zone {self.name!r}: transitions must begin at 1970-01-01 and ascend")
        for offset in offsets:
            if offset % 60 or abs(offset) >= ZONE_OFFSET_S_MAX:
                raise MalformedProof(f"zone {self.name!r}: offset {offset} s is not in whole minutes under a day")

    def offset_s(self, us: int) -> int:
        """The offset from UTC in force at this instant, seconds."""
        return self.offsets_s[bisect_right(self.instants_us, us) - 1]

    def render(self, us: int) -> str:
        """An instant as `YYYY-MM-DDThh:mm:ss.ffffff±hh:mm`, `Z` for offset 0."""
        seconds, rest = divmod(us, _SECOND)
        head, tail = _local(seconds, self.offset_s(us))
        return f"{head}{rest:06d}{tail}"

    def shown(self, times: Sequence[str]) -> list[str]:
        """`render` of many times, which are as entries write them: `YYYY-MM-DDThh:mm:ss.ffffffZ`."""
        if self.offsets_s == (0,):
            return list(times)
        begins = [f"{_EPOCH + timedelta(microseconds=us):%Y-%m-%dT%H:%M:%S.%fZ}" for us in self.instants_us]
        found = []
        for time in times:  # in order as text, as they are in time
            minute, tail = _local_minute(time[:16], self.offsets_s[bisect_right(begins, time) - 1])
            found.append(f"{minute}{time[16:26]}{tail}")
        return found


UTC_ZONE: Final = Zone("UTC", (0,), (0,))


@lru_cache(maxsize=8192)
def _local(seconds: int, offset: int) -> tuple[str, str]:
    try:
        local = _EPOCH + timedelta(seconds=seconds + offset)
    except OverflowError:  # after the year 9999 in that zone: shown in UTC
        local, offset = _EPOCH + timedelta(seconds=seconds), 0
    hours, minutes = divmod(abs(offset) // 60, 60)
    tail = f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}" if offset else "Z"
    return local.isoformat()[:19] + ".", tail


@lru_cache(maxsize=8192)
def _local_minute(text: str, offset: int) -> tuple[str, str]:
    """The same for a minute: offsets are whole minutes."""
    head, tail = _local((datetime.fromisoformat(f"{text}+00:00") - _EPOCH) // timedelta(seconds=1), offset)
    return head[:16], tail


# --- masked cells ----------------------------------------------------------------------------------------

LAST_MAX: Final = 6  # characters a `last` mask may show
DOMAIN_CHARS_MAX: Final = 253
AGE_GROUPED_FROM: Final = 90
_OWNERS_MAX: Final = 16
_TOKEN_CELL: Final = re.compile(r"tk_[a-z2-7]{26}\Z")
_VAULT_CELL: Final = re.compile(r"vt_[a-z2-7]{26}\Z")
_DOMAIN: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
_EMAIL_CELL: Final = re.compile(rf"[A-Za-z0-9]?\*\*\*@({_DOMAIN})\Z")
_PHONE_CELL: Final = re.compile(r"\*\*\*[0-9]{2}\Z")
_LAST_CELL: Final = re.compile(r"\*\*\*\*([A-Za-z0-9]*)\Z")
_CARD_CELL: Final = re.compile(r"[0-9]{6}\*{6}[0-9]{4}\Z")
_MONTH_CELL: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])\Z")
_YEAR_CELL: Final = re.compile(r"[0-9]{4}\Z")
_AGE_CELL: Final = re.compile(r"(?:[0-9]|[1-8][0-9]|90\+)\Z")
_REGION_CELL: Final = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?\Z")


def _email_ok(_spec: Mapping[str, Any], cell: str) -> bool:
    found = _EMAIL_CELL.match(cell) if len(cell) <= DOMAIN_CHARS_MAX + 5 else None
    return found is not None and len(found[1]) <= DOMAIN_CHARS_MAX


def _last_ok(spec: Mapping[str, Any], cell: str) -> bool:
    found = _LAST_CELL.match(cell)
    return found is not None and len(found[1]) in (0, spec["n"])


def _ip_ok(spec: Mapping[str, Any], cell: str) -> bool:
    try:
        network = ipaddress.ip_network(cell)
    except ValueError:
        return False
    bits = spec["v4"] if network.version == 4 else spec["v6"]
    return str(network) == cell and network.prefixlen == bits


def _year_ok(spec: Mapping[str, Any], cell: str) -> bool:
    if cell == f"{AGE_GROUPED_FROM}+":
        return True
    return _YEAR_CELL.match(cell) is not None and int(spec["as_of"]) - int(cell) < AGE_GROUPED_FROM


def _form(pattern: re.Pattern[str]) -> Callable[[Mapping[str, Any], str], bool]:
    return lambda _spec, cell: pattern.match(cell) is not None


_CELL_OK: Final[Mapping[str, Callable[[Mapping[str, Any], str], bool]]] = {
    "remove": lambda _spec, _cell: False,
    "replace": lambda _spec, _cell: True,
    "token": _form(_TOKEN_CELL),
    "vault": _form(_VAULT_CELL),
    "type": lambda spec, cell: cell == f"[{spec['class']}]",
    "email": _email_ok,
    "phone": _form(_PHONE_CELL),
    "last": _last_ok,
    "card": _form(_CARD_CELL),
    "ip": _ip_ok,
    "month": _form(_MONTH_CELL),
    "year": _year_ok,
    "age": _form(_AGE_CELL),
    "region": _form(_REGION_CELL),
}
_CLASSED: Final = frozenset({"token", "vault", "type"})
_NUMBERS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "last": {"n": (1, LAST_MAX)},
    "ip": {"v4": (8, 24), "v6": (16, 48)},
    "year": {"as_of": (1970, 9999)},
}
KEEP: Final = "keep"
OWN: Final = "own"
MASKS: Final = (KEEP, OWN, *_CELL_OK)
"""Every mask a manifest may name."""


def check_mask_spec(spec: Any, *, inner: bool = False) -> None:
    """Refuse a mask spec that is not exactly in form: MalformedProof names it."""
    name = spec.get("mask") if isinstance(spec, Mapping) else None
    if not isinstance(name, str) or name not in MASKS or (inner and name == OWN):
        raise MalformedProof(f"mask {str(spec)[:200]} is not one of {', '.join(MASKS)}")
    numbers = _NUMBERS.get(name, {})
    wanted = {"mask", *numbers}
    wanted |= {"class"} if name in _CLASSED else {"owners", "inner"} if name == OWN else set()
    if set(spec) != wanted:
        raise MalformedProof(f"mask {str(dict(spec))[:200]} does not have the keys {', '.join(sorted(wanted))}")
    if name in _CLASSED and spec["class"] not in CLASSES:
        raise MalformedProof(f"mask {name}: class {str(spec['class'])[:40]!r} is unknown")
    for key, (least, greatest) in numbers.items():
        if type(spec[key]) is not int or not least <= spec[key] <= greatest:
            raise MalformedProof(f"mask {name}: {key} {str(spec[key])[:40]!r} is not {least} to {greatest}")
    if name == OWN:
        owners = spec["owners"]
        if not isinstance(owners, list) or len(owners) > _OWNERS_MAX:
            raise MalformedProof(f"mask own: owners are not a list of at most {_OWNERS_MAX} paths")
        if not all(isinstance(path, str) and PATH_RE.match(path) for path in owners):
            raise MalformedProof("mask own: an owner is no path")
        check_mask_spec(spec["inner"], inner=True)


def mask_cell_ok(spec: Mapping[str, Any], cell: str | None) -> bool:
    """Whether `cell` may stand where a field is masked by this spec, which MUST have been checked.

    None is the empty cell, which any mask may give. Under `keep` nothing may: a kept cell is regenerated from its
    opening. A well-formed cell is not a true one: it is the operator's statement.
    """
    name = spec["mask"]
    if name == KEEP:
        return False
    if name == OWN:
        return cell is None or mask_cell_ok(spec["inner"], cell)
    return cell is None or _CELL_OK[name](spec, cell)
