"""The reader: one query engine, DuckDB, over the segments that can match and the journal's tail.

Everything comes ordered by (`at`, k, index), k being the log's place among the pins, and only up to the pinned sizes.
Results stream as Arrow batches; sorting spills to disk past `query_memory_mib`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from affidavit.errors import Forbidden, IntegrityError
from affidavit.log.ahead import ahead
from affidavit.log.archive import Archive
from affidavit.log.catalogue import Segment
from affidavit.log.checkpoints import Pin
from affidavit.log.columns import JournalColumns, SegmentColumns, equal_filters, segment_filters, segment_row
from affidavit.log.database import Database
from affidavit.log.engine import connect
from affidavit.log.entries import Entries
from affidavit.log.order import Key, Order
from affidavit.log.plan import ROW_SCHEMA, WINDOW_ROWS, Plan, Window, plan
from affidavit.log.projection import Projection
from affidavit.log.registry import Tenant
from affidavit.log.segment import conform, records
from affidavit.log.tail import Tails
from affidavit.paths import PATHS, DeclaredFields
from affidavit.query.sql import Sql, to_sql
from affidavit.query.tree import EVERYTHING, Query
from affidavit.settings import Settings

BATCH_ROWS: Final = 8192
COLUMN_ROWS: Final = 65_536
COLUMN_BYTES: Final = 32 << 20
FIELD_BATCH_ROWS: Final = 65_536
FIRST_WINDOW_ROWS: Final = 4096  # a page looks at little first
_ROW: Final = ", ".join(ROW_SCHEMA.names)
_TIME_AND_OUTCOME: Final = "at_us, outcome"
_decode = msgspec.json.Decoder(dict[str, str | None]).decode
_encode = msgspec.json.Encoder().encode


class Reader:
    """Reads records of one tenant's logs. Holds nothing open between calls."""

    def __init__(
        self, database: Database, archive: Archive, settings: Settings, tenant: Tenant, declared: DeclaredFields
    ) -> None:
        self._tenant = tenant
        self._database = database
        self._archive = archive
        self._settings = settings
        self._journal = JournalColumns(declared)
        self._segments = SegmentColumns(declared)
        self._tails = Tails()

    def rows(
        self,
        query: Query,
        pins: Sequence[Pin],
        *,
        batch_rows: int = BATCH_ROWS,
        limit: int | None = None,
        after: Key | None = None,
        descending: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Matching records of the pinned logs as batches of ROW_SCHEMA, by (at, k, index), ascending or descending.

        With `after` only what comes behind that key in the order asked for; with `limit` at most so many rows.
        """
        order = Order(after, descending=descending)
        with closing(self._walk(query, pins, None, batch_rows, limit, order)) as batches:
            for batch in batches:
                yield _ordered_fields(batch)

    def columns(
        self, query: Query, pins: Sequence[Pin], paths: Iterable[str], *, limit: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Chosen fields of matching records, by (at, k, index): columns as `Projection.of(paths)` says.

        Batches are larger than those of `rows`, since masks work on distinct values: up to COLUMN_ROWS rows,
        ended early past COLUMN_BYTES.
        """
        wanted = Projection.of(paths)
        batches = _gathered(self._walk(query, pins, wanted, BATCH_ROWS, limit, Order()))
        with closing(batches if limit is not None else ahead(batches)) as found:
            yield from found

    def _walk(
        self,
        query: Query,
        pins: Sequence[Pin],
        wanted: Projection | None,
        batch_rows: int,
        limit: int | None,
        order: Order,
    ) -> Generator[pa.RecordBatch, None, None]:
        """Window by window. Whole records with `resort`, or what is wanted of them."""
        left = limit
        shown = f"{_ROW}, resort" if wanted is None else ", ".join(f'"{name}"' for name in wanted.names)
        with self._engine(query, pins) as (connection, planned):
            windows = planned.windows(WINDOW_ROWS if limit is None else FIRST_WINDOW_ROWS, descending=order.descending)
            for window in order.of(windows):
                source = self._source(connection, planned, window, query, wanted=wanted)
                if source is None:
                    continue
                end = "" if left is None else f" LIMIT {int(left)}"
                with source as sql:
                    found = connection.sql(
                        f"SELECT {shown} FROM ({sql.text}) WHERE {order.beyond} ORDER BY {order.by}{end}",
                        params=list(sql.parameters),
                    )
                    with found.to_arrow_reader(batch_rows) as batches:
                        for batch in batches:
                            if left is not None:
                                left -= batch.num_rows
                            yield batch
                if left is not None and left <= 0:
                    return

    def count(self, query: Query, pins: Sequence[Pin], limit: int | None = None) -> tuple[int, bool]:
        """(how many match, whether that is exact). Stops counting at `limit`."""
        if query == EVERYTHING and limit is None:
            return sum(pin.size for pin in pins), True
        total = 0
        with self._engine(query, pins) as (connection, planned):
            for window in planned.windows():
                source = self._source(connection, planned, window, query, columns="1 AS one")
                if source is None:
                    continue
                end = "" if limit is None else f" LIMIT {limit + 1 - total}"
                with source as sql:
                    rows = connection.execute(
                        f"SELECT count(*) FROM (SELECT 1 FROM ({sql.text}){end})", list(sql.parameters)
                    ).fetchall()
                total += int(rows[0][0])
                if limit is not None and total > limit:
                    return limit, False
        return total, True

    def values(
        self, path: str, prefix: str, pins: Sequence[Pin], limit: int, query: Query = EVERYTHING, *, json: bool = False
    ) -> list[tuple[str, int]]:
        """The most frequent values of `path` that begin with `prefix` among what matches, with their counts.

        Values that are strings, or with `json` those that are JSON, as their text.
        """
        if (self._journal.raw(path) if json else self._journal.column(path)) is None:
            return []
        with self._engine(query, pins) as (connection, planned):
            kind = "raw" if json else "column"
            source = self._source(connection, planned, Window(None, None), query, columns=path, value=kind)
            if source is None:
                return []
            with source as sql:
                return [
                    (row[0], row[1])
                    for row in connection.execute(
                        f"SELECT v, count(*) AS n FROM ({sql.text}) WHERE v IS NOT NULL AND starts_with(v, ?) "
                        f"GROUP BY v ORDER BY n DESC, v LIMIT {int(limit)}",
                        [*sql.parameters, prefix],
                    ).fetchall()
                ]

    def fields(self, query: Query, pins: Sequence[Pin], paths: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Chosen fields of all that match, in no order: what reports are counted from.

        Columns k, idx, at_us, t_us, action, outcome, then f0, f1, …: the string at each of `paths`, or its JSON text.
        """
        with self._engine(query, pins) as (connection, planned):
            source = self._source(connection, planned, Window(None, None), query, fields=paths)
            if source is None:
                return
            with (
                source as sql,
                connection.sql(sql.text, params=list(sql.parameters)).to_arrow_reader(FIELD_BATCH_ROWS) as batches,
            ):
                yield from batches

    def span(self, query: Query, pins: Sequence[Pin]) -> tuple[int, int] | None:
        """The first and last `at` among what matches, in microseconds; None where nothing does."""
        found = self._aggregate(query, pins, "SELECT min(at_us), max(at_us) FROM ({})", ())
        return None if not found or found[0][0] is None else found[0]

    def histogram(self, query: Query, pins: Sequence[Pin], edges: Sequence[int]) -> list[tuple[int, str, int]]:
        """(i, outcome, how many) of what matches with edges[i] <= at < edges[i + 1]; stretches of none are left out.

        `edges` ascend, in microseconds.
        """
        places = ", ".join(f"({at}, {int(edge)})" for at, edge in enumerate(edges))
        sql = (
            f"SELECT i, outcome, count(*) FROM ({{}}) AS found ASOF JOIN (VALUES {places}) AS edges(i, edge) "
            f"ON found.at_us >= edges.edge WHERE at_us < {int(edges[-1])} GROUP BY i, outcome ORDER BY i, outcome"
        )
        found: list[tuple[int, str, int]] = self._aggregate(query, pins, sql, [])
        return found

    def _aggregate(self, query: Query, pins: Sequence[Pin], sql: str, none: Any) -> Any:
        with self._engine(query, pins) as (connection, planned):
            source = self._source(connection, planned, Window(None, None), query, columns=_TIME_AND_OUTCOME)
            if source is None:
                return none
            with source as rows:
                return connection.execute(sql.format(rows.text), list(rows.parameters)).fetchall()

    def entries(self, pin: Pin, start: int, end: int) -> Iterator[bytes]:
        """The entry bytes of [start, end). Raises IntegrityError at a gap."""
        return self._entries(pin).read(start, end)

    def window_start(self, pin: Pin, t_us: int) -> int:
        """The last index with t < t_us, or 0: where the evidence of a window beginning at t_us starts."""
        return self._entries(pin).window_start(pin.size, t_us)

    def _entries(self, pin: Pin) -> Entries:
        return Entries(self._database, self._archive, self._tenant.log(pin.origin))

    @contextmanager
    def _engine(self, query: Query | None, pins: Sequence[Pin]) -> Iterator[tuple[duckdb.DuckDBPyConnection, Plan]]:
        if strange := [pin.origin for pin in pins if not self._tenant.owns(pin.log_id)]:
            raise Forbidden(f"log {strange[0]} is not of tenant {self._tenant.name}", "Open that tenant's log")
        with (
            plan(self._database, query, pins, self._tails) as planned,
            connect(self._settings, self._archive) as connection,
        ):
            yield connection, planned

    def _source(
        self,
        connection: duckdb.DuckDBPyConnection,
        planned: Plan,
        window: Window,
        query: Query,
        *,
        columns: str = "",
        value: str = "",
        fields: Sequence[str] | None = None,
        wanted: Projection | None = None,
    ) -> Any:
        """A context giving the SQL of all matching rows in a window, or None where nothing can match.

        `columns` replaces the row; with `value` (column, or raw for JSON) it is a path, whose value is given as `v`.
        `fields` are paths whose values are given as f0, f1, … behind the public keys; `wanted` are columns by name.
        """
        texts: list[str] = []
        parameters: list[Any] = []
        stack = ExitStack()
        for part in planned.parts:
            segments = part.within(window)
            if segments:
                where = to_sql(query, self._segments)
                pushed = equal_filters(planned.bounds)
                conditions = [
                    segment_filters(window.low, window.high, part.pin.size),
                    *(f"{column} IN ({', '.join('?' * len(values))})" for column, values in pushed),
                    where.text,
                ]
                shown = columns or segment_row(_paths(segments))
                if columns == _TIME_AND_OUTCOME:
                    shown = "epoch_us(occurred_at) AS at_us, outcome"
                if value:
                    shown = f"CAST({getattr(self._segments, value)(columns)} AS VARCHAR) AS v"
                if fields is not None:
                    shown = self._segments.fields(fields)
                if wanted is not None:
                    shown = wanted.of_segment(_paths(segments))
                files = ", ".join("?" * len(segments))
                texts.append(
                    f"SELECT {part.k} AS k, {shown} FROM read_parquet([{files}]) WHERE {' AND '.join(conditions)}"
                )
                parameters += [self._archive.locate(one.name) for one in segments]
                parameters += [item for _, values in pushed for item in values]
                parameters += where.parameters
            if any(one.meets(window.low, window.high) for one in part.tail):
                where = to_sql(query, self._journal)
                shown = columns or f"{', '.join(name for name in ROW_SCHEMA.names if name != 'k')}, false AS resort"
                if value:
                    shown = f"CAST({getattr(self._journal, value)(columns)} AS VARCHAR) AS v"
                if fields is not None:
                    shown = self._journal.fields(fields)
                if wanted is not None:
                    shown = wanted.of_journal()
                texts.append(f"SELECT k, {shown} FROM tail{part.k} WHERE {where.text}")
                parameters += where.parameters
                stack.enter_context(_tail(connection, planned, part.k, window))
        if not texts:
            return None
        return _Source(stack, Sql(" UNION ALL ".join(texts), tuple(parameters)))


class _Source:
    """Gives the SQL for the block and lets go of the tail's stream afterwards."""

    def __init__(self, stack: ExitStack, sql: Sql) -> None:
        self._stack = stack
        self._sql = sql

    def __enter__(self) -> Sql:
        return self._sql

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()


@contextmanager
def _tail(connection: duckdb.DuckDBPyConnection, planned: Plan, k: int, window: Window) -> Iterator[None]:
    part = next(one for one in planned.parts if one.k == k)
    batches = planned.tail(part, window)
    connection.register(f"tail{k}", pa.RecordBatchReader.from_batches(ROW_SCHEMA, batches))
    try:
        yield
    finally:
        batches.close()  # the name is taken anew by the next window, and goes with the connection


def _paths(segments: Sequence[Segment]) -> frozenset[str]:
    """The table paths that these segments hold at all."""
    return frozenset().union(*(one.paths for one in segments)) if segments else frozenset(PATHS)


def _gathered(batches: Generator[pa.RecordBatch, None, None]) -> Generator[pa.RecordBatch, None, None]:
    """The same rows in as few batches as the limits allow; no empty ones."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    with closing(batches):
        for batch in batches:
            if held and (rows + batch.num_rows > COLUMN_ROWS or size + batch.nbytes > COLUMN_BYTES):
                yield pa.concat_batches(held)
                held, rows, size = [], 0, 0
            if batch.num_rows:
                held.append(batch)
                rows, size = rows + batch.num_rows, size + batch.nbytes
        if held:
            yield pa.concat_batches(held)


def _ordered_fields(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch as ROW_SCHEMA; rows whose fields came out of order get them in path order."""
    resort = batch.column("resort")
    if pc.any(resort).as_py():
        wanted = pc.fill_null(resort, False)
        chosen = batch.filter(wanted)
        pairs = zip(chosen.column("fields").to_pylist(), chosen.column("tags").to_pylist(), strict=True)
        found = [sorted(zip(_decode(fields).items(), tags, strict=True)) for fields, tags in pairs]
        sorted_columns = {
            "fields": [_encode(dict(pair for pair, _ in row)).decode() for row in found],
            "tags": ["".join([tag for _, tag in row]) for row in found],
        }
        for name, texts in sorted_columns.items():
            at = batch.schema.get_field_index(name)
            column = batch.column(at)
            whole = pc.replace_with_mask(column, wanted, pa.array(texts, column.type))
            batch = batch.set_column(at, name, whole)
    return batch.select(ROW_SCHEMA.names).cast(ROW_SCHEMA)


def find_record(
    archive: Archive, settings: Settings, segment: Segment, index: int
) -> tuple[tuple[str, ...], str, tuple[str | None, ...], bytes]:
    """(paths, tags, values, seed) of one sealed record. Raises IntegrityError where its segment lacks it."""
    with connect(settings, archive) as connection:
        found = connection.sql(
            "SELECT * FROM read_parquet(?) WHERE idx = ?", params=[archive.locate(segment.name), index]
        ).to_arrow_table()
    for _, seed, paths, tags, values in records(conform(found)):
        return paths, tags, values, seed
    raise IntegrityError(f"{segment.name} lacks record {index}", "Run affidavit log fsck")
