"""The estate's reference data, as CSV files are read: what reports need and events don't carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from affidavit.estate import school
from affidavit.estate.operations import LEFT_DAYS
from affidavit.estate.people import (
    ADMINS,
    AUNT,
    FORMER_TEACHER,
    HEAD_OF_YEAR,
    LEAVING_CLERK,
    LEFT_ADMIN,
    LEFT_CLERK,
    SHARED,
    SINGLES,
    STAFF,
    patients_of,
    students,
    students_of,
)
from affidavit.estate.plan import PRIVACY_OFFICE, Person, Plan

_LEFT: Final = frozenset({LEFT_ADMIN, LEFT_CLERK, LEAVING_CLERK})
_RELATION_ENDED_DAYS: Final = 40
_SYSTEMS: Final = (
    ("sis", "Student information system", "ferpa"),
    ("ehr", "Health records", "hipaa"),
    ("shop-web", "Shop", "gdpr;ccpa"),
    ("pay-gateway", "Payment gateway", "pci"),
    ("pay-vault", "Card vault", "pci"),
    ("directory", "Directory", "sox"),
    ("prod-db", "Production database", "sox"),
    ("erp", "Ledger", "sox"),
)


def tables(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Rows by table."""
    return {
        "people": list(_people(plan)),
        "relations": list(_relations(plan)),
        "sensitive_subjects": [{"subject_id": school.VIP, "reason": "child of a public figure"}],
        "calendars": [{"date": day.isoformat(), "name": "Founders' Day"} for day in sorted(plan.calendar.holidays)],
        "systems": [{"id": one, "name": name, "scope": scope.split(";")} for one, name, scope in _SYSTEMS],
    }


def _people(plan: Plan) -> Iterator[dict[str, Any]]:
    staff = [who for people in STAFF.values() for who in people]
    for who in (*staff, *ADMINS, *SINGLES, PRIVACY_OFFICE):
        yield {
            "id": who.id,
            "name": who.name,
            "type": "staff",
            "department": who.system,
            "manager": "a.dean" if who.id != "a.dean" else None,
            "roles": [who.role],
            "privileged": who.privileged,
            "shared": who is SHARED,
            "started_on": (plan.now.date() - timedelta(days=plan.days + 200)).isoformat(),
            "left_on": plan.weekday(LEFT_DAYS).isoformat() if who in _LEFT else None,
        }


def _relations(plan: Plan) -> Iterator[dict[str, Any]]:
    def relate(
        who: Person, subjects: Sequence[str], relation: str, until: str | None = None
    ) -> Iterator[dict[str, Any]]:
        for subject in subjects:
            yield {"actor_id": who.id, "subject_id": subject, "relation": relation, "valid_to": until}

    for teacher in STAFF["sis"]:
        yield from relate(teacher, students_of(teacher), "teacher")
    yield from relate(HEAD_OF_YEAR, students(), "head of year")
    yield from relate(AUNT, [school.of_surname("Brandt")], "teacher")
    ended = plan.weekday(_RELATION_ENDED_DAYS).isoformat()
    yield from relate(FORMER_TEACHER, ["st-1071"], "teacher", ended)
    for nurse in STAFF["ehr"]:
        yield from relate(nurse, patients_of(nurse), "care")
