"""A database made by the migrations is the schema the code works with; one already made is left alone."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from affidavit.log.database import HEAD_REVISION, MIGRATIONS, Database
from affidavit.log.schema import metadata


@pytest.fixture
def made(tmp_path):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    database = Database(url)
    database.prepare()
    yield database, url
    database.close()


def test_migrations_give_the_schema(made):
    _, url = made
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_head_the_code_asks_for_is_the_newest_revision():
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD_REVISION


def test_preparing_again_changes_nothing(made):
    database, _ = made
    with database.write() as connection:
        connection.execute(text("INSERT INTO leases (name, holder, until_us) VALUES ('x', 'y', 1)"))
    database.prepare()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar() == 1
