"""The recorder: groups what is waiting into one transaction.

Callers hand over prepared events and get a future; one thread a process commits. One call at low load costs one
commit, a thousand waiting calls also cost one commit. A future is only answered after the commit returned.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import Connection

from affidavit.errors import AffidavitError, Busy, LoggingOff, StorageError
from affidavit.log.database import Database
from affidavit.log.journal import Appender, Placed, Prepared, clock_us

RETRY_WAIT_S: Final = 0.5
RETRY_WAIT_S_MAX: Final = 5.0
FLUSH_TIMEOUT_S: Final = 60.0
REFUSED: Final = "refused_while_off"
"""Counts, for each log, events that were handed in while audit logging was off."""

# Runs inside the job's transaction, with what became of its events.
Extra = Callable[[Connection, Sequence[Placed]], None]


@dataclass(slots=True)
class Job:
    """Events that are sequenced together, in order. `patient` jobs (buffered) outlive storage errors.

    `again`: a commit of them failed, and whether the database did it all the same is not known. `locks` are logs whose
    heads `extra` changes: they are locked with those of the events, in order.
    """

    events: Sequence[Prepared]
    extra: Extra | None = None
    patient: bool = False
    again: bool = False
    locks: frozenset[int] = frozenset()
    future: Future[list[Placed]] = field(default_factory=Future)


class Figures(NamedTuple):
    """Events that wait now; transactions committed, and events in them, since this process began."""

    waiting: int
    commits: int
    events: int


class Recorder:
    """Group commit over one database. Thread-safe; begins anew, with an empty queue, in a forked child."""

    def __init__(self, database: Database, *, group_events_max: int, queue_events_max: int) -> None:
        self._database = database
        self._group_events_max = group_events_max
        self._queue_events_max = queue_events_max
        self._reset()
        _recorders.add(self)

    def _reset(self) -> None:
        self._queue: deque[Job] = deque()
        self._waiting = 0
        self._commits = 0
        self._events = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._idle = True

    def submit(self, job: Job) -> Future[list[Placed]]:
        """Queue a job. Raises Busy when too many events wait: nothing of the job is then recorded."""
        with self._changed:
            if self._closing:
                raise StorageError("the log is closed", "Open it again")
            if self._waiting and self._waiting + len(job.events) > self._queue_events_max:
                raise Busy(
                    f"{self._waiting} events wait for the database, at most {self._queue_events_max}",
                    "Send more slowly, or try again",
                )
            self._queue.append(job)
            self._waiting += len(job.events)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="affidavit-recorder", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return job.future

    def figures(self) -> Figures:
        """How it goes."""
        return Figures(self._waiting, self._commits, self._events)

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> bool:
        """Wait until everything submitted so far is answered. False when time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle and not self._queue, timeout_s)

    def close(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Flush, stop the thread, refuse what comes later."""
        self.flush(timeout_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _take(self) -> list[Job]:
        """Block until there is work; the jobs of one transaction. Empty when closing."""
        with self._changed:
            self._idle = True
            self._changed.notify_all()
            while not self._queue:
                if self._closing:
                    return []
                self._changed.wait()
            self._idle = False
            jobs = [self._queue.popleft()]
            count = len(jobs[0].events)
            while self._queue and count + len(self._queue[0].events) <= self._group_events_max:
                jobs.append(self._queue.popleft())
                count += len(jobs[-1].events)
            self._waiting -= count
            return jobs

    def _more(self) -> list[Job]:
        """What came while others waited for the database: it must not wait for them, but hear of the failure."""
        with self._changed:
            jobs: list[Job] = []
            while self._queue and sum(len(job.events) for job in jobs) < self._group_events_max:
                jobs.append(self._queue.popleft())
            self._waiting -= sum(len(job.events) for job in jobs)
            return jobs

    def _run(self) -> None:
        while jobs := self._take():
            self._commit(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        wait = RETRY_WAIT_S
        while jobs:
            try:
                answers = self._transact(jobs)
            except LoggingOff as error:
                jobs = self._refuse(jobs, error)
                continue
            except AffidavitError as error:
                failure: BaseException = error
            except Exception as error:  # noqa: BLE001  whatever it is, the caller must hear of it
                failure = error
            else:
                self._commits += 1
                self._events += sum(map(len, answers))
                for job, answer in zip(jobs, answers, strict=True):
                    _answer(job, answer)
                return
            if len(jobs) > 1 and not isinstance(failure, StorageError):
                for job in jobs:  # one bad job must not fail its neighbours
                    self._commit([job])
                return
            patient = [job for job in jobs if job.patient and isinstance(failure, StorageError)]
            for job in jobs:
                if job not in patient:
                    with contextlib.suppress(Exception):
                        job.future.set_exception(failure)
            if patient and not self._closing:
                time.sleep(wait)
                wait = min(wait * 2, RETRY_WAIT_S_MAX)
            elif patient:
                for job in patient:
                    job.future.set_exception(failure)
                return
            for job in patient:
                job.again = True
            jobs = patient + self._more()

    def _refuse(self, jobs: list[Job], error: LoggingOff) -> list[Job]:
        """Refuse the jobs with events of a stopped log, and count these events. Gives the other jobs."""
        refused: list[Job] = []
        others: list[Job] = []
        for job in jobs:
            (refused if any(event.log_id == error.log_id for event in job.events) else others).append(job)
        count = sum(event.log_id == error.log_id for job in refused for event in job.events)
        try:
            with self._database.write() as connection:
                self._database.count(connection, error.log_id, REFUSED, count)
        except AffidavitError as second:
            error.add_note(f"And it could not be counted: {second}")
        for job in refused:
            with contextlib.suppress(Exception):
                job.future.set_exception(error)
        return others

    def _transact(self, jobs: list[Job]) -> list[list[Placed]]:
        log_ids = sorted({event.log_id for job in jobs for event in job.events}.union(*(job.locks for job in jobs)))
        again = any(job.again for job in jobs)
        with self._database.write() as connection:
            appender = Appender(self._database, connection, log_ids, clock_us)
            if len(log_ids) == 1:
                placed = appender.append(log_ids[0], [event for job in jobs for event in job.events], again=again)
            else:
                placed = _append_each(appender, log_ids, [event for job in jobs for event in job.events], again=again)
            answers: list[list[Placed]] = []
            at = 0
            for job in jobs:
                answers.append(placed[at : at + len(job.events)])
                at += len(job.events)
                if job.extra is not None and not (job.again and _all_there(answers[-1])):
                    job.extra(connection, answers[-1])
        return answers


_recorders: Final[weakref.WeakSet[Recorder]] = weakref.WeakSet()


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder._reset()  # noqa: SLF001  its own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _all_there(answer: Sequence[Placed]) -> bool:
    """Whether an earlier try had committed after all."""
    return all(isinstance(one, tuple) and one[3] for one in answer)


def _append_each(
    appender: Appender, log_ids: Sequence[int], events: Sequence[Prepared], *, again: bool
) -> list[Placed]:
    placed: list[Placed | None] = [None] * len(events)
    for log_id in log_ids:
        where = [at for at, event in enumerate(events) if event.log_id == log_id]
        for at, result in zip(where, appender.append(log_id, [events[at] for at in where], again=again), strict=True):
            placed[at] = result
    return [result for result in placed if result is not None]


def _answer(job: Job, answer: list[Placed]) -> None:
    with contextlib.suppress(Exception):  # a caller may have cancelled its future
        job.future.set_result(answer)
