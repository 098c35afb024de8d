"""The shop: what is done with customers' data, for G2, and who signs in where, for H3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from affidavit.estate.people import FORGETFUL, STAFF, TARGET, TRAVELLER, customers, name_of
from affidavit.estate.plan import BROWSER, Person, Plan
from affidavit.event import Actor, Basis, Event, Resource, Source, Subject

SUBJECT: Final = "cu-2001"
LONDON: Final = "51.5074,-0.1278"
PARIS: Final = "48.8566,2.3522"
SYDNEY: Final = "-33.8688,151.2093"
_WHOLE: Final = {"purpose": "order handling", "lawful_basis": "contract, Art. 6(1)(b)"}


def customer(id: str) -> Subject:
    """A customer as the subject of an event."""
    return Subject(id=id, type="customer", name=name_of(id))


def handled(
    plan: Plan,
    scenario: str,
    who: Person,
    subject: str,
    at: datetime,
    *,
    action: str = "data.read",
    owner: str | None = None,
    **basis: Any,
) -> Event:
    """Something done with a customer's data, with purpose and lawful basis unless they are given otherwise."""
    return plan.event(
        scenario,
        action,
        at,
        who,
        resource=Resource(type="customer_record", id=f"account-{subject[3:]}", owner=owner),
        subject=customer(subject),
        data_categories=("contact", "orders"),
        basis=Basis(**{**_WHOLE, **basis}),
    )


def login(
    plan: Plan,
    scenario: str,
    who: Person,
    at: datetime,
    *,
    outcome: str = "success",
    ip: str = "",
    geo: str | None = None,
) -> Event:
    """A sign-in of somebody, or the attempt."""
    return plan.event(
        scenario,
        "auth.login",
        at,
        actor=Actor(id=who.id, type="user", roles=(who.role,), mfa=outcome == "success"),
        source=Source(ip=ip or who.ip, user_agent=BROWSER, app=who.system, geo=geo),
        target=who.system,
        outcome=outcome,
        status_detail=None if outcome == "success" else "wrong password",
        resource=Resource(type="application", id=who.system),
    )


def events(plan: Plan) -> Iterator[Event]:
    """The planted ones."""
    agent = STAFF["shop-web"][0]
    yield handled(plan, "g2.whole", agent, SUBJECT, plan.back(15))
    yield handled(plan, "g2.whole", agent, SUBJECT, plan.back(15, hour=14), action="data.update")
    yield handled(plan, "g2.no_purpose", agent, SUBJECT, plan.back(16), purpose=None)
    yield handled(plan, "g2.no_lawful_basis", agent, SUBJECT, plan.back(17), lawful_basis=None)
    yield handled(plan, "g2.other_subject", agent, "cu-2002", plan.back(18), purpose=None, lawful_basis=None)
    yield handled(plan, "g2.third_party", agent, SUBJECT, plan.back(19), owner="cu-2003")  # an account of two people
    yield from _sign_ins(plan)


def _sign_ins(plan: Plan) -> Iterator[Event]:
    def tries(
        scenario: str, who: Person, days: int, count: int, gap_s: float, ip: str = "", **more: Any
    ) -> Iterator[Event]:
        start = plan.back(days, 13)
        for at in range(count):
            yield login(plan, scenario, who, start + timedelta(seconds=at * gap_s), outcome="failure", ip=ip, **more)

    # Who is attacked here signs in nowhere else: a success of the day would be a finding of its own.
    yield from tries("h3.brute_force", TARGET, 12, 14, 60, ip="203.0.113.77")
    yield from tries("h3.few_failures", STAFF["shop-web"][2], 13, 3, 60)
    yield from tries("h3.slow_failures", FORGETFUL, 14, 12, 300)
    sprayed = [Person(f"user-{at}", f"User {at}", "customer", "shop-web", "") for at in range(14)]
    for at, who in enumerate(sprayed):
        moment = plan.back(26, 14, second=at * 90)
        yield login(plan, "h3.spray", who, moment, outcome="failure", ip="203.0.113.78")
    for at, one in enumerate(customers()[:14]):  # an office behind one address, where everybody knows the password
        who = Person(one, name_of(one), "customer", "shop-web", "198.51.100.7")
        yield login(plan, "h3.shared_address", who, plan.back(27, 14, second=at * 90))
    guessed = STAFF["pay-gateway"][1]
    yield from tries("h3.success_after_failures", guessed, 28, 7, 30)
    yield login(plan, "h3.success_after_failures", guessed, plan.back(28, 13, 5))
    start = plan.back(29, 13)
    yield login(plan, "h3.impossible_travel", TRAVELLER, start, geo=LONDON, ip="198.51.100.20")
    later = start + timedelta(hours=2)
    yield login(plan, "h3.impossible_travel", TRAVELLER, later, geo=SYDNEY, ip="198.51.100.21")
    start = plan.back(45, 13)
    yield login(plan, "h3.possible_travel", TRAVELLER, start, geo=LONDON, ip="198.51.100.20")
    later = start + timedelta(hours=3)
    yield login(plan, "h3.possible_travel", TRAVELLER, later, geo=PARIS, ip="198.51.100.22")
