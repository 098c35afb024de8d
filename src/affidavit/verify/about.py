"""What a data file says of itself: period, zone, query, profile, columns, counts. Exporter and verifier share it. Pure.

Everything in it is in the manifest too, so a verifier makes it anew and compares. docs/format.md, "About".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from affidavit.commitment import format_time, parse_time
from affidavit.query.tree import Group, Leaf, Query

_TIME_US_MAX: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Counts(NamedTuple):
    """What a data file holds, as its operator says."""

    rows: int
    masked: int
    erased: int = 0
    purged: int = 0
    truncated: bool = False

    def text(self) -> str:
        """As JSON, compact."""
        return _encode(self._asdict())


class Period(NamedTuple):
    """The stretch of one public time, `at` or `t`, that a query asks for: microseconds, the end not included.

    None is open.
    """

    of: str
    from_us: int | None
    before_us: int | None

    def to_json(self) -> dict[str, str | None]:
        """With times as text."""
        start, end = (None if us is None else format_time(us) for us in (self.from_us, self.before_us))
        return {"of": self.of, "from": start, "before": end}


def period_of(query: Query) -> Period:
    """The period: by the conditions on `at`, else on `t`, that are the query itself or directly in its top `all`."""
    parts = query.of if isinstance(query, Group) and query.op == "all" else (query,)
    bounds = [part for part in parts if isinstance(part, Leaf) and part.op in ("ge", "gt", "lt", "le")]
    for key in ("at", "t"):
        found = [part for part in bounds if part.path == key]
        if found:
            starts = [parse_time(part.value) + (part.op == "gt") for part in found if part.op in ("ge", "gt")]
            ends = [parse_time(part.value) + (part.op == "le") for part in found if part.op in ("lt", "le")]
            start, end = max(starts, default=None), min(ends, default=None)
            return Period(
                key,
                None if start is None else min(start, _TIME_US_MAX),
                None if end is None or end > _TIME_US_MAX else end,  # no later time can be written
            )
    return Period("at", None, None)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a data file before its first row. `query` and `columns` are the manifest's own JSON."""

    export_id: str
    created: str
    tenant: str
    profile: str
    zone: str
    evidence: str
    query: Mapping[str, Any]
    period: Period
    columns: Sequence[Mapping[str, Any]]
    recipient: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Every key, in the order it is written in."""
        return {
            "export": {
                "id": self.export_id,
                "created": self.created,
                "recipient": self.recipient,
                "reason": self.reason,
            },
            "tenant": self.tenant,
            "period": self.period.to_json(),
            "zone": self.zone,
            "query": self.query,
            "profile": self.profile,
            "columns": self.columns,
            "evidence": self.evidence,
        }

    def text(self) -> str:
        """As JSON, compact, keys in order, fewest escapes."""
        return _encode(self.to_json())


QUERY_CHARS_MAX: Final = 2000
"""Of a query shown to people: one of very many ids is whole in the manifest, and on no page."""


def facts(about: About, counts: Counts) -> list[tuple[str, str]]:
    """The same for people, as pairs of text: what spreadsheets and pages show."""
    query = _encode(about.query)
    if len(query) > QUERY_CHARS_MAX:
        query = f"{query[:QUERY_CHARS_MAX]} … ({len(query)} characters, whole in manifest.json)"
    period = about.period.to_json()
    start = f"from {period['from']}" if period["from"] else "from the first entry"
    end = f"before {period['before']}" if period["before"] else "to the last"
    return [
        ("Export", about.export_id),
        ("Created", about.created),
        ("Tenant", about.tenant),
        ("For", about.recipient or "not said"),
        ("Reason", about.reason or "not said"),
        ("Period", f"{start}, {end} (by {about.period.of})"),
        ("Times shown in", about.zone),
        ("Query", query),
        ("Masking profile", about.profile),
        ("Rows", str(counts.rows)),
        ("Values masked", str(counts.masked)),
        ("Values erased", str(counts.erased)),
        ("Cut off", "yes" if counts.truncated else "nothing"),
        ("Evidence", about.evidence),
    ]
