"""DuckDB connections: bounded in memory and threads, allowed to read the archive and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from affidavit.errors import AffidavitError, StorageError
from affidavit.log.archive import Archive
from affidavit.settings import Settings


@contextmanager
def connect(settings: Settings, archive: Archive) -> Iterator[duckdb.DuckDBPyConnection]:
    """A fresh in-memory connection. Sorting spills to a temporary folder; extensions are never downloaded."""
    with tempfile.TemporaryDirectory(prefix="affidavit-query-") as spill:
        connection = duckdb.connect(
            config={
                "threads": settings.query_threads,
                "memory_limit": f"{settings.query_memory_mib}MiB",
                "temp_directory": spill,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
            }
        )
        errors: Sequence[AffidavitError] = ()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            errors = archive.register(connection)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            if errors:  # what the archive said; DuckDB has only kept its text
                raise errors[0] from None
            problem = _problem(error, settings)
            if problem is None:
                raise
            raise problem from error
        finally:
            connection.close()


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
