"""Deadlines and rights as data: rows of `deadlines.toml` and `rights.toml` with their citation and edition.

Code knows no law by name. A file of the home folder adds rows, or replaces those of the same id and valid_from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from affidavit.errors import InvalidField, InvalidRequest
from affidavit.ready import ready

DEADLINES_MAX: Final = 1000
AMOUNT_MAX: Final = 10_000  # of any unit
Unit = Literal["hour", "day", "business_day", "month"]
UNITS: Final[tuple[str, ...]] = get_args(Unit)
REQUEST: Final = "request"
INCIDENT: Final = "incident"
INDIVIDUALS: Final = "individuals"
"""The notice to the people affected: laws that set it no limit ask for the decision all the same (GDPR Art. 34)."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows: frozen, strict."""


class Extension(_Row, frozen=True):
    """More of the same unit, once, counted from the same start; notice of it is owed before the first due date."""

    amount: int
    notice: Literal["before_first_due"] = "before_first_due"


class Deadline(_Row, frozen=True):
    """One limit. `start` and `done` name moments of a case; `rights` empty: all of the law.

    `affected_min`, `affected_max` and `risk` say for which incidents. `pending` names the proposal it belongs to.
    """

    id: str
    law: str
    applies: Literal["request", "incident", "review", "account"]
    title: str
    start: str
    done: str
    amount: int
    unit: Unit
    counting: Literal["eu", "plain"]
    citation: str
    edition: str
    source: Literal["read", "secondary", "general"]
    valid_from: date
    valid_to: date | None = None
    rights: tuple[str, ...] = ()
    extension: Extension | None = None
    pause: bool = False
    affected_min: int | None = None
    affected_max: int | None = None
    risk: str = ""
    pending: str = ""

    def valid_on(self, day: date) -> bool:
        """Whether it is the law on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def meets(self, right: str, affected: int | None, risk: str) -> bool:
        """Whether a case with these facts has this limit. An unknown number of people affected counts as the most."""
        if self.rights and right not in self.rights:
            return False
        if self.affected_min is not None and affected is not None and affected < self.affected_min:
            return False
        if self.affected_max is not None and (affected is None or affected > self.affected_max):
            return False
        return not self.risk or risk in ("", self.risk)


class Right(_Row, frozen=True):
    """What a subject may ask for. `denial` are the facts that a refusal needs."""

    law: str
    right: str
    title: str
    citation: str
    family: str = "privacy.request"
    verify: bool = True
    denial: tuple[str, ...] = ()


@ready
class _File(_Row, frozen=True):
    deadline: tuple[Deadline, ...] = ()
    right: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """All deadlines and rights in force here. `pending` are the proposals that are to be taken for law."""

    deadlines: tuple[Deadline, ...]
    rights: tuple[Right, ...]
    pending: frozenset[str] = frozenset()

    def right(self, law: str, right: str) -> Right:
        """A right of a law. Raises InvalidRequest naming what there is."""
        known = [one for one in self.rights if one.law == law]
        if not known:
            laws = sorted({one.law for one in self.rights})
            raise InvalidField(f"law {law[:40]!r} has no rights here", f"Allowed: {', '.join(laws)}", field="facts.law")
        for one in known:
            if one.right == right:
                return one
        names = ", ".join(one.right for one in known)
        raise InvalidField(f"right {right[:40]!r} is none of {law}", f"Allowed: {names}", field="facts.right")

    def laws(self, applies: str) -> list[str]:
        """The laws that set limits to requests, or to incidents."""
        return sorted({one.law for one in self.deadlines if one.applies == applies})

    def notices(self) -> list[str]:
        """The notices of incidents that can be given, or be decided not to be required."""
        begin = "notified."
        named = {one.done.removeprefix(begin) for one in self.deadlines if one.done.startswith(begin)}
        return sorted(named | {INDIVIDUALS})

    def select(
        self, applies: str, law: str, on: date, *, right: str = "", affected: int | None = None, risk: str = ""
    ) -> tuple[Deadline, ...]:
        """The limits of a case that began on a day. A proposal taken for law stands in the place of its id's law."""
        found = [
            one
            for one in self.deadlines
            if one.applies == applies
            and one.law == law
            and one.valid_on(on)
            and one.meets(right, affected, risk)
            and (not one.pending or one.pending in self.pending)
        ]
        proposed = {one.id for one in self.deadlines if one.pending in self.pending and one.law == law and one.pending}
        return tuple(one for one in found if one.id not in proposed or one.pending)

    def get(self, id: str, on: date) -> Deadline:
        """The limit of an id that is the law on a day; the first of several. Raises InvalidRequest."""
        for one in self.deadlines:
            if one.id == id and one.valid_on(on) and (not one.pending or one.pending in self.pending):
                return one
        raise InvalidRequest(f"no deadline {id[:60]!r} on {on.isoformat()}", "See docs/how-to/cases.md")

    def with_file(self, text: str, source: str) -> Book:
        """With a file's rows added, or put in the place of those with the same id, valid_from and pending."""
        more = _read(text, source)
        return Book(
            tuple({_key(one): one for one in (*self.deadlines, *more.deadline)}.values()),
            tuple({(one.law, one.right): one for one in (*self.rights, *more.right)}.values()),
            self.pending,
        )


def _key(one: Deadline) -> tuple[Any, ...]:
    return one.id, one.valid_from, one.pending, one.affected_min, one.affected_max


@cache
def builtin() -> Book:
    """The rows that come with Affidavit."""
    folder = files("affidavit.cases")
    found = [_read((folder / name).read_text("utf-8"), name) for name in ("deadlines.toml", "rights.toml")]
    return Book(
        tuple(one for file in found for one in file.deadline),
        tuple(one for file in found for one in file.right),
    )


def load(home: Path, file: str, pending: Collection[str]) -> Book:
    """The built-in rows, with those of `file` in the home folder where it is there, and proposals taken for law.

    Raises InvalidRequest naming file, row and key, or an unknown proposal.
    """
    book = builtin()
    path = home / file
    if path.is_file():
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"{path}: {error}", "Make it readable, in UTF-8") from None
        book = book.with_file(text, str(path))
    known = {one.pending for one in book.deadlines if one.pending}
    for name in pending:
        if name not in known:
            raise InvalidRequest(f"pending law {name[:60]!r} is unknown", f"Known: {', '.join(sorted(known))}")
    return Book(book.deadlines, book.rights, frozenset(pending))


def _read(text: str, source: str) -> _File:
    try:
        found = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{source}: not TOML: {error}", "Check the file's syntax") from None
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{source}: {error}", "See docs/how-to/cases.md") from None
    if len(found.deadline) > DEADLINES_MAX:
        raise InvalidRequest(f"{source}: {len(found.deadline)} deadlines, at most {DEADLINES_MAX}")
    _check(found.deadline, source)
    return found


def _check(rows: Iterable[Deadline], source: str) -> None:
    for row in rows:
        where = f"{source}: deadline {row.id!r}"
        amounts = [row.amount, *([row.extension.amount] if row.extension else [])]
        if not all(1 <= amount <= AMOUNT_MAX for amount in amounts):
            raise InvalidRequest(f"{where}: amount {amounts}", f"From 1 to {AMOUNT_MAX}")
        if row.valid_to is not None and row.valid_to <= row.valid_from:
            raise InvalidRequest(f"{where}: valid_to {row.valid_to} is not after valid_from", "Give a later date")
        if row.unit == "hour" and row.counting == "eu":
            raise InvalidRequest(f"{where}: hours with counting 'eu'", "Hours end at their very moment: plain")
