"""The estate as a whole: its events, loading it into a log, and what reports are expected to find there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from affidavit.cases.reference_data import load_rows
from affidavit.errors import AffidavitError
from affidavit.estate import clinic, noise, operations, payments, privacy, reference, school, shop
from affidavit.estate.plan import DAYS, ZONE, Plan
from affidavit.event import Event
from affidavit.log.audit_log import AuditLog
from affidavit.ready import ready

SEED: Final = 23
NOISE_EVENTS: Final = 5_000
BATCH_EVENTS: Final = 4_000
_PLANTED: Final = (privacy, school, clinic, shop, payments, operations)


@ready
class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a finding of a report has to show: rows that refer to events of the scenarios that fire, none to events of
    the quiet ones; or rows that hold all texts of a list of `cells`, none all of a list of `absent`.
    """

    report: str
    finding: str
    fires: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    absent: tuple[tuple[str, ...], ...] = ()
    parameters: dict[str, Any] = {}


def expectations() -> list[Expectation]:
    """All of them."""
    text = (files("affidavit.estate") / "expectations.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["expect"], list[Expectation])


def planted(plan: Plan) -> list[Event]:
    """The planted events, in the order they happened."""
    return sorted((event for place in _PLANTED for event in place.events(plan)), key=_at)


def events(now: datetime, count: int = NOISE_EVENTS, seed: int = SEED, days: int = DAYS) -> Iterator[Event]:
    """The planted events and `count` more. In the order they happened within a batch of noise, not over all."""
    plan = Plan(now, seed, days)
    yield from sorted([*planted(plan), *noise.steady(plan)], key=_at)
    more = noise.busy(plan, count)
    while batch := list(islice(more, BATCH_EVENTS)):
        yield from sorted(batch, key=_at)


def open_estate(
    home: Path,
    now: datetime,
    count: int = NOISE_EVENTS,
    *,
    progress: Callable[[int], None] = lambda _recorded: None,
) -> tuple[AuditLog, int]:
    """The log in `home`, filled with the estate and some open cases where it holds nothing yet: (log, events now)."""
    log = AuditLog.open(home, zone=ZONE)
    try:
        if log.pin().size:
            return log, 0
        recorded = load(log, now, count, progress=progress)
        return log, recorded + _record(log, list(privacy.open_cases(Plan(now, SEED + 1))))
    except BaseException:
        log.close()
        raise


def load(
    log: AuditLog,
    now: datetime,
    count: int = NOISE_EVENTS,
    seed: int = SEED,
    days: int = DAYS,
    *,
    progress: Callable[[int], None] = lambda _recorded: None,
) -> int:
    """Record the estate's events and load its reference data; how many events. `progress` hears how many so far."""
    for name, rows in reference.tables(Plan(now, seed, days)).items():
        load_rows(log, name, rows, sha256(msgspec.json.encode(rows)).hexdigest(), source="estate")
    recorded = 0
    for batch in _batches(events(now, count, seed, days)):
        recorded += _record(log, batch)
        progress(recorded)
    return recorded


def _record(log: AuditLog, batch: list[Event]) -> int:
    for answer in log.record_many(batch):
        if isinstance(answer, AffidavitError):
            raise answer
    return len(batch)


def _batches(found: Iterable[Event]) -> Iterator[list[Event]]:
    whole = iter(found)
    while batch := list(islice(whole, BATCH_EVENTS)):
        yield batch


def _at(event: Event) -> tuple[datetime, str]:
    assert event.at is not None  # noqa: S101  the plan gives every event its moment
    return event.at, str(event.id)
