"""Affidavit's own events that verification reads: which paths they open and in what form. Pure.

docs/format.md, "Own events". The table here is the table there; schema: docs/schemas/own.json.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from affidavit.commitment import parse_entry
from affidavit.errors import MalformedProof
from affidavit.paths import own_tag
from affidavit.verify import strict
from affidavit.verify.trust import ORIGIN_RE, STREAM_RE

EXPORTED: Final = "export.created"
RETENTION: Final = "retention.changed"
PURGED: Final = "log.purged"
HELD: Final = "hold.placed"
RELEASED: Final = "hold.released"
ERASED: Final = "record.erased"
ROTATED: Final = "key.rotated"
ANCHORED: Final = "log.anchored"
LAWFUL: Final = frozenset({RETENTION, PURGED, HELD, RELEASED})
"""Actions of which a lawful gap needs every event opened."""
SUCCESS: Final = "success"

MONTHS_MAX: Final = 12_000
DAYS_MAX: Final = 366_000
RANGES_MAX: Final = 100_000
PURGE_STEP: Final = 256  # entries; what tiles and entry bundles hold
HOLD_ID_BYTES_MAX: Final = 128
TOKEN_CHARS_MAX: Final = 65_536
VKEY_BYTES_MAX: Final = 1024
DAY_US: Final = 86_400_000_000
_INTEGER_RE: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END_US: Final = 253_402_300_800_000_000  # the year 10000

Span = tuple[int, int | None]
"""Indexes [i, j), or from i on."""


def _integer(lowest: int, most: int = strict.INTEGER_MAX, step: int = 1) -> Callable[[str, str], int]:
    def read(text: str, what: str) -> int:
        value = int(text) if _INTEGER_RE.match(text) else -1
        if not lowest <= value <= most or value % step:
            raise MalformedProof(f"{what}: {text[:40]!r} is no number from {lowest} to {most} in steps of {step}")
        return value

    return read


def _matching(pattern: re.Pattern[str]) -> Callable[[str, str], str]:
    def read(text: str, what: str) -> str:
        if not pattern.match(text):
            raise MalformedProof(f"{what}: {text[:80]!r} is malformed")
        return text

    return read


def _spans(*, endless: bool) -> Callable[[str, str], tuple[Span, ...]]:
    def read(text: str, what: str) -> tuple[Span, ...]:
        value = strict.load_json(text.encode(), what)
        if json.dumps(value, separators=(",", ":")) != text:
            raise MalformedProof(f"{what} is not written compactly")
        spans: list[Span] = []
        at: int | None = 0
        for item in strict.array(value, what, RANGES_MAX):
            pair = strict.array(item, what, 2)
            if len(pair) != 2:
                raise MalformedProof(f"{what}: {str(item)[:40]} is no pair")
            first = strict.integer(pair[0], what)
            end = None if pair[1] is None and endless else strict.integer(pair[1], what)
            if at is None or first < at or (end is not None and end <= first):
                raise MalformedProof(f"{what}: [{first}, {end}) is empty or out of order")
            spans.append((first, end))
            at = end
        return tuple(spans)

    return read


def _hex(text: str, what: str) -> bytes:
    return strict.unhex(text, what, 32)


def _entry(text: str, what: str) -> bytes:
    data = text.encode()
    try:
        parse_entry(data)
    except MalformedProof as error:
        raise MalformedProof(f"{what}: {error.message}") from None
    return data


def _hold_id(text: str, what: str) -> str:
    return strict.text(text, what, HOLD_ID_BYTES_MAX)


def _scope(text: str, what: str) -> str:
    if text not in ("public", "private"):
        raise MalformedProof(f"{what}: {text[:40]!r} is neither public nor private")
    return text


def _vkey(text: str, what: str) -> str:
    return strict.text(text, what, VKEY_BYTES_MAX)


def _token(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or len(text) > TOKEN_CHARS_MAX or base64.b64encode(data).decode() != text:
        raise MalformedProof(f"{what} is not padded base64 of 1 to {TOKEN_CHARS_MAX} characters")
    return data


class Rule(NamedTuple):
    """How the value of one path is read, and whether it must be there."""

    read: Callable[[str, str], Any]
    must: bool = True


_ORIGIN: Final = Rule(_matching(ORIGIN_RE))
TABLE: Final[Mapping[str, Mapping[str, Rule]]] = {
    RETENTION: {
        "retention.stream": Rule(_matching(STREAM_RE)),
        "retention.months": Rule(_integer(0, MONTHS_MAX), must=False),
        "retention.days": Rule(_integer(0, DAYS_MAX), must=False),
    },
    PURGED: {
        "purge.origin": _ORIGIN,
        "purge.end": Rule(_integer(PURGE_STEP, step=PURGE_STEP)),
        "purge.kept": Rule(_spans(endless=False)),
        "purge.policy": Rule(_integer(0)),
        "purge.last": Rule(_entry),
    },
    HELD: {
        "hold.id": Rule(_hold_id),
        "hold.scope": Rule(_scope),
        "hold.origin": _ORIGIN._replace(must=False),
        "hold.ranges": Rule(_spans(endless=True), must=False),
    },
    RELEASED: {"hold.id": Rule(_hold_id)},
    ERASED: {"erasure.root": Rule(_hex)},
    ROTATED: {"key.origin": _ORIGIN, "key.vkey": Rule(_vkey), "key.from_size": Rule(_integer(0))},
    ANCHORED: {
        "anchor.origin": _ORIGIN,
        "anchor.size": Rule(_integer(1)),
        "anchor.root": Rule(_hex),
        "anchor.token": Rule(_token),
    },
}
"""What supporting events on `control` open, by action."""


def read_own(action: str, fields: Mapping[str, tuple[str, str]], paths: frozenset[str], what: str) -> dict[str, Any]:
    """The values of the listed paths of one event. `paths` are all its record has; MalformedProof where out of form."""
    found: dict[str, Any] = {}
    for path, rule in TABLE[action].items():
        if path not in paths and not rule.must:
            continue
        tag, text = fields.get(path, ("", ""))
        if tag != own_tag(path):
            raise MalformedProof(f"{what}: {action} does not open {path} with tag {own_tag(path)}")
        found[path] = rule.read(text, f"{what}: {path}")
    if action == PURGED and any(end is None or end > found["purge.end"] for _, end in found["purge.kept"]):
        raise MalformedProof(f"{what}: purge.kept goes beyond purge.end")
    if action == HELD:
        placed = {"hold.origin", "hold.ranges"} & found.keys()
        if len(placed) != (2 if found["hold.scope"] == "public" else 0):
            raise MalformedProof(f"{what}: a hold of public scope, and no other, has hold.origin and hold.ranges")
    return found


def keep_until(t_us: int, months: int, days: int) -> int | None:
    """When what is of the time `t_us` has been kept: calendar months in UTC, then days. Microseconds; None: never.

    A day that the month lacks becomes its last one. Never earlier for a later time.

    >>> from affidavit.commitment import format_time, parse_time
    >>> format_time(keep_until(parse_time("2028-01-30T10:00:00.000000Z"), 1, 1))
    '2028-03-01T10:00:00.000000Z'
    """
    day, rest_us = divmod(t_us, DAY_US)
    date = _EPOCH + timedelta(days=day)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if year > 9999:
        return None
    following = datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=UTC) if year < 9999 or month < 11 else None
    first = datetime(year, month + 1, 1, tzinfo=UTC)
    length = (following - first).days if following else 31
    kept = first + timedelta(days=min(date.day, length) - 1)
    us = ((kept - _EPOCH).days + days) * DAY_US + rest_us
    return us if us < _END_US else None
