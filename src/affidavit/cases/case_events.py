"""The events of cases: a step written as an event, a row of the log read as a step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from affidavit.cases import incidents, subject_requests
from affidavit.cases.case import Case, Happened, Step
from affidavit.cases.deadlines import INCIDENT, REQUEST, Book
from affidavit.event import Case as CaseFields
from affidavit.event import Event, Resource, Subject
from affidavit.log.registry import MAIN
from affidavit.query.tree import Leaf, Query, any_of, eq

STEPS: Final[Mapping[str, Mapping[str, Step]]] = {REQUEST: subject_requests.STEPS, INCIDENT: incidents.STEPS}
OPENINGS: Final = {REQUEST: subject_requests.OPENING, INCIDENT: incidents.OPENING}
_PREFIXES: Final = {"privacy.request.": REQUEST, "education.request.": REQUEST, "incident.": INCIDENT}
_IDS: Final = {REQUEST: "case.request_id", INCIDENT: "case.incident_id"}
_RESOURCES: Final = {REQUEST: "subject_request", INCIDENT: "incident"}
# Facts that have a field of their own; all others are keys of `details`.
_FIELDS: Final = {
    "right": "case.right",
    "received_at": "case.received_at",
    "due_at": "case.due_at",
    "closed_at": "case.closed_at",
    "outcome": "case.outcome",
    "denial_basis": "case.denial_basis",
    "aware_at": "case.aware_at",
    "discovered_at": "case.discovered_at",
    "subject_id": "subject.id",
    "subject_type": "subject.type",
    "subject_name": "subject.name",
}


def is_case_event() -> Query:
    """The query of all events of cases."""
    return any_of(*(Leaf("prefix", "action", prefix) for prefix in _PREFIXES))


def is_of(case_id: str) -> Query:
    """The query of what names one case."""
    return any_of(*(eq(path, case_id) for path in _IDS.values()))


def family(case: Case, book: Book) -> str:
    """What the actions of a case's events begin with."""
    if case.kind == INCIDENT:
        return incidents.FAMILY
    return book.right(case.facts.get("law", ""), case.facts.get("right", "")).family


def to_event(case: Case, step: str, facts: Mapping[str, str], moment: datetime, family: str) -> Event:
    """The event of a step: what has a field goes there, the rest into `details`."""
    kept = ("law", "right", "subject_id", "subject_type") if case.kind == REQUEST else ("law",)
    whole = {**{name: case.facts[name] for name in kept if name in case.facts}, **facts}
    groups: dict[str, dict[str, Any]] = {"case": {}, "subject": {}}
    for name, value in whole.items():
        group, _, key = _FIELDS.get(name, "").partition(".")
        if group:
            groups[group][key] = value
    groups["case"][_IDS[case.kind].partition(".")[2]] = case.id
    return Event(
        action=f"{family}.{step}",
        at=moment,
        resource=Resource(type=_RESOURCES[case.kind], id=case.id),
        subject=Subject(**groups["subject"]) if groups["subject"] else None,
        case=CaseFields(**groups["case"]),
        details={name: value for name, value in whole.items() if name not in _FIELDS} or None,
    )


def happened(index: int, at_us: int, action: str, outcome: str, fields: str) -> Happened | None:
    """A case's event out of a row of the reader's; None where it failed, or names no case."""
    prefix = next((one for one in _PREFIXES if action.startswith(one)), "")
    values: dict[str, str | None] = msgspec.json.decode(fields)
    kind = _PREFIXES.get(prefix, "")
    case_id = values.get(_IDS.get(kind, ""))
    if not case_id or outcome != "success":
        return None
    facts = {name: value for name, path in _FIELDS.items() if (value := values.get(path)) is not None}
    facts.pop("due_at", None)  # clocks count it out anew
    facts.update(_details(values))
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC) + timedelta(microseconds=at_us % 1_000_000)
    step = action.removeprefix(prefix)
    return Happened(step, at, facts, values.get("actor.id") or "", MAIN, index, kind, case_id)


def _details(values: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Facts out of `details`, declared fields among them."""
    for path, text in values.items():
        if text is None:
            continue
        if path.startswith("details."):
            yield path.removeprefix("details."), text
        elif path == "details":
            found = msgspec.json.decode(text)
            if isinstance(found, dict):
                for name, value in found.items():
                    if value is not None:
                        yield name, value if isinstance(value, str) else msgspec.json.encode(value).decode()
