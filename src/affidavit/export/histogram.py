"""Histogram: how many events fall into which stretch of time, as one reader may know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from affidavit.commitment import format_time, parse_time
from affidavit.errors import InvalidQuery
from affidavit.event import micros
from affidavit.export.mask import KEEP
from affidavit.export.view import Search, View
from affidavit.query.bounds import bounds
from affidavit.query.tree import Query

BARS_MAX: Final = 120
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_STEPS: Final = tuple(
    s * _SECOND for s in (1, 5, 15, 60, 300, 900, 3_600, 3 * 3_600, 12 * 3_600, 86_400, 7 * 86_400, 30 * 86_400)
)
_PERIOD_US_MAX: Final = 10 * 366 * _DAY
"""Of a longer period asked for only the part that has events is shown."""
_LAST_US: Final = 253_402_300_799_999_999


@dataclass(frozen=True, slots=True)
class Bar:
    """Events from `start` up to the next bar, by outcome. None where they are too few to be said."""

    start: str
    counts: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars without gaps, in order; `end` is where the last one ends. A step of days follows the zone's own days."""

    bars: list[Bar]
    end: str | None
    step_s: int


def histogram(log: Any, view: View, query: Query) -> Histogram:
    """At most about BARS_MAX bars over the period asked for, or over what matches. Recorded as a search.

    Raises InvalidQuery where the reader's profile masks times or a condition.
    """
    if view.masker().mask_of("at").name != KEEP:
        raise InvalidQuery(f"profile {view.profile.name} masks times", "Ask for the count alone")
    view.search(Search(query, limit=0))
    pins = [log.pin(stream) for stream in view.spec.streams]
    clear = view.clear(query, pins)
    found = log.reader.span(clear, pins)
    if found is None:
        return Histogram([], None, 0)
    asked = bounds(clear).at
    low = max(parse_time(asked.lo), 0) if asked.lo else found[0]
    high = min(parse_time(asked.hi) - 1, _LAST_US) if asked.hi else found[1]
    if high - low > _PERIOD_US_MAX:
        low, high = found
    widest = _STEPS[-1] * ((high - low) // (_STEPS[-1] * BARS_MAX) + 1)
    step = next((step for step in _STEPS if (high - low) // step < BARS_MAX), widest)
    edges = _edges(low, high, step, ZoneInfo(view.spec.zone))
    bars: list[dict[str, int | None]] = [{} for _ in edges[:-1]]
    small = view.profile.small_cells
    for at, outcome, count in log.reader.histogram(clear, pins, edges):
        bars[at][outcome] = None if count < small else count
    shown = [Bar(format_time(edge), counts) for edge, counts in zip(edges, bars, strict=False)]
    return Histogram(shown, format_time(edges[-1]), step // _SECOND)


def _edges(low: int, high: int, step: int, zone: ZoneInfo) -> list[int]:
    """Edges around [low, high]. Steps of days begin at the zone's midnights, shorter ones at multiples in UTC."""
    if step < _DAY:
        first = low // step * step
        return [min(edge, _LAST_US) for edge in range(first, high + step + 1, step)]
    days = step // _DAY
    day = datetime.fromtimestamp(low // _SECOND, UTC).astimezone(zone).date()
    edges: list[int] = []
    while not edges or edges[-1] <= high:
        edges.append(max(micros(datetime(day.year, day.month, day.day, tzinfo=zone)), 0))
        try:
            day += timedelta(days=days)
        except OverflowError:
            return [*edges, _LAST_US]
    return edges
