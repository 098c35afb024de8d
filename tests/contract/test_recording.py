"""Recording: sequence, group commit, ids, streams, tenants, times; the same on every database."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text

from affidavit.commitment import parse_entry
from affidavit.errors import DuplicateId, Forbidden, InvalidEvent, InvalidRequest, NotFound, StorageError
from affidavit.log import registry
from affidavit.log.fsck import fsck
from affidavit.log.importer import import_files
from affidavit.log.journal import Appender
from affidavit.log.schema import counters, journal, logs
from affidavit.tlog.merkle import leaf_hash

ID = "0190a8a0-7b6c-7f00-8000-00000000000a"
HOSTILE = "Ω 𝄞 '\"; DROP TABLE journal; -- %s %(x)s ? \\ \t end"


def indexes(log, stream="main"):
    with log.database.read() as connection:
        return list(
            connection.execute(
                select(journal.c.idx).where(journal.c.log_id == log.tenant.log(stream).id).order_by(journal.c.idx)
            ).scalars()
        )


def test_a_receipt_names_what_is_in_the_log(log):
    receipt = log.record("grade.updated", actor="u1", resource="enrollment:17", outcome="success")
    opened = log.opened("main", receipt.index)
    assert receipt.index == 0
    assert receipt.leaf == leaf_hash(opened.entry)
    assert parse_entry(opened.entry).action == "grade.updated"
    assert dict(zip(opened.paths, opened.values, strict=True))["actor.id"] == "u1"


def test_any_text_comes_back_as_it_went_in(log):
    events = [{"action": "a.b", "actor": "u", "details": {"note": HOSTILE, "n": n}} for n in range(20)]
    log.record("a.b", actor="u", source={"user_agent": HOSTILE})
    log.record_many(events)  # the way of many rows is another than that of one
    opened = log.opened("main", 0)
    assert dict(zip(opened.paths, opened.values, strict=True))["source.user_agent"] == HOSTILE
    assert "DROP TABLE" in "".join(log.opened("main", 20).values)
    assert fsck(log, "main").size == 21


@pytest.mark.parametrize("count", [1, 3, 4, 5, 1000])
def test_batches_of_every_size_are_sequenced_in_order(log, count):
    receipts = log.record_many([{"action": "a.b", "actor": f"u{n}"} for n in range(count)])
    assert [one.index for one in receipts] == list(range(count))
    assert indexes(log) == list(range(count))
    assert fsck(log, "main").size == count


def test_waiting_callers_share_commits_and_nothing_is_lost(log):
    commits = 0
    transact = log._recorder._transact

    def counting(jobs):
        nonlocal commits
        commits += 1
        time.sleep(0.02)  # so that others come to wait
        return transact(jobs)

    log._recorder._transact = counting
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda n: log.record("a.b", actor=f"u{n}"), range(200)))
    assert sorted(one.index for one in receipts) == list(range(200))
    assert commits < 100
    assert fsck(log, "main").size == 200


def test_a_repeated_id_gives_the_first_index_and_a_clash_is_refused(log):
    first = log.record("a.b", actor="u", id=ID)
    again = log.record("a.b", actor="u", id=ID)
    assert (again.index, again.duplicate) == (first.index, True)
    with pytest.raises(DuplicateId):
        log.record("a.b", actor="somebody else", id=ID)
    answers = log.record_many(
        [{"action": "a.b", "actor": "u", "id": ID}, {"action": "a.c"}, {"action": "a.d", "id": ID}]
    )
    assert answers[0].index == 0
    assert answers[1].index == 1
    assert isinstance(answers[2], DuplicateId)
    assert indexes(log) == [0, 1]


def test_our_own_streams_are_closed_to_callers(log):
    for stream in ("access", "control"):
        with pytest.raises(Forbidden):
            log.record("a.b", stream=stream)
    with pytest.raises(NotFound):
        log.record("a.b", stream="elsewhere")


def test_tenants_share_a_database_and_nothing_else(log, open_log):
    registry.create_tenant(log.database, log.keys, "other-school", "UTC")
    other = open_log(tenant="other-school")
    log.record("a.b", actor="ours", id=ID)
    receipt = other.record("a.c", actor="theirs", id=ID)  # ids clash within one log only
    assert receipt.index == 0
    assert other.tenant.log("main").origin != log.tenant.log("main").origin
    assert log.pin().size == other.pin().size == 1
    assert registry.list_tenants(log.database) == ["default", "other-school"]
    with pytest.raises(InvalidRequest, match="exists already"):
        registry.create_tenant(log.database, log.keys, "other-school", "UTC")


def test_the_logs_time_never_runs_backwards(log, monkeypatch):
    real = time.time_ns()
    log.record("a.b")
    monkeypatch.setattr(time, "time_ns", lambda: real - 3_600 * 10**9)
    second = log.record("a.b")
    times = [parse_entry(log.opened("main", n).entry).t_us for n in range(2)]
    assert times[0] == times[1] == second.t_us


def test_what_is_dated_in_the_future_is_refused_alone(log):
    answers = log.record_many([{"action": "a.b"}, {"action": "a.b", "at": "2099-01-01T00:00:00Z"}, {"action": "a.b"}])
    assert isinstance(answers[1], InvalidEvent)
    assert [answers[0].index, answers[2].index] == [0, 1]


def test_counters_add_up(log):
    for _ in range(2):
        log.record("a.b", details={"password": "x"})
    with log.database.read() as connection:
        assert connection.execute(select(counters.c.value)).scalars().all() == [2]


def test_a_second_writer_waits_for_the_head_row(log, open_log):
    other = open_log()
    log_id = log.tenant.log("main").id
    began = threading.Event()
    done = threading.Event()

    def record():
        began.set()
        other.record("a.b", actor="second")
        done.set()

    with log.database.write() as connection:
        Appender(log.database, connection, [log_id], lambda: time.time_ns() // 1000)
        thread = threading.Thread(target=record)
        thread.start()
        began.wait(10)
        assert not done.wait(0.3)
        connection.execute(text("SELECT 1"))
    assert done.wait(20)
    thread.join()
    assert indexes(log) == [0]


def test_a_lock_nobody_gives_up_ends_in_an_error(log, open_log):
    impatient = open_log(busy_timeout_s=0.2)
    with log.database.write() as connection:
        log.database.lock_logs(connection, [log.tenant.log("main").id])
        with pytest.raises(StorageError, match=r"lock") as caught:
            impatient.record("a.b")
    assert "0.2 s" in caught.value.hint
    assert impatient.record("a.b").index == 0


def test_readers_keep_their_snapshot_while_others_write(log):
    log.record("a.b")
    size = select(logs.c.size).where(logs.c.id == log.tenant.log("main").id)
    with log.database.read() as connection:
        assert connection.execute(size).scalar_one() == 1
        log.record("a.b")
        assert connection.execute(size).scalar_one() == 1
        assert len(connection.execute(select(journal.c.idx)).all()) == 1
    assert log.pin().size == 2


def test_an_import_run_again_records_nothing_new(log, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f'{{"action":"a.b","actor":"u{n}"}}\n' for n in range(3000)))
    first = import_files(log, [file], "jsonl")
    with file.open("a") as more:
        more.write('{"action":"a.c"}\n')
    again = import_files(log, [file], "jsonl")
    assert (first.recorded, again.recorded, again.known) == (3000, 1, 3000)
    assert indexes(log) == list(range(3001))


def test_what_failed_in_doubt_is_not_recorded_twice(log):
    """A buffered event whose commit happened although the connection broke: tried again, it is found."""
    transact = log._recorder._transact
    failures = [StorageError("the connection broke")]

    def breaking(jobs):
        answer = transact(jobs)
        if failures:
            raise failures.pop()
        return answer

    log._recorder._transact = breaking
    log.record_buffered("a.b", actor="u")
    assert log.flush()
    assert indexes(log) == [0]
    assert isinstance(log.record("a.c").id, UUID)
    assert indexes(log) == [0, 1]


def test_errors_tell_no_values(log):
    secret = "the-student's-name"
    rows = [(1, 7, 1, 1, "a.b", "success", b"c", b"l", b"s", "s", secret)] * 20
    columns = ("log_id", "idx", "at_us", "t_us", "action", "outcome", "c", "leaf", "seed", "tags", "fields")
    with pytest.raises(StorageError) as caught, log.database.write() as connection:
        log.database.insert(connection, "journal", columns, rows)
    seen, error = "", caught.value
    while error is not None:
        seen += f"{error} {error.args}"
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    assert secret not in seen
    assert str(log.database.url.password) not in seen or log.database.url.password is None
