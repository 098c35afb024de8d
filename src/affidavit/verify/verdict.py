"""Verdicts: what a verification says. Five of them, never one green tick. docs/format.md, "Verdicts"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Status(StrEnum):
    """PASS: checked and holds. FAIL: checked and does not. NOT PROVEN: the bundle can't show it."""

    PASS = "PASS"  # noqa: S105  a verdict, not a word to pass
    FAIL = "FAIL"
    NOT_PROVEN = "NOT PROVEN"


AUTHENTIC: Final = "AUTHENTIC"
COMPLETE: Final = "COMPLETE"
TIMED: Final = "TIMED"
WITNESSED: Final = "WITNESSED"
VIEW_MATCHES: Final = "VIEW MATCHES"
VERDICTS: Final = (AUTHENTIC, COMPLETE, TIMED, WITNESSED, VIEW_MATCHES)

STEPS: Final = (
    "Container and manifest are in form",
    "Checkpoints are signed by keys of the trust file",
    "Timestamps",
    "Entries and proofs give the signed roots",
    "The window is whole and the query holds",
    "Openings match the commitments",
    "Gaps are lawful",
    "The data file follows from the evidence",
    "The attestation names this export and this manifest",
)
"""Titles by number; 0 is what comes before step 1."""

REASONS_MAX: Final = 20  # kept of each verdict; the rest is counted
_WORST: Final = {Status.PASS: 0, Status.NOT_PROVEN: 1, Status.FAIL: 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict and why, in words."""

    name: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step: its worst finding, or NOT PROVEN where it was not reached."""

    number: int
    title: str
    status: Status
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What `verify_bundle` found: five verdicts by name, the steps, and facts read from the bundle on the way."""

    verdicts: Mapping[str, Verdict]
    steps: tuple[Step, ...]
    facts: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether nothing FAILed. Not whether everything is proven: read the verdicts."""
        return all(verdict.status is not Status.FAIL for verdict in self.verdicts.values())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON objects."""
        return {
            "verdicts": {v.name: {"status": str(v.status), "reason": v.reason} for v in self.verdicts.values()},
            "steps": [
                {"number": s.number, "title": s.title, "status": str(s.status), "details": list(s.details)}
                for s in self.steps
            ],
            "facts": dict(self.facts),
        }


@dataclass(slots=True)
class _Reasons:
    """The reasons for one verdict or step of one status: the first few, and how many there were."""

    kept: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, reason: str) -> None:
        self.count += 1
        if len(self.kept) < REASONS_MAX and reason not in self.kept:
            self.kept.append(reason)

    def words(self) -> tuple[str, ...]:
        more = self.count - len(self.kept)
        return (*self.kept, f"and {more} more like these") if more else tuple(self.kept)


class Findings:
    """Collects what the steps find, and sums it up. A verdict without a finding is a PASS."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.remarks: dict[str, list[str]] = {name: [] for name in VERDICTS}
        self._verdicts: dict[str, dict[Status, _Reasons]] = {name: {} for name in VERDICTS}
        self._steps: list[dict[Status, _Reasons]] = [{} for _ in STEPS]
        self._reached: set[int] = set()

    def reach(self, step: int) -> None:
        """Say that a step was carried out."""
        self._reached.add(step)

    def fail(self, step: int, verdict: str, reason: str) -> None:
        """Checked, and does not hold."""
        self._add(step, verdict, Status.FAIL, reason)

    def unproven(self, step: int, verdict: str, reason: str) -> None:
        """The bundle can't show it."""
        self._add(step, verdict, Status.NOT_PROVEN, reason)

    def not_asked(self, verdict: str, reason: str) -> None:
        """Nobody asked for it: the verdict is not proven, and the step that would look has nothing to do."""
        self._verdicts[verdict].setdefault(Status.NOT_PROVEN, _Reasons()).add(reason)

    def remark(self, verdict: str, text: str) -> None:
        """Words that belong to a verdict whatever it is: its scope, what it leaves out."""
        if text not in self.remarks[verdict]:
            self.remarks[verdict].append(text)

    def failed(self, verdict: str) -> bool:
        """Whether this verdict is a FAIL already."""
        return Status.FAIL in self._verdicts[verdict]

    def _add(self, step: int, verdict: str, status: Status, reason: str) -> None:
        self.reach(step)
        self._verdicts[verdict].setdefault(status, _Reasons()).add(reason)
        self._steps[step].setdefault(status, _Reasons()).add(reason)

    def result(self) -> Result:
        """Sum up. Nothing rests on a bundle that is not authentic: what would PASS is then NOT PROVEN."""
        verdicts = {name: self._sum(name) for name in VERDICTS}
        if verdicts[AUTHENTIC].status is Status.FAIL:
            for name, verdict in verdicts.items():
                if verdict.status is Status.PASS:
                    verdicts[name] = Verdict(name, Status.NOT_PROVEN, "The bundle is not authentic")
        return Result(verdicts, self._steps_done(), self.facts)

    def malformed(self, step: int, reason: str) -> Result:
        """Something is not in form: AUTHENTIC fails and nothing else is said."""
        self._steps[step].setdefault(Status.FAIL, _Reasons()).add(reason)
        self._reached.add(step)
        rest = "The bundle is not in form"
        verdicts = {name: Verdict(name, Status.NOT_PROVEN, rest) for name in VERDICTS}
        before = self._verdicts[AUTHENTIC].get(Status.FAIL, _Reasons()).words()
        verdicts[AUTHENTIC] = Verdict(AUTHENTIC, Status.FAIL, "; ".join((*before, reason)))
        return Result(verdicts, self._steps_done(), self.facts)

    def _sum(self, name: str) -> Verdict:
        found = self._verdicts[name]
        status = max(found, key=_WORST.__getitem__, default=Status.PASS)
        reasons = [*(found[status].words() if found else ()), *self.remarks[name]]
        return Verdict(name, status, "; ".join(reasons))

    def _steps_done(self) -> tuple[Step, ...]:
        steps = []
        for number, title in enumerate(STEPS):
            found = self._steps[number]
            missing = Status.PASS if number in self._reached else Status.NOT_PROVEN
            status = max(found, key=_WORST.__getitem__, default=missing)
            details = [words for reasons in found.values() for words in reasons.words()]
            steps.append(Step(number, title, status, tuple(details)))
        return tuple(steps)
