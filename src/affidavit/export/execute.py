"""Execute: carry out one export run, holding it by a lease that a thread renews beside the work."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from affidavit.commitment import format_time
from affidavit.context import acting
from affidavit.errors import AffidavitError, NotFound, StorageError
from affidavit.export import jobs
from affidavit.export.jobs import CANCELLED_STATE, FAILED_STATE, LEASE_S, ExportRun
from affidavit.export.outcome import outcome_of
from affidavit.export.rows import Progress, no_progress
from affidavit.export.run import REASON_CHARS_MAX, ExportResult, ExportStopped, run_export
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import storage_errors

FOLDER: Final = "exports"
HEARTBEAT_S: Final = 1.0
RETRY_WAIT_S: Final = 20.0
"""After a refusal of disk or database, times the attempt."""
_DAY_US: Final = 86_400_000_000


class Heartbeat:
    """Renews a run's lease, says how far it is and hears of its cancellation, for the length of a block.

    `progress` is for `run_export`: it raises ExportStopped once the run was cancelled, lost, or told to stop.
    """

    def __init__(
        self, log: Any, run: ExportRun, holder: str, lease_s: float, stop: threading.Event | None, tell: Progress
    ) -> None:
        self._log, self._run, self._holder, self._lease_s = log, run, holder, lease_s
        self._stop = stop
        self._tell = tell
        self._at: tuple[str, int, int | None] = ("", 0, None)
        self._until = time.monotonic() + lease_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="affidavit-export-lease", daemon=True)
        self.found = "cancelling" if run.cancelling else "held"

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Take note, pass it on, or stop the export."""
        self._at = (stage, done, total)
        if self.found == "cancelling":
            raise ExportStopped(f"run {self._run.id} was cancelled after {done} rows")
        if self.found == "lost":
            raise ExportStopped(f"run {self._run.id} went to another worker", event="")
        if self._stop is not None and self._stop.is_set():
            raise ExportStopped(f"run {self._run.id} goes on later", event="")
        self._tell(stage, done, total)

    def _beat(self) -> None:
        pause = min(HEARTBEAT_S, self._lease_s / 4)
        while not self._over.wait(pause):
            try:
                self.found = jobs.renew(self._log.database, self._run.id, self._holder, self._lease_s, self._at)
                self._until = time.monotonic() + self._lease_s
            except AffidavitError:
                # The database may come back before the lease ends; after that the run is not ours.
                if time.monotonic() > self._until:
                    self.found = "lost"
            if self.found == "lost":
                return


def execute(
    log: Any,
    run: ExportRun,
    holder: str,
    *,
    lease_s: float = LEASE_S,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> ExportResult | None:
    """Carry out a claimed run into the home's `exports` folder; None where it ended otherwise or goes on later.

    What becomes of it stands in its row afterwards. Raises only what nobody foresaw, and marks the run failed then.
    """
    if run.attempt > jobs.ATTEMPTS_MAX:
        reason = f"given up: {jobs.ATTEMPTS_MAX} workers were lost over it"
        if jobs.give_up(log, run, holder, reason):
            remove_files(log, run.id)
        return None
    try:
        spec = run.spec
        target = _place(log, run, spec)
        with held(log, run, holder, lease_s=lease_s, stop=stop, progress=progress) as tell:
            return _kept(
                log, run, holder, target, run_export(log, spec, target, bundle=run.bundle, progress=tell, run_id=run.id)
            )
    except StorageError as error:
        _failed_for_now(log, run, holder, error)
    except ExportStopped:
        pass  # `held` marked it
    except AffidavitError as error:
        if jobs.fail(log.database, run.id, holder, FAILED_STATE, _reason(error)):
            remove_files(log, run.id)
    except Exception as error:
        jobs.fail(log.database, run.id, holder, FAILED_STATE, _reason(error))
        raise
    return None


def run_here(
    log: Any, spec: ExportSpec, output: Path, *, bundle: bool, progress: Progress | None = None
) -> ExportResult:
    """Request a run and carry it out in this process, to a file of the caller's: what `affidavit export` does.

    It can be seen and cancelled from elsewhere like any other. Raises what `request` and `run_export` raise, and
    ExportStopped where it was cancelled.
    """
    holder = jobs.new_holder()
    run = jobs.request_here(log, spec, bundle=bundle, holder=holder)
    try:
        with held(log, run, holder, progress=progress) as tell:
            result = run_export(log, spec, output, bundle=bundle, progress=tell, run_id=run.id)
    except ExportStopped:
        raise
    except BaseException as error:
        jobs.fail(log.database, run.id, holder, FAILED_STATE, _reason(error))
        raise
    jobs.finish(log.database, run.id, holder, **_outcome(result, output, bundle=bundle))
    return result


@contextmanager
def held(
    log: Any,
    run: ExportRun,
    holder: str,
    *,
    lease_s: float = LEASE_S,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> Iterator[Progress]:
    """Hold a run for the block, acting for who asked for it; gives the progress that `run_export` reports to.

    Where the block ends by ExportStopped, the run is marked cancelled, or put back for the next worker.
    """
    tell = progress or no_progress
    try:
        with (
            acting(actor=run.actor, actor_type=run.actor_type),
            Heartbeat(log, run, holder, lease_s, stop, tell) as beat,
        ):
            yield beat.progress
    except ExportStopped as error:
        if error.event:
            jobs.fail(log.database, run.id, holder, CANCELLED_STATE, error.message)
            remove_files(log, run.id)
        elif beat.found == "held":
            jobs.put_back(log.database, run.id, holder)
            shutil.rmtree(_attempt_folder(log, run), ignore_errors=True)
        raise


def _kept(log: Any, run: ExportRun, holder: str, target: Path, result: ExportResult) -> ExportResult:
    """Mark a run done whose file lies in its place."""
    keep_us = log.settings.export_keep_days * _DAY_US
    file = str(target.relative_to(log.home / FOLDER))
    values = {
        **_outcome(result, target, bundle=run.bundle),
        "file": file,
        "expires_us": time.time_ns() // 1000 + keep_us,
    }
    if not jobs.finish(log.database, run.id, holder, **values):
        shutil.rmtree(target.parent, ignore_errors=True)
        raise ExportStopped(f"run {run.id} went to another worker", event="")
    return result


def _outcome(result: ExportResult, path: Path, *, bundle: bool) -> dict[str, Any]:
    verdicts = {} if result.verdicts is None else {v.name: str(v.status) for v in result.verdicts.values()}
    return {
        "export_id": result.export_id,
        "rows": result.rows,
        "done": result.rows,
        "total": result.rows,
        "bytes": result.bytes,
        "sha256": result.sha256,
        "verdicts": msgspec.json.encode(verdicts).decode(),
        "outcome": outcome_of(result, path, bundle=bundle).text(),
    }


def _failed_for_now(log: Any, run: ExportRun, holder: str, error: StorageError) -> None:
    """Disk or database refused: it may go better later, but not for ever."""
    shutil.rmtree(_attempt_folder(log, run), ignore_errors=True)
    if run.attempt >= jobs.ATTEMPTS_MAX:
        jobs.fail(log.database, run.id, holder, FAILED_STATE, _reason(error))
        remove_files(log, run.id)
    else:
        jobs.put_back(log.database, run.id, holder, wait_s=RETRY_WAIT_S * run.attempt, again=True)


def _reason(error: BaseException) -> str:
    text = error.message if isinstance(error, AffidavitError) else type(error).__name__
    return text[:REASON_CHARS_MAX].replace("\x00", "")


def _place(log: Any, run: ExportRun, spec: ExportSpec) -> Path:
    """Where this attempt writes: a folder of its own, since who lost the run may not know it yet."""
    folder = _attempt_folder(log, run)
    name = f"audit-log-{format_time(run.created_us)[:10]}.{'zip' if run.bundle else spec.format}"
    with storage_errors(folder):
        for old in folder.parent.glob("*") if folder.parent.is_dir() else ():
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (log.home / FOLDER).chmod(0o700)
    return folder / name


def _attempt_folder(log: Any, run: ExportRun) -> Path:
    folder: Path = log.home / FOLDER / run.id / str(run.attempt)
    return folder


def remove_files(log: Any, run_id: str) -> None:
    """Remove whatever a run left in the home. Raises StorageError where that is refused."""
    folder = log.home / FOLDER / run_id
    with storage_errors(folder):
        if folder.exists():
            shutil.rmtree(folder)


def kept_file(log: Any, run: ExportRun) -> Path:
    """The file of a done run. Raises NotFound where there is none (yet, or any more), saying why."""
    if run.removed_us is not None:
        raise NotFound(f"the file of run {run.id} expired on {format_time(run.removed_us)[:10]}", "Export again")
    if run.state != jobs.DONE:
        raise NotFound(f"run {run.id} is {run.state}, it has no file", "affidavit exports show RUN says more")
    if not run.file:
        raise NotFound(f"run {run.id} wrote to a file of its caller's", "It was never kept here")
    path: Path = log.home / FOLDER / run.file
    return path
