"""The command line, called in this process."""

import json

import pytest
from click.testing import CliRunner

from affidavit.cli import main


@pytest.fixture
def call(home):
    """Runs a command on a home: (exit code, standard output, standard error)."""
    runner = CliRunner()

    def do(*arguments, at=True):
        where = ("--home", str(home)) if at else ()
        result = runner.invoke(main, [*map(str, arguments), *where], catch_exceptions=False)
        return result.exit_code, result.stdout, result.stderr

    return do


@pytest.fixture
def asked(call):
    """Runs a command with --json that must end with 0: what it says."""

    def do(*arguments, at=True):
        code, out, err = call(*arguments, "--json", at=at)
        assert (code, err) == (0, ""), out
        return json.loads(out)

    return do


@pytest.fixture
def made(open_log):
    """A home that is there."""
    open_log().close()
