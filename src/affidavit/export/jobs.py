"""Export runs: exports as jobs, kept in SQL. queued → running → done | failed | cancelled.

What changes a run and the event that tells of it are one transaction, wherever there is an event. Who carries a run
out holds it by a lease that it renews; a killed worker's run is taken up again by whoever claims next.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from affidavit.commitment import format_time
from affidavit.context import current
from affidavit.errors import AffidavitError, InvalidRequest, MissingExtra, NotFound
from affidavit.event import Event, new_id
from affidavit.export.configured import check_format
from affidavit.export.rows import Rows
from affidavit.export.run import CANCELLED, FAILED, REASON_CHARS_MAX, described, query_field
from affidavit.export.spec import ExportSpec
from affidavit.export.spec_json import spec_from_json, spec_to_json
from affidavit.log.database import Database
from affidavit.log.schema import export_runs

QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED_STATE: Final = "failed"
CANCELLED_STATE: Final = "cancelled"
STATES: Final = (QUEUED, RUNNING, DONE, FAILED_STATE, CANCELLED_STATE)

REQUESTED: Final = "export.requested"
REFUSED: Final = "export.refused"

ATTEMPTS_MAX: Final = 3
LEASE_S: Final = 30.0
KEY_CHARS_MAX: Final = 128
RUNS_LISTED_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class ExportRun:
    """One run as it stands. Times in microseconds; `file` is the kept file below the home's `exports` folder."""

    id: str
    tenant_id: str
    state: str
    reason: str
    stage: str
    done: int
    total: int | None
    attempt: int
    bundle: bool
    foreground: bool
    cancelling: bool
    actor: str
    actor_type: str
    created_us: int
    ended_us: int | None
    expires_us: int | None
    removed_us: int | None
    export_id: str
    file: str
    rows: int | None
    bytes: int | None
    sha256: str
    verdicts: dict[str, str]
    spec_text: str
    outcome_text: str

    @property
    def spec(self) -> ExportSpec:
        """What was asked. Raises InvalidSpec where this release can't read it."""
        return spec_from_json(msgspec.json.decode(self.spec_text))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state not in (QUEUED, RUNNING)

    def to_json(self) -> dict[str, Any]:
        """For machines; without the spec, which holds values in clear."""
        times = ("created_us", "ended_us", "expires_us", "removed_us")
        shown = {name: getattr(self, name) for name in _SHOWN}
        found = {name.removesuffix("_us"): getattr(self, name) for name in times}
        return {**shown, **{name: None if us is None else format_time(us) for name, us in found.items()}}


_SHOWN: Final = (
    *("id", "state", "reason", "stage", "done", "total", "attempt", "bundle"),
    *("export_id", "file", "rows", "bytes", "sha256", "verdicts"),
)


class _KnownAlready(AffidavitError):
    """A run of this key is there."""


def request(log: Any, spec: ExportSpec, *, bundle: bool, key: str = "") -> ExportRun:
    """Queue a run, with its event `export.requested`. A worker takes it.

    The same `key` (1-128 printable characters) asks for the same run again, whatever became of it: two identical
    requests give one. Raises InvalidSpec and InvalidRequest for what can't be carried out, and for a key that was
    used for another export; refusals are events too.
    """
    return _request(log, spec, bundle=bundle, key=key, holder="", lease_s=0)


def request_here(log: Any, spec: ExportSpec, *, bundle: bool, holder: str, lease_s: float = LEASE_S) -> ExportRun:
    """A run that `holder`, this process, carries out at once: no worker takes it up."""
    return _request(log, spec, bundle=bundle, key="", holder=holder, lease_s=lease_s)


def _request(log: Any, spec: ExportSpec, *, bundle: bool, key: str, holder: str, lease_s: float) -> ExportRun:
    run_id = str(new_id())
    try:
        _check_key(key)
        check_format(log, spec)
        year = int(format_time(time.time_ns() // 1000)[:4])
        query = Rows(log, spec, run_id, year=year, bundle=bundle or spec.format == "pdf").query
    except (InvalidRequest, NotFound, MissingExtra) as error:
        record_refusal(log, error)
        raise
    values = _new_row(log, spec, run_id, bundle=bundle, key=key, holder=holder, lease_s=lease_s)

    def add(connection: Connection, _placed: Any) -> None:
        same = and_(export_runs.c.tenant_id == log.tenant.id, export_runs.c.idempotency_key == (key or run_id))
        if connection.execute(select(export_runs.c.id).where(same)).first() is not None:
            raise _KnownAlready(key)
        connection.execute(insert(export_runs).values(values))

    try:
        log.record_own(REQUESTED, {"run.id": run_id, **described(spec), **query_field(query)}, extra=add)
    except _KnownAlready:
        return _known(log, key, values)
    return find(log, run_id)


def _new_row(
    log: Any, spec: ExportSpec, run_id: str, *, bundle: bool, key: str, holder: str, lease_s: float
) -> dict[str, Any]:
    now_us = time.time_ns() // 1000
    return {
        "id": run_id,
        "tenant_id": log.tenant.id,
        "idempotency_key": key or run_id,
        "spec": msgspec.json.encode(spec_to_json(spec)).decode(),
        "bundle": int(bundle),
        "foreground": int(bool(holder)),
        "actor": current().actor,
        "actor_type": current().actor_type,
        "state": RUNNING if holder else QUEUED,
        "holder": holder,
        "until_us": now_us + int(lease_s * 1_000_000) if holder else 0,
        "attempt": 1 if holder else 0,
        "created_us": now_us,
    }


def _known(log: Any, key: str, values: dict[str, Any]) -> ExportRun:
    """The run that has this key. Raises InvalidRequest where it is another export."""
    row = _row(log, export_runs.c.idempotency_key == key)
    found = _run(row)
    if row.spec != values["spec"] or found.bundle != bool(values["bundle"]):
        error = InvalidRequest(f"key {key!r} was used for another export, run {found.id}", "Give a new key")
        record_refusal(log, error, found.id)
        raise error
    return found


def _check_key(key: str) -> None:
    if len(key) > KEY_CHARS_MAX or not (key.isprintable() and key.isascii()):
        raise InvalidRequest(f"key {key[:40]!r} can't be used", f"1 to {KEY_CHARS_MAX} printable ASCII characters")


def find(log: Any, run_id: str) -> ExportRun:
    """One run of this tenant. Raises NotFound."""
    return _run(_row(log, export_runs.c.id == run_id, run_id))


def list_runs(log: Any, limit: int = RUNS_LISTED_MAX) -> list[ExportRun]:
    """The newest runs of this tenant, newest first; at most RUNS_LISTED_MAX."""
    order = (export_runs.c.created_us.desc(), export_runs.c.id.desc())
    wanted = select(export_runs).where(export_runs.c.tenant_id == log.tenant.id).order_by(*order)
    with log.database.read() as connection:
        return [_run(row) for row in connection.execute(wanted.limit(min(limit, RUNS_LISTED_MAX)))]


def cancel(log: Any, run_id: str) -> ExportRun:
    """Cancel a run: a queued one at once, a running one as soon as its worker hears of it, within a batch of rows.

    Raises NotFound, and InvalidRequest for one that has ended.
    """
    run = find(log, run_id)

    def end(connection: Connection, _placed: Any) -> None:
        if not _end(connection, _waiting(run_id), CANCELLED_STATE, "cancelled before it began"):
            raise _KnownAlready(run_id)

    if run.state == QUEUED:
        try:
            log.record_own(CANCELLED, {"run.id": run_id}, extra=end)
        except _KnownAlready:  # a worker was quicker
            run = find(log, run_id)
        else:
            return find(log, run_id)
    if run.ended:
        error = InvalidRequest(f"run {run_id} is {run.state}", "Only queued and running runs can be cancelled")
        record_refusal(log, error, run_id)
        raise error
    running = and_(export_runs.c.id == run_id, export_runs.c.state.in_((QUEUED, RUNNING)))
    with log.database.write() as connection:
        connection.execute(update(export_runs).where(running).values(cancelling=1))
    return find(log, run_id)


def record_refusal(log: Any, error: AffidavitError, run_id: str = "") -> None:
    """Record `export.refused`. Best effort: the refusal stands even where it can't be recorded."""
    detail = error.message[:REASON_CHARS_MAX].replace("\x00", "")
    event = Event(action=REFUSED, outcome="denied", status_detail=detail)
    try:
        log.record_own(REFUSED, {"run.id": run_id} if run_id else {}, event=event)
    except AffidavitError as second:
        error.add_note(f"And it could not be recorded: {second}")


# --- for whoever carries runs out ---


def new_holder() -> str:
    """A name for who holds runs: one for each worker."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def claim(database: Database, holder: str, lease_s: float, run_id: str | None = None) -> ExportRun | None:
    """Take the oldest run that waits or whose holder is gone, or the one named; None where there is none.

    Of several claimants exactly one gets it.
    """
    now_us = time.time_ns() // 1000
    free = _free(now_us)
    wanted = select(export_runs.c.id).where(free)
    if run_id is not None:
        wanted = wanted.where(export_runs.c.id == run_id)
    values = {
        "state": RUNNING,
        "holder": holder,
        "until_us": now_us + int(lease_s * 1_000_000),
        "attempt": export_runs.c.attempt + 1,
        "stage": "",
        "done": 0,
        "total": None,
    }
    with database.write() as connection:
        first = wanted.order_by(export_runs.c.created_us, export_runs.c.id).limit(1).scalar_subquery()
        # `free` again: on PostgreSQL another claimant may have been quicker since the subquery looked.
        taken = update(export_runs).where(export_runs.c.id == first, free).values(values).returning(*export_runs.c)
        row = connection.execute(taken).first()
    return None if row is None else _run(row)


def _free(now_us: int) -> ColumnElement[bool]:
    idle = export_runs.c.until_us <= now_us
    return and_(export_runs.c.foreground == 0, export_runs.c.state.in_((QUEUED, RUNNING)), idle)


def abandoned(database: Database) -> list[ExportRun]:
    """Runs of a process that carried them out itself and is gone."""
    gone = (export_runs.c.foreground == 1, export_runs.c.state == RUNNING)
    late = export_runs.c.until_us < time.time_ns() // 1000
    with database.read() as connection:
        return [_run(row) for row in connection.execute(select(export_runs).where(*gone, late))]


def renew(database: Database, run_id: str, holder: str, lease_s: float, progress: tuple[str, int, int | None]) -> str:
    """Go on holding a run, with its progress. Gives `held`, `cancelling`, or `lost` where another took it."""
    stage, done, total = progress
    values = {"until_us": time.time_ns() // 1000 + int(lease_s * 1_000_000), "stage": stage, "done": done}
    with database.write() as connection:
        row = connection.execute(
            update(export_runs)
            .where(_held(run_id, holder))
            .values(**values, total=total)
            .returning(export_runs.c.cancelling)
        ).first()
    if row is None:
        return "lost"
    return "cancelling" if row.cancelling else "held"


def finish(database: Database, run_id: str, holder: str, **values: Any) -> bool:
    """Mark a held run done. False where another holds it: what was made of it MUST be thrown away."""
    with database.write() as connection:
        return _end(connection, _held(run_id, holder), DONE, "", **values)


def fail(database: Database, run_id: str, holder: str, state: str, reason: str) -> bool:
    """End a held run as failed or cancelled; its event is recorded already."""
    with database.write() as connection:
        return _end(connection, _held(run_id, holder), state, reason)


def put_back(database: Database, run_id: str, holder: str, *, wait_s: float = 0.0, again: bool = False) -> bool:
    """Let a held run wait for the next worker. Counts as an attempt only with `again`."""
    values = {
        "state": QUEUED,
        "holder": "",
        "until_us": time.time_ns() // 1000 + int(wait_s * 1_000_000) if wait_s else 0,
        "attempt": export_runs.c.attempt if again else export_runs.c.attempt - 1,
    }
    with database.write() as connection:
        return connection.execute(update(export_runs).where(_held(run_id, holder)).values(values)).rowcount == 1


def give_up(log: Any, run: ExportRun, holder: str, reason: str) -> bool:
    """End a run that nobody carries out any more, with `export.failed`. False where somebody does again."""
    still = (
        _held(run.id, holder)
        if holder
        else and_(*_is(run.id, RUNNING), export_runs.c.until_us < time.time_ns() // 1000)
    )

    def end(connection: Connection, _placed: Any) -> None:
        if not _end(connection, still, FAILED_STATE, reason):
            raise _KnownAlready(run.id)

    event = Event(action=FAILED, outcome="failure", status_detail=reason)
    try:
        log.record_own(FAILED, {"run.id": run.id}, event=event, extra=end)
    except _KnownAlready:
        return False
    return True


def _end(connection: Connection, which: ColumnElement[bool], state: str, reason: str, **values: Any) -> bool:
    ended = {"state": state, "reason": reason, "ended_us": time.time_ns() // 1000, "holder": "", **values}
    return connection.execute(update(export_runs).where(which).values(ended)).rowcount == 1


def _held(run_id: str, holder: str) -> ColumnElement[bool]:
    return and_(*_is(run_id, RUNNING), export_runs.c.holder == holder)


def _waiting(run_id: str) -> ColumnElement[bool]:
    return and_(*_is(run_id, QUEUED))


def _is(run_id: str, state: str) -> Sequence[ColumnElement[bool]]:
    return (export_runs.c.id == run_id, export_runs.c.state == state)


def _row(log: Any, which: ColumnElement[bool], name: str = "") -> Any:
    mine = export_runs.c.tenant_id == log.tenant.id
    with log.database.read() as connection:
        row = connection.execute(select(export_runs).where(mine, which)).first()
    if row is None:
        raise NotFound(f"no export run {name[:80]!r}", "affidavit exports list shows them")
    return row


def _run(row: Any) -> ExportRun:
    own: dict[str, Any] = {
        name: getattr(row, name) for name in ExportRun.__dataclass_fields__ if name not in _CONVERTED
    }
    own |= {name: bool(getattr(row, name)) for name in ("bundle", "foreground", "cancelling")}
    return ExportRun(**own, verdicts=msgspec.json.decode(row.verdicts), spec_text=row.spec, outcome_text=row.outcome)


_CONVERTED: Final = frozenset({"bundle", "foreground", "cancelling", "verdicts", "spec_text", "outcome_text"})
