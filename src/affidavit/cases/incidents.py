"""Incidents: what may happen to one, and what laws want to know of it. `incident.*` events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from affidavit.cases.case import ANY, CLOSED, NOT_REQUIRED, OPEN, Step
from affidavit.errors import InvalidField

FAMILY: Final = "incident"
OPENING: Final = "opened"
RISKS: Final = ("none", "low", "high")
DECISIONS: Final = ("required", NOT_REQUIRED)

# GDPR Art. 33(3)(a)-(d), and 33(5).
NOTICE_FACTS: Final = ("nature", "subject_categories", "subject_count", "record_count", "contact", "consequences")
DOCUMENTED_FACTS: Final = ("facts", "effects", "remedy")
TOLD: Final = (
    *("title", "law", "description", "risk", "affected_systems", "record_categories", "measures"),
    *NOTICE_FACTS,
    *DOCUMENTED_FACTS,
)
# 45 CFR 164.402(2): the four factors.
FACTORS: Final = ("factor_nature", "factor_recipient", "factor_acquired", "factor_mitigated")

STEPS: Final = {
    step.name: step
    for step in (
        Step(OPENING, frozenset(), OPEN, ("title", "law"), (*TOLD, "aware_at", "discovered_at")),
        Step("updated", ANY | {CLOSED}, may=TOLD),
        Step("assessed", ANY, needs=("risk",), may=("risk_reason", *FACTORS)),
        Step("classified", ANY, needs=("classification",)),
        Step("assigned", ANY, needs=("assignee",)),
        Step("decided", ANY, needs=("notice", "decision", "decision_reason")),
        Step("notified", ANY, needs=("notice",), may=("delay_reason", "method", "reference")),
        Step("noted", ANY | {CLOSED}, needs=("note",)),
        Step("closed", ANY, CLOSED, may=("outcome",)),
        Step("reopened", frozenset({CLOSED}), OPEN, needs=("reopen_reason",)),
    )
}


def check_facts(facts: Mapping[str, str], laws: Iterable[str], notices: Iterable[str]) -> None:
    """Raise InvalidRequest for a law, risk, decision, count or notice that is none. `laws` and `notices` are known."""
    for law in facts.get("law", "").replace(",", " ").split():
        if law not in laws:
            raise InvalidField(f"law {law[:40]!r} sets no limits", f"Allowed: {', '.join(laws)}", field="facts.law")
    for name, allowed in (("risk", RISKS), ("decision", DECISIONS), ("notice", tuple(notices))):
        value = facts.get(name, "")
        if value and value not in allowed:
            raise InvalidField(f"{name} {value[:40]!r}", f"Allowed: {', '.join(allowed)}", field=f"facts.{name}")
    for name in ("subject_count", "record_count"):
        value = facts.get(name, "0")
        if not (value.isascii() and value.isdigit()) or len(value) > 15:
            raise InvalidField(
                f"{name} {value[:40]!r} is no number", "Give about how many: 1200", field=f"facts.{name}"
            )
