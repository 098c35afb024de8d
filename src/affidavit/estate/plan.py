"""Plan: the days of an estate, and how its events are made. Every event says that it is synthetic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from affidavit.cases.case import Case
from affidavit.cases.case_events import family, to_event
from affidavit.cases.counting import Calendar
from affidavit.cases.deadlines import INCIDENT, REQUEST, Book, builtin
from affidavit.event import Actor, Event, Source

ZONE: Final = "America/Chicago"
DAYS: Final = 400
"""An estate reaches so many days back: more than the twelve months that some logs have to be kept."""
HOLIDAY_BACK: Final = 62
"""The holiday of the estate's calendar lies about so many days back."""
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Person:
    """One invented member of staff."""

    id: str
    name: str
    role: str
    system: str
    ip: str
    privileged: bool = False

    @property
    def actor(self) -> Actor:
        """As an event's actor."""
        return Actor(id=self.id, type="user", roles=(self.role,), is_privileged=self.privileged or None, mfa=True)

    @property
    def source(self) -> Source:
        """Where this person works."""
        return Source(ip=self.ip, user_agent=BROWSER, app=self.system)


class Plan:
    """Makes events between `days` before `now` and `now`, an aware time, by a seed."""

    def __init__(self, now: datetime, seed: int, days: int = DAYS) -> None:
        self.zone = ZoneInfo(ZONE)
        self.now = now.astimezone(self.zone)
        self.days = days
        self.random = random.Random(seed)  # noqa: S311  invented data has to be the same each time
        self.book: Book = builtin()
        self.calendar = Calendar("default")
        self.calendar = Calendar("default", frozenset({self.weekday(HOLIDAY_BACK)}))

    def weekday(self, days: int) -> date:
        """The last business day that lies at least so many days back."""
        day = self.now.date() - timedelta(days=days)
        while not self.calendar.is_business(day):
            day -= timedelta(days=1)
        return day

    def back(self, days: int, hour: int = 11, minute: int = 0, second: float = 0) -> datetime:
        """A time of office hours, by default, on the last business day at least so many days back."""
        at = datetime.combine(self.weekday(days), time(hour, minute), self.zone) + timedelta(seconds=second)
        return at.astimezone(UTC)

    def after_business_days(self, start: datetime, count: int, hour: int = 11) -> datetime:
        """An hour of the `count`-th business day after a time."""
        day = self.calendar.add(start.astimezone(self.zone).date(), count)
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)

    def after_days(self, start: datetime, count: int, hour: int = 11) -> datetime:
        """An hour of the `count`-th day after a time."""
        day = start.astimezone(self.zone).date() + timedelta(days=count)
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)

    def id(self) -> UUID:
        """A fresh id, of the seed."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def event(self, scenario: str, action: str, at: datetime, who: Person | None = None, **fields: Any) -> Event:
        """One event of a scenario; the empty one is noise. `details` are added to the label."""
        details: dict[str, Any] = {"synthetic": True, **fields.pop("details", {})}
        if scenario:
            details["scenario"] = scenario
        if who is not None:
            fields = {"actor": who.actor, "source": who.source, "target": who.system, **fields}
        return Event(action=action, id=self.id(), at=at, details=details, **fields)

    def request(
        self,
        scenario: str,
        law: str,
        right: str,
        subject: tuple[str, str],
        *steps: tuple[str, datetime, Mapping[str, str]],
    ) -> Iterator[Event]:
        """The events of a subject request: of its receipt, the first step, and of what came of it."""
        facts = {"law": law, "right": right, "subject_id": subject[0], "subject_type": subject[1], "manner": "web form"}
        name, at, more = steps[0]
        first = (name, at, {**facts, "received_at": at.isoformat(), **more})
        yield from self._case(scenario, REQUEST, f"REQ-{scenario}", (first, *steps[1:]))

    def incident(self, scenario: str, law: str, *steps: tuple[str, datetime, Mapping[str, str]]) -> Iterator[Event]:
        """The events of an incident: of its opening, the first step, and of what came of it."""
        name, at, more = steps[0]
        facts = {"law": law, "aware_at": at.isoformat(), "discovered_at": at.isoformat()}
        yield from self._case(scenario, INCIDENT, f"INC-{scenario}", ((name, at, {**facts, **more}), *steps[1:]))

    def _case(
        self, scenario: str, kind: str, case_id: str, steps: tuple[tuple[str, datetime, Mapping[str, str]], ...]
    ) -> Iterator[Event]:
        case = Case(case_id, kind, facts=dict(steps[0][2]))
        actions = family(case, self.book)
        for step, at, facts in steps:
            known = {name: value for name, value in facts.items() if value}
            if step == "closed":
                known["closed_at"] = at.isoformat()
            made = to_event(case, step, known, at, actions)
            fields = {
                "subject": made.subject,
                "resource": made.resource,
                "case": made.case,
                "details": made.details or {},
            }
            yield self.event(scenario, made.action, at, PRIVACY_OFFICE, **fields)


PRIVACY_OFFICE: Final = Person("e.marchetti", "Elena Marchetti", "privacy officer", "privacy-desk", "10.30.1.5")
