"""Registers: the cases as tables, for reports. Three Arrow tables, joined by `case_id`:

`requests` and `incidents` hold one row a case, `clocks` one row a limit of a case. Moments are microseconds since
1970 (`…_us`), null where they have not come about; `events` are the places of the case's events on stream `main`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from affidavit.cases import incidents
from affidavit.cases.case import Case, Clock
from affidavit.cases.caseload import Caseload
from affidavit.cases.counting import Calendar
from affidavit.cases.deadlines import INCIDENT, REQUEST, Book
from affidavit.event import micros
from affidavit.log.checkpoints import Pin
from affidavit.query.tree import EVERYTHING, Query

_MICROSECONDS_A_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class RegisterColumn:
    """One column of a register: its Arrow type, the class that masking goes by, and how it is got from a case."""

    name: str
    kind: Any
    cls: str
    get: Callable[[Case, Book], Any]


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers as of a moment: tables by name. `notes` say how their clocks were counted, where that matters."""

    tables: Mapping[str, pa.Table]
    now: datetime
    notes: tuple[str, ...]


def _fact(name: str, cls: str = "none", *, column: str = "") -> RegisterColumn:
    return RegisterColumn(column or name, pa.string(), cls, lambda case, _book: case.facts.get(name))


def _count(name: str) -> RegisterColumn:
    def get(case: Case, _book: Book) -> int | None:
        text = case.facts.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None

    return RegisterColumn(name, pa.int64(), "none", get)


def _moment(name: str, column: str = "") -> RegisterColumn:
    def get(case: Case, _book: Book) -> int | None:
        return micros(case.moments[name]) if name in case.moments else None

    return RegisterColumn(f"{column or name}_us", pa.int64(), "none", get)


def _days(case: Case, _book: Book) -> float | None:
    if "closed" not in case.moments:
        return None
    return (micros(case.moments["closed"]) - micros(case.begun)) / _MICROSECONDS_A_DAY


def _denial(case: Case, book: Book) -> list[str]:
    """The facts that a refusal under the request's law needs."""
    for one in book.rights:
        if (one.law, one.right) == (case.facts.get("law"), case.facts.get("right")):
            return list(one.denial)
    return []


def _title(case: Case, book: Book) -> str | None:
    named = (case.facts.get("law"), case.facts.get("right"))
    return next((one.title for one in book.rights if (one.law, one.right) == named), None)


_STRINGS: Final = pa.list_(pa.string())
_SHARED: Final = (
    RegisterColumn("case_id", pa.string(), "none", lambda case, _book: case.id),
    RegisterColumn("state", pa.string(), "none", lambda case, _book: case.state),
    RegisterColumn("begun_us", pa.int64(), "none", lambda case, _book: micros(case.begun)),
    RegisterColumn("events", pa.list_(pa.int64()), "none", lambda case, _book: case.indices),
    RegisterColumn("problems", _STRINGS, "none", lambda case, _book: case.problems),
    _fact("assignee", "staff"),
    _fact("description", "free"),
    _fact("outcome"),
    _moment("closed"),
    _moment("reopened"),
    RegisterColumn("days", pa.float64(), "none", _days),
)
REQUEST_COLUMNS: Final = (
    *_SHARED,
    _fact("law"),
    _fact("right"),
    RegisterColumn("right_title", pa.string(), "none", _title),
    _fact("subject_id", "subject"),
    _fact("subject_type"),
    _fact("subject_name", "person_name"),
    _fact("manner"),
    _moment("received"),
    _moment("acknowledged"),
    _moment("verified"),
    _fact("verified_how", "free"),
    _moment("extended"),
    _fact("extension_reason", "free"),
    _fact("denial_basis"),
    _fact("remedy", "free"),
    _fact("response", "free"),
    _fact("recipients_told", "free"),
    RegisterColumn("denial_needs", _STRINGS, "none", _denial),
)
INCIDENT_COLUMNS: Final = (
    *_SHARED,
    RegisterColumn("laws", _STRINGS, "none", lambda case, _book: list(case.laws)),
    _fact("title", "free"),
    _fact("risk"),
    _fact("risk_reason", "free"),
    _fact("affected_systems"),
    _fact("subject_categories"),
    _count("subject_count"),
    _fact("record_categories"),
    _count("record_count"),
    *(_fact(name, "free") for name in ("nature", "contact", "consequences", "measures")),
    *(_fact(name, "free") for name in incidents.DOCUMENTED_FACTS),
    *(_fact(name, "free") for name in incidents.FACTORS),
    _moment("opened"),
    _moment("aware"),
    _moment("discovered"),
    _moment("classified"),
    _fact("classification"),
    _moment("notified.authority", "notified_authority"),
    _moment("notified.individuals", "notified_individuals"),
    _fact("delay_reason", "free"),
    _fact("decision.authority", column="decision_authority"),
    _fact("decision.individuals", column="decision_individuals"),
    _fact("decision_reason.individuals", "free", column="decision_reason_individuals"),
)
CLOCK_SCHEMA: Final = pa.schema(
    [
        *(("case_id", pa.string()), ("kind", pa.string()), ("deadline", pa.string()), ("law", pa.string())),
        *(("title", pa.string()), ("citation", pa.string()), ("edition", pa.string()), ("unit", pa.string())),
        *(("start_us", pa.int64()), ("first_due_us", pa.int64()), ("due_us", pa.int64()), ("done_us", pa.int64())),
        *(("status", pa.string()), ("extended", pa.bool_()), ("extendable", pa.bool_()), ("days", pa.float64())),
        ("events", pa.list_(pa.int64())),
    ]
)
CLASSES: Final[Mapping[str, Mapping[str, str]]] = {
    "requests": {one.name: one.cls for one in REQUEST_COLUMNS},
    "incidents": {one.name: one.cls for one in INCIDENT_COLUMNS},
    "clocks": dict.fromkeys(CLOCK_SCHEMA.names, "none"),
}
"""The masking class of every column, by table."""


def registers(caseload: Caseload, now: datetime, pin: Pin | None = None, within: Query = EVERYTHING) -> Registers:
    """The registers of a log up to a pinned size as they stand at `now`; only of cases that `within` lets through.

    Read with one query of the events of cases. Business days are those of the calendar known at `now`.
    """
    cases = list(caseload.cases(pin, within).values())
    days = caseload.calendar(now)
    shown = [(case, caseload.show(case, now, days).clocks) for case in cases]
    tables = {
        "requests": _table(REQUEST_COLUMNS, [one for one in cases if one.kind == REQUEST], caseload.book),
        "incidents": _table(INCIDENT_COLUMNS, [one for one in cases if one.kind == INCIDENT], caseload.book),
        "clocks": _clock_table(shown),
    }
    return Registers(tables, now, tuple(_notes(shown, days, caseload.book)))


def _notes(shown: Iterable[tuple[Case, Iterable[Clock]]], days: Calendar, book: Book) -> Iterator[str]:
    found = [clock.deadline for _, clocks in shown for clock in clocks]
    if not days.holidays and any(one.unit == "business_day" or one.counting == "eu" for one in found):
        yield "No holidays are loaded: business days leave out weekends alone, and limits may end too early."
    for name in sorted(book.pending & {one.pending for one in found}):
        yield f"Counted as the proposal {name} has it, which is not the law: the setting pending_laws names it."


def _table(columns: Iterable[RegisterColumn], cases: list[Case], book: Book) -> pa.Table:
    built = {one.name: pa.array([one.get(case, book) for case in cases], one.kind) for one in columns}
    return pa.table(built)


def _clock_table(shown: Iterable[tuple[Case, Iterable[Clock]]]) -> pa.Table:
    rows = [_clock_row(case, clock) for case, clocks in shown for clock in clocks]
    return pa.Table.from_pylist(rows, schema=CLOCK_SCHEMA)


def _clock_row(case: Case, clock: Clock) -> dict[str, Any]:
    done = None if clock.done is None else micros(clock.done)
    return {
        "case_id": case.id,
        "kind": case.kind,
        "deadline": clock.deadline.id,
        "law": clock.deadline.law,
        "title": clock.deadline.title,
        "citation": clock.deadline.citation,
        "edition": clock.deadline.edition,
        "unit": clock.deadline.unit,
        "start_us": micros(clock.start),
        "first_due_us": micros(clock.first_due),
        "due_us": micros(clock.last),
        "done_us": done,
        "status": clock.status,
        "extended": clock.extended,
        "extendable": clock.deadline.extension is not None,
        "days": None if done is None else (done - micros(clock.start)) / _MICROSECONDS_A_DAY,
        "events": case.indices,
    }
