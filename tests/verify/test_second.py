"""A second process: its messages, its errors, its end; and a caller that has no main module to guard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from affidavit.errors import AffidavitError, IntegrityError, StorageError
from affidavit.verify.second import Second
from tests.verify.builder import Builder


def begun(name, *arguments):
    return Second(f"tests.verify.parts:{name}", arguments)


def test_messages_come_whole_whatever_else_it_prints():
    long = "ü" * 100_000
    with begun("echo", "a", "b") as second:
        assert second.ready()
        second.inlet.write(f"one\n{long}\n".encode())
        second.inlet.close()
        assert second.hear() == {"arguments": ["a", "b"], "line": "one\n"}
        assert second.hear()["line"] == f"{long}\n"
        with pytest.raises(StorageError, match="ended too early"):
            second.hear()


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("ours", IntegrityError, r"record 3 is changed\. Run affidavit log fsck"),
        ("disk", OSError, "No space left on device"),
        ("other", AffidavitError, "ZeroDivisionError: by zero"),
    ],
)
def test_what_it_raises_is_raised_here(kind, error, words):
    with begun("fail", kind) as second:
        assert second.ready()
        with pytest.raises(error, match=words):
            second.hear()


@pytest.mark.faults
def test_a_killed_one_is_not_waited_for():
    with begun("hang") as second:
        assert second.ready()
        os.kill(second._process.pid, signal.SIGKILL)
        with pytest.raises(StorageError, match="ended too early"):
            second.hear()


def test_it_ends_with_the_block():
    with begun("hang") as second:
        assert second.ready()
    assert second._process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("program", ["/bin/false", "/bin/cat"])
def test_an_interpreter_that_is_none_is_never_ready(monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    with begun("echo") as second:
        assert not second.ready(5.0)


def test_a_program_without_a_guarded_main_module_can_ask_for_two(tmp_path):
    bundle, trust, script = tmp_path / "bundle.zip", tmp_path / "trust.json", tmp_path / "script.py"
    builder = Builder(events=300)
    bundle.write_bytes(builder.zip())
    trust.write_text(str(builder.trust()).replace("'", '"').replace("None", "null"))
    script.write_text(
        "from affidavit.verify import bundle\n"
        "bundle.PROCESSES_FROM_BYTES = 0\n"
        "bundle.possible = lambda: True\n"
        f"print(bundle.verify_bundle({str(bundle)!r}, {str(trust)!r}, processes=2).ok)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("True\n", "")
