"""`affidavit exports` and the worker that carries runs out, as they are called."""

import os
import signal
import subprocess
import sys

import pytest

from affidavit.export import jobs, legacy

pytestmark = pytest.mark.usefixtures("made")


@pytest.fixture
def queued(open_log):
    """A queued run over three events: its id."""
    log = open_log()
    log.record_many([{"action": "login", "actor": f"u{n}", "at": "2023-10-01T12:00:00Z"} for n in range(3)])
    return jobs.request(log, legacy(user_ids=["u1", "u2"]), bundle=True).id


def test_a_run_from_queue_to_file(asked, call, queued, tmp_path):
    (listed,) = asked("exports", "list")["runs"]
    assert (listed["id"], listed["state"]) == (queued, "queued")
    code, out, _ = call("worker", "--once")
    assert code == 0
    assert f"export run {queued}: done" in out
    shown = asked("exports", "show", queued)
    assert (shown["state"], shown["rows"], shown["verdicts"]["AUTHENTIC"]) == ("done", 2, "PASS")
    assert shown["spec"]["format"] == "csv"
    code, out, _ = call("exports", "show", queued)
    assert "actor.id:(u1,u2)" in out
    assert "COMPLETE      NOT PROVEN" in out
    got = asked("exports", "download", queued, "-o", tmp_path / "x.zip")
    assert (tmp_path / "x.zip").stat().st_size == got["bytes"]
    assert call("exports", "list")[1].count("\n") == 1


def test_a_run_is_carried_out_here_and_only_once(asked, call, queued):
    assert asked("exports", "run", queued)["state"] == "done"
    code, _, err = call("exports", "run", queued)
    assert code == 2
    assert "is done" in err


def test_cancelled_runs_and_unknown_ones(asked, call, queued, tmp_path):
    assert asked("exports", "cancel", queued)["state"] == "cancelled"
    assert call("exports", "cancel", queued)[0] == 2
    assert call("exports", "download", queued, "-o", tmp_path / "x.zip")[0] == 4
    for command in ("show", "cancel", "run"):
        assert call("exports", command, "nonsense")[0] == 4
    assert not (tmp_path / "x.zip").exists()


def test_nothing_there_is_said(call):
    assert call("exports", "list")[1] == "No export runs yet\n"


@pytest.mark.faults
def test_a_worker_ends_when_it_is_told_to(home, queued, asked):
    command = [sys.executable, "-c", "from affidavit.cli import main; main()", "worker", "--home", str(home)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        lines = [child.stdout.readline()]
        while queued not in lines[-1]:
            assert lines[-1], lines
            lines.append(child.stdout.readline())
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert asked("exports", "show", queued)["state"] == "done"
