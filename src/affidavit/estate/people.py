"""The people of the estate: staff by place, subjects by place, and who has to do with whom. All invented."""

from __future__ import annotations

import random
from functools import cache
from typing import Final

from affidavit.estate.plan import Person

# Surnames of staff and of subjects have none in common: only who was planted shares one.
_STAFF: Final = {
    "sis": "m.okafor:Maya Okafor d.lindqvist:Dan Lindqvist a.ferreira:Ana Ferreira j.nakamura:Jun Nakamura "
    "s.haddad:Sami Haddad r.oconnell:Rosa Oconnell p.varga:Pia Varga l.mbeki:Lesedi Mbeki",
    "ehr": "t.sorensen:Tove Sorensen k.abara:Kojo Abara n.petit:Nina Petit h.zhou:Hua Zhou v.rossi:Vera Rossi "
    "o.keane:Orla Keane",
    "shop-web": "b.kowalczyk:Bea Kowalczyk n.iyer:Nila Iyer c.whitfield:Cy Whitfield",
    "pay-gateway": "w.osei:Wren Osei f.lund:Finn Lund",
    "pay-vault": "g.novak:Gita Novak u.baez:Uma Baez",
}
_ROLES: Final = {
    "sis": "teacher",
    "ehr": "nurse",
    "shop-web": "service agent",
    "pay-gateway": "payments operator",
    "pay-vault": "vault operator",
}
_ADMINS: Final = "x.romero:Xavi Romero y.tanaka:Yui Tanaka z.ahmadi:Zia Ahmadi"
_FIRST: Final = "Amara Bela Caleb Dunja Elif Farid Greta Hana Ivo Juno Kofi Lena Milan Noor Otis Priya".split()
_LAST: Final = "Adeyemi Brandt Castillo Dvorak Eriksen Fontaine Gupta Holloway Ito Jansen".split()
STUDENTS: Final = 160
PATIENTS: Final = 120
CUSTOMERS: Final = 400
CLASS_SIZE: Final = 20


def _people(listed: str, role: str, system: str, network: str, *, privileged: bool = False) -> tuple[Person, ...]:
    words = listed.replace(":", " ").split()
    people = zip(words[::3], words[1::3], words[2::3], strict=True)
    return tuple(
        Person(name, f"{first} {last}", role, system, f"10.{network}.{20 + at}", privileged)
        for at, (name, first, last) in enumerate(people)
    )


STAFF: Final = {
    system: _people(listed, _ROLES[system], system, f"20.{at}") for at, (system, listed) in enumerate(_STAFF.items())
}
ADMINS: Final = _people(_ADMINS, "administrator", "directory", "40.1", privileged=True)
HEAD_OF_YEAR: Final = Person("i.quist", "Ines Quist", "head of year", "sis", "10.20.0.90")
NEW_TEACHER: Final = Person("e.sandoval", "Eli Sandoval", "teacher", "sis", "10.20.0.91")
FORMER_TEACHER: Final = Person("q.ruiz", "Quim Ruiz", "teacher", "sis", "10.20.0.92")
AUNT: Final = Person("c.brandt", "Carla Brandt", "teacher", "sis", "10.20.0.93")
SHARED: Final = Person("root-shared", "Shared administration account", "administrator", "prod-db", "10.40.1.99", True)
LEFT_ADMIN: Final = Person("d.ortega", "Dara Ortega", "administrator", "prod-db", "10.40.1.60", True)
LEFT_CLERK: Final = Person("j.beck", "Jo Beck", "clerk", "erp", "10.40.2.61")
LEAVING_CLERK: Final = Person("k.moss", "Kit Moss", "clerk", "erp", "10.40.2.62")
IDLE: Final = Person("s.oduya", "Sol Oduya", "clerk", "erp", "10.40.2.63")
RETURNING: Final = Person("t.marsh", "Tess Marsh", "clerk", "erp", "10.40.2.64")
APPROVER: Final = Person("a.dean", "Asa Dean", "manager", "directory", "10.40.1.10")
TARGET: Final = Person("v.tran", "Vy Tran", "service agent", "shop-web", "10.20.2.71")
FORGETFUL: Final = Person("l.frost", "Lou Frost", "payments operator", "pay-gateway", "10.20.3.72")
TRAVELLER: Final = Person("r.vega", "Rio Vega", "service agent", "shop-web", "10.20.2.70")
SINGLES: Final = (
    *(HEAD_OF_YEAR, NEW_TEACHER, FORMER_TEACHER, AUNT, SHARED, LEFT_ADMIN, LEFT_CLERK, LEAVING_CLERK, APPROVER),
    *(TARGET, FORGETFUL, TRAVELLER, IDLE, RETURNING),
)


@cache
def name_of(subject: str) -> str:
    """A subject's name, the same for each id."""
    chosen = random.Random(subject)  # noqa: S311  invented names
    return f"{chosen.choice(_FIRST)} {chosen.choice(_LAST)}"


@cache
def students() -> tuple[str, ...]:
    """The ids of the school's students."""
    return tuple(f"st-{1001 + at}" for at in range(STUDENTS))


@cache
def patients() -> tuple[str, ...]:
    """The ids of the clinic's patients."""
    return tuple(f"pt-{3001 + at}" for at in range(PATIENTS))


@cache
def customers() -> tuple[str, ...]:
    """The ids of the shop's customers."""
    return tuple(f"cu-{2001 + at}" for at in range(CUSTOMERS))


@cache
def students_of(teacher: Person) -> tuple[str, ...]:
    """The class of a teacher; all students for the head of year."""
    if teacher is HEAD_OF_YEAR:
        return students()
    at = STAFF["sis"].index(teacher)
    return students()[at * CLASS_SIZE : (at + 1) * CLASS_SIZE]


@cache
def patients_of(nurse: Person) -> tuple[str, ...]:
    """The patients in a nurse's care."""
    return patients()[STAFF["ehr"].index(nurse) :: len(STAFF["ehr"])]
