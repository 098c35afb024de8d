"""The caseload of a log: its cases read from the events of stream `main`, and steps recorded as events there.

One process at a time changes a case (a lease), so that no step is taken on a state that another has just ended.
"""

from __future__ import annotations

import math
import os
import re
import time
from base64 import b32encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from affidavit.cases import incidents, subject_requests
from affidavit.cases.case import Case, Clock, Happened, Step, check_facts, check_step, clocks, fold, next_due, take
from affidavit.cases.case_events import OPENINGS, STEPS, family, happened, is_case_event, is_of, to_event
from affidavit.cases.counting import Calendar
from affidavit.cases.deadlines import INCIDENT, REQUEST, Book, load
from affidavit.cases.reference_data import calendar
from affidavit.commitment import format_time
from affidavit.errors import Busy, InvalidField, InvalidRequest, NotFound
from affidavit.event import micros
from affidavit.log.audit_log import AuditLog
from affidavit.log.checkpoints import Pin
from affidavit.log.leases import lease
from affidavit.log.registry import MAIN
from affidavit.query.tree import EVERYTHING, Query, all_of

FACT_BYTES_MAX: Final = 16_384
FUTURE_S_MAX: Final = 300.0  # clocks of people and servers differ
LEASE_TRIES: Final = 300
LEASE_WAIT_S: Final = 0.1
_PRESSING: Final = frozenset({"due_soon", "overdue"})
_ID_RE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with its clocks as they stand at `now`."""

    case: Case
    clocks: tuple[Clock, ...]
    now: datetime


class Caseload:
    """The cases of one log. Thread-safe: it holds nothing but the log."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        pending = [one for one in re.split(r"[,\s]+", log.settings.pending_laws) if one]
        self.book: Book = load(log.home, log.settings.deadlines, pending)
        self._zone = ZoneInfo(log.tenant.zone)

    # --- reading -------------------------------------------------------------------------------------------------

    def cases(self, pin: Pin | None = None, within: Query = EVERYTHING) -> dict[str, Case]:
        """All cases up to a pinned size (by default all), by id, as the events that `within` lets through tell them.

        One query reads only their events. A case whose opening lies outside `within` is left out.
        """
        found = fold(self._events(all_of(is_case_event(), within), pin), STEPS)
        if within == EVERYTHING:
            return found
        return {one.id: one for one in found.values() if OPENINGS[one.kind] in one.moments}

    def case(self, id: str, pin: Pin | None = None, within: Query = EVERYTHING) -> Case:
        """One case. Raises NotFound."""
        found = fold(self._events(all_of(is_case_event(), is_of(id), within), pin), STEPS)
        if id not in found or (within != EVERYTHING and OPENINGS[found[id].kind] not in found[id].moments):
            raise NotFound(f"no case {id[:64]!r}", "affidavit case list shows them")
        return found[id]

    def listed(
        self, *, kind: str | None = None, state: str | None = None, only_due: bool = False, within: Query = EVERYTHING
    ) -> list[Shown]:
        """Cases with their clocks now: what is due first, then what is not due, newest first."""
        days = self.calendar()
        now = datetime.now(UTC)
        found = [
            self.show(one, now, days)
            for one in self.cases(within=within).values()
            if kind in (None, one.kind) and state in (None, one.state)
        ]
        pressing = [one for one in found if not only_due or any(clock.status in _PRESSING for clock in one.clocks)]
        return sorted(pressing, key=_urgency)

    def calendar(self, at: datetime | None = None) -> Calendar:
        """The business days deadlines are counted in, as the reference data says: weekends alone where it is silent."""
        return calendar(self._log, at)

    def show(self, case: Case, now: datetime | None = None, days: Calendar | None = None) -> Shown:
        """A case with its clocks at `now`."""
        now = now or datetime.now(UTC)
        return Shown(case, clocks(case, self.book, now, self._zone, days or self.calendar(now)), now)

    def _events(self, query: Query, pin: Pin | None) -> Iterator[Happened]:
        pins = [pin or self._log.pin(MAIN)]
        for batch in self._log.reader.rows(query, pins):
            columns = [batch.column(name).to_pylist() for name in ("idx", "at_us", "action", "outcome", "fields")]
            for row in zip(*columns, strict=True):
                found = happened(*row)
                if found is not None:
                    yield found

    # --- changing ------------------------------------------------------------------------------------------------

    def open(self, kind: str, facts: Mapping[str, str], *, id: str = "", at: datetime | None = None) -> Case:
        """Open a case as of a moment (now by default): its receipt or discovery. Recorded; durable when it returns.

        Raises InvalidRequest for facts that are missing or none, or an id that is taken.
        """
        step = STEPS[kind][OPENINGS[kind]]
        given = self._given(kind, step.name, facts)
        check_facts(step, given)
        moment = self._moment(at)
        if kind == REQUEST:
            self.book.right(given["law"], given["right"])
            given["received_at"] = moment.isoformat()
        else:
            given.setdefault("aware_at", moment.isoformat())
            given.setdefault("discovered_at", given["aware_at"])
        case_id = id or _new_id(kind)
        if not _ID_RE.match(case_id):
            raise InvalidField(f"case id {case_id[:80]!r}", "1-64 letters, digits, . _ and -", field="id")
        with self._alone(case_id):
            if any(True for _ in self._events(all_of(is_case_event(), is_of(case_id)), None)):
                raise InvalidField(f"case {case_id} exists already", "Choose another id", field="id")
            case = Case(case_id, kind)
            self._record(case, step, given, moment)
        return case

    def change(self, id: str, step_name: str, facts: Mapping[str, str], *, at: datetime | None = None) -> Case:
        """Take a step of a case, as of a moment (now by default). Recorded; durable when it returns.

        Raises NotFound, and InvalidRequest for a step that its state or law forbids, or facts that are missing.
        """
        moment = self._moment(at)
        with self._alone(id):
            case = self.case(id)
            step = STEPS[case.kind].get(step_name)
            if step is None or step_name == OPENINGS[case.kind]:
                allowed = [name for name in STEPS[case.kind] if name != OPENINGS[case.kind]]
                raise InvalidRequest(f"{case.kind}s are never {step_name[:40]!r}", f"Allowed: {', '.join(allowed)}")
            given = self._given(case.kind, step_name, facts)
            check_step(case, step, given)
            if moment < case.history[-1].at:
                raise InvalidField(
                    f"{moment.isoformat()} lies before the last event of case {id}",
                    f"Give a time from {case.history[-1].at.isoformat()} on",
                    field="at",
                )
            self._check(case, step, given, moment)
            self._record(case, step, given, moment)
        return case

    def _check(self, case: Case, step: Step, facts: dict[str, str], moment: datetime) -> None:
        if step.name == "closed":
            facts["closed_at"] = moment.isoformat()
        if case.kind == REQUEST and step.name == "closed":
            right = self.book.right(case.facts.get("law", ""), case.facts.get("right", ""))
            subject_requests.check_closing(case, right, facts)
        if case.kind == REQUEST and step.name == "extended":
            subject_requests.check_extension(case, self.show(case, moment).clocks, moment)
        if case.kind == REQUEST and step.name == "paused":
            subject_requests.check_pause(case, self.show(case, moment).clocks)

    def _given(self, kind: str, step: str, facts: Mapping[str, str]) -> dict[str, str]:
        given = {name: str(value) for name, value in facts.items() if value not in (None, "")}
        for name, value in given.items():
            if len(value.encode()) > FACT_BYTES_MAX:
                raise InvalidField(
                    f"{step}: {name} has more than {FACT_BYTES_MAX} bytes", "Keep it elsewhere", field=f"facts.{name}"
                )
        if kind == INCIDENT:
            incidents.check_facts(given, self.book.laws(INCIDENT), self.book.notices())
            for name in ("aware_at", "discovered_at"):
                if name in given:
                    given[name] = self._moment(_read(given[name], name), f"facts.{name}").isoformat()
        return given

    def _moment(self, at: datetime | None, field: str = "at") -> datetime:
        now = datetime.now(UTC)
        if at is None:
            return now
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._zone)
        if at > now + timedelta(seconds=FUTURE_S_MAX):
            raise InvalidField(f"{at.isoformat()} lies in the future", "Give the moment when it happened", field=field)
        return at.astimezone(UTC)

    def _record(self, case: Case, step: Step, facts: dict[str, str], moment: datetime) -> None:
        taken = Happened(step.name, moment, facts, kind=case.kind, case_id=case.id)
        take(case, taken, step)
        found = next((one for one in self.show(case, moment).clocks if one.done is None), None)
        if found is not None:
            facts = {**facts, "due_at": found.last.isoformat()}
        receipt = self._log.record(to_event(case, step.name, facts, moment, family(case, self.book)))
        case.history[-1] = Happened(step.name, moment, facts, "", MAIN, receipt.index, case.kind, case.id)

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        name = f"case/{self._log.tenant.id}/{id}"[:80]
        for _ in range(LEASE_TRIES):
            with lease(self._log.database, name) as held:
                if held is not None:
                    yield
                    return
            time.sleep(LEASE_WAIT_S)
        raise Busy(f"case {id[:64]} is being changed by another process", "Try again")


def _read(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(
            f"{name} {text[:40]!r} is no time", "Write 2026-10-01T12:00:00+02:00", field=f"facts.{name}"
        ) from None


def _new_id(kind: str) -> str:
    prefix = "REQ" if kind == REQUEST else "INC"
    return f"{prefix}-{datetime.now(UTC).year}-{b32encode(os.urandom(5)).decode()}"


def _urgency(shown: Shown) -> tuple[float, float]:
    clock = next_due(shown.clocks)
    due = math.inf if clock is None else clock.last.timestamp()
    return due, -shown.case.begun.timestamp()


def to_json(shown: Shown, *, history: bool = True) -> dict[str, Any]:
    """A case for machines, in clear."""
    case = shown.case
    found: dict[str, Any] = {
        "id": case.id,
        "kind": case.kind,
        "state": case.state,
        "begun": _text(case.begun),
        "moments": {name: _text(at) for name, at in sorted(case.moments.items())},
        "facts": dict(sorted(case.facts.items())),
        "clocks": [_clock_json(one) for one in shown.clocks],
        "problems": list(case.problems),
    }
    if history:
        found["events"] = [
            {"stream": one.stream, "index": one.index, "step": one.step, "at": _text(one.at), "actor": one.actor}
            for one in case.history
        ]
    return found


def _clock_json(clock: Clock) -> dict[str, Any]:
    return {
        "deadline": clock.deadline.id,
        "title": clock.deadline.title,
        "citation": clock.deadline.citation,
        "edition": clock.deadline.edition,
        "start": _text(clock.start),
        "first_due": _text(clock.first_due),
        "due": _text(clock.last),
        "done": None if clock.done is None else _text(clock.done),
        "status": clock.status,
        "extended": clock.extended,
    }


def _text(at: datetime) -> str:
    return format_time(micros(at))
