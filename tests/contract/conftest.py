"""The same promises on every database: each test runs on SQLite and on a real PostgreSQL."""

import pytest

from tests.servers import postgres


@pytest.fixture(scope="session")
def postgres_server():
    with postgres(fsync=False) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request, home):
    """The `database` setting: a database of this test alone."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'journal.db'}"
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield url
