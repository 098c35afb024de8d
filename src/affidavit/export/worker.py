"""ExportWorker: takes queued runs of every tenant, and removes files whose time is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from sqlalchemy import Connection, select, update

from affidavit.errors import AffidavitError
from affidavit.export import jobs
from affidavit.export.execute import execute, remove_files
from affidavit.export.jobs import LEASE_S, ExportRun
from affidavit.log.audit_log import AuditLog
from affidavit.log.leases import lease
from affidavit.log.schema import export_runs, tenants

EXPIRED: Final = "export.expired"
PAUSE_S: Final = 1.0
PAUSE_AFTER_ERROR_S: Final = 5.0
EXPIRED_AT_ONCE: Final = 100


@dataclass(slots=True)
class ExportWork:
    """What one round did: runs taken by id with the state they ended in, files removed, errors in words."""

    runs: dict[str, str] = field(default_factory=dict)
    expired: int = 0
    errors: list[str] = field(default_factory=list)


class ExportWorker:
    """Rounds of work over one home. Several may run, here and in other processes: leases keep them apart.

    `lease_s`: how long after its last sign of life a worker is taken for gone. Use as a context manager.
    """

    def __init__(self, log: AuditLog, *, lease_s: float = LEASE_S) -> None:
        self._log = log
        self._lease_s = lease_s
        self._holder = jobs.new_holder()
        self._others: dict[str, AuditLog] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def round(self, stop: threading.Event | None = None) -> ExportWork:
        """Carry out the run that waits longest, and tidy up. `stop` puts a run under way back for the next worker."""
        work = ExportWork()
        for step in (self._expire, self._abandon):
            try:
                step(work)
            except AffidavitError as error:
                work.errors.append(str(error))
        run: ExportRun | None = None
        try:
            run = jobs.claim(self._log.database, self._holder, self._lease_s)
            if run is not None:
                log = self._log_of(run.tenant_id)
                execute(log, run, self._holder, lease_s=self._lease_s, stop=stop)
                work.runs[run.id] = jobs.find(log, run.id).state
        except Exception as error:  # noqa: BLE001  one bad run must not end the worker
            what = str(error) if isinstance(error, AffidavitError) else f"{type(error).__name__}: {error}"
            work.errors.append(f"export run {run.id}: {what}" if run is not None else what)
        return work

    def run(self, stop: threading.Event, report: Callable[[ExportWork], None]) -> None:
        """Rounds until `stop` is set; `report` hears of every round that did something or failed."""
        while not stop.is_set():
            work = self.round(stop)
            if work.runs or work.expired or work.errors:
                report(work)
            if not work.runs:
                stop.wait(PAUSE_AFTER_ERROR_S if work.errors else PAUSE_S)

    def _log_of(self, tenant_id: str) -> AuditLog:
        if tenant_id == self._log.tenant.id:
            return self._log
        if tenant_id not in self._others:
            with self._log.database.read() as connection:
                name = connection.execute(select(tenants.c.name).where(tenants.c.id == tenant_id)).scalar_one()
            other = AuditLog.open(self._log.home, tenant=name, create=False, **asdict(self._log.settings))
            self._others[tenant_id] = self._stack.enter_context(other)
        return self._others[tenant_id]

    def _expire(self, work: ExportWork) -> None:
        """Files first, then row and event in one transaction: after a crash in between it is done again."""
        with lease(self._log.database, "exports.expire") as held:
            if held is None:
                return
            for run in self._due():
                log = self._log_of(run.tenant_id)
                remove_files(log, run.id)
                log.record_own(EXPIRED, {"run.id": run.id, "export.id": run.export_id}, extra=_removed(run.id))
                work.expired += 1

    def _due(self) -> list[ExportRun]:
        kept = (export_runs.c.removed_us.is_(None), export_runs.c.expires_us <= time.time_ns() // 1000)
        wanted = select(export_runs.c.id, export_runs.c.tenant_id).where(*kept).limit(EXPIRED_AT_ONCE)
        with self._log.database.read() as connection:
            rows = connection.execute(wanted).all()
        return [jobs.find(self._log_of(row.tenant_id), row.id) for row in rows]

    def _abandon(self, _work: ExportWork) -> None:
        for run in jobs.abandoned(self._log.database):
            jobs.give_up(self._log_of(run.tenant_id), run, "", "the process that carried it out is gone")


def _removed(run_id: str) -> Callable[[Connection, object], None]:
    def mark(connection: Connection, _placed: object) -> None:
        connection.execute(
            update(export_runs).where(export_runs.c.id == run_id).values(removed_us=time.time_ns() // 1000)
        )

    return mark
