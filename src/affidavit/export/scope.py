"""Scope: what a run was asked to hold, in a few texts that people read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from affidavit.commitment import format_time, parse_time
from affidavit.errors import InvalidQuery
from affidavit.export.spec import ExportSpec
from affidavit.query.rendering import to_text
from affidavit.query.tree import EVERYTHING, Group, Leaf, Query, all_of

QUERY_CHARS_MAX: Final = 4096
"""A longer query (a list of very many ids) is not shown; the manifest has it whole."""
AT: Final = "at"
_STARTS: Final = {"ge": 0, "gt": 1}
_ENDS: Final = {"lt": 0, "le": 1}


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked. `start` and `end` are RFC 3339 in UTC, the end not included; None is open.

    `query` is the rest of the conditions in the query language: empty where there are none, None where they can't be
    shown as text, or may not be.
    """

    start: str | None
    end: str | None
    query: str | None
    format: str
    profile: str
    evidence: str
    zone: str
    streams: tuple[str, ...]
    columns: tuple[str, ...]
    recipient: str | None
    reason: str | None


def scope_of(spec: ExportSpec, *, clear: bool) -> Scope:
    """The scope of a spec. Without `clear` the query is left out: it holds values that its reader's profile masks."""
    start, end, rest = _parted(spec.query)
    return Scope(
        start=start,
        end=end,
        query=_text(rest, spec) if clear else None,
        format=spec.format,
        profile=spec.profile_name,
        evidence=spec.evidence,
        zone=spec.zone,
        streams=spec.streams,
        columns=tuple(column.label for column in spec.columns),
        recipient=spec.recipient,
        reason=spec.reason,
    )


def _parted(query: Query) -> tuple[str | None, str | None, Query]:
    """The first bounds on `at` that all rows must meet, and what is left."""
    parts = query.of if isinstance(query, Group) and query.op == "all" else (query,)
    start = end = None
    rest: list[Query] = []
    for part in parts:
        if isinstance(part, Leaf) and part.path == AT and part.op in _STARTS and start is None:
            start = _moved(part.value, _STARTS[part.op])
        elif isinstance(part, Leaf) and part.path == AT and part.op in _ENDS and end is None:
            end = _moved(part.value, _ENDS[part.op])
        else:
            rest.append(part)
    return start, end, all_of(*rest) if rest else EVERYTHING


def _moved(time: str, by_us: int) -> str:
    return format_time(parse_time(time) + by_us)


def _text(query: Query, spec: ExportSpec) -> str | None:
    if query == EVERYTHING:
        return ""
    try:
        text = to_text(query, spec.declared)
    except InvalidQuery:
        return None
    return text if len(text) <= QUERY_CHARS_MAX else None
