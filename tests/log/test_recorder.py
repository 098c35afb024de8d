"""Recording: one commit for many, each answered on its own, nothing lost that was acknowledged."""

import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from affidavit.commitment import parse_entry
from affidavit.errors import Busy, Forbidden, InvalidEvent, NotFound, StorageError
from affidavit.log.recorder import Job, Recorder
from affidavit.testing import capture_events
from affidavit.tlog.merkle import leaf_hash

WAIT_S = 20


@pytest.fixture
def commits(monkeypatch):
    """The jobs of every transaction, in order."""
    seen = []
    transact = Recorder._transact

    def spy(recorder, jobs):
        seen.append(list(jobs))
        return transact(recorder, jobs)

    monkeypatch.setattr(Recorder, "_transact", spy)
    return seen


@pytest.mark.parametrize(
    "given",
    [
        ("login", {}),
        ("grade.updated", {"actor": "u1", "resource": "enrollment:17", "outcome": "denied"}),
        ({"action": "login", "actor": {"id": "u1"}}, {"message": "m"}),
    ],
)
def test_a_receipt_says_where_the_event_is(log, given):
    action, fields = given
    receipt = log.record(action, **fields)
    opened = log.opened("main", receipt.index)
    assert (receipt.log, receipt.stream, receipt.index) == (log.tenant.log("main").origin, "main", 0)
    assert receipt.leaf == leaf_hash(opened.entry)
    entry = parse_entry(opened.entry)
    assert (entry.t_us, entry.at_us) == (receipt.t_us, receipt.t_us)
    assert receipt.t in opened.entry.decode()
    assert dict(zip(opened.paths, opened.values, strict=True))["id"] == str(receipt.id)
    assert not receipt.duplicate


def test_many_waiting_callers_are_one_commit(log, held, commits, size, clean):
    with ThreadPoolExecutor(32) as pool:
        with held(log):
            del commits[:]
            calls = [pool.submit(log.record, "a", actor=f"u{n}") for n in range(32)]
            while log._recorder._waiting < 32:
                wait(calls, timeout=0.005)
        receipts = [call.result(WAIT_S) for call in calls]
    assert [len(jobs) for jobs in commits] == [32]
    assert sorted(receipt.index for receipt in receipts) == list(range(32)) == list(range(size()))
    assert len({receipt.leaf for receipt in receipts}) == 32
    assert clean()["main"].size == 32


def test_threads_without_rest(log, size, clean):
    def some(name):
        return [log.record("a", actor=name) for _ in range(25)]

    with ThreadPoolExecutor(16) as pool:
        found = [list(part) for part in pool.map(some, [f"u{n}" for n in range(16)])]
    assert sorted(r.index for part in found for r in part) == list(range(400)) == list(range(size()))
    for part in found:
        assert [r.index for r in part] == sorted(r.index for r in part)
    for receipt in (part[-1] for part in found):
        assert leaf_hash(log.opened("main", receipt.index).entry) == receipt.leaf
    assert clean()["main"].size == 400


def test_a_transaction_takes_so_many_events_and_no_more(open_log, held, commits):
    log = open_log(group_events_max=10)
    with held(log):
        del commits[:]
        calls = [log.submit_many([{"action": "a"}] * count) for count in (4, 4, 4, 30, 1)]
    wait(calls, timeout=WAIT_S)
    assert [[len(job.events) for job in jobs] for jobs in commits] == [[4, 4], [4], [30], [1]]


def test_batches_keep_their_order_and_name_each_refusal(log):
    answers = log.record_many(
        [{"action": "a"}, {"action": "Not One"}, {"action": "b", "details": {"x": "\x00"}}, 7, {"action": "c"}]
    )
    kinds = [type(answer).__name__ for answer in answers]
    assert kinds == ["Receipt", "InvalidEvent", "InvalidEvent", "InvalidEvent", "Receipt"]
    assert [answers[0].index, answers[4].index] == [0, 1]
    assert [answer.field for answer in answers[1:4]] == ["action", "details.x", ""]
    assert log.record_many([]) == []


def test_one_bad_job_does_not_fail_its_neighbours(log, held, size, clean):
    def burst(_connection, _placed):
        raise ZeroDivisionError

    with held(log):
        before = log.submit("before")
        bad = log.submit_many([{"action": "bad"}], extra=burst)
        after = log.submit("after")
    assert [before.result(WAIT_S).index, after.result(WAIT_S).index] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        bad.result(WAIT_S)
    assert size() == 2
    assert clean()["main"].size == 2


def test_a_bad_event_does_not_fail_its_neighbours(log, held, clock):
    with held(log):
        good, late = log.submit("a"), log.submit("b", at="2026-10-01T13:00:00Z")
        other = log.submit("c")
    assert [good.result(WAIT_S).index, other.result(WAIT_S).index] == [0, 1]
    with pytest.raises(InvalidEvent, match="300 s") as caught:
        late.result(WAIT_S)
    assert caught.value.field == "at"


def test_a_call_that_waits_cannot_be_cancelled(log, held):
    with held(log):
        cancelled, other = log.submit("a"), log.submit("b")
        assert not cancelled.cancel()  # it is recorded in any case
    assert (cancelled.result(WAIT_S).index, other.result(WAIT_S).index) == (0, 1)


@pytest.mark.parametrize("stream", ["access", "control"])
def test_own_streams_are_ours(log, stream):
    for refused in (log.record, log.record_buffered):
        with pytest.raises(Forbidden, match=stream):
            refused("a", stream=stream)
    with pytest.raises(Forbidden):
        log.record_many([{"action": "a"}], stream=stream)
    assert log.record_own("report.viewed", {"view.id": "1"}, stream=stream).index == 0


def test_unknown_streams_are_named(log):
    with pytest.raises(NotFound, match="'mian'"):
        log.record("a", stream="mian")


# --- the queue ---------------------------------------------------------------------------------------------------


def test_busy_when_too_much_waits(open_log, held, size):
    log = open_log(queue_events_max=3)
    with held(log):
        waiting = [log.submit("a") for _ in range(3)]
        with pytest.raises(Busy, match="3 events wait") as caught:
            log.record("refused")
        assert caught.value.retry_after_s > 0
        with pytest.raises(Busy):
            log.record_many([{"action": "refused"}])
    wait(waiting, timeout=WAIT_S)
    assert log.record("a").index == 3


def test_a_batch_larger_than_the_queue_passes_when_nothing_waits(open_log):
    assert len(open_log(queue_events_max=3).record_many([{"action": "a"}] * 10)) == 10


def test_buffered_events_are_written_by_the_flush(log, size):
    assert all(log.record_buffered("a") for _ in range(50))
    assert log.flush()
    assert size() == 50
    with pytest.raises(InvalidEvent):
        log.record_buffered("Not One")


def test_dropped_events_are_counted_and_the_gap_is_recorded(open_log, held):
    log = open_log(queue_events_max=2)
    with capture_events(log, stream="control") as control:
        with held(log):
            assert [log.record_buffered("a") for _ in range(5)] == [True, True, False, False, False]
        log.flush()
        assert log.record_buffered("b")
        (event,) = control
    assert (event.action, event.outcome) == ("events.dropped", "failure")
    assert (event.fields["record_count"], event.fields["log.stream"]) == (3, "main")
    from affidavit.log.status import status

    assert status(log)["logs"]["main"]["counters"] == {"dropped": 3}
    assert status(log)["logs"]["main"]["size"] == 3


def test_drops_before_the_end_are_recorded_by_close(open_log, held):
    log = open_log(queue_events_max=1)
    with held(log):
        assert [log.record_buffered("a") for _ in range(3)] == [True, False, False]
    log.flush()
    log.close()
    other = open_log()
    fields = other.opened("control", 0)
    assert dict(zip(fields.paths, fields.values, strict=True))["record_count"] == "2"


def test_storage_errors_reach_the_caller_and_buffered_events_outlive_them(log, held, monkeypatch, size, clock):
    transact, failures = Recorder._transact, [StorageError("disk full")] * 2

    def fail(recorder, jobs):
        if failures:
            raise failures.pop()
        return transact(recorder, jobs)

    with held(log):
        durable = log.submit("a")
        assert log.record_buffered("b")
        monkeypatch.setattr(Recorder, "_transact", fail)
    with pytest.raises(StorageError, match="disk full"):
        durable.result(WAIT_S)
    assert log.flush()
    assert size() == 1
    assert parse_entry(log.opened("main", 0).entry).action == "b"
    assert failures == []


# --- the end -----------------------------------------------------------------------------------------------------


def test_close_writes_what_waits_and_refuses_what_comes(open_log):
    log = open_log()
    calls = [log.submit("a") for _ in range(100)]
    log.close()
    log.close()
    assert sorted(call.result(0).index for call in calls) == list(range(100))
    for refused in (log.record, log.record_buffered):
        with pytest.raises(StorageError, match="closed"):
            refused("b")
    assert open_log().record("c").index == 100
    assert not [thread for thread in threading.enumerate() if thread is log._recorder._thread]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_children_record_on_the_same_log(log, clean):
    log.record("parent", actor="u0")
    children = []
    for n in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what is tested
            child = os.fork()
        if child == 0:
            code = 1
            try:
                seen = log.opened("main", 0)
                receipts = [log.record("child", actor=f"u{n}") for _ in range(20)]
                log.close()
                code = 0 if seen and len({r.index for r in receipts}) == 20 else 2
            finally:
                os._exit(code)
        children.append(child)
    receipts = [log.record("parent") for _ in range(20)]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    assert len({r.index for r in receipts}) == 20
    assert clean()["main"].size == 81


def test_a_job_without_events_runs_its_extra(log):
    ran = []
    assert log.submit_many([], extra=lambda _c, placed: ran.append(placed)).result(WAIT_S) == []
    assert ran == [[]]
    assert log._recorder.submit(Job([])).result(WAIT_S) == []


def test_what_was_handed_over_cannot_be_cancelled(log, caplog):
    for future in (log.submit("a"), log.submit_many([{"action": "a"}])):
        assert not future.cancel()
        assert future.result(WAIT_S)
    log.flush()
    assert not caplog.records


@pytest.mark.sqlite
def test_who_waits_hears_of_a_locked_database_though_buffered_events_go_on_waiting(open_log):
    log = open_log(busy_timeout_s=0.1)
    with log.database.write():
        assert log.record_buffered("a.buffered")
        with pytest.raises(StorageError, match="locked"):
            log.submit("a.waiting").result(WAIT_S)
    assert log.flush()
    assert parse_entry(log.opened("main", 0).entry).action == "a.buffered"


@pytest.mark.sqlite
def test_a_child_forked_while_the_parent_writes_can_write(open_log):
    log = open_log(busy_timeout_s=2)
    log.record("a.parent")
    inside, gate = threading.Event(), threading.Event()

    def wait_inside(_connection, _placed):
        inside.set()
        assert gate.wait(WAIT_S)

    future = log.submit_many([{"action": "a.parent"}], extra=wait_inside)
    assert inside.wait(WAIT_S)
    threading.Timer(0.2, gate.set).start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            log.record("a.child")
            os._exit(0)
        except BaseException:  # noqa: BLE001
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert future.result(WAIT_S)[0].index == 1
    assert log.record("a.parent").index == 3
