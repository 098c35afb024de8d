"""Workbench: the engine a report's SQL runs in. In memory, and it can reach nothing: no file, no network, no extension.

It holds one tenant's selected events as the view `events`, registers and reference data as tables, and what the
report's views made of them. SQL is one SELECT at a time; what readers set comes in as named parameters.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Self

import duckdb
import pyarrow as pa

from affidavit.errors import InvalidRequest, StorageError
from affidavit.log.segment import column_name
from affidavit.paths import DeclaredFields, lookup
from affidavit.settings import Settings

STATEMENT_S_MAX: Final = 300.0
BATCH_ROWS: Final = 8192
BOOLEANS: Final = frozenset(
    {"actor.is_privileged", "actor.is_service", "actor.mfa", "disclosure.redisclosure_notice", "legal_hold"}
)
_MACROS: Final = (
    "CREATE MACRO moment(x) AS timezone('UTC', TRY_CAST(x AS TIMESTAMPTZ))",
    "CREATE MACRO hours_between(a, b) AS date_diff('second', a, b) / 3600.0",
    "CREATE MACRO given(x) AS x IS NOT NULL AND trim(x) <> ''",
)
_TELLING: Final = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.SyntaxException)
"""Errors whose text speaks of the SQL alone. All others may quote a value."""


class Rows(NamedTuple):
    """The first rows of a query, and how many it has."""

    table: pa.Table
    total: int


class Workbench:
    """One run's engine. Use as a context manager: it spills to a folder of its own."""

    def __init__(self, settings: Settings, declared: DeclaredFields | None, zone: str) -> None:
        self._declared = declared
        self._zone = zone.replace("'", "''")
        self._spill = tempfile.mkdtemp(prefix="affidavit-report-")
        self._connection = duckdb.connect(
            config={
                "threads": settings.query_threads,
                "memory_limit": f"{settings.query_memory_mib}MiB",
                "temp_directory": self._spill,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        for statement in (
            "SET TimeZone = 'UTC'",
            "SET enable_progress_bar = false",
            "SET python_enable_replacements = false",  # SQL must not reach the variables of this program
            *_MACROS,
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def events(
        self,
        batches: Iterable[pa.RecordBatch],
        paths: Sequence[str],
        streams: Sequence[str],
        period: tuple[int, int],
        name: str = "events",
    ) -> None:
        """Make the view `name` from batches of `Reader.fields`: one column a path, typed where the path is."""
        columns = ", ".join(f"{self._typed(f'f{at}', path)} AS {column_name(path)}" for at, path in enumerate(paths))
        schema = pa.schema(
            [
                ("k", pa.int32()),
                ("idx", pa.int64()),
                ("at_us", pa.int64()),
                ("t_us", pa.int64()),
                ("action", pa.string()),
                ("outcome", pa.string()),
                *((f"f{at}", pa.string()) for at in range(len(paths))),
            ]
        )
        reader = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))
        self._connection.register("incoming", reader)
        with self._limits("events"):
            self._connection.execute(
                f"CREATE TABLE {name}_kept AS SELECT k, idx, make_timestamp(at_us) AS occurred_at, "
                f"make_timestamp(t_us) AS recorded_at, action, outcome{', ' if columns else ''}{columns} FROM incoming"
            )
        self._connection.unregister("incoming")
        listed = ", ".join("'" + stream.replace("'", "''") + "'" for stream in streams)
        self._connection.execute(
            f"CREATE VIEW {name} AS SELECT * EXCLUDE (k), [{listed}][k + 1] AS stream, "
            f"[{listed}][k + 1] || '/' || idx AS ref, "
            f"timezone('{self._zone}', timezone('UTC', occurred_at)) AS local_at, "
            f"occurred_at >= make_timestamp({int(period[0])}) AND occurred_at < make_timestamp({int(period[1])}) "
            f"AS in_period FROM {name}_kept"
        )

    def within_period(self, name: str) -> None:
        """Make the view `name` of the events in the period."""
        self._connection.execute(f"CREATE VIEW {name} AS SELECT * FROM events WHERE in_period")

    def _typed(self, column: str, path: str) -> str:
        found = lookup(path, self._declared)
        declared = self._declared.fields.get(path.removeprefix("details.")) if self._declared else None
        if path in BOOLEANS or (declared is not None and declared.type == "boolean"):
            return f"TRY_CAST({column} AS BOOLEAN)"
        if found is not None and found.number:
            return f"TRY_CAST({column} AS {'DOUBLE' if declared is not None else 'BIGINT'})"
        return column

    def table(self, name: str, content: pa.Table) -> None:
        """Keep a table under a name of ours."""
        self._connection.register("incoming", content)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def view(self, name: str, sql: str, parameters: Mapping[str, Any]) -> None:
        """Make the result of a query under a name that is free. It is counted out once, here."""
        statement, used = self._one_select(sql, parameters, f"view {name}")
        with self._limits(f"view {name}"):
            self._connection.execute(f"CREATE TABLE {name} AS {statement}", used)

    def rows(self, sql: str, parameters: Mapping[str, Any], limit: int, part: str) -> Rows:
        """The first `limit` rows of a query in its own order, and the number of all."""
        statement, used = self._one_select(sql, parameters, part)
        kept: list[pa.RecordBatch] = []
        total = 0
        with self._limits(part):
            batches: Any = self._connection.sql(statement, params=used).to_arrow_reader(BATCH_ROWS)
            schema = batches.schema
            for batch in batches:
                left = limit - total
                if left > 0:
                    kept.append(batch.slice(0, left))
                total += batch.num_rows
        return Rows(pa.Table.from_batches(kept, schema), total)

    def number(self, sql: str, parameters: Mapping[str, Any], part: str) -> int:
        """The one number a query gives; 0 for none."""
        statement, used = self._one_select(sql, parameters, part)
        with self._limits(part):
            rows = self._connection.execute(statement, used).fetchall()
        return int(rows[0][0]) if rows and rows[0][0] is not None else 0

    def _one_select(self, sql: str, parameters: Mapping[str, Any], part: str) -> tuple[str, dict[str, Any]]:
        """The text of the only statement, which must be a SELECT, and the parameters it names."""
        try:
            found = self._connection.extract_statements(sql)
        except duckdb.Error as error:
            raise InvalidRequest(f"{part}: {_first_line(error)}", "Mend the report's SQL") from None
        if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
            raise InvalidRequest(f"{part}: not one SELECT", "A report's SQL is one SELECT, and nothing else")
        if missing := sorted(set(found[0].named_parameters) - set(parameters)):
            hint = f"Known: {', '.join('$' + name for name in parameters)}"
            raise InvalidRequest(f"{part}: no parameter ${missing[0]}", hint)
        return sql.rstrip().rstrip(";"), {name: parameters[name] for name in found[0].named_parameters}

    @contextmanager
    def _limits(self, part: str) -> Iterator[None]:
        """Stop a statement that takes too long, and put what goes wrong in our words, without values."""
        timer = threading.Timer(STATEMENT_S_MAX, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException:
            raise InvalidRequest(
                f"{part}: not done within {STATEMENT_S_MAX:.0f} s", "Choose a shorter period"
            ) from None
        except (duckdb.OutOfMemoryException, duckdb.IOException):
            raise StorageError(
                f"{part}: it needs more memory, or disk to spill to, than there is", "Raise query_memory_mib"
            ) from None
        except duckdb.PermissionException:
            raise InvalidRequest(f"{part}: it reaches outside", "SQL of reports reads its own tables alone") from None
        except _TELLING as error:
            raise InvalidRequest(f"{part}: {_first_line(error)}", "Mend the report's SQL") from None
        except duckdb.Error as error:
            raise InvalidRequest(f"{part}: {type(error).__name__}", "Mend the report's SQL: use TRY_CAST") from None
        finally:
            timer.cancel()


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]
