"""The window of a query: between which times an entry must lie to be in it, so that what is missing shows.

Only conditions that every row must meet count: those that are the query itself or direct members of its top `all`.
"""

from __future__ import annotations

from dataclasses import dataclass

from affidavit.commitment import CLOCK_SKEW_US_MAX, format_time, parse_time
from affidavit.query.tree import Group, Leaf, Query
from affidavit.verify.entries import Entries
from affidavit.verify.manifest import LogRef


@dataclass(frozen=True, slots=True)
class Window:
    """Lower bounds on `at` and `t`, and the upper bound on `t` (with whether `t` may equal it), microseconds."""

    at_from_us: int | None = None
    t_from_us: int | None = None
    t_to_us: int | None = None
    t_to_included: bool = False

    def begins_after(self, t_us: int) -> bool:
        """Whether an entry of this `t`, and so every one before it, lies before the window."""
        by_at = self.at_from_us is not None and t_us < self.at_from_us - CLOCK_SKEW_US_MAX
        by_t = self.t_from_us is not None and t_us < self.t_from_us
        return by_at or by_t

    def ends_before(self, t_us: int) -> bool:
        """Whether an entry of this `t`, and so every one after it, lies after the window."""
        if self.t_to_us is None:
            return False
        return t_us > self.t_to_us if self.t_to_included else t_us >= self.t_to_us


def window_of(query: Query) -> Window:
    """The window of a query; all bounds open where it has no such conditions."""
    parts = query.of if isinstance(query, Group) and query.op == "all" else (query,)
    lower: dict[str, int] = {}
    upper: list[tuple[int, bool]] = []
    for part in parts:
        if isinstance(part, Leaf) and part.path in ("at", "t") and part.op in ("ge", "gt"):
            lower[part.path] = max(lower.get(part.path, 0), parse_time(part.value))
        elif isinstance(part, Leaf) and part.path == "t" and part.op in ("lt", "le"):
            upper.append((parse_time(part.value), part.op == "le"))
    to_us, included = min(upper, default=(None, False))
    return Window(lower.get("at"), lower.get("t"), to_us, included)


def start_of_gap(log: LogRef, window: Window, entries: Entries) -> str:
    """Why the bundle does not show that the window has its beginning, in words; empty where it does."""
    first = log.ranges[-1][0]
    if first == 0 or entries.head is None or window.begins_after(entries.head.t_us):
        return ""
    return (
        f"{log.name}: the bundle begins at index {first}, t {format_time(entries.head.t_us)}, and nothing shows "
        "that the window does not begin before"
    )


def end_of_window(log: LogRef, size: int, window: Window, entries: Entries) -> str:
    """What is missing at the end of the window, in words; empty where nothing is."""
    if not log.ranges or entries.last is None:
        return f"{log.name}: 0 ranges of {size} entries are in the bundle" if size else ""
    end = log.ranges[-1][1]
    if end < size and not window.ends_before(entries.last.t_us):
        return (
            f"{log.name}: the bundle ends before index {end} of {size}, t {format_time(entries.last.t_us)}, and "
            "nothing shows that the window does not go on"
        )
    return ""
