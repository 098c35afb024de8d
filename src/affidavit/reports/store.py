"""Store: the results of runs, kept in the home folder for `export_keep_days`, so that other formats need no new run."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from affidavit.errors import NotFound
from affidavit.export.zip import storage_errors
from affidavit.query.tree import to_json
from affidavit.ready import ready
from affidavit.reports.package import write_package
from affidavit.reports.result import EXCEPTION, Number, Result, decode
from affidavit.reports.runner import Finished

FOLDER: Final = "report-runs"
LISTED_MAX: Final = 200
_ID_RE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_RESULT: Final = "report.json"
_SUMMARY: Final = "summary.json"
_PACKAGE: Final = "package.zip"
_DAY_US: Final = 86_400_000_000


@ready
class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One kept run, in short. `index` is the place of its event on the stream `access`.

    `streams` are those it read, `within` what its asker could see at all, as a query's JSON; None: not known.
    """

    id: str
    report: str
    title: str
    framework: str
    at: str
    by: str
    profile: str
    period: str
    exceptions: int
    rules: int
    events: Number
    sha256: str
    index: int
    streams: tuple[str, ...] = ()
    within: Any = None


def keep(log: Any, finished: Finished) -> Kept:
    """Keep a finished run; what is older than `export_keep_days` goes. Raises StorageError."""
    result = finished.result
    kept = summary(finished)
    folder = _folder(log)
    with storage_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.parent.chmod(0o700)
        _expire(log, folder)
        place = folder / result.run.id
        made = folder / f".{result.run.id}.{time.time_ns()}"
        made.mkdir(mode=0o700)
        (made / _RESULT).write_bytes(finished.data)
        (made / _SUMMARY).write_bytes(msgspec.json.encode(kept))
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)
    return kept


def keep_package(log: Any, finished: Finished) -> None:
    """Keep the package of a kept run beside it."""
    write_package(log, finished, _folder(log) / finished.result.run.id / _PACKAGE)


def package(log: Any, run_id: str) -> bytes:
    """The package of a kept run. Raises NotFound where none was asked for."""
    try:
        return (_folder(log) / run_id / _PACKAGE).read_bytes()
    except OSError:
        raise NotFound(f"report run {run_id[:80]!r} has no package", "Run it with its evidence") from None


def summary(finished: Finished) -> Kept:
    """A finished run in short."""
    result = finished.result
    return Kept(
        id=result.run.id,
        report=result.report.id,
        title=result.report.title,
        framework=result.report.framework,
        at=result.run.at,
        by=result.run.by,
        profile=result.run.profile,
        period=result.period.shown,
        exceptions=sum(one.status == EXCEPTION for one in result.findings),
        rules=len(result.findings),
        events=result.counts.in_period,
        sha256=finished.sha256,
        index=finished.receipt.index,
        streams=result.run.streams,
        within=to_json(finished.within),
    )


def list_kept(log: Any) -> list[Kept]:
    """The newest kept runs, newest first."""
    found = []
    for place in _places(_folder(log))[:LISTED_MAX]:
        try:
            found.append(msgspec.json.decode((place / _SUMMARY).read_bytes(), type=Kept))
        except (OSError, msgspec.DecodeError):
            continue  # going, or coming
    return found


def find(log: Any, run_id: str) -> tuple[Kept, Result]:
    """A kept run with its result. Raises NotFound where it is none, or gone."""
    place = _folder(log) / run_id
    if _ID_RE.match(run_id):
        try:
            kept = msgspec.json.decode((place / _SUMMARY).read_bytes(), type=Kept)
            return kept, decode((place / _RESULT).read_bytes())
        except (OSError, msgspec.DecodeError):
            pass
    raise NotFound(
        f"no report run {run_id[:80]!r}", f"Runs are kept {log.settings.export_keep_days} days: run it again"
    )


def _places(folder: Path) -> list[Path]:
    """The folders of runs, newest first: their ids begin with the time."""
    if not folder.is_dir():
        return []
    return sorted((one for one in folder.iterdir() if _ID_RE.match(one.name)), key=lambda one: one.name, reverse=True)


def _folder(log: Any) -> Path:
    folder: Path = log.home / FOLDER / log.tenant.id
    return folder


def _expire(log: Any, folder: Path) -> None:
    oldest_us = time.time_ns() // 1000 - log.settings.export_keep_days * _DAY_US
    for place in _places(folder):
        at_us = int(place.name.replace("-", "")[:12], 16) * 1000  # a UUIDv7 begins with milliseconds
        if at_us < oldest_us:
            shutil.rmtree(place, ignore_errors=True)
