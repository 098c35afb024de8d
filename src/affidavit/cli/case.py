"""`affidavit case …`: subject requests and incidents, their steps and their deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from affidavit.cases.case import STATES, Clock, next_due
from affidavit.cases.case_events import OPENINGS, STEPS
from affidavit.cases.caseload import Caseload, Shown, to_json
from affidavit.cases.deadlines import INCIDENT, REQUEST
from affidavit.cases.facts import FACTS
from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.errors import InvalidRequest

VERBS: Final = {
    "acknowledged": ("acknowledge", "Record that its receipt was confirmed to the subject."),
    "verified": ("verify", "Record that the identity of whoever asks was verified."),
    "assigned": ("assign", "Give it to somebody."),
    "extended": ("extend", "Record the notice of an extension, where the law allows one and in time."),
    "paused": ("pause", "Stop its clock while the subject answers a question, where the law allows that."),
    "resumed": ("resume", "Let its clock run on."),
    "noted": ("note", "Keep a note with it."),
    "updated": ("update", "Add to what is known of an incident, or correct it."),
    "assessed": ("assess", "Record the assessment of an incident's risk."),
    "classified": ("classify", "Record what an incident is classified as."),
    "decided": ("decide", "Record whether a notice is required, and why."),
    "notified": ("notify", "Record that a notice was given."),
    "closed": ("close", "Close it with an outcome."),
    "reopened": ("reopen", "Take it up again."),
}
"""The command of each step, and what it does."""


@click.group(cls=Group)
def case() -> None:
    """Subject requests and incidents: each step is an event, each deadline is the law's."""


@case.group("open", cls=Group)
def open_group() -> None:
    """Open a case."""


def _facts(names: Iterable[str]) -> Callable[[Any], Any]:
    """An option for each fact."""

    def add(command: Any) -> Any:
        for name in sorted(set(names), reverse=True):
            command = click.option(f"--{name.replace('_', '-')}", name, default="", help=f"{FACTS[name].words}.")(
                command
            )
        return command

    return add


def _at_option(help: str) -> Callable[[Any], Any]:
    return click.option("--at", default="", metavar="TIME", help=help)


def _add_opening(kind: str, words: str) -> None:
    step = STEPS[kind][OPENINGS[kind]]

    @open_group.command(kind, help=words)
    @home_option
    @click.option("--id", "case_id", default="", help="Its number; by default one is made.")
    @_at_option("When it came in, or was discovered; by default now.")
    @_facts(name for name in (*step.needs, *step.may))
    @json_option
    def opening(home: str, tenant: str, case_id: str, at: str, as_json: bool, **facts: str) -> None:
        with open_log(home, tenant) as log:
            load = Caseload(log)
            made = load.open(kind, facts, id=case_id, at=_moment(at, log.tenant.zone))
            shown = load.show(made)
        emit(as_json, to_json(shown), lambda: f"Opened {made.id}\n{_words(shown)}")


_add_opening(REQUEST, "Open a subject request.")
_add_opening(INCIDENT, "Open an incident.")


def _add_step(step: str, verb: str, words: str) -> None:
    names = {name for kind in STEPS.values() if step in kind for name in (*kind[step].needs, *kind[step].may)}

    @case.command(verb, help=words)
    @click.argument("case_id", metavar="CASE")
    @home_option
    @_at_option("When it happened; by default now.")
    @_facts(names)
    @json_option
    def taking(case_id: str, home: str, tenant: str, at: str, as_json: bool, **facts: str) -> None:
        with open_log(home, tenant) as log:
            load = Caseload(log)
            given = {name: value for name, value in facts.items() if value}
            shown = load.show(load.change(case_id, step, given, at=_moment(at, log.tenant.zone)))
        emit(as_json, to_json(shown), lambda: _words(shown))


for _step, (_verb, _help) in VERBS.items():
    _add_step(_step, _verb, _help)


@case.command("list")
@home_option
@click.option("--kind", type=click.Choice([REQUEST, INCIDENT]), help="Only these.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--due", "only_due", is_flag=True, help="Only those that are due soon or overdue.")
@json_option
def list_cases(home: str, tenant: str, kind: str | None, state: str | None, only_due: bool, as_json: bool) -> None:
    """All cases, the one that is due first at the top."""
    with open_log(home, tenant) as log:
        found = Caseload(log).listed(kind=kind, state=state, only_due=only_due)
        zone = ZoneInfo(log.tenant.zone)
    emit(
        as_json,
        {"cases": [to_json(one, history=False) for one in found]},
        lambda: _lines(found, zone) or "No such cases",
    )


@case.command()
@click.argument("case_id", metavar="CASE")
@home_option
@json_option
def show(case_id: str, home: str, tenant: str, as_json: bool) -> None:
    """One case: its facts, clocks and events."""
    with open_log(home, tenant) as log:
        load = Caseload(log)
        shown = load.show(load.case(case_id))
    emit(as_json, to_json(shown), lambda: _words(shown))


def _moment(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"--at {text[:40]!r} is no time", "Write 2026-10-01 or 2026-10-01T12:00") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _lines(found: Sequence[Shown], zone: ZoneInfo) -> str:
    width = max((len(one.case.id) for one in found), default=0)
    return "\n".join(f"{one.case.id:{width}}  {_line(one, zone)}" for one in found)


def _line(shown: Shown, zone: ZoneInfo) -> str:
    case = shown.case
    what = case.facts.get("title") or f"{case.facts.get('law', '?')} {case.facts.get('right', '')}"
    clock = next_due(shown.clocks)
    due = "" if clock is None else f"{clock.status.replace('_', ' '):8}  {clock.last.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{case.state:8}  {due:26}  {what}".rstrip()


def _words(shown: Shown) -> str:
    case = shown.case
    lines = [f"{case.kind} {case.id}: {case.state}, since {case.begun:%Y-%m-%d %H:%M}Z"]
    lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in sorted(case.facts.items())]
    lines += [_clock_words(one) for one in shown.clocks] or ["  no deadline of law"]
    lines += [
        f"  {one.stream}/{one.index}  {one.at:%Y-%m-%d %H:%M}Z  {one.step}  {one.actor}".rstrip()
        for one in case.history
    ]
    return "\n".join(lines + [f"  ! {one}" for one in case.problems])


def _clock_words(clock: Clock) -> str:
    extended = ", extended" if clock.extended else ""
    done = "" if clock.done is None else f", done {clock.done:%Y-%m-%d %H:%M}Z"
    return (
        f"  {clock.status.replace('_', ' ')}: {clock.deadline.title}, by {clock.last:%Y-%m-%d %H:%M}Z"
        f"{extended}{done} ({clock.deadline.citation})"
    )
