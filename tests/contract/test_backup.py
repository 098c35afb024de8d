"""A home on PostgreSQL: its database by pg_dump in the middle of the backup, and back by pg_restore."""

from __future__ import annotations

import shutil
import subprocess

import psycopg
import pytest

from affidavit import AuditLog
from affidavit.errors import InvalidRequest, StorageError
from affidavit.log.backup import backup
from affidavit.log.fsck import fsck
from affidavit.log.restore import restore
from affidavit.log.worker import Worker

pytestmark = pytest.mark.postgres


@pytest.fixture
def databases(postgres_server):
    """Two databases of their own: a dump holds a whole one."""
    names = ("backed_up", "restored")
    with psycopg.connect(postgres_server.address("postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        yield [postgres_server.address(name) for name in names]
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_home_on_postgresql_is_backed_up_and_restored(postgres_server, databases, tmp_path, monkeypatch):
    source, target = databases
    dump = tmp_path / "journal.dump"
    with AuditLog.open(tmp_path / "home", database=source) as log:
        log.record_many([{"action": "a"}] * 300)
        assert Worker(log).round(everything=True).sealed == 256
        with pytest.raises(InvalidRequest, match="--dump"):
            backup(log, tmp_path / "backup")
        with pytest.raises(StorageError, match="ended with"):
            backup(log, tmp_path / "backup", dump=[str(postgres_server._binaries / "pg_dump"), f"{source}x"])
        with pytest.raises(InvalidRequest, match="--dump nothing-of-that-name"):
            backup(log, tmp_path / "backup", dump=["nothing-of-that-name"])
        command = [str(postgres_server._binaries / "pg_dump"), "-Fc", "-f", str(dump), source]
        found, _ = backup(log, tmp_path / "backup", dump=command)
        assert (found.database, found.logs[log.tenant.log("main").origin]) == ("postgresql", 300)
        assert len(list((tmp_path / "backup" / "archive").rglob("*.parquet"))) == 1
        with pytest.raises(InvalidRequest, match="the backup is of postgresql"):
            restore(tmp_path / "backup", tmp_path / "home")
    pg_restore = [str(postgres_server._binaries / "pg_restore"), "--exit-on-error", "-d", target, str(dump)]
    subprocess.run(pg_restore, check=True, capture_output=True)
    home = tmp_path / "again"
    (home / "keys").mkdir(parents=True)
    shutil.copy(tmp_path / "home" / "keys" / "master.key", home / "keys")
    monkeypatch.setenv("AFFIDAVIT_DATABASE", target)
    _, results = restore(tmp_path / "backup", home)
    assert not any(one.problem for one in results)
    with AuditLog.open(home, create=False) as again:
        fsck(again, "main")
        assert again.record("after.restore").index == 300
