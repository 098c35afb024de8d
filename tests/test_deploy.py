"""What is under deploy/: units that systemd takes, commands that there are, an image that runs as nobody."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from affidavit.cli import main

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
PROGRAM = "/opt/affidavit/bin/affidavit"
EXPOSURE_MAX = 20  # tenths


def unit(path):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return parser


def check_command(arguments):
    """Raises click.UsageError for what the command line does not take. Nothing is run."""
    command, context = main, click.Context(main)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, name
    command.make_context(name, list(arguments))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_call_commands_there_are(path):
    program, *arguments = shlex.split(unit(path)["Service"]["ExecStart"])
    assert program == PROGRAM
    check_command([one.replace("${AFFIDAVIT_URL}", "https://audit.example.org") for one in arguments])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_units_and_finds_them_shut(tmp_path):
    for path in (*UNITS, *DEPLOY.glob("*.timer")):
        text = path.read_text().replace(PROGRAM, shutil.which("true"))
        (tmp_path / path.name).write_text(text)
    names = [str(one) for one in tmp_path.iterdir()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    for path in UNITS:
        measure = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}"]
        done = subprocess.run([*measure, str(tmp_path / path.name)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-400:]


def test_a_command_that_is_not_there_would_be_seen():
    with pytest.raises(click.UsageError):
        check_command(["serve", "--no-such-option"])


def containerfile():
    text = re.sub(r"\s*\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_image_runs_as_nobody_and_says_how_it_is():
    found = containerfile()
    last = [at for at, (word, _) in enumerate(found) if word == "FROM"][-1]
    final = dict(found[last:])
    assert int(final["USER"].partition(":")[0]) > 0
    assert final["VOLUME"] == "/data"
    assert "/healthz" in final["HEALTHCHECK"]
    assert json.loads(final["ENTRYPOINT"]) == ["affidavit"]
    check_command(json.loads(final["CMD"]))


def test_what_the_image_copies_is_there():
    copied = [rest for word, rest in containerfile() if word == "COPY" and "--from" not in rest]
    names = [name for rest in copied for name in rest.split()[:-1]]
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
