"""Bounds: conditions on public keys and single values that every answer of a query meets, for pruning. Pure.

A segment whose times, actions, outcomes or Bloom filters can't meet the bounds holds no answer and is not
read. Bounds are necessary, never sufficient: the query itself is evaluated over what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from affidavit.event import OUTCOMES
from affidavit.paths import OWN_GROUPS, PATHS, STRING, lookup
from affidavit.query.tree import Leaf, Not, Query

VALUES_MAX: Final = 1_024  # values of one path's condition that a Bloom filter is asked for
CONDITIONS_MAX: Final = 16  # conditions on values kept
ACTIONS_MAX: Final = 1_024
_INVERSE: Final = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Range:
    """Times in [lo, hi), as text of the log; None is open."""

    lo: str | None = None
    hi: str | None = None

    @property
    def empty(self) -> bool:
        """No time lies in it."""
        return self.lo is not None and self.hi is not None and self.lo >= self.hi

    def meets(self, first: str, last: str) -> bool:
        """Whether a stretch of times [first, last], both ends in it, may hold one of the range."""
        return not self.empty and (self.lo is None or last >= self.lo) and (self.hi is None or first < self.hi)


@dataclass(frozen=True, slots=True)
class Actions:
    """Actions that are one of `exact` or begin with one of `prefixes`."""

    exact: frozenset[str]
    prefixes: frozenset[str] = frozenset()

    def match(self, action: str) -> bool:
        """Whether this action may answer."""
        return action in self.exact or any(map(action.startswith, self.prefixes))


Condition: TypeAlias = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every answer meets. `equals`: for each (path, values) the string at `path` is one of `values`."""

    at: Range = field(default_factory=Range)
    t: Range = field(default_factory=Range)
    actions: Actions | None = None
    outcomes: frozenset[str] | None = None
    equals: tuple[Condition, ...] = ()
    never: bool = False


_NEVER: Final = Bounds(never=True)


def bounds(query: Query) -> Bounds:
    """The bounds of a query. `never` where its public conditions contradict each other."""
    return _bounds(query, negated=False)


def _bounds(query: Query, *, negated: bool) -> Bounds:
    if isinstance(query, Not):
        return _bounds(query.of, negated=not negated)
    if isinstance(query, Leaf):
        return _leaf(query, negated=negated)
    parts = [_bounds(part, negated=negated) for part in query.of]
    if (query.op == "all") is not negated:
        return _both(parts)
    return _either([part for part in parts if not part.never])


def _leaf(leaf: Leaf, *, negated: bool) -> Bounds:
    if leaf.op == "in" and not leaf.values and not leaf.tokens:
        return Bounds() if negated else _NEVER
    if leaf.tokens:
        return Bounds()
    if leaf.path in ("at", "t"):
        found = _times(leaf, negated=negated)
        return Bounds(at=found) if leaf.path == "at" else Bounds(t=found)
    values = frozenset(leaf.values if leaf.op == "in" else (leaf.value,)) if leaf.op in ("eq", "in") else None
    if leaf.path == "outcome":
        outcomes = frozenset(OUTCOMES)
        if values is not None:
            outcomes = outcomes - values if negated else outcomes & values
            return Bounds(outcomes=outcomes) if outcomes else _NEVER
        return Bounds()
    if negated:
        return Bounds()
    if leaf.path == "action":
        if values is not None:
            return Bounds(actions=Actions(values)) if len(values) <= ACTIONS_MAX else Bounds()
        if leaf.op in ("prefix", "glob"):
            return Bounds(actions=Actions(frozenset(), frozenset({leaf.value.partition("*")[0]})))
        return Bounds()
    if values is not None and len(values) <= VALUES_MAX and _plain(leaf.path):
        return Bounds(equals=((leaf.path, values),))
    return Bounds()


def _plain(path: str) -> bool:
    """Whether the path is always one string of its own, so that a Bloom filter over it is complete."""
    found = lookup(path)
    return found is not None and found.tag == STRING and (path in PATHS or path.partition(".")[0] in OWN_GROUPS)


def _times(leaf: Leaf, *, negated: bool) -> Range:
    op = leaf.op
    if op in _INVERSE:
        op = _INVERSE[op] if negated else op
        if op == "ge":
            return Range(lo=leaf.value)
        if op == "lt":
            return Range(hi=leaf.value)
        after = _next(leaf.value)
        if op == "gt":
            return Range(lo=after) if after is not None else Range(lo=leaf.value)
        return Range(hi=after)
    if not negated and op in ("eq", "in"):
        values = leaf.values if op == "in" else (leaf.value,)
        return Range(lo=min(values), hi=_next(max(values)))
    return Range()


def _next(time: str) -> str | None:
    """One microsecond later; None after the last time there is."""
    try:
        later = datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z") + _MICROSECOND
    except OverflowError:
        return None
    return f"{later:%Y-%m-%dT%H:%M:%S.%f}Z"


# --- joining ---


def _both(parts: list[Bounds]) -> Bounds:
    at, t, actions, outcomes = Range(), Range(), None, None
    equals: list[Condition] = []
    for part in parts:
        if part.never:
            return _NEVER
        at, t = _within(at, part.at), _within(t, part.t)
        actions = _common(actions, part.actions)
        if part.outcomes is not None:
            outcomes = part.outcomes if outcomes is None else outcomes & part.outcomes
        equals += [condition for condition in part.equals if condition not in equals]
    never = (
        at.empty
        or t.empty
        or outcomes == frozenset()
        or (actions is not None and not actions.exact and not actions.prefixes)
    )
    if never:
        return _NEVER
    # The rarest conditions prune best.
    equals.sort(key=lambda condition: (len(condition[1]), condition[0]))
    return Bounds(at, t, actions, outcomes, tuple(equals[:CONDITIONS_MAX]))


def _either(parts: list[Bounds]) -> Bounds:
    if not parts:
        return _NEVER
    first, *rest = parts
    for part in rest:
        first = Bounds(
            _hull(first.at, part.at),
            _hull(first.t, part.t),
            None if first.actions is None or part.actions is None else _sum(first.actions, part.actions),
            None if first.outcomes is None or part.outcomes is None else first.outcomes | part.outcomes,
            tuple(_shared(first.equals, part.equals)),
        )
    return first


def _shared(left: tuple[Condition, ...], right: tuple[Condition, ...]) -> list[Condition]:
    """One side's condition or the other's: paths that both sides ask, with the values of both."""
    other: dict[str, frozenset[str]] = {}
    for path, values in right:
        other.setdefault(path, values)
    joined = [(path, values | other[path]) for path, values in left if path in other]
    return [condition for condition in joined if len(condition[1]) <= VALUES_MAX]


def _within(left: Range, right: Range) -> Range:
    lo = max((v for v in (left.lo, right.lo) if v is not None), default=None)
    hi = min((v for v in (left.hi, right.hi) if v is not None), default=None)
    return Range(lo, hi)


def _hull(left: Range, right: Range) -> Range:
    lo = None if left.lo is None or right.lo is None else min(left.lo, right.lo)
    hi = None if left.hi is None or right.hi is None else max(left.hi, right.hi)
    return Range(lo, hi)


def _common(left: Actions | None, right: Actions | None) -> Actions | None:
    if left is None or right is None:
        return left or right
    exact = frozenset(filter(right.match, left.exact)) | frozenset(filter(left.match, right.exact))
    longer = {p for p in left.prefixes if any(map(p.startswith, right.prefixes))}
    longer |= {p for p in right.prefixes if any(map(p.startswith, left.prefixes))}
    return Actions(exact, frozenset(longer))


def _sum(left: Actions, right: Actions) -> Actions | None:
    exact, prefixes = left.exact | right.exact, left.prefixes | right.prefixes
    return Actions(exact, prefixes) if len(exact) + len(prefixes) <= ACTIONS_MAX else None
