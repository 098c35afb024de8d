"""The payment service: the seven kinds of Requirement 10, and what protects its logs, for P1 and P2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from affidavit.estate.people import STAFF
from affidavit.estate.plan import Person, Plan
from affidavit.event import Basis, Change, Event, Resource

# PCI DSS 10.2.1.x: action, outcome, what it was done to, and what else the event carries.
KINDS: Final[dict[str, tuple[str, str, str, dict[str, Any]]]] = {
    "10.2.1.1": ("data.read", "success", "card", {"classification": "CHD", "data_categories": ("card",)}),
    "10.2.1.2": ("admin.command", "success", "service", {}),
    "10.2.1.3": ("log.read", "success", "audit_log", {}),
    "10.2.1.4": ("auth.login", "failure", "application", {}),
    "10.2.1.5": ("credential.change", "success", "account", {}),
    "10.2.1.6": ("log.start", "success", "audit_log", {}),
    "10.2.1.7": ("system.object.create", "success", "table", {}),
}
NEVER: Final = ("pay-vault", "10.2.1.6")
"""What one system never writes."""


def of_kind(plan: Plan, scenario: str, kind: str, who: Person, at: datetime, **given: Any) -> Event:
    """An event of one of the seven kinds, with all six fields of 10.2.2 unless `given` says otherwise."""
    action, outcome, resource, more = KINDS[kind]
    fields: dict[str, Any] = {
        "outcome": outcome,
        "resource": Resource(type=resource, id=f"{who.system}/{resource}"),
        "controls": (f"pci:{kind}",),
        "basis": Basis(purpose="operations", ticket=f"CHG-{kind[-1]}{at:%m%d}"),
    }
    return plan.event(scenario, action, at, who, **{**fields, **more, **given})


def events(plan: Plan) -> Iterator[Event]:
    """The planted ones."""
    for at, kind in enumerate(KINDS):
        for system in ("pay-gateway", "pay-vault"):
            if (system, kind) != NEVER:
                for place, who in enumerate(STAFF[system]):
                    yield of_kind(plan, "p1.whole", kind, who, plan.back(5 + at, hour=13, minute=place * 7))
    nowhere = {"source": None, "resource": Resource(type="card", id="pay-vault/card")}
    yield of_kind(plan, "p1.field_missing", "10.2.1.1", STAFF["pay-vault"][0], plan.back(30, 14), **nowhere)
    yield from _protection(plan)


def _protection(plan: Plan) -> Iterator[Event]:
    service = Person("svc-log-guard", "Log guard", "service", "audit-store", "10.40.3.5")
    log = Resource(type="audit_log", id="pay-gateway/journal")
    for days in (10, 17, 24):
        whole = {"result": "whole", "from": "0", "to": str(days * 1000)}
        yield plan.event("p2.chain_whole", "log.verify", plan.back(days, 12), service, resource=log, details=whole)
        yield plan.event("p2.chain_whole", "log.archive", plan.back(days, 12, 30), service, resource=log)
    broken = {"result": "broken", "at": "88120"}
    yield plan.event(
        "p2.chain_break", "log.verify", plan.back(31, 12), service, resource=log, outcome="failure", details=broken
    )
    for scenario, drift in (("p2.no_drift", 0.04), ("p2.no_drift", -0.2), ("p2.drift", 3.7)):
        host = Resource(type="host", id=f"host-{abs(drift):g}")
        at = plan.back(19, 12, 40, second=abs(drift) * 100)
        details = {"drift_s": drift, "server": "time-1"}
        yield plan.event(scenario, "system.time.check", at, service, resource=host, details=details)


def changed(plan: Plan, who: Person, at: datetime) -> Event:
    """An ordinary change of one's own credentials."""
    change = Change(before={"credential": "old"}, after={"credential": "new"})
    return of_kind(plan, "", "10.2.1.5", who, at, change=change)
