"""The school: views and disclosures of education records, for F1 and F3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from affidavit.estate.people import (
    AUNT,
    FORMER_TEACHER,
    HEAD_OF_YEAR,
    NEW_TEACHER,
    STAFF,
    name_of,
    students,
    students_of,
)
from affidavit.estate.plan import Person, Plan
from affidavit.event import Basis, Disclosure, Event, Party, Recipient, Resource, Subject

SUBJECT: Final = "st-1001"
VIP: Final = "st-1150"
_UNIVERSITY: Final = Recipient(name="Lakeshore State University", type="university", country="US")
_INTEREST: Final = "enrolment of a transferring student"
BULK_READS: Final = 130


def student(id: str) -> Subject:
    """A student as the subject of an event."""
    return Subject(id=id, type="student", name=name_of(id))


def viewed(plan: Plan, scenario: str, who: Person, subject: str, at: datetime) -> Event:
    """A look at an education record."""
    return plan.event(
        scenario,
        "data.read",
        at,
        who,
        resource=Resource(type="education_record", id=f"file-{subject[3:]}"),
        subject=student(subject),
        classification="education",
        data_categories=("grades",),
        basis=Basis(purpose="teaching", lawful_basis="public task", legitimate_interest="instruction of the student"),
    )


def events(plan: Plan) -> Iterator[Event]:
    """The planted ones."""
    yield from _views(plan)
    yield from _disclosures(plan)


def _views(plan: Plan) -> Iterator[Event]:
    teacher = STAFF["sis"][0]
    yield viewed(plan, "f3.relation", teacher, students_of(teacher)[3], plan.back(20))
    yield viewed(plan, "f3.no_relation", NEW_TEACHER, "st-1070", plan.back(21))
    yield viewed(plan, "f3.relation_ended", FORMER_TEACHER, "st-1071", plan.back(10))
    yield viewed(plan, "f3.same_surname", AUNT, of_surname("Brandt"), plan.back(22))
    yield viewed(plan, "f3.vip", HEAD_OF_YEAR, VIP, plan.back(23, hour=15))
    for at, subject in enumerate([one for one in students() if one != VIP][:BULK_READS]):
        yield viewed(plan, "f3.bulk", HEAD_OF_YEAR, subject, plan.back(24, second=at * 20))
    for at, subject in enumerate(students_of(STAFF["sis"][1])[:8]):
        yield viewed(plan, "f3.few", STAFF["sis"][1], subject, plan.back(25, second=at * 120))


def of_surname(surname: str) -> str:
    """A student of that surname."""
    return next(one for one in students() if name_of(one).endswith(f" {surname}"))


def disclosed(
    plan: Plan, scenario: str, at: datetime, action: str = "disclosure.made", *, subject: str = SUBJECT, **given: Any
) -> Event:
    """A disclosure of an education record, whole unless `given` says otherwise."""
    basis = {"legitimate_interest": _INTEREST, "exemption_code": "99.31(a)(2)", "purpose": "enrolment"}
    shown = {
        "recipient": _UNIVERSITY,
        "description": "transcript",
        "method": "electronic",
        "redisclosure_notice": True,
    }
    return plan.event(
        scenario,
        action,
        at,
        STAFF["sis"][2],
        resource=Resource(type="education_record", id=f"file-{subject[3:]}"),
        subject=student(subject),
        classification="education",
        basis=Basis(**{**basis, **given.pop("basis", {})}),
        disclosure=Disclosure(**{**shown, **given}),
    )


def _disclosures(plan: Plan) -> Iterator[Event]:
    yield disclosed(plan, "f1.whole", plan.back(30), "disclosure.requested")
    yield disclosed(plan, "f1.whole", plan.back(30, hour=14))
    yield disclosed(plan, "f1.no_interest", plan.back(31), basis={"legitimate_interest": None})
    yield disclosed(plan, "f1.no_basis", plan.back(32), basis={"exemption_code": None})
    emergency = {"exemption_code": "99.31(a)(10)"}
    sheriff = Recipient(name="County sheriff", type="law enforcement", country="US")
    yield disclosed(plan, "f1.emergency_without_threat", plan.back(33), basis=emergency, recipient=sheriff)
    threat = "announced to harm a named classmate"
    yield disclosed(plan, "f1.emergency_whole", plan.back(34), basis=emergency, recipient=sheriff, threat=threat)
    lender = Party(name="Prairie Scholarship Fund", interest="financial aid, 99.31(a)(4)")
    yield disclosed(plan, "f1.party_whole", plan.back(35), additional_parties=(lender,))
    nameless = Party(name="Halden Engineering")
    yield disclosed(plan, "f1.party_without_interest", plan.back(36), additional_parties=(nameless,))
    yield disclosed(plan, "f1.no_redisclosure_notice", plan.back(37), redisclosure_notice=None)
    # 34 CFR 99.32(d): none of these belongs into the record, so nothing they lack matters.
    bare: dict[str, Any] = {"legitimate_interest": None, "exemption_code": None}
    for at, (kind, more) in enumerate(
        (
            ("parent", {}),
            ("eligible_student", {}),
            ("school_official", {"exemption_code": "99.31(a)(1)"}),
            ("employer", {"consent_ref": "consent-117"}),
            ("newspaper", {"exemption_code": "99.31(a)(11)"}),
            ("court", {"exemption_code": "99.31(a)(9)(ii)(A)"}),
        )
    ):
        recipient = Recipient(name=f"Recipient {at + 1}", type=kind, country="US")
        yield disclosed(plan, "f1.exempt", plan.back(40 + at), basis={**bare, **more}, recipient=recipient)
