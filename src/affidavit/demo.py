"""The demo: an invented campus, its events, an export of last month, and what a stranger finds in it.

People, places and deeds are made up from a seed: the same seed and the same moment give the same events.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from affidavit.errors import AffidavitError
from affidavit.event import Actor, Basis, Change, Disclosure, Event, Recipient, Resource, Source, Subject
from affidavit.export import ExportResult, legacy, run_export
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import MAIN
from affidavit.log.status import status
from affidavit.verify import Result, verify_bundle

ZONE: Final = "America/Chicago"
EVENTS: Final = 5_000
SEED: Final = 17
BATCH_EVENTS: Final = 1_000
STUDENTS: Final = 160
TRUST_FILE: Final = "trust.json"

_TEACHERS: Final = "m.okafor d.lindqvist a.ferreira j.nakamura s.haddad r.oconnell p.varga l.mbeki t.sorensen".split()
_REGISTRARS: Final = "c.whitfield n.iyer b.kowalczyk".split()
_FIRST: Final = "Amara Bela Caleb Dunja Elif Farid Greta Hana Ivo Juno Kofi Lena Milan Noor Otis Priya".split()
_LAST: Final = "Adeyemi Brandt Castillo Dvorak Eriksen Fontaine Gupta Holloway Ito Jansen".split()
_COURSES: Final = "BIO-110 CHEM-201 CS-150 ENG-101 HIST-230 MATH-220 MUS-105 PHYS-140".split()
_GRADES: Final = "A A- B+ B B- C+ C D F".split()
_RECEIVERS: Final = (
    ("Lakeshore State University", "university"),
    ("Prairie Scholarship Fund", "foundation"),
    ("Halden Engineering", "employer"),
)
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_PHONE: Final = "NorthgateCampus/4.2 (Android 15)"

# Shares of the day by hour: offices keep office hours, students stay up late.
_OFFICE: Final = (0, 0, 0, 0, 0, 0, 1, 5, 14, 17, 16, 13, 8, 13, 15, 13, 9, 4, 1, 1, 1, 0, 0, 0)
_LATE: Final = (4, 2, 1, 0, 0, 0, 1, 4, 8, 9, 9, 9, 10, 9, 9, 8, 8, 8, 10, 13, 15, 15, 12, 8)
_WEEKDAY: Final = (10, 10, 10, 10, 8, 2, 3)  # Monday first
_OFFICE_WEEKDAY: Final = (10, 10, 10, 10, 8, 0.3, 0.1)


@dataclass(frozen=True, slots=True)
class Student:
    """One invented student."""

    id: str
    name: str
    parent: str
    courses: tuple[str, ...]

    @property
    def file(self) -> str:
        """The number of the student's file: records are named by it, so that their names tell nobody's id."""
        return str(40_000 + int(self.id[1:]) * 7919 % 9973)


class Campus:
    """Makes the events of a campus between two moments, by a seed."""

    def __init__(self, start: datetime, now: datetime, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  invented data has to be the same each time
        self._now = now
        self._days = [start.date() + timedelta(days=n) for n in range((now.date() - start.date()).days + 1)]
        self._office_days = self._weights(_OFFICE_WEEKDAY)
        self._all_days = self._weights(_WEEKDAY)
        self._students = [self._student(number) for number in range(1, STUDENTS + 1)]

    def _weights(self, by_weekday: tuple[float, ...]) -> list[float]:
        return [by_weekday[day.weekday()] for day in self._days]

    def _student(self, number: int) -> Student:
        name = f"{self._random.choice(_FIRST)} {self._random.choice(_LAST)}"
        return Student(f"s{1000 + number}", name, f"p{1000 + number}", tuple(self._random.sample(_COURSES, 3)))

    def events(self, count: int) -> list[Event]:
        """Exactly `count` events, in the order they happened."""
        found = [*self._guessing(), *self._nights()]
        kinds, shares = zip(*self._kinds(), strict=True)
        while len(found) < count:
            kind = self._random.choices(kinds, shares)[0]
            found.append(kind())
        found = found[-count:] if count < len(found) else found
        return sorted(found, key=lambda event: event.at or self._now)

    def _kinds(self) -> Iterator[tuple[Callable[[], Event], float]]:
        yield self._login, 30
        yield self._grade_viewed, 22
        yield self._record_viewed, 14
        yield self._grade_updated, 11
        yield self._attendance_recorded, 7
        yield self._file_downloaded, 6
        yield self._enrollment_changed, 5
        yield self._transcript_disclosed, 3
        yield self._password_reset, 1.5
        yield self._role_granted, 0.5

    # --- when and who --------------------------------------------------------------------------------------------

    def _at(self, *, office: bool) -> datetime:
        days, hours = (self._office_days, _OFFICE) if office else (self._all_days, _LATE)
        for _ in range(100):
            day = self._random.choices(self._days, days)[0]
            hour = self._random.choices(range(24), hours)[0]
            at = self._moment(day, hour * 3600 + self._random.uniform(0, 3600))
            if at <= self._now:
                return at
        return self._now

    def _moment(self, day: date, seconds: float) -> datetime:
        return datetime.combine(day, time(), self._now.tzinfo) + timedelta(seconds=seconds)

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _event(self, action: str, office: bool, who: tuple[Actor, Source], **fields: Any) -> Event:
        actor, source = who
        at = self._at(office=office)
        return Event(action=action, id=self._id(), at=at, actor=actor, source=source, **fields)

    def _one(self) -> Student:
        return self._random.choice(self._students)

    def _staff(self, people: list[str], role: str) -> tuple[Actor, Source]:
        who = self._random.choice(people)
        source = Source(ip=f"10.20.4.{20 + people.index(who)}", user_agent=_BROWSER, app="campus-portal")
        return Actor(id=who, type="user", roles=(role,), mfa=True), source

    def _teacher(self) -> tuple[Actor, Source]:
        return self._staff(_TEACHERS, "teacher")

    def _registrar(self) -> tuple[Actor, Source]:
        return self._staff(_REGISTRARS, "registrar")

    def _at_home(self, student: Student, *, parent: bool = False) -> tuple[Actor, Source]:
        number = int(student.id[1:]) - 1000
        source = Source(ip=f"198.51.100.{number}", user_agent=self._random.choice((_PHONE, _BROWSER)))
        if parent:
            return Actor(id=student.parent, type="user", roles=("parent",)), source
        return Actor(id=student.id, type="user", name=student.name, roles=("student",)), source

    def _subject(self, student: Student) -> Subject:
        return Subject(id=student.id, type="student", name=student.name)

    def _enrollment(self, student: Student, course: str) -> Resource:
        return Resource(type="enrollment", id=f"{course}:{student.file}")

    # --- what ----------------------------------------------------------------------------------------------------

    def _login(self) -> Event:
        office = self._random.random() < 0.3
        who = self._teacher() if office else self._at_home(self._one(), parent=self._random.random() < 0.15)
        wrong = self._random.random() < 0.06
        return self._event(
            "login",
            office,
            who,
            outcome="failure" if wrong else "success",
            status_detail="wrong password" if wrong else None,
            resource=Resource(type="application", id="campus-portal"),
        )

    def _grade_viewed(self) -> Event:
        student = self._one()
        return self._event(
            "grade.viewed",
            False,
            self._at_home(student, parent=self._random.random() < 0.2),
            resource=self._enrollment(student, self._random.choice(student.courses)),
            subject=self._subject(student),
            data_categories=("grades",),
        )

    def _record_viewed(self) -> Event:
        student = self._one()
        registrar = self._random.random() < 0.5
        denied = not registrar and self._random.random() < 0.12
        return self._event(
            "record.viewed",
            True,
            self._registrar() if registrar else self._teacher(),
            outcome="denied" if denied else "success",
            status_detail="not a student of this teacher" if denied else None,
            resource=Resource(type="student_record", id=student.file),
            subject=self._subject(student),
            basis=Basis(purpose="registrar's office" if registrar else "advising"),
        )

    def _grade_updated(self) -> Event:
        student = self._one()
        before, after = self._random.sample(_GRADES, 2)
        return self._event(
            "grade.updated",
            True,
            self._teacher(),
            resource=self._enrollment(student, self._random.choice(student.courses)),
            subject=self._subject(student),
            change=Change(before={"grade": before}, after={"grade": after}),
            data_categories=("grades",),
        )

    def _attendance_recorded(self) -> Event:
        course = Resource(type="course", id=self._random.choice(_COURSES))
        present = self._random.randint(12, 34)
        return self._event("attendance.recorded", True, self._teacher(), resource=course, record_count=present)

    def _file_downloaded(self) -> Event:
        name = self._random.choice(("enrollment-summary", "financial-2026", "honor-roll", "retention"))
        return self._event("file-download", True, self._registrar(), resource=f"/reports/{name}")

    def _enrollment_changed(self) -> Event:
        student = self._one()
        return self._event(
            self._random.choice(("enrollment.created", "enrollment.dropped")),
            False,
            self._at_home(student),
            resource=self._enrollment(student, self._random.choice(_COURSES)),
            subject=self._subject(student),
        )

    def _transcript_disclosed(self) -> Event:
        student = self._one()
        name, kind = self._random.choice(_RECEIVERS)
        return self._event(
            "transcript.disclosed",
            True,
            self._registrar(),
            resource=Resource(type="transcript", id=student.file),
            subject=self._subject(student),
            disclosure=Disclosure(
                recipient=Recipient(name=name, type=kind, country="US"),
                description="official transcript",
                method="electronic",
            ),
            basis=Basis(purpose="requested by the student", consent_ref=f"consent-{self._random.randint(100, 999)}"),
        )

    def _password_reset(self) -> Event:
        student = self._one()
        account = Resource(type="account", id=student.file)
        return self._event("password.reset", False, self._at_home(student), resource=account)

    def _role_granted(self) -> Event:
        return self._event(
            "role.granted",
            True,
            self._registrar(),
            severity="high",
            resource=Resource(type="account", id=self._random.choice(_TEACHERS)),
            change=Change(before={"role": "teacher"}, after={"role": "grade_admin"}, approved_by="dean"),
        )

    def _nights(self) -> Iterator[Event]:
        """The nightly synchronisation, and an export for the dean each Monday."""
        service = Actor(id="svc-sis-sync", type="service", is_service=True)
        source = Source(ip="10.20.1.8", app="sis-sync")
        for day in self._days:
            at = self._moment(day, 4 * 3600 + self._random.uniform(0, 240))
            if at > self._now:
                continue
            failed = self._random.random() < 0.07
            yield Event(
                action="enrollment.synced",
                id=self._id(),
                at=at,
                outcome="failure" if failed else "success",
                status_detail="the registry did not answer" if failed else None,
                actor=service,
                source=source,
                resource=Resource(type="system", id="student-registry"),
                record_count=None if failed else self._random.randint(900, 1400),
            )
            exported = self._moment(day, 8 * 3600 + self._random.uniform(0, 600))
            if day.weekday() == 0 and exported <= self._now:
                yield Event(
                    action="report.exported",
                    id=self._id(),
                    at=exported,
                    actor=Actor(id="svc-reports", type="service", is_service=True),
                    resource=Resource(type="report", id="weekly-grades"),
                    record_count=self._random.randint(200, 700),
                )

    def _guessing(self) -> Iterator[Event]:
        """One night of wrong passwords for one account, from one address, until it is locked."""
        target = self._random.choice(_TEACHERS)
        source = Source(ip="203.0.113.77", user_agent="python-requests/2.32")
        night = self._days[len(self._days) // 3]
        at = self._moment(night, 3 * 3600)
        for _ in range(40):
            at += timedelta(seconds=self._random.uniform(2, 9))
            yield Event(
                action="login",
                id=self._id(),
                at=at,
                outcome="failure",
                status_detail="wrong password",
                actor=Actor(id=target, type="user"),
                source=source,
                resource=Resource(type="application", id="campus-portal"),
            )
        yield Event(
            action="account.locked",
            id=self._id(),
            at=at + timedelta(seconds=1),
            severity="medium",
            actor=Actor(id="svc-identity", type="service", is_service=True),
            resource=Resource(type="account", id=target),
        )


def campus_events(now: datetime, count: int = EVENTS, seed: int = SEED) -> list[Event]:
    """`count` events from the first day of the month before `now` up to `now`, an aware time."""
    first, _ = month_before(now)
    return Campus(datetime.combine(first, time(), now.tzinfo), now, seed).events(count)


def month_before(now: datetime) -> tuple[date, date]:
    """First and last day of the month before that of `now`.

    >>> month_before(datetime(2026, 3, 9))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    last = now.date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def open_campus(home: Path, now: datetime, count: int = EVENTS) -> tuple[AuditLog, int]:
    """The log in `home`, filled with the campus where it holds nothing yet: (log, events recorded now)."""
    log = AuditLog.open(home, zone=ZONE)
    try:
        return log, 0 if entries(log) else _fill(log, campus_events(now, count))
    except BaseException:
        log.close()
        raise


def _fill(log: AuditLog, events: list[Event]) -> int:
    for start in range(0, len(events), BATCH_EVENTS):
        for answer in log.record_many(events[start : start + BATCH_EVENTS]):
            if isinstance(answer, AffidavitError):
                raise answer
    return len(events)


def entries(log: AuditLog) -> int:
    """Size of the main log."""
    return int(status(log)["logs"][MAIN]["size"])


def export_month(log: AuditLog, now: datetime) -> tuple[Path, ExportResult]:
    """Export the month before `now` as a bundle into the log's home."""
    first, last = month_before(now.astimezone(ZoneInfo(log.tenant.zone)))
    folder = log.home / "exports"
    folder.mkdir(exist_ok=True)
    output = folder / f"audit-log-{first:%Y-%m}.zip"
    return output, run_export(log, legacy(first, last, zone=log.tenant.zone), output, bundle=True)


def verify_as_stranger(log: AuditLog, bundle: Path) -> tuple[Path, Result]:
    """Write the trust file, and verify the bundle with nothing else: (trust file, result)."""
    trust = log.home / TRUST_FILE
    trust.write_text(json.dumps(log.trust(), indent=2) + "\n", encoding="utf-8")
    return trust, verify_bundle(bundle, trust)
