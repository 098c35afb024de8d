"""Lawful gaps: what is missing from the beginning of a log was purged by a policy, and under no hold.

Step 6 of docs/format.md, "Verification". Everything is told by the tenant's `control` logs, which are bundled whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from affidavit.commitment import format_time, parse_entry
from affidavit.verify.entries import Entries, public_of
from affidavit.verify.manifest import LogRef, Range
from affidavit.verify.own import DAY_US, HELD, LAWFUL, PURGED, RELEASED, RETENTION, SUCCESS, Span, keep_until
from affidavit.verify.support import Opened

CONTROL_STREAM: Final = "control"
NOTICE_US: Final = DAY_US
"""How long a policy must have been logged before what it purges goes, microseconds."""


class Unlawful(Exception):
    """A gap is not lawful, in words. Never leaves this package."""


class Purge(NamedTuple):
    """One purge of a log: what it removed, and when what it removed had been kept, microseconds."""

    event: Opened
    removed: tuple[Range, ...]
    last_us: int
    months: int
    days: int

    def kept_until(self, from_us: int) -> int | None:
        """The end of keep for what is of this time."""
        return keep_until(from_us, self.months, self.days)


@dataclass(frozen=True, slots=True)
class Control:
    """The own events of the control logs, in their order."""

    events: tuple[Opened, ...]

    def of(self, action: str, before: Opened | None = None) -> Iterator[Opened]:
        """The events of one action, before another."""
        for event in self.events:
            if event.entry.action == action and (before is None or event.place < before.place):
                yield event

    @property
    def private_holds(self) -> list[str]:
        """Ids of the holds whose scope is not told."""
        return sorted({event.own["hold.id"] for event in self.of(HELD) if event.own["hold.scope"] == "private"})


def open_control(
    logs: Sequence[LogRef], trusted: Iterable[str], sizes: Mapping[int, int], entries: Mapping[int, Entries],
    own: Sequence[Opened],
) -> Control:  # fmt: skip
    """The events of all control logs, whose origins are `trusted`. Raises Unlawful where one is not whole."""
    by_origin = {log.origin: log for log in logs if log.size is not None}
    given = {(event.k, event.index) for event in own}
    ks = set()
    for origin in trusted:
        log = by_origin.get(origin)
        if log is None or log.ranges != (((0, sizes[log.k]),) if sizes[log.k] else ()):
            raise Unlawful(f"the log {origin} ({CONTROL_STREAM}) is not bundled whole")
        ks.add(log.k)
        for index, data in entries[log.k].each():
            public = public_of(data)
            if public.action in LAWFUL and public.outcome == SUCCESS and (log.k, index) not in given:
                raise Unlawful(f"entry {index} of log {log.k} is {public.action} and is not opened")
    if not ks:
        raise Unlawful(f"the trust file has no log {CONTROL_STREAM!r}")
    return Control(tuple(sorted((event for event in own if event.k in ks), key=lambda event: event.place)))


def lawful(control: Control, log: LogRef) -> list[Purge]:
    """The purges that make the gap before the last range of `log`. Raises Unlawful where it is not lawful."""
    first = log.ranges[-1][0]
    purges: list[Purge] = []
    before_end = 0
    before_kept: tuple[Range, ...] = ()
    for event in control.of(PURGED):
        if event.own["purge.origin"] != log.origin:
            continue
        end, kept = event.own["purge.end"], _merged(event.own["purge.kept"])
        here = _merged([*before_kept, *([(before_end, end)] if end > before_end else [])])
        if end < before_end or _without(kept, here):
            raise Unlawful(f"the purge at index {event.index} of log {event.k} keeps what an earlier one removed")
        purges.append(_lawful_purge(control, log, event, tuple(_without(here, kept))))
        before_end, before_kept = end, kept
    if not purges or before_end != first:
        raise Unlawful(f"no purge of [0, {first}) is shown")
    if before_kept != _merged(log.ranges[:-1]):
        raise Unlawful("what the purge kept under hold is not what is here before its end")
    return purges


def _lawful_purge(control: Control, log: LogRef, event: Opened, removed: tuple[Range, ...]) -> Purge:
    name = f"the purge at index {event.index} of log {event.k}"
    policies = [policy for policy in control.of(RETENTION, event) if policy.own["retention.stream"] == log.stream]
    if not policies or (policies[-1].k, policies[-1].index) != (event.k, event.own["purge.policy"]):
        raise Unlawful(f"{name} does not follow the policy in force for {log.stream}")
    policy = policies[-1]
    if policy.entry.t_us + NOTICE_US > event.entry.t_us:
        raise Unlawful(f"{name} came less than 24 h after its policy was logged")
    if "retention.months" not in policy.own and "retention.days" not in policy.own:
        raise Unlawful(f"{name} follows a policy that keeps for ever")
    last_us = parse_entry(event.own["purge.last"]).t_us
    purge = Purge(event, removed, last_us, policy.own.get("retention.months", 0), policy.own.get("retention.days", 0))
    until_us = purge.kept_until(last_us)
    if until_us is None or until_us > event.entry.t_us:
        kept = "for ever" if until_us is None else f"until {format_time(until_us)}"
        raise Unlawful(f"{name} came too early: its last entry was to be kept {kept}")
    released: dict[str, tuple[int, int, int]] = {}
    for release in control.of(RELEASED, event):
        released[release.own["hold.id"]] = release.place
    for hold in control.of(HELD, event):
        if hold.own["hold.scope"] != "public" or hold.own["hold.origin"] != log.origin:
            continue
        if hold.place > released.get(hold.own["hold.id"], (-1, -1, -1)) and _meet(hold.own["hold.ranges"], removed):
            raise Unlawful(f"{name} removed entries under the hold {hold.own['hold.id'][:60]!r}")
    return purge


def missing(log: LogRef) -> int:
    """How many entries a gap misses."""
    return log.ranges[-1][0] - sum(end - first for first, end in log.ranges[:-1])


def _merged(ranges: Iterable[Span]) -> tuple[Range, ...]:
    """The same indexes, in ranges that do not touch."""
    found: list[Range] = []
    for first, end in ranges:
        if end is None:
            raise ValueError("a range without end")
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return tuple(found)


def _without(ranges: Iterable[Range], gone: Sequence[Range]) -> list[Range]:
    """What of `ranges` is in none of `gone`; both ascending and disjoint."""
    found: list[Range] = []
    n = 0
    for first, end in ranges:
        at = first
        while n < len(gone) and gone[n][1] <= at:
            n += 1
        while n < len(gone) and gone[n][0] < end:
            start, stop = gone[n]
            if start > at:
                found.append((at, start))
            at = stop
            if stop > end:
                break
            n += 1
        if at < end:
            found.append((at, end))
    return found


def _meet(spans: Iterable[Span], ranges: Sequence[Range]) -> bool:
    """Whether any index is in both; both ascending and disjoint."""
    at = 0
    for first, end in spans:
        while at < len(ranges) and ranges[at][1] <= first:
            at += 1
        if at < len(ranges) and (end is None or ranges[at][0] < end):
            return True
    return False
