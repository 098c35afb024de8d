"""What only PostgreSQL needs: sessions made safe, rows copied in binary, errors told without values.

psycopg is an optional dependency: nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Engine, Integer, LargeBinary, Table, create_engine, event
from sqlalchemy.engine import URL

CONNECT_TIMEOUT_S: Final = 10
# A server that vanished without a word is noticed within about a minute, not after TCP's two hours.
TCP_USER_TIMEOUT_S: Final = 60
KEEPALIVE_IDLE_S: Final = 30
KEEPALIVE_INTERVAL_S: Final = 10
KEEPALIVE_COUNT: Final = 3
MIGRATION_LOCK: Final = 4_711_229  # advisory: of several processes one migrates, the others wait
_TYPES: Final = ((BigInteger, "int8"), (Integer, "int4"), (LargeBinary, "bytea"))
# SQLSTATE classes whose messages name no values: connection, resources, operator, limits, transaction, login.
_PLAIN_CLASSES: Final = frozenset("08 25 28 3D 40 42 53 54 55 57 58".split())


def engine(url: URL, *, pool_connections: int, lock_timeout_s: float) -> Engine:
    """An engine whose commits are durable and whose waits end. What the URL's query sets goes before our defaults."""
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": TCP_USER_TIMEOUT_S * 1000,
        "keepalives_idle": KEEPALIVE_IDLE_S,
        "keepalives_interval": KEEPALIVE_INTERVAL_S,
        "keepalives_count": KEEPALIVE_COUNT,
        "application_name": "affidavit",
    }
    made = create_engine(
        url,
        pool_size=pool_connections,
        max_overflow=64,
        pool_pre_ping=True,  # a restarted server costs nobody an error who comes after it
        isolation_level="READ COMMITTED",  # after waiting for the head row, statements see what the last holder wrote
        hide_parameters=True,
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
    )

    def prepare(connection: Any, _record: Any) -> None:
        # A role or database may say synchronous_commit = off: then a crash would lose what was acknowledged.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false), set_config('synchronous_commit', CASE "
                "current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
                "ELSE current_setting('synchronous_commit') END, false)",
                (f"{int(lock_timeout_s * 1000)}ms",),
            )
        connection.commit()

    event.listen(made, "connect", prepare)
    return made


def copy(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows by binary COPY, inside the transaction of `connection`. Raises the driver's errors."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({','.join(columns)}) FROM STDIN (FORMAT BINARY)") as out,
    ):
        out.set_types([_type_name(table, name) for name in columns])
        for row in rows:
            out.write_row(row)


def _type_name(table: Table, column: str) -> str:
    kind = table.c[column].type
    return next((name for cls, name in _TYPES if isinstance(kind, cls)), "text")


def reason(error: Any) -> str:
    """What a driver's error says in one line; of errors about values only their kind, for their text repeats values."""
    state = getattr(error, "sqlstate", None)
    if state is None or state[:2] in _PLAIN_CLASSES:
        return str(error).partition("\n")[0]
    return f"{type(error).__name__} (SQLSTATE {state})"


def connection_lost(error: Any) -> bool:
    """Whether the server went away in the midst of it: what was being committed then is in doubt."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        return type(error).__name__ in {"OperationalError", "InterfaceError"} and "connection failed" not in str(error)
    return bool(state[:2] == "08" or state in {"57P01", "57P02", "57P05"})
