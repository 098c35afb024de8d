"""DuckDB connections: bounded in memory and threads, allowed to read the archive and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from affidavit.errors import StorageError
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
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            archive.register(connection)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise StorageError(
                f"the query needs more than {settings.query_memory_mib} MiB",
                "Raise query_memory_mib, or free disk for spilling",
            ) from error
        except duckdb.IOException as error:
            reason = str(error).partition("\n")[0]
            raise StorageError(
                f"the query could not read or spill: {reason}", "Check the archive and the disk"
            ) from error
        finally:
            connection.close()
