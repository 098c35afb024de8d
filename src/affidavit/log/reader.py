"""The reader: one query engine, DuckDB, over the log's records.

Everything comes ordered by (`at`, k, index), k being the log's place among the pins, and only up to the pinned sizes.
Results stream as Arrow batches; sorting spills to disk past `query_memory_mib`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb
import pyarrow as pa
from sqlalchemy import select

from affidavit.commitment import entry_bytes, format_time, parse_time
from affidavit.errors import IntegrityError, StorageError
from affidavit.log.checkpoints import Pin
from affidavit.log.columns import JournalColumns
from affidavit.log.database import Database
from affidavit.log.schema import journal
from affidavit.paths import DeclaredFields
from affidavit.query.bounds import Range, bounds
from affidavit.query.sql import Sql, to_sql
from affidavit.query.tree import Query
from affidavit.settings import Settings

BATCH_ROWS: Final = 8192
ROW_SCHEMA: Final = pa.schema(
    [
        ("k", pa.int32()),
        ("idx", pa.int64()),
        ("at_us", pa.int64()),
        ("t_us", pa.int64()),
        ("action", pa.string()),
        ("outcome", pa.string()),
        ("c", pa.binary(32)),
        ("seed", pa.binary(32)),
        ("tags", pa.string()),
        ("fields", pa.string()),
    ]
)
_ROW: Final = ", ".join(ROW_SCHEMA.names)


class Reader:
    """Reads records of one tenant's logs. Holds nothing open between calls."""

    def __init__(self, database: Database, settings: Settings, declared: DeclaredFields) -> None:
        self._database = database
        self._settings = settings
        self._columns = JournalColumns(declared)

    def rows(
        self, query: Query, pins: Sequence[Pin], *, batch_rows: int = BATCH_ROWS, limit: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Matching records of the pinned logs as batches of ROW_SCHEMA, ascending by (at, k, index)."""
        where = to_sql(query, self._columns)
        tail = "" if limit is None else f" LIMIT {int(limit)}"
        with self._connection() as connection, self._source(query, pins) as source:
            connection.register("source", source)
            found = connection.sql(
                f"SELECT {_ROW} FROM source WHERE {where.text} ORDER BY at_us, k, idx{tail}",
                params=list(where.parameters),
            )
            batches: pa.RecordBatchReader = found.to_arrow_reader(batch_rows)
            for batch in batches:
                yield batch.cast(ROW_SCHEMA)

    def count(self, query: Query, pins: Sequence[Pin], limit: int | None = None) -> tuple[int, bool]:
        """(how many match, whether that is exact). Stops counting at `limit`."""
        where = to_sql(query, self._columns)
        inner = f"SELECT 1 FROM source WHERE {where.text}" + ("" if limit is None else f" LIMIT {int(limit) + 1}")
        with self._connection() as connection, self._source(query, pins) as source:
            connection.register("source", source)
            row = connection.execute(f"SELECT count(*) FROM ({inner})", list(where.parameters)).fetchone()
        found = int(row[0]) if row else 0
        if limit is not None and found > limit:
            return limit, False
        return found, True

    def values(self, path: str, prefix: str, pins: Sequence[Pin], limit: int) -> list[tuple[str, int]]:
        """The most frequent values of `path` that begin with `prefix`, with their counts."""
        column = self._columns.column(path)
        if column is None:
            return []
        sql = Sql(
            f"SELECT v, count(*) AS n FROM (SELECT {column} AS v FROM source) "
            f"WHERE v IS NOT NULL AND starts_with(v, ?) GROUP BY v ORDER BY n DESC, v LIMIT {int(limit)}",
            (prefix,),
        )
        with self._connection() as connection, self._source(None, pins) as source:
            connection.register("source", source)
            return [(row[0], row[1]) for row in connection.execute(sql.text, list(sql.parameters)).fetchall()]

    def entries(self, pin: Pin, start: int, end: int) -> Iterator[bytes]:
        """The entry bytes of [start, end), made from the stored columns. Raises IntegrityError at a gap."""
        columns = (
            journal.c.idx,
            journal.c.action,
            journal.c.at_us,
            journal.c.c,
            journal.c.outcome,
            journal.c.t_us,
        )
        expected = start
        while expected < end:
            with self._database.read() as connection:
                rows = connection.execute(
                    select(*columns)
                    .where(
                        journal.c.log_id == pin.log_id,
                        journal.c.idx >= expected,
                        journal.c.idx < min(expected + BATCH_ROWS, end),
                    )
                    .order_by(journal.c.idx)
                ).all()
            for row in rows:
                if row.idx != expected:
                    break
                expected += 1
                yield entry_bytes(row.action, format_time(row.at_us), bytes(row.c), row.outcome, format_time(row.t_us))
            if not rows or rows[-1].idx != expected - 1:
                raise IntegrityError(f"log {pin.origin}: entry {expected} is missing", "Run affidavit log fsck")

    def window_start(self, pin: Pin, t_us: int) -> int:
        """The last index with t < t_us, or 0: where the evidence of a window beginning at t_us starts."""
        with self._database.read() as connection:
            low, high = 0, pin.size
            while low < high:  # t never decreases along the log
                middle = (low + high) // 2
                t = connection.execute(
                    select(journal.c.t_us).where(journal.c.log_id == pin.log_id, journal.c.idx == middle)
                ).scalar()
                if t is None:
                    raise IntegrityError(f"log {pin.origin}: entry {middle} is missing", "Run affidavit log fsck")
                low, high = (middle + 1, high) if t < t_us else (low, middle)
        return max(low - 1, 0)

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with tempfile.TemporaryDirectory(prefix="affidavit-query-") as spill:
            connection = duckdb.connect(
                config={
                    "threads": self._settings.query_threads,
                    "memory_limit": f"{self._settings.query_memory_mib}MiB",
                    "temp_directory": spill,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "preserve_insertion_order": False,
                }
            )
            try:
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise StorageError(
                    f"the query needs more than {self._settings.query_memory_mib} MiB",
                    "Raise query_memory_mib, or free disk for spilling",
                ) from error
            except duckdb.IOException as error:
                raise StorageError("the query could not spill to disk", "Free some space and try again") from error
            finally:
                connection.close()

    @contextmanager
    def _source(self, query: Query | None, pins: Sequence[Pin]) -> Iterator[pa.RecordBatchReader]:
        """The pinned rows that can match, as a stream. Time bounds are applied by the database already."""
        at = bounds(query).at if query is not None else Range()
        batches = self._journal_batches(pins, _us(at.lo), _us(at.hi))
        reader = pa.RecordBatchReader.from_batches(ROW_SCHEMA, batches)
        try:
            yield reader
        finally:
            batches.close()

    def _journal_batches(
        self, pins: Sequence[Pin], low: int | None, high: int | None
    ) -> Generator[pa.RecordBatch, None, None]:
        for k, pin in enumerate(pins):
            statement = select(*(journal.c[name] for name in ROW_SCHEMA.names if name != "k")).where(
                journal.c.log_id == pin.log_id, journal.c.idx < pin.size
            )
            if low is not None:
                statement = statement.where(journal.c.at_us >= low)
            if high is not None:
                statement = statement.where(journal.c.at_us < high)
            with self._database.read() as connection:
                result = connection.execution_options(stream_results=True).execute(statement)
                while rows := result.fetchmany(BATCH_ROWS):
                    columns = [[k] * len(rows), *zip(*rows, strict=True)]
                    yield pa.RecordBatch.from_arrays(
                        [pa.array(column, type=kind) for column, kind in zip(columns, ROW_SCHEMA.types, strict=True)],
                        schema=ROW_SCHEMA,
                    )


def _us(text: str | None) -> int | None:
    return None if text is None else parse_time(text)
