"""The tests of tests/log once more, with the journal on PostgreSQL."""

import importlib

import pytest

from tests.log import conftest as log_fixtures

pytestmark = pytest.mark.postgres

MODULES = "journal recorder registry checkpoints fsck proofs reader sealer worker".split()
# Many, or slow, and no database makes a difference to them.
LEFT_OUT = frozenset(
    {
        "test_level_one_tiles_are_written_when_full",
        "test_a_changed_byte_in_every_column",
        "test_fields_written_otherwise",
        "test_bad_names",
        "test_every_entry_of_small_logs",
    }
)


@pytest.fixture
def database_url(request, postgres_server):
    """A database of this test alone."""
    if request.node.get_closest_marker("sqlite"):
        pytest.skip("about SQLite alone")
    with postgres_server.database() as url:
        yield url


def _take_over():
    """Every test and fixture of those modules, as this module's own."""
    found = {}
    for short in MODULES:
        for name, value in vars(importlib.import_module(f"tests.log.test_{short}")).items():
            if name.startswith("test_") and name not in LEFT_OUT:
                found[f"test_{short}_{name.removeprefix('test_')}"] = value
            elif isinstance(value, type(database_url)):
                found[name] = value
    found |= {name: value for name, value in vars(log_fixtures).items() if isinstance(value, type(database_url))}
    return found


globals().update({name: value for name, value in _take_over().items() if name != "database_url"})
