"""The database behind the journal: engine, transactions, migrations; SQLite and PostgreSQL alike.

Everything that differs between the two dialects stands here.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import Pool, QueuePool

from affidavit.errors import Forbidden, InvalidRequest, MissingExtra, StorageError
from affidavit.log import postgres
from affidavit.log.schema import metadata

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD_REVISION: Final = "0002"
POOL_CONNECTIONS: Final = 8
WAL_WAIT_S: Final = 30.0
WAL_RETRY_S: Final = 0.01
FORK_WAIT_S: Final = 5.0
COPY_ROWS_MIN: Final = 4  # below, one INSERT is as quick


class Head(NamedTuple):
    """Where a log stands. `stopped_us`: since when nothing may be appended, where that is so."""

    size: int
    t_us: int
    frontier: bytes
    stopped_us: int | None = None


class Database:
    """One engine. `write()` is a transaction holding the write lock; `read()` a snapshot."""

    def __init__(self, url: str, *, busy_timeout_s: float = 30.0) -> None:
        self.url = _url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._busy_timeout_s = busy_timeout_s
        self.engine = self._create()
        self._inherited: list[Pool] = []
        self._gate = _Gate()
        _open_databases.add(self)

    def _create(self) -> Engine:
        if self.sqlite:
            engine = create_engine(
                self.url,
                poolclass=QueuePool,
                pool_size=POOL_CONNECTIONS,
                max_overflow=64,
                hide_parameters=True,
                connect_args={"timeout": self._busy_timeout_s, "check_same_thread": False},
            )
            event.listen(engine, "connect", _sqlite_connect)
            event.listen(engine, "begin", _sqlite_begin)
            return engine
        return postgres.engine(self.url, pool_connections=POOL_CONNECTIONS, lock_timeout_s=self._busy_timeout_s)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A read-write transaction, committed at the end of the block. SQLite: takes the write lock at once."""
        engine = self.engine.execution_options(affidavit_write=True)
        with self._guard(), self._gate.passing(), engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only snapshot for the length of the block."""
        engine = self.engine
        if not self.sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with self._guard(), self._gate.passing(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error) as error:
            # Not chained: PostgreSQL's own text (DETAIL, CONTEXT) repeats values of the row it is about.
            raise self.problem(error) from (error if self.sqlite else None)

    def problem(self, error: Exception) -> StorageError:
        """What went wrong in words, without SQL, parameters (they hold personal data) or secrets of the URL."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, SQLAlchemyError) or cause is None:
            reason = type(error).__name__
        else:
            reason = str(cause).partition("\n")[0] if self.sqlite else postgres.reason(cause)
        hint = "Nothing of this batch was recorded; try again"
        if not self.sqlite and postgres.connection_lost(cause):
            hint = "Whether the last batch was recorded is open: send it again with the same ids, it does not double"
        elif "readonly" in reason or "read-only" in reason or "unable to open" in reason:
            hint = "Give the process write access to the folder of the database"
        elif "full" in reason or "No space" in reason:
            hint = "Free some space; what was acknowledged is safe"
        elif "I/O error" in reason:
            hint = "Look after the disk; what was acknowledged is safe"
        elif "locked" in reason or "lock timeout" in reason:
            hint = f"Another process held the write lock for {self._busy_timeout_s} s; try again"
        return StorageError(f"database {self.url.render_as_string(hide_password=True)}: {reason}", hint)

    def prepare(self) -> None:
        """Create or upgrade the tables. Safe to call from several processes at once."""
        with self._guard(), self.engine.connect() as connection:
            if inspect(connection).has_table("alembic_version"):
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                if found == HEAD_REVISION:
                    return
        self._upgrade()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with _upgrading, self.write() as connection:
            if not self.sqlite:
                self._check_encoding(connection)
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": postgres.MIGRATION_LOCK})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise InvalidRequest(
                    f"database {self.url.render_as_string(hide_password=True)}: {error}",
                    "A newer release made it, or brought it up to date: use that one",
                ) from None

    def _before_fork(self) -> None:
        """SQLite keeps a process's locks in its memory: a child would take the parent's for its own, for ever."""
        self._gate.shut()
        if self.sqlite:
            self.engine.dispose()

    def _forked(self) -> None:
        self._gate = _Gate()
        # The parent's connections are put aside, not closed: closing them here could undo what the parent is writing.
        self._inherited.append(self.engine.pool)
        self.engine.dispose(close=False)

    def _check_encoding(self, connection: Connection) -> None:
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise InvalidRequest(
                f"database {self.url.database}: its encoding is {encoding}, which can't hold every event",
                "Make it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
            )

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    # --- what differs in SQL -------------------------------------------------------------------------------------

    def lock_logs(self, connection: Connection, log_ids: Sequence[int]) -> dict[int, Head]:
        """Lock the head rows (in id order, against deadlocks): {log id: its head}.

        Raises Forbidden for a log that has ended.
        """
        if not log_ids:
            return {}
        marks = ",".join(str(int(log_id)) for log_id in sorted(log_ids))
        suffix = "" if self.sqlite else " ORDER BY id FOR UPDATE"
        rows = connection.exec_driver_sql(
            f"SELECT id, size, t_us, frontier, ended_us, origin, stopped_us FROM logs WHERE id IN ({marks}){suffix}"
        ).all()
        for row in rows:
            if row[4] is not None:
                raise Forbidden(f"log {row[5]} has ended: its stream goes on in another", "Open the log again")
        return {row[0]: Head(row[1], row[2], bytes(row[3]), row[6]) for row in rows}

    def known_ids(self, connection: Connection, log_id: int, ids: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Which of `ids` the log remembers: {id: (index, digest)}."""
        if not ids:
            return {}
        if not self.sqlite:
            rows = connection.exec_driver_sql(
                "SELECT event_id, idx, digest FROM event_ids WHERE log_id = %s AND event_id = ANY(%s)",
                (log_id, list(ids)),
            )
            return {bytes(row[0]): (row[1], bytes(row[2])) for row in rows}
        found: dict[bytes, tuple[int, bytes]] = {}
        for start in range(0, len(ids), _SQLITE_VARIABLES):
            part = ids[start : start + _SQLITE_VARIABLES]
            rows = connection.exec_driver_sql(
                f"SELECT event_id, idx, digest FROM event_ids WHERE log_id = ? AND event_id IN ({_marks(len(part))})",
                (log_id, *part),
            )
            found.update((row[0], (row[1], row[2])) for row in rows)
        return found

    def count(self, connection: Connection, log_id: int, name: str, amount: int) -> None:
        """Add to a counter of a log."""
        connection.exec_driver_sql(
            self.sql(
                "INSERT INTO counters (log_id, name, value) VALUES (?, ?, ?) "
                "ON CONFLICT (log_id, name) DO UPDATE SET value = counters.value + excluded.value"
            ),
            (log_id, name, amount),
        )

    def sql(self, statement: str) -> str:
        """A statement written with `?` marks, in the driver's own marks. MUST hold no other question mark."""
        return statement if self.sqlite else statement.replace("?", "%s")

    def insert(self, connection: Connection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Insert many rows through the driver, in as few calls as it takes."""
        if not self.sqlite and len(rows) >= COPY_ROWS_MIN:
            postgres.copy(connection, metadata.tables[table], columns, rows)
            return
        statement = f"INSERT INTO {table} ({','.join(columns)}) VALUES "
        one = f"({_marks(len(columns))})"
        done = 0
        if self.sqlite:
            # SQLite's driver lets other threads run at every statement, and may wait long to go on: few statements.
            step = _SQLITE_VARIABLES // len(columns)
            many = statement + ",".join([one] * step)
            while len(rows) - done >= step:
                connection.exec_driver_sql(many, tuple(chain.from_iterable(rows[done : done + step])))
                done += step
        if done < len(rows):
            connection.exec_driver_sql(self.sql(statement + one), rows[done:])


class _Gate:
    """Lets transactions pass. A fork waits for those under way, but not for ever: its own thread may have one open."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = 0
        self._shut = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._shut, FORK_WAIT_S)
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def shut(self) -> None:
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._open, FORK_WAIT_S)

    def open(self) -> None:
        with self._changed:
            self._shut = False
            self._changed.notify_all()


_open_databases: Final[weakref.WeakSet[Database]] = weakref.WeakSet()
_upgrading = threading.Lock()  # Alembic keeps the migration under way in a global


def _before_fork() -> None:
    for database in list(_open_databases):
        database._before_fork()  # noqa: SLF001  its own


def _after_fork_in_parent() -> None:
    for database in list(_open_databases):
        database._gate.open()  # noqa: SLF001  its own


def _after_fork() -> None:
    global _upgrading  # noqa: PLW0603  whoever held it is not here
    _upgrading = threading.Lock()
    for database in list(_open_databases):
        database._forked()  # noqa: SLF001  its own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)

_SQLITE_VARIABLES: Final = 900


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidRequest(
            "database: not an SQLAlchemy URL", "sqlite:///path/journal.db or postgresql://user@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            raise MissingExtra("PostgreSQL", "postgres")
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise InvalidRequest(f"database: {backend} is not supported", "Use sqlite or postgresql")
    return parsed


def _sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _sqlite_begin, not by the driver
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # WAL with NORMAL may lose acknowledged commits at a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-32768")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Of several connections that switch a new file at once, SQLite refuses all but one without waiting."""
    until = time.monotonic() + WAL_WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("affidavit_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
