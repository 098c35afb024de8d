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


# --- affidavit export: beside the file ---


@pytest.fixture
def filled(open_log):
    open_log().record_many([{"action": "login", "actor": f"u{n}", "at": "2023-10-01T12:00:00Z"} for n in range(30)])


@pytest.mark.usefixtures("filled")
def test_a_preview_says_what_to_expect_and_leaves_no_export(call, asked):
    code, out, err = call("export", "--preview", "--user", "u1", "--bundle")
    assert (code, err) == (0, "")
    assert "1 row, about" in out
    assert "COMPLETE      not provable  It asks for actor.id" in out
    found = asked("export", "--preview")
    assert (found["rows"], found["exact"], len(found["preview"])) == (30, True, 10)
    assert "CSV can be rebuilt cell by cell" in str(found["verdicts"])
    assert "tk_" in found["preview"][0]["user_id"]
    assert asked("exports", "list")["runs"] == []


@pytest.mark.usefixtures("filled")
def test_an_export_left_to_a_worker(asked, call, tmp_path):
    first = asked("export", "--background", "--key", "k1", "--action", "login")
    again = asked("export", "--background", "--key", "k1", "--action", "login")
    assert first == again
    assert call("export", "--background", "--key", "k1", "--action", "logout")[0] == 2
    call("worker", "--once")
    asked("exports", "download", first["id"], "-o", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text().count("\n") == 31


@pytest.mark.usefixtures("filled")
def test_an_export_here_is_a_run_too(asked, tmp_path):
    made = asked("export", "-o", tmp_path / "x.csv")
    (run,) = asked("exports", "list")["runs"]
    assert (run["state"], run["export_id"], run["rows"], run["file"]) == ("done", made["export"], 30, "")


@pytest.mark.usefixtures("filled")
def test_users_of_a_file(asked, call, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text("u1\n\nu2\nu2\nnobody\n")
    assert asked("export", "--user-file", file, "--user", "u3", "-o", tmp_path / "x.csv")["rows"] == 3
    for content in (b"", b"\xff"):
        file.write_bytes(content)
        code, _, err = call("export", "--user-file", file, "-o", tmp_path / "y.csv")
        assert code == 2
        assert "--user-file" in err
    assert call("export", "--user-file", tmp_path / "none", "-o", tmp_path / "y.csv")[0] == 2
    assert not (tmp_path / "y.csv").exists()


@pytest.mark.usefixtures("filled")
def test_very_many_ids_and_too_many(asked, call, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(f"u{n}" for n in range(20, 200_020)))
    assert asked("export", "--user-file", file, "-o", tmp_path / "x.csv")["rows"] == 10
    file.write_text("\n".join(f"u{n}" for n in range(1_000_001)))
    assert "1,000,001 ids" in call("export", "--user-file", file, "-o", tmp_path / "x.csv")[2]


@pytest.mark.usefixtures("filled")
def test_contradictions_are_said_and_refusals_recorded(call, open_log, tmp_path):
    code, out, _ = call("export", "--action", "login", "--query", "action:logout", "-o", tmp_path / "x.csv")
    assert code == 0
    assert out.startswith("This can't match anything")
    assert call("export", "--preview", "--action", "login", "--query", "action:logout")[1].startswith("This can't")
    assert call("export", "--query", "acton:login", "-o", tmp_path / "y.csv")[0] == 2
    log = open_log()
    last = log.opened("access", log.pin("access").size - 1)
    assert b'"export.refused"' in last.entry
    assert "unknown field" in str(last.values)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--preview", "--background"),
        ("--preview", "-o", "x.csv"),
        ("--background", "-o", "x"),
        ("--key", "k", "-o", "x"),
    ],
)
def test_options_that_do_not_go_together(call, options):
    code, out, err = call("export", *options)
    assert (code, out) == (2, "")
    assert "Error" in err or "affidavit" in err
