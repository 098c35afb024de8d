"""The clinic: disclosures of health information and requests to account for them, for H1."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from affidavit.estate.people import STAFF, name_of
from affidavit.estate.plan import Person, Plan
from affidavit.event import Basis, Disclosure, Event, Recipient, Resource, Subject

SUBJECT: Final = "pt-3001"
_DEPARTMENT: Final = Recipient(
    name="State health department", type="public health authority", address="1 Capitol Square", country="US"
)


def patient(id: str) -> Subject:
    """A patient as the subject of an event."""
    return Subject(id=id, type="patient", name=name_of(id))


def viewed(plan: Plan, scenario: str, who: Person, subject: str, at: datetime) -> Event:
    """A look at a health record."""
    return plan.event(
        scenario,
        "data.read",
        at,
        who,
        resource=Resource(type="health_record", id=f"chart-{subject[3:]}"),
        subject=patient(subject),
        classification="PHI",
        data_categories=("health",),
        basis=Basis(purpose="treatment", lawful_basis="treatment"),
    )


def events(plan: Plan) -> Iterator[Event]:
    """The planted ones."""
    reportable: dict[str, str | None] = {"purpose": "public health activities, 164.512(b)", "exemption_code": None}
    for days in (50, 80, 110):  # repeats to one recipient for one purpose may be grouped
        yield _disclosed(plan, "h1.whole", plan.back(days), reportable)
    yield _disclosed(plan, "h1.no_recipient", plan.back(51), reportable, recipient=None)
    yield _disclosed(plan, "h1.no_purpose", plan.back(52), {"purpose": None})
    # 45 CFR 164.528(a)(1): none of these is accounted for, so nothing they lack matters.
    exempt: tuple[dict[str, str | None], ...] = (
        {"purpose": "treatment"},
        {"purpose": "payment"},
        {"purpose": "operations"},
        {"purpose": None, "exemption_code": "164.528(a)(1)(iii)"},
        {"purpose": None, "exemption_code": "164.508", "consent_ref": "authorisation-12"},
    )
    for at, basis in enumerate(exempt):
        yield _disclosed(plan, "h1.exempt", plan.back(60 + at), basis, recipient=None if at == 3 else _DEPARTMENT)
    answered = {"outcome": "complied", "response": "sent by mail"}
    for scenario, took in (("h1.reply_in_time", 45), ("h1.reply_late", 75)):
        start = plan.back(120)
        known = ("verified", plan.after_days(start, 2), {"verified_how": "in person"})
        closed = ("closed", plan.after_days(start, took), answered)
        yield from plan.request(
            scenario, "hipaa", "accounting", (SUBJECT, "patient"), ("received", start, {}), known, closed
        )


def _disclosed(
    plan: Plan, scenario: str, at: datetime, basis: dict[str, str | None], *, recipient: Recipient | None = _DEPARTMENT
) -> Event:
    fields: dict[str, Any] = {
        "resource": Resource(type="health_record", id=f"chart-{SUBJECT[3:]}"),
        "subject": patient(SUBJECT),
        "classification": "PHI",
        "basis": Basis(**basis),
        "disclosure": Disclosure(recipient=recipient, description="laboratory result", method="electronic"),
    }
    return plan.event(scenario, "disclosure.made", at, STAFF["ehr"][0], **fields)
