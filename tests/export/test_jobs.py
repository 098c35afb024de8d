"""Export runs: what they hold, who carries them out, and what the log remembers of each."""

import csv
import io
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from affidavit.context import acting
from affidavit.errors import IntegrityError, InvalidRequest, NotFound, StorageError
from affidavit.export import execute as execute_module
from affidavit.export import jobs, legacy
from affidavit.export.download import download
from affidavit.export.execute import FOLDER, execute, run_here
from affidavit.export.run import ExportStopped
from affidavit.export.spec import ExportSpec, InvalidSpec
from affidavit.export.spec_json import spec_from_json, spec_to_json
from affidavit.export.worker import ExportWorker
from affidavit.log.registry import create_tenant
from affidavit.log.schema import export_runs
from affidavit.masking.profiles import builtin
from affidavit.query.tree import is_in

SOME = [("login", f"user{n % 3}", f"/{n}", "2023-10-01T12:00:00") for n in range(40)]


@pytest.fixture
def worker(log):
    with ExportWorker(log) as one:
        yield one


def actions(events):
    return [action for action, _ in events]


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def age(log, run_id, **columns):
    with log.database.write() as connection:
        connection.execute(update(export_runs).where(export_runs.c.id == run_id).values(columns))


# --- specs as JSON ---


def test_a_spec_comes_back_as_it_was():
    spec = legacy("2024-01-01", "2024-02-01", ["u1", "u2"], ["login"], "json", "Europe/Berlin")
    other = replace(spec, profile=builtin("auditor"), subject_ids=frozenset({"a", "b"}), recipient="x", reason="y")
    for one in (spec, other, ExportSpec()):
        assert spec_from_json(spec_to_json(one)) == one


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 3),
        ("format", "exe"),
        ("zone", "Mars/Olympus"),
        ("columns", [["a"]]),
        ("columns", [["a", "no.such.path"]]),
        ("streams", "main"),
        ("query", {"op": "nonsense"}),
        ("profile", {"name": "x"}),
        ("nonsense", 1),
        ("declared", {"x": {"type": "blob"}}),
    ],
)
def test_specs_are_read_strictly(key, value):
    with pytest.raises(InvalidSpec, match=key):
        spec_from_json({**spec_to_json(ExportSpec()), key: value})


# --- runs ---


def test_a_run_is_queued_carried_out_and_downloaded(log, record, worker, own_events, out):
    record(*SOME)
    with acting(actor="auditor7", actor_type="person"):
        run = jobs.request(log, legacy(), bundle=False)
    assert (run.state, run.attempt, run.file) == ("queued", 0, "")
    assert worker.round().runs == {run.id: "done"}
    done = jobs.find(log, run.id)
    assert (done.state, done.rows, done.done, done.total, done.attempt) == ("done", 40, 40, 40, 1)
    assert done.expires_us - done.ended_us == pytest.approx(30 * 86_400_000_000, abs=60_000_000)
    kept = log.home / FOLDER / done.file
    assert kept.stat().st_size == done.bytes
    assert (log.home / FOLDER).stat().st_mode & 0o777 == 0o700
    download(log, run.id, out / "x.csv")
    assert len(rows_of(out / "x.csv")) == 40
    events = own_events()
    assert actions(events) == ["export.requested", "export.created", "export.downloaded"]
    assert {fields["run.id"] for _, fields in events} == {run.id}
    assert events[1][1]["actor.id"] == "auditor7"  # the worker acts for who asked
    assert worker.round().runs == {}


def test_a_bundle_run_keeps_its_verdicts(log, record, worker):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=True)
    worker.round()
    done = jobs.find(log, run.id)
    assert done.file.endswith(".zip")
    assert done.verdicts["AUTHENTIC"] == "PASS"
    assert done.to_json()["verdicts"] == done.verdicts


def test_what_is_asked_is_recorded_with_tokens(log, record, own_events):
    record(*SOME)
    jobs.request(log, legacy(user_ids=["user1"]), bundle=False)
    fields = own_events()[0][1]
    assert "tk_" in fields["export.query"]
    assert "user1" not in str(fields)


def test_two_identical_requests_give_one_run(log, own_events):
    first = jobs.request(log, legacy(), bundle=False, key="october")
    again = jobs.request(log, legacy(), bundle=False, key="october")
    assert first == again
    assert actions(own_events()) == ["export.requested"]
    with pytest.raises(InvalidRequest, match="october"):
        jobs.request(log, legacy(format="json"), bundle=False, key="october")
    assert actions(own_events()) == ["export.requested", "export.refused"]
    assert len(jobs.list_runs(log)) == 1


def test_identical_requests_at_once_give_one_run(log):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(jobs.request(log, legacy(), bundle=False, key="k").id))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


@pytest.mark.parametrize("key", ["x" * 129, "tab\t", "é"])
def test_keys_have_a_form(log, key):
    with pytest.raises(InvalidRequest, match="key"):
        jobs.request(log, legacy(), bundle=False, key=key)


def test_what_cannot_be_carried_out_is_refused_at_once(log, own_events):
    with pytest.raises(InvalidSpec):
        jobs.request(log, replace(legacy(), profile="public", evidence="full"), bundle=True)
    with pytest.raises(NotFound):
        jobs.request(log, replace(legacy(), streams=("nonsense",)), bundle=False)
    assert actions(own_events()) == ["export.refused", "export.refused"]
    assert jobs.list_runs(log) == []


def test_a_queued_run_is_cancelled_at_once(log, worker, own_events, out):
    run = jobs.request(log, legacy(), bundle=False)
    assert jobs.cancel(log, run.id).state == "cancelled"
    assert worker.round().runs == {}
    with pytest.raises(InvalidRequest, match="cancelled"):
        jobs.cancel(log, run.id)
    with pytest.raises(NotFound, match="cancelled"):
        download(log, run.id, out / "x.csv")
    assert actions(own_events()) == ["export.requested", "export.cancelled", "export.refused", "export.refused"]
    assert not (out / "x.csv").exists()


def test_a_running_run_is_cancelled_within_a_batch(log, record, own_events):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    held = jobs.claim(log.database, "me", 30)

    def slowly(stage, _done, _total):
        if stage == "Select":
            assert jobs.cancel(log, run.id).cancelling
            wait_until(lambda: jobs.find(log, run.id).stage == "Select")

    assert execute(log, held, "me", lease_s=1, progress=slowly) is None
    assert jobs.find(log, run.id).state == "cancelled"
    assert actions(own_events()) == ["export.requested", "export.cancelled"]
    assert not (log.home / FOLDER / run.id).exists()


def wait_until(check, seconds=20.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_whose_holder_is_gone_is_taken_up_again_and_given_up_in_the_end(log, record, own_events):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    for attempt in (1, 2, 3):
        held = jobs.claim(log.database, f"gone{attempt}", 30)
        assert held.attempt == attempt
        assert jobs.claim(log.database, "other", 30) is None  # while the lease lasts
        age(log, run.id, until_us=1)
    with ExportWorker(log) as worker:
        assert worker.round().runs == {run.id: "failed"}
    assert "3 workers" in jobs.find(log, run.id).reason
    assert actions(own_events()) == ["export.requested", "export.failed"]


def test_who_lost_a_run_stops_and_leaves_nothing(log, record):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    slow = jobs.claim(log.database, "slow", 30)

    def lose(stage, _done, _total):
        if stage == "Select":
            age(log, run.id, until_us=1)
            with ExportWorker(log) as worker:
                assert worker.round().runs == {run.id: "done"}

    assert execute(log, slow, "slow", progress=lose) is None
    done = jobs.find(log, run.id)
    assert (done.state, done.attempt) == ("done", 2)
    assert [path.name for path in (log.home / FOLDER / run.id).iterdir()] == ["2"]


def test_a_worker_told_to_stop_puts_the_run_back(log, record, own_events):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    stop = threading.Event()
    stop.set()
    with ExportWorker(log) as worker:
        assert worker.round(stop).runs == {run.id: "queued"}
        assert jobs.find(log, run.id).attempt == 0
        assert worker.round().runs == {run.id: "done"}
    assert actions(own_events()) == ["export.requested", "export.created"]


def test_a_full_disk_is_tried_again_later_and_not_for_ever(log, record, monkeypatch, own_events):
    record(*SOME)

    def full(*_args, **_kwargs):
        raise StorageError("No space left on device")

    monkeypatch.setattr(execute_module, "run_export", full)
    run = jobs.request(log, legacy(), bundle=False)
    with ExportWorker(log) as worker:
        assert worker.round().runs == {run.id: "queued"}
        assert worker.round().runs == {}  # not at once
        for state in ("queued", "failed"):
            age(log, run.id, until_us=0)
            assert worker.round().runs == {run.id: state}
    assert jobs.find(log, run.id).reason == "No space left on device"
    assert not (log.home / FOLDER / run.id).exists()


def test_an_unforeseen_error_ends_the_run_and_not_the_worker(log, record, monkeypatch):
    record(*SOME)
    monkeypatch.setattr(execute_module, "run_export", lambda *_a, **_k: 1 / 0)
    run = jobs.request(log, legacy(), bundle=False)
    with ExportWorker(log) as worker:
        work = worker.round()
    assert "ZeroDivisionError" in work.errors[0]
    assert jobs.find(log, run.id).state == "failed"


def test_files_expire(log, record, worker, own_events, out):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    worker.round()
    assert worker.round().expired == 0
    age(log, run.id, expires_us=1)
    assert worker.round().expired == 1
    assert worker.round().expired == 0
    assert not (log.home / FOLDER / run.id).exists()
    with pytest.raises(NotFound, match="expired"):
        download(log, run.id, out / "x.csv")
    assert actions(own_events())[2:] == ["export.expired", "export.refused"]


def test_a_changed_file_is_not_handed_out(log, record, worker, out):
    record(*SOME)
    run = jobs.request(log, legacy(), bundle=False)
    worker.round()
    kept = log.home / FOLDER / jobs.find(log, run.id).file
    kept.write_bytes(kept.read_bytes().replace(b"login", b"logon"))
    with pytest.raises(IntegrityError):
        download(log, run.id, out / "x.csv")
    assert list(out.iterdir()) == []


def test_runs_of_every_tenant_are_carried_out_and_nobody_elses_are_shown(log, record):
    create_tenant(log.database, log.keys, "other", "UTC")
    with type(log).open(log.home, tenant="other") as other:
        run = jobs.request(other, legacy(), bundle=False)
        with ExportWorker(log) as worker:
            assert worker.round().runs == {run.id: "done"}
        assert jobs.find(other, run.id).state == "done"
        assert jobs.list_runs(log) == []
        with pytest.raises(NotFound):
            jobs.find(log, run.id)
        with pytest.raises(NotFound):
            jobs.cancel(log, run.id)


# --- in this process ---


def test_a_run_of_our_own_process_is_seen_and_cancelled_from_elsewhere(log, record, out, own_events):
    record(*SOME)
    result = run_here(log, legacy(user_ids=["user1"]), out / "x.csv", bundle=False)
    (run,) = jobs.list_runs(log)
    assert (run.state, run.rows, run.export_id, run.file) == ("done", 13, result.export_id, "")

    def cancelled(stage, _done, _total):
        if stage == "Select":
            jobs.cancel(log, jobs.list_runs(log)[0].id)
            wait_until(lambda: jobs.list_runs(log)[0].stage == "Select")

    with pytest.raises(ExportStopped):
        run_here(log, legacy(), out / "y.csv", bundle=False, progress=cancelled)
    assert jobs.list_runs(log)[0].state == "cancelled"
    assert sorted(path.name for path in out.iterdir()) == ["x.csv", "x.csv.manifest.json"]
    assert actions(own_events())[2:] == ["export.requested", "export.cancelled"]


def test_no_worker_takes_a_run_of_a_process_of_its_own_and_a_gone_one_is_said_to_be(log, record, worker):
    record(*SOME)
    run = jobs.request_here(log, legacy(), bundle=False, holder="shell")
    assert worker.round().runs == {}
    age(log, run.id, until_us=1)
    assert worker.round().runs == {}
    found = jobs.find(log, run.id)
    assert (found.state, found.reason) == ("failed", "the process that carried it out is gone")


WORKER = """
import sys, time
from affidavit.export import execute, jobs
from affidavit.export.worker import ExportWorker
from affidavit.log.audit_log import AuditLog

real = execute.run_export
def slow(*args, progress, **more):
    def tell(stage, done, total):
        progress(stage, done, total)
        print(stage, flush=True)
        if stage == "Write":
            time.sleep(60)
    return real(*args, progress=tell, **more)
execute.run_export = slow
with AuditLog.open(sys.argv[1]) as log, ExportWorker(log, lease_s=1) as worker:
    worker.round()
"""


@pytest.mark.faults
def test_a_killed_workers_run_is_taken_up_again(log, record, own_events, out):
    record(*SOME)
    run = jobs.request(log, replace(legacy(), query=is_in("action", ["login"])), bundle=True)
    child = subprocess.Popen([sys.executable, "-c", WORKER, str(log.home)], stdout=subprocess.PIPE, text=True)
    try:
        while child.stdout.readline().strip() != "Write":
            assert child.poll() is None
        assert jobs.find(log, run.id).state == "running"
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    left = list((log.home / FOLDER / run.id / "1").iterdir())
    assert [path.suffix for path in left] == [".part"]
    with ExportWorker(log, lease_s=1) as worker:
        wait_until(lambda: worker.round().runs == {run.id: "done"})
    done = jobs.find(log, run.id)
    assert (done.attempt, done.verdicts["COMPLETE"]) == (2, "PASS")
    assert [path.name for path in (log.home / FOLDER / run.id).iterdir()] == ["2"]
    download(log, run.id, out / "x.zip")
    assert actions(own_events()) == ["export.requested", "export.created", "export.downloaded"]
