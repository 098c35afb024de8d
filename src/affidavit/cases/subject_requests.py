"""Subject requests: what may happen to one, and what it needs. `privacy.request.*` and `education.request.*` events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from affidavit.cases.case import ANY, CLOSED, OPEN, PAUSED, VERIFIED, Case, Step
from affidavit.cases.deadlines import Right
from affidavit.errors import InvalidRequest

OPENING: Final = "received"
OUTCOMES: Final = ("complied", "complied_in_part", "denied", "withdrawn")
REFUSED: Final = frozenset({"complied_in_part", "denied"})
GRANTED: Final = frozenset({"complied", "complied_in_part"})

STEPS: Final = {
    step.name: step
    for step in (
        Step(
            OPENING,
            frozenset(),
            OPEN,
            ("law", "right", "subject_id"),
            ("subject_type", "subject_name", "manner", "description", "received_at"),
        ),
        Step("acknowledged", ANY, may=("manner",)),
        Step("verified", frozenset({OPEN, PAUSED}), VERIFIED, may=("verified_how",)),
        Step("assigned", ANY, needs=("assignee",)),
        Step("extended", ANY, needs=("extension_reason",)),
        Step("paused", frozenset({OPEN, VERIFIED}), PAUSED, needs=("pause_reason",)),
        Step("resumed", frozenset({PAUSED}), OPEN),
        Step("noted", ANY | {CLOSED}, needs=("note",)),
        Step(
            "closed",
            ANY,
            CLOSED,
            needs=("outcome",),
            may=("denial_basis", "remedy", "response", "recipients_told", "closed_at"),
        ),
        Step("reopened", frozenset({CLOSED}), OPEN, needs=("reopen_reason",)),
    )
}


def check_closing(case: Case, right: Right, facts: Mapping[str, str]) -> None:
    """Raise InvalidRequest for an outcome that is none, a grant to somebody unverified, or a refusal that says too
    little for its law.
    """
    outcome = facts.get("outcome", "")
    if outcome not in OUTCOMES:
        raise InvalidRequest(f"outcome {outcome[:40]!r}", f"Allowed: {', '.join(OUTCOMES)}")
    if outcome in GRANTED and right.verify and "verified" not in case.moments:
        raise InvalidRequest(
            f"request {case.id} is granted to somebody whose identity was not verified",
            f"First: affidavit case verify {case.id}",
        )
    if outcome not in REFUSED:
        return
    missing = [name for name in right.denial if not facts.get(name)]
    if missing:
        raise InvalidRequest(
            f"a refusal under {right.citation} needs {', '.join(missing)}",
            "Say what it rests on, and what the subject can do about it",
        )
