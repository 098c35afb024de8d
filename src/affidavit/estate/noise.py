"""Noise: what goes on in the estate all day. Nothing of it is a finding, however much of it there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Final

from affidavit.estate import clinic, operations, payments, school, shop
from affidavit.estate.people import ADMINS, STAFF, customers, name_of, patients_of, students_of
from affidavit.estate.plan import Person, Plan
from affidavit.event import Event

NOISE_DAYS: Final = 80
"""Most of the noise is of so many days: nobody then is idle for long."""
STEADY_DAYS: Final = 30
"""Everybody signs in that often, at least, since the estate's first day."""
_HOURS: Final = (8, 17)


def steady(plan: Plan) -> Iterator[Event]:
    """Sign-ins of all staff now and then since the first day, some after a mistyped password."""
    everybody = [who for people in STAFF.values() for who in people] + list(ADMINS)
    for at, who in enumerate(everybody):
        for days in range(plan.days, 0, -STEADY_DAYS):
            moment = plan.back(days, 8, at)
            if (days + at) % 4 == 0:
                yield shop.login(plan, "", who, moment, outcome="failure")
            yield shop.login(plan, "", who, moment + timedelta(seconds=20))


def busy(plan: Plan, count: int) -> Iterator[Event]:
    """So many events of the last days, in no order."""
    days = [day for day in range(1, NOISE_DAYS) if plan.weekday(day) == plan.now.date() - timedelta(days=day)]
    kinds: list[Callable[[Plan, datetime], Event]] = [kind for kind, share in _KINDS for _ in range(share)]
    choice = plan.random.choice
    dates = [plan.weekday(day) for day in days]
    span = (_HOURS[1] - _HOURS[0]) * 3600
    midnights = {day: datetime.combine(day, time(_HOURS[0]), plan.zone) for day in dates}
    for _ in range(count):
        at = midnights[choice(dates)] + timedelta(seconds=plan.random.random() * span)
        yield choice(kinds)(plan, at)


def _education(plan: Plan, at: datetime) -> Event:
    who = plan.random.choice(STAFF["sis"])
    return school.viewed(plan, "", who, plan.random.choice(_ORDINARY[who.id]), at)


def _treatment(plan: Plan, at: datetime) -> Event:
    who = plan.random.choice(STAFF["ehr"])
    return clinic.viewed(plan, "", who, plan.random.choice(patients_of(who)), at)


def _order(plan: Plan, at: datetime) -> Event:
    who = plan.random.choice(STAFF["shop-web"])
    action = plan.random.choice(("data.read", "data.read", "data.update", "data.create"))
    return shop.handled(plan, "", who, plan.random.choice(_CUSTOMERS), at, action=action)


def _customer_login(plan: Plan, at: datetime) -> Event:
    one = plan.random.choice(_CUSTOMERS)
    number = int(one[3:])
    who = Person(one, name_of(one), "customer", "shop-web", f"198.51.{100 + number // 250}.{number % 250}")
    return shop.login(plan, "", who, at)


def _staff_login(plan: Plan, at: datetime) -> Event:
    return shop.login(plan, "", plan.random.choice(STAFF[plan.random.choice(list(STAFF))]), at)


def _card(plan: Plan, at: datetime) -> Event:
    who = plan.random.choice(STAFF[plan.random.choice(("pay-gateway", "pay-vault"))])
    return payments.of_kind(plan, "", plan.random.choice(("10.2.1.1", "10.2.1.3", "10.2.1.7")), who, at)


def _maintenance(plan: Plan, at: datetime) -> Event:
    ticket = f"CHG-{plan.random.randrange(10_000)}"
    return operations.commanded(plan, "", plan.random.choice(ADMINS), at, ticket=ticket)


_CUSTOMERS: Final = customers()
_ORDINARY: Final = {who.id: [one for one in students_of(who) if one != school.VIP] for who in STAFF["sis"]}
_KINDS: Final = (
    (_education, 5),
    (_treatment, 5),
    (_order, 6),
    (_customer_login, 8),
    (_staff_login, 4),
    (_card, 4),
    (_maintenance, 1),
)
