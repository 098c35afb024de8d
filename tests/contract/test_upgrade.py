"""Today's code on a database of the first revision, with a log in it: it is brought up to date, and nothing is lost.

The rows are those of a log made today, in so far as the first revision has a place for them: that is what its own code
would have left, for none of the tables it has was changed but by new columns.
"""

from __future__ import annotations

import importlib.util

import pytest
from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy import insert, inspect, select, text

from affidavit.access import keys as api_keys
from affidavit.access.accounts import Grant
from affidavit.errors import InvalidRequest, LoggingOff
from affidavit.export import ExportSpec, jobs
from affidavit.export.execute import run_here
from affidavit.log import configuration, saved_queries
from affidavit.log.database import HEAD_REVISION, MIGRATIONS, Database
from affidavit.log.fsck import fsck
from affidavit.log.vault import SqlVault, reveal
from affidavit.log.worker import Worker
from affidavit.verify import verify_bundle


def first_revision():
    spec = importlib.util.spec_from_file_location("first", MIGRATIONS / "versions" / "0001_first.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.metadata


def upgrade_to(database, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def rows_of(log, tables):
    with log.database.read() as connection:
        return {
            table.name: [
                dict(row._mapping) for row in connection.execute(select(*table.c).order_by(*table.primary_key))
            ]
            for table in tables
        }


@pytest.fixture
def old(open_log, home, database_url):
    """A home whose database is of the first revision, with what was known of it before."""
    log = open_log(query_threads=1)
    log.record_many([{"action": "grade.updated", "actor": f"u{n}", "resource": f"enrollment:{n}"} for n in range(300)])
    assert Worker(log).round(everything=True).sealed == 256
    saved_queries.save(log, "grades", "action:grade.*")
    _, key = api_keys.create_key(log, "ingest", Grant("developer"))
    token = SqlVault(log.database, log.tenant.id, log.keys).get_or_create("subject", "S-1")
    run_here(log, ExportSpec(declared=log.declared), home / "old.zip", bundle=True)
    known = {"pin": log.pin(), "key": key, "token": token, "entries": list(log.entries("main").read(0, 300))}
    tables = first_revision().sorted_tables
    rows = rows_of(log, tables)
    log.close()
    before = Database(database_url)
    try:
        empty(before, home)
        upgrade_to(before, "0001")
        with before.write() as connection:
            for table in tables:
                if rows[table.name]:
                    connection.execute(insert(table), rows[table.name])
            if not before.sqlite:
                connection.execute(text("SELECT setval(pg_get_serial_sequence('logs', 'id'), max(id)) FROM logs"))
    finally:
        before.close()
    return known


def empty(database, home):
    """Take everything away."""
    if database.sqlite:
        (home / "journal.db").unlink()
        return
    with database.write() as connection:
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')


def revision(url):
    database = Database(url)
    try:
        with database.read() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            columns = {column["name"] for column in inspect(connection).get_columns("logs")}
            return found, "stopped_us" in columns
    finally:
        database.close()


def test_an_old_database_is_brought_up_to_date_and_goes_on(old, open_log, home, database_url):
    assert revision(database_url) == ("0001", False)
    log = open_log()
    assert revision(database_url) == (HEAD_REVISION, True)
    assert list(log.entries("main").read(0, 300)) == old["entries"]
    assert log.pin() == old["pin"]
    for stream in log.tenant.logs:
        fsck(log, stream)
    assert log.record("after.upgrade").index == 300
    assert saved_queries.text_of(log, "grades") == "action:grade.*"
    assert api_keys.principal_of_key(log, old["key"]).role == "developer"
    assert reveal(log, [old["token"]], "after the upgrade") == {old["token"]: ("subject", "S-1")}
    (run,) = jobs.list_runs(log)
    assert (run.state, run.rows, run.outcome_text) == (jobs.DONE, 300, "{}")
    assert verify_bundle(home / "old.zip", log.trust()).ok
    # And what is new works on it.
    assert configuration.read(log).changed == {}
    configuration.change(log, {"audit_logging": False}, "after the upgrade")
    with pytest.raises(LoggingOff):
        log.record("a")
    configuration.change(log, {"audit_logging": True}, "after the upgrade")
    result = run_here(log, ExportSpec(declared=log.declared), home / "new.zip", bundle=True)
    assert (result.rows, result.verdicts is not None) == (301, True)


def test_an_upgrade_that_fails_leaves_the_old_database(old, open_log, database_url, monkeypatch):
    create = Operations.add_column

    def fails(self, table, *rest, **more):
        if table == "logs":
            raise RuntimeError("the power went")
        return create(self, table, *rest, **more)

    monkeypatch.setattr(Operations, "add_column", fails)
    with pytest.raises(RuntimeError, match="the power went"):
        open_log()
    monkeypatch.undo()
    assert revision(database_url) == ("0001", False)
    assert open_log().record("after.upgrade").index == 300


def test_a_database_of_a_newer_release_is_left_alone(open_log, database_url):
    log = open_log()
    with log.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidRequest, match="9999") as error:
        open_log()
    assert "newer release" in error.value.hint
    assert revision(database_url) == ("9999", True)
