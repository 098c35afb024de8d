"""Subject requests: what may happen to one, and what it needs. `privacy.request.*` and `education.request.*` events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from affidavit.cases.case import ANY, CLOSED, OPEN, PAUSED, VERIFIED, Case, Clock, Step
from affidavit.cases.deadlines import Right
from affidavit.errors import InvalidField, InvalidRequest

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
            ("subject_type", "subject_name", "manner", "description"),
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
            may=("denial_basis", "remedy", "response", "recipients_told"),
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
        raise InvalidField(f"outcome {outcome[:40]!r}", f"Allowed: {', '.join(OUTCOMES)}", field="facts.outcome")
    if outcome in GRANTED and right.verify and "verified" not in case.moments:
        raise InvalidRequest(
            f"request {case.id} is granted to somebody whose identity was not verified",
            f"First: affidavit case verify {case.id}",
        )
    if outcome not in REFUSED:
        return
    missing = [name for name in right.denial if not facts.get(name)]
    if missing:
        raise InvalidField(
            f"a refusal under {right.citation} needs {', '.join(missing)}",
            "Say what it rests on, and what the subject can do about it",
            field=f"facts.{missing[0]}",
        )


def check_extension(case: Case, clocks: Sequence[Clock], moment: datetime) -> None:
    """Raise InvalidRequest where the law knows no extension, it was used already, or its notice comes too late."""
    extendable = [one for one in clocks if one.deadline.extension is not None]
    if not extendable:
        raise InvalidRequest(f"case {case.id} allows no extension", _none_known(clocks))
    if "extended" in case.moments:
        raise InvalidRequest(f"case {case.id} was extended already", "The law allows one extension")
    late = next((one for one in extendable if moment > one.first_due), None)
    if late is not None:
        raise InvalidRequest(
            f"the notice of an extension was due by {late.first_due.isoformat()}",
            "It comes too late to extend anything: answer the request",
        )


def check_pause(case: Case, clocks: Sequence[Clock]) -> None:
    """Raise InvalidRequest where the law knows no pause."""
    if not any(one.deadline.pause for one in clocks):
        raise InvalidRequest(f"case {case.id} allows no pause", _none_known(clocks))


def _none_known(clocks: Sequence[Clock]) -> str:
    return f"{', '.join(one.deadline.citation for one in clocks) or 'The law named'} knows none"
