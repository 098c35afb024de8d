"""What every command has in common: help, version, exit codes, errors in words or as JSON."""

import json
import os
import re
import stat
import subprocess
import sys

import click
import pytest

from affidavit import cli, errors
from affidavit.cli import main
from affidavit.errors import AffidavitError
from affidavit.version import VERSION


def commands(group=main, prefix=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


def test_the_commands_that_were_promised_are_there():
    names = {" ".join(path) for path, _ in commands()}
    assert names >= {
        "init", "record", "import", "export", "verify", "serve", "demo",
        "log trust", "log status", "log checkpoint", "log fsck", "log prove",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda x: "-".join(x) if isinstance(x, tuple) else ""
)
def test_every_command_explains_itself(call, path, command):
    code, out, _ = call(*path, "--help", at=False)
    assert code == 0
    assert command.help
    assert command.help.split(".")[0].split("\n")[0][:40] in re.sub(r"\s+", " ", out)
    options = {option for parameter in command.params for option in parameter.opts}
    whole = path in {("demo",), ("restore",)}  # all tenants of a home
    assert "--home" not in options or "--tenant" in options or whole


def test_version(call):
    assert call("--version", at=False) == (0, f"affidavit, version {VERSION}\n", "")


def test_exit_codes_are_those_documented():
    documented = dict(re.findall(r"(\d+) ([a-z ]+)", cli.__doc__.replace("\n", " ")))
    children = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, AffidavitError)]
    used = {str(one.exit_code) for one in children} | {"0", "10", "11"}
    assert used == set(documented)


def test_usage_errors_end_with_2(call):
    for arguments in (
        ("nonsense",),
        ("record",),
        ("record", "a", "--outcome", "ok"),
        ("log", "prove", "-1"),
        ("verify", "x"),
    ):
        code, out, err = call(*arguments, at=False)
        assert (code, out) == (2, "")
        assert "Usage" in err


@pytest.mark.parametrize(
    "arguments",
    [("record", "a"), ("log", "status"), ("log", "fsck"), ("import", "--format", "jsonl", "x"), ("export", "-o", "x")],
)
def test_where_there_is_no_log(call, home, arguments):
    code, out, err = call(*arguments)
    assert (code, out) == (4, "")
    assert err == f"affidavit: no log in {home}. Make one: affidavit init --home {home}\n"
    assert not home.exists()
    code, out, err = call(*arguments, "--json")
    assert (code, err) == (4, "")
    assert json.loads(out) == {
        "error": "NotFound", "message": f"no log in {home}", "hint": f"Make one: affidavit init --home {home}",
    }  # fmt: skip


@pytest.mark.usefixtures("made")
def test_unknown_tenants(call):
    for arguments in (("record", "a"), ("log", "status"), ("log", "trust"), ("export", "-o", "x")):
        code, _, err = call(*arguments, "--tenant", "nobody")
        assert code == 4
        assert "'nobody'" in err


@pytest.mark.usefixtures("made")
@pytest.mark.sqlite
def test_a_key_that_others_may_read(call, home):
    (home / "keys/master.key").chmod(0o644)
    code, _, err = call("log", "status")
    assert code == 2
    assert "chmod 600" in err


def test_a_real_process(tmp_path):
    """The whole way once: the environment's home, exit codes, one line on standard error and no traceback."""
    environment = {**os.environ, "AFFIDAVIT_HOME": str(tmp_path / "home")}

    def run(*arguments):
        command = [sys.executable, "-c", "from affidavit.cli import main; main()", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    assert run("init")[0] == 0
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    code, out, err = run("record", "Not One", "--json")
    assert (code, err) == (3, "")
    assert json.loads(out)["error"] == "InvalidEvent"
    code, out, err = run("record", "Not One")
    assert (code, out) == (3, "")
    assert err.startswith("affidavit: action 'Not One' is malformed")
    assert err.count("\n") == 1
    code, out, _ = run("record", "login", "--actor", "u1")
    assert (code, out.startswith("Recorded at index 0, ")) == (0, True)
