"""The database: URLs, migrations, and errors in words without what they may not show."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from affidavit.errors import InvalidRequest, StorageError
from affidavit.log.audit_log import AuditLog
from affidavit.log.database import HEAD_REVISION, Database
from affidavit.log.schema import metadata


def test_the_migrations_give_the_schema(log):
    with log.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD_REVISION


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite", "mysql://u:hunter2@h/d", "postgres ql://x"])
def test_bad_urls_are_refused_and_not_shown(url):
    with pytest.raises(InvalidRequest) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.sqlite
def test_commits_survive_a_power_cut(log):
    with log.database.read() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]


@pytest.mark.sqlite
def test_a_home_opened_by_many_at_once_is_made_once(tmp_path):
    home = tmp_path / "home"
    with ThreadPoolExecutor(6) as pool:
        logs = list(pool.map(lambda _: AuditLog.open(home), range(6)))
    assert len({log.tenant.id for log in logs}) == 1
    assert len({log.keys.master for log in logs}) == 1
    assert sorted(log.record("a").index for log in logs) == list(range(6))
    for log in logs:
        log.close()


@pytest.mark.sqlite
def test_a_lock_held_too_long(log, open_log, home):
    other = open_log(busy_timeout_s=0.1)
    lock = sqlite3.connect(home / "journal.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"):
        other.record("a", message="hunter2")
    lock.execute("ROLLBACK")
    lock.close()
    assert other.record("a").index == 0


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "data", [b"no database at all, but long enough to be looked at " * 30, b"SQLite format 3\0" + bytes(2000)]
)
def test_a_file_that_is_no_database(home, log, data):
    log.close()
    for path in home.glob("journal.db*"):
        path.unlink()
    (home / "journal.db").write_bytes(data)
    with pytest.raises(StorageError, match="database"):
        AuditLog.open(home)


@pytest.mark.sqlite
def test_errors_show_neither_sql_nor_values(log):
    with log.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE event_ids")
    with pytest.raises(StorageError) as caught:
        log.record("a", message="hunter2")
    assert "event_ids" in str(caught.value)
    for secret in ("INSERT", "SELECT", "hunter2"):
        assert secret not in str(caught.value)


def test_write_rolls_back_where_the_block_fails(log):
    def fails():
        with log.database.write() as connection:
            connection.execute(text("UPDATE logs SET size = 5"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert log.record("a").index == 0


def test_threads_may_make_homes_at_the_same_time(tmp_path):
    gate = threading.Barrier(4)

    def make(n):
        gate.wait()
        with AuditLog.open(tmp_path / f"home{n}") as log:
            return log.record("a").index

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make, range(4))) == [0] * 4
