"""Case: a subject request or an incident as its events tell it. The register is the events replayed; nothing else
is kept. Pure: events in, cases out.

A fold takes whatever the log holds, from whatever application: what does not fit is named in `problems`, never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import msgspec

from affidavit.cases.counting import WEEKENDS, Calendar, Status, due, end_of_day, status
from affidavit.cases.deadlines import INCIDENT, REQUEST, Book, Deadline
from affidavit.errors import InvalidField, InvalidRequest

OPEN: Final = "open"
VERIFIED: Final = "verified"
PAUSED: Final = "paused"
CLOSED: Final = "closed"
STATES: Final = (OPEN, VERIFIED, PAUSED, CLOSED)
ANY: Final = frozenset({OPEN, VERIFIED, PAUSED})
YEAR_MIN: Final = 1970
YEAR_MAX: Final = 9000
"""Moments of other years are no moments: a limit counted from them could lie beyond what a date can be."""
NOT_REQUIRED: Final = "not_required"


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a case: in which states it may happen, the state it leads to (empty: the same), the facts it needs
    and those it may carry.
    """

    name: str
    states: frozenset[str]
    to: str = ""
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a case: its step, its moment, its place on the log, and the facts it carries, by their names."""

    step: str
    at: datetime
    facts: Mapping[str, str]
    actor: str = ""
    stream: str = "main"
    index: int = -1
    kind: str = REQUEST
    case_id: str = ""


@dataclass(slots=True)
class Case:
    """One case. `moments` by name (`received`, `closed`, `notified.authority` …): when each last came about.

    `facts` are what its events said, later over earlier. `pauses` are (from, to or None).
    """

    id: str
    kind: str
    state: str = OPEN
    moments: dict[str, datetime] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    history: list[Happened] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def begun(self) -> datetime:
        """When it began: its receipt, else its awareness or discovery, else its first event."""
        for name in ("received", "aware", "discovered"):
            if name in self.moments:
                return self.moments[name]
        return self.history[0].at

    @property
    def laws(self) -> tuple[str, ...]:
        """The laws it falls under: one for a request, any number for an incident."""
        return tuple(one for one in self.facts.get("law", "").replace(",", " ").split() if one)

    @property
    def affected(self) -> int | None:
        """How many people an incident affects, about; None where nobody said."""
        text = self.facts.get("subject_count", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    @property
    def indices(self) -> list[int]:
        """The places of its events on its stream."""
        return [one.index for one in self.history]


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of one case. `last` is the last moment in time, with an extension whose notice came in time;
    `first_due` the one without. Status `not_required`: it was decided, with a reason, that nothing is owed.
    """

    case_id: str
    deadline: Deadline
    start: datetime
    first_due: datetime
    last: datetime
    done: datetime | None
    status: str
    extended: bool


def fold(events: Iterable[Happened], steps: Mapping[str, Mapping[str, Step]]) -> dict[str, Case]:
    """The cases that events, in their order, tell of. `steps` are the known ones by kind and name."""
    cases: dict[str, Case] = {}
    for event in events:
        case = cases.get(event.case_id)
        if case is None:
            case = cases[event.case_id] = Case(event.case_id, event.kind)
        elif case.kind != event.kind:
            case.problems.append(f"{event.kind} event at index {event.index} names this {case.kind}")
            continue
        take(case, event, steps[event.kind].get(event.step))
    return cases


def take(case: Case, event: Happened, step: Step | None) -> None:
    """One event more."""
    if step is None:
        case.problems.append(f"{event.step} at index {event.index} is no step of {case.kind}s")
    elif case.history and case.state not in step.states:
        case.problems.append(f"{event.step} at index {event.index} came while the case was {case.state}")
    case.history.append(event)
    case.facts.update(event.facts)
    if event.step == "decided" and "notice" in event.facts:
        for name in ("decision", "decision_reason"):
            case.facts[f"{name}.{event.facts['notice']}"] = event.facts.get(name, "")
    case.moments.update(_moments(event))
    if event.step == "paused":
        case.pauses.append((event.at, None))
    elif case.pauses and case.pauses[-1][1] is None and event.step in ("resumed", "closed"):
        case.pauses[-1] = (case.pauses[-1][0], event.at)
    if event.step == "reopened":
        for fact in ("outcome", "denial_basis", "remedy"):
            case.facts.pop(fact, None)
        case.moments.pop("closed", None)
    if step is not None and step.to:
        case.state = VERIFIED if step.to == OPEN and "verified" in case.moments else step.to


def _moments(event: Happened) -> dict[str, datetime]:
    found = {event.step: event.at}
    if event.step == "notified":
        found = {f"notified.{event.facts.get('notice', 'unnamed')}": event.at}
    elif event.step == "decided":
        found[f"decided.{event.facts.get('notice', 'unnamed')}"] = event.at
    for name in ("received", "closed", "aware", "discovered", "classified"):
        moment = read_moment(event.facts.get(f"{name}_at", ""))
        if moment is not None:
            found[name] = moment
    return found


def read_moment(text: str) -> datetime | None:
    """An RFC 3339 time with its offset, in UTC; None where the text is none, or a year nobody means."""
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and YEAR_MIN < found.year < YEAR_MAX else None


def clocks(
    case: Case, book: Book, now: datetime, zone: tzinfo = UTC, calendar: Calendar = WEEKENDS
) -> tuple[Clock, ...]:
    """Every limit of a case as it stands at `now`. One whose start has not come about has no clock yet."""
    moments = dict(case.moments)
    if "discovered" in moments:
        year = moments["discovered"].astimezone(zone).year
        moments["discovered_year_end"] = end_of_day(datetime(year, 12, 31, tzinfo=zone).date(), zone)
    applies = REQUEST if case.kind == REQUEST else INCIDENT
    on = case.begun.astimezone(zone).date()
    facts: dict[str, Any] = {
        "right": case.facts.get("right", ""),
        "affected": case.affected,
        "risk": case.facts.get("risk", ""),
    }
    limits = (one for law in case.laws for one in book.select(applies, law, on, **facts))
    return tuple(_clock(case, one, moments, now, zone, calendar) for one in limits if one.start in moments)


def _clock(
    case: Case, deadline: Deadline, moments: Mapping[str, datetime], now: datetime, zone: tzinfo, calendar: Calendar
) -> Clock:
    start = moments[deadline.start]
    pauses = [(begin, end or max(now, begin)) for begin, end in case.pauses] if deadline.pause else []
    first = due(start, deadline, calendar, zone, paused=pauses)
    notice = case.moments.get("extended")
    extended = deadline.extension is not None and notice is not None and notice <= first
    last = due(start, deadline, calendar, zone, extended=True, paused=pauses) if extended else first
    done = moments.get(deadline.done)
    state: Status | str = status(start, last, done, now)
    notice_name = deadline.done.removeprefix("notified.")
    if done is None and case.facts.get(f"decision.{notice_name}") == NOT_REQUIRED:
        state = NOT_REQUIRED
    return Clock(case.id, deadline, start, first, last, done, state, extended)


def next_due(found: Iterable[Clock]) -> Clock | None:
    """The clock that still runs and ends first."""
    running = [one for one in found if one.status in ("open", "due_soon", "overdue")]
    return min(running, key=lambda one: one.last, default=None)


def check_step(case: Case, step: Step, facts: Mapping[str, Any]) -> None:
    """Raise InvalidRequest where the step can't be taken now, or lacks facts it needs, saying which."""
    if case.state not in step.states:
        raise InvalidRequest(
            f"{case.kind} {case.id} is {case.state}: it can't be {step.name}",
            f"{step.name} is for cases that are {', '.join(sorted(step.states))}",
        )
    check_facts(step, facts)


def check_facts(step: Step, facts: Mapping[str, Any]) -> None:
    """Raise InvalidRequest naming facts that are missing, or none of this step's."""
    missing = [name for name in step.needs if not facts.get(name)]
    if missing:
        raise InvalidField(f"{step.name} needs {', '.join(missing)}", "Give each", field=f"facts.{missing[0]}")
    unknown = [name for name in facts if name not in step.needs + step.may]
    if unknown:
        raise InvalidField(
            f"{step.name} has no fact {unknown[0][:40]!r}",
            f"Allowed: {', '.join(step.needs + step.may) or 'none'}",
            field=f"facts.{unknown[0][:40]}",
        )
