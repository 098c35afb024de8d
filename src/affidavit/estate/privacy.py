"""The privacy office: requests of customers and consumers, and breaches, for G1, G5, C1 and H1."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from affidavit.cases.counting import add_months
from affidavit.estate.plan import Plan
from affidavit.event import Event

REMEDY: Final = "You may complain to the supervisory authority, or go to court"
BASIS: Final = "Art. 17(3)(b): kept under a legal obligation"
_NOTICE: Final = {
    "nature": "mail with an attachment sent to a wrong address",
    "subject_categories": "customers",
    "subject_count": "120",
    "record_count": "120",
    "record_categories": "name, postal address",
    "contact": "the privacy office",
    "consequences": "unwanted advertising",
    "measures": "recipient asked to delete, and confirmed",
    "risk": "low",
}
_DOCUMENTED: Final = {
    "facts": "one mail to one wrong address",
    "effects": "none known",
    "remedy": "addresses are now confirmed before sending",
}
_NOT_NEEDED: Final = {
    "notice": "individuals",
    "decision": "not_required",
    "decision_reason": "no high risk, Art. 34(1)",
}
_COMPLIED: Final = {"outcome": "complied", "response": "sent by mail"}
_NONE: Final[dict[str, str]] = {}


def events(plan: Plan) -> Iterator[Event]:
    """All of them."""
    yield from _european_requests(plan)
    yield from _consumer_requests(plan)
    yield from _breaches(plan)


def open_cases(plan: Plan) -> Iterator[Event]:
    """Cases under way at the plan's now: no findings yet, but some are due soon."""
    asked = {"description": "a copy of everything since 2024"}
    for scenario, law, right, subject, days in (
        ("open.new", "gdpr", "access", ("cu-2101", "customer"), 5),
        ("open.due_soon", "gdpr", "erasure", ("cu-2102", "customer"), 25),
        ("open.consumer", "ccpa", "know", ("cu-2201", "consumer"), 3),
        ("open.student", "ferpa", "inspection", ("st-1002", "student"), 12),
    ):
        yield from plan.request(scenario, law, right, subject, ("received", plan.back(days), asked))
    aware = plan.now - timedelta(hours=20)
    told = {**_NOTICE, "title": "Stolen laptop", "nature": "a laptop of the clinic was stolen"}
    yield from plan.incident("open.breach", "gdpr hipaa", ("opened", aware, told))


def _european_requests(plan: Plan) -> Iterator[Event]:
    customer = ("cu-2100", "customer")
    verified = {"verified_how": "signed in"}

    def one(
        scenario: str, days: int, *steps: tuple[str, int, dict[str, str]], right: str = "access"
    ) -> Iterator[Event]:
        start = plan.back(days)
        later = [(name, plan.after_days(start, after), facts) for name, after, facts in steps]
        opening = [("received", start, _NONE), ("verified", start + timedelta(hours=2), verified)]
        return plan.request(scenario, "gdpr", right, customer, *opening, *later)

    yield from one("g1.overdue", 60)
    yield from one("g1.closed_late", 80, ("closed", 50, _COMPLIED))
    yield from one("g1.in_time", 60, ("closed", 20, _COMPLIED))
    extended = {"extension_reason": "three systems have to be searched"}
    yield from one("g1.extended_in_time", 110, ("extended", 20, extended), ("closed", 75, _COMPLIED))
    yield from one("g1.extension_late", 110, ("extended", 40, extended), ("closed", 75, _COMPLIED))
    refusals = {
        "g1.refusal_whole": {"denial_basis": BASIS, "remedy": REMEDY},
        "g1.refusal_without_basis": {"remedy": REMEDY},
        "g1.refusal_without_remedy": {"denial_basis": BASIS},
    }
    for scenario, facts in refusals.items():
        yield from one(scenario, 70, ("closed", 15, {"outcome": "denied", **facts}), right="erasure")
    # Closed on the very last day of its calendar month.
    start = plan.back(150)
    received = start.astimezone(plan.zone).date()
    days = (add_months(received, 1) - received).days
    closed = plan.after_days(start, days, hour=22)
    steps = (("received", start, _NONE), ("verified", start, verified), ("closed", closed, _COMPLIED))
    yield from plan.request("g1.month_end", "gdpr", "rectification", customer, *steps)


def _consumer_requests(plan: Plan) -> Iterator[Event]:
    consumer = ("cu-2200", "consumer")
    confirmed = {"manner": "mail"}

    def one(
        scenario: str, days: int, confirm: int, *steps: tuple[str, int, dict[str, str]], right: str = "know"
    ) -> Iterator[Event]:
        start = plan.back(days)
        later = [(name, plan.after_days(start, after), facts) for name, after, facts in steps]
        first = ("acknowledged", plan.after_business_days(start, confirm), confirmed)
        opening = [("received", start, _NONE), *([first] if confirm else [])]
        return plan.request(scenario, "ccpa", right, consumer, *sorted([*opening, *later], key=lambda step: step[1]))

    known = ("verified", 5, {"verified_how": "two data points"})
    extended = ("extended", 40, {"extension_reason": "archived data"})
    yield from one("c1.whole", 120, 3, known, ("closed", 40, _COMPLIED))
    yield from one("c1.confirmed_late", 120, 12, known, ("closed", 40, _COMPLIED))
    # The tenth business day is the eleventh weekday: there is a holiday between.
    holiday = min(plan.calendar.holidays)
    before = (plan.now.date() - holiday).days + 5
    yield from one("c1.over_a_holiday", before, 10, known, ("closed", 30, _COMPLIED), right="correct")
    yield from one("c1.answered_late", 120, 3, known, ("closed", 60, _COMPLIED))
    yield from one("c1.extended", 120, 3, known, extended, ("closed", 80, _COMPLIED))
    yield from one("c1.over_90", 160, 3, known, extended, ("closed", 100, _COMPLIED))
    yield from one("c1.denial_without_basis", 100, 2, known, ("closed", 20, {"outcome": "denied"}), right="delete")
    denied = {"outcome": "denied", "denial_basis": "unverifiable"}
    yield from one("c1.denial_whole", 100, 2, known, ("closed", 20, denied), right="delete")
    start = plan.back(95)
    answer = ("closed", plan.after_days(start, 20), _COMPLIED)
    confirmation = ("acknowledged", plan.after_business_days(start, 2), _NONE)
    opening = ("received", start, {"manner": ""})  # nobody wrote down how it came
    verified = ("verified", plan.after_days(start, 5), known[2])
    yield from plan.request("c1.log_incomplete", "ccpa", "know", consumer, opening, confirmation, verified, answer)
    for scenario, took in (("c1.opt_out_in_time", 12), ("c1.opt_out_late", 18)):
        start = plan.back(90)
        steps = (("received", start, _NONE), ("closed", plan.after_business_days(start, took), _COMPLIED))
        yield from plan.request(scenario, "ccpa", "opt_out", consumer, *steps)


def _breaches(plan: Plan) -> Iterator[Event]:
    def one(
        scenario: str,
        hours: int,
        *,
        reasons: str = "",
        decided: bool = True,
        documented: bool = True,
        due: bool = True,
        untold: str = "",
    ) -> Iterator[Event]:
        start = plan.back(100)
        told = {**_NOTICE, **(_DOCUMENTED if documented else {}), "title": f"Misdirected mail ({scenario})"}
        told.pop(untold, None)
        steps: list[tuple[str, datetime, dict[str, str]]] = [("opened", start, told)]
        if due:
            notified = {"notice": "authority", **({"delay_reason": reasons} if reasons else {})}
            steps.append(("notified", start + timedelta(hours=hours), notified))
        else:
            decision = {"notice": "authority", "decision": "not_required", "decision_reason": "no risk, Art. 33(1)"}
            steps.append(("decided", start + timedelta(hours=hours), decision))
        if decided:
            steps.append(("decided", start + timedelta(hours=hours + 1), _NOT_NEEDED))
        steps.append(("closed", start + timedelta(days=10), {"outcome": "closed"}))
        return plan.incident(scenario, "gdpr", *steps)

    yield from one("g5.in_time", 70)
    yield from one("g5.late_without_reasons", 90)
    yield from one("g5.late_with_reasons", 90, reasons="the processor told us late")
    yield from one("g5.not_required", 30, due=False)
    yield from one("g5.no_decision", 50, decided=False)
    yield from one("g5.not_documented", 50, documented=False)
    yield from one("g5.notice_incomplete", 50, untold="consequences")
