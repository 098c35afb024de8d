"""DuckDB engines: bounded in memory and threads, allowed to read the archive and nothing else.

Starting one costs more than a page of answers, so a few are kept for the next query of the same archive. One engine
serves one query at a time; one that failed is never used again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from affidavit.errors import AffidavitError, StorageError
from affidavit.log.archive import Archive
from affidavit.settings import Settings

IDLE_MAX: Final = 2  # engines kept for an archive; more that ran at once are closed
LATE_ROWS: Final = 1000  # a page of at most so many rows reads its wide columns last


class _Engine(NamedTuple):
    connection: duckdb.DuckDBPyConnection
    errors: Sequence[AffidavitError]
    spill: str
    bounds: tuple[int, int]


class _Pool:
    """Idle engines of one archive. They belong to the process that made them."""

    def __init__(self) -> None:
        self._idle: list[_Engine] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def take(self, bounds: tuple[int, int]) -> _Engine | None:
        with self._lock:
            if self._pid != os.getpid():
                _inherited.extend(self._idle)
                self._idle, self._pid = [], os.getpid()
            found = next((one for one in self._idle if one.bounds == bounds), None)
            if found is not None:
                self._idle.remove(found)
            return found

    def give_back(self, engine: _Engine) -> None:
        with self._lock:
            if self._pid == os.getpid() and len(self._idle) < IDLE_MAX:
                self._idle.append(engine)
                return
        _close(engine)

    def close(self) -> None:
        if self._pid == os.getpid():
            while self._idle:
                _close(self._idle.pop())


_pools: Final[weakref.WeakKeyDictionary[Archive, _Pool]] = weakref.WeakKeyDictionary()
_pools_lock = threading.Lock()
_inherited: Final[list[_Engine]] = []  # the parent's, in a forked child: their threads are not here, so never closed


def _after_fork() -> None:
    global _pools_lock  # noqa: PLW0603  whoever held it is not here
    _pools_lock = threading.Lock()
    for pool in list(_pools.values()):
        pool._lock = threading.Lock()  # noqa: SLF001  its own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _pool(archive: Archive) -> _Pool:
    with _pools_lock:
        found = _pools.get(archive)
        if found is None:
            found = _pools[archive] = _Pool()
            weakref.finalize(archive, found.close)
        return found


@contextmanager
def connect(settings: Settings, archive: Archive) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory engine for one query at a time. Sorting spills to a temporary folder; extensions are never
    downloaded. What the block registers MUST be gone at its end.
    """
    pool = _pool(archive)
    engine = pool.take(_bounds(settings)) or _start(settings, archive)
    try:
        yield engine.connection
    except BaseException as error:
        _close(engine)
        if not isinstance(error, (duckdb.Error, pa.ArrowException, OSError)):
            raise
        if engine.errors:  # what the archive said; DuckDB has only kept its text
            raise engine.errors[0] from None
        problem = _problem(error, settings)
        if problem is None:
            raise
        raise problem from error
    else:
        pool.give_back(engine)


def _start(settings: Settings, archive: Archive) -> _Engine:
    spill = tempfile.mkdtemp(prefix="affidavit-query-")
    connection = duckdb.connect(
        config={
            "threads": settings.query_threads,
            "memory_limit": f"{settings.query_memory_mib}MiB",
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
            "late_materialization_max_rows": LATE_ROWS,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET parquet_metadata_cache = true")
    errors = archive.register(connection)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return _Engine(connection, errors, spill, _bounds(settings))


def _bounds(settings: Settings) -> tuple[int, int]:
    return settings.query_threads, settings.query_memory_mib


def _close(engine: _Engine) -> None:
    engine.connection.close()
    shutil.rmtree(engine.spill, ignore_errors=True)


def _problem(error: Exception, settings: Settings) -> StorageError | None:
    """An error about memory or disk in our words; None for any other."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return StorageError(
            f"the query needs more than {settings.query_memory_mib} MiB",
            "Raise query_memory_mib, or free disk for spilling",
        )
    if isinstance(error, duckdb.IOException):
        reason = str(error).partition("\n")[0]
        return StorageError(f"the query could not read or spill: {reason}", "Check the archive and the disk")
    return None
