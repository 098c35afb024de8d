"""IT: accounts, privileged work, exports and hours, for S1, S2 and the internal review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from affidavit.estate.people import (
    ADMINS,
    APPROVER,
    IDLE,
    LEAVING_CLERK,
    LEFT_ADMIN,
    LEFT_CLERK,
    RETURNING,
    SHARED,
    STAFF,
)
from affidavit.estate.plan import Person, Plan
from affidavit.estate.shop import login
from affidavit.event import Basis, Change, Event, Resource, Subject

LEFT_DAYS: Final = 60
"""Who left did so about so many days back."""
_ROLE: Final = "ledger-clerk"


def granted(
    plan: Plan,
    scenario: str,
    days: int,
    account: str,
    *,
    approved: str | None = APPROVER.id,
    asked: str = "",
    role: str = _ROLE,
    approved_role: str = _ROLE,
    by: Person = ADMINS[0],
) -> Iterator[Event]:
    """A role asked for, approved and granted: three events that share a ticket."""
    ticket = f"REQ-{scenario}" if scenario else f"REQ-{plan.random.randrange(10**6):06}"
    asked = asked or account
    start = plan.back(days, 10)
    subject = Subject(id=account, type="staff")
    basis = Basis(purpose="access management", ticket=ticket)
    requester = Person(asked, asked, "employee", "directory", "10.40.1.70")
    shared: dict[str, Any] = {"subject": subject, "basis": basis}
    asking = {**shared, "resource": Resource(type="role", id=approved_role)}
    wanted = Change(after={"role": approved_role}, requested_by=asked)
    yield plan.event(scenario, "iam.role.request", start, requester, change=wanted, **asking)
    if approved is not None:
        who = APPROVER if approved == APPROVER.id else Person(approved, approved, "employee", "directory", "10.40.1.71")
        change = Change(after={"role": approved_role}, requested_by=asked, approved_by=approved)
        yield plan.event(scenario, "iam.role.approve", start + timedelta(hours=1), who, change=change, **asking)
    given = {**shared, "resource": Resource(type="role", id=role)}
    change = Change(before={}, after={"role": role}, requested_by=asked, approved_by=approved)
    yield plan.event(scenario, "iam.role.grant", start + timedelta(hours=3), by, change=change, **given)


def commanded(plan: Plan, scenario: str, who: Person, at: datetime, *, ticket: str | None = "CHG-4711") -> Event:
    """A privileged act."""
    return plan.event(
        scenario,
        "admin.command",
        at,
        who,
        target="prod-db",
        resource=Resource(type="database", id="ledger"),
        basis=Basis(purpose="maintenance", ticket=ticket),
        severity="medium",
        details={"command": "restart replica"},
    )


def exported(plan: Plan, scenario: str, who: Person, at: datetime, count: int) -> Event:
    """An export of records."""
    return plan.event(
        scenario,
        "data.export",
        at,
        who,
        resource=Resource(type="report", id="orders"),
        record_count=count,
        basis=Basis(purpose="accounting", lawful_basis="legal obligation", ticket="RPT-12"),
    )


def events(plan: Plan) -> Iterator[Event]:
    """The planted ones."""
    yield from granted(plan, "s1.whole", 40, "b.kowalczyk")
    yield from granted(plan, "s1.no_approval", 41, "n.iyer", approved=None)
    yield from granted(plan, "s1.self_approval", 42, "c.whitfield", approved="c.whitfield")
    yield from granted(plan, "s1.granted_differs", 43, "w.osei", role="ledger-admin")
    entry = Resource(type="journal_entry", id="4711")
    booked: dict[str, Any] = {"resource": entry, "basis": Basis(purpose="accounting", lawful_basis="legal obligation")}
    yield plan.event("s1.active_after_leaving", "data.update", plan.back(30), LEFT_CLERK, **booked)
    yield plan.event("s1.active_before_leaving", "data.update", plan.back(LEFT_DAYS + 20), LEAVING_CLERK, **booked)
    yield plan.event(
        "s1.active_before_leaving",
        "iam.user.disable",
        plan.back(LEFT_DAYS, 16),
        ADMINS[1],
        resource=Resource(type="account", id=LEAVING_CLERK.id),
        subject=Subject(id=LEAVING_CLERK.id, type="staff"),
        basis=Basis(purpose="access management", ticket="OFF-62"),
    )
    yield commanded(plan, "s2.whole", ADMINS[0], plan.back(35))
    yield commanded(plan, "s2.no_ticket", ADMINS[1], plan.back(36), ticket=None)
    yield commanded(plan, "s2.shared", SHARED, plan.back(37))
    yield commanded(plan, "s2.left", LEFT_ADMIN, plan.back(38))
    yield from _deserving_a_look(plan)


def _deserving_a_look(plan: Plan) -> Iterator[Event]:
    agents = STAFF["shop-web"]
    yield commanded(plan, "ir.night", ADMINS[2], plan.back(33, 3))
    yield commanded(plan, "ir.office_hours", ADMINS[2], plan.back(33, 11))
    yield exported(plan, "ir.large_export", agents[0], plan.back(34), 48_000)
    yield exported(plan, "ir.small_export", agents[1], plan.back(34), 40)
    for scenario, who, count in (("ir.repeated_denials", agents[2], 12), ("ir.few_denials", agents[1], 3)):
        for at in range(count):
            yield plan.event(
                scenario,
                "data.read",
                plan.back(39, 14, at),
                who,
                outcome="denied",
                status_detail="not this agent's region",
                resource=Resource(type="customer_record", id=f"account-{2300 + at}"),
                basis=Basis(purpose="order handling", lawful_basis="contract, Art. 6(1)(b)"),
            )
    yield from granted(plan, "ir.self_grant", 44, ADMINS[1].id, approved=ADMINS[1].id, by=ADMINS[1])
    ticket = {"basis": Basis(purpose="operations", ticket="CHG-5120")}
    audit_log = Resource(type="audit_log", id="erp/journal")
    yield plan.event(
        "ir.log_cleared", "log.clear", plan.back(46), ADMINS[0], target="erp", resource=audit_log, **ticket
    )
    for scenario, action in (("ir.mfa_disabled", "auth.mfa.disable"), ("ir.mfa_enrolled", "auth.mfa.enroll")):
        subject = Subject(id="n.iyer", type="staff")
        factor = Resource(type="second_factor", id="n.iyer/totp")
        yield plan.event(scenario, action, plan.back(47), ADMINS[2], subject=subject, resource=factor, **ticket)
    for scenario, who, idle in (("ir.dormant", IDLE, 120), ("ir.returning", RETURNING, 60)):
        for days in (20 + idle, 20):
            yield login(plan, scenario, who, plan.back(days, 10))
