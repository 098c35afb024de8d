"""PostgreSQL restarted, crashed and its clients killed under load: no gap, no double, nothing acknowledged lost.

A handful of rounds by default; AFFIDAVIT_LONG=1 runs many more.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from affidavit.errors import StorageError
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.schema import event_ids, journal, logs
from tests.servers import postgres

pytestmark = [pytest.mark.faults, pytest.mark.postgres]
ROUNDS = 60 if os.environ.get("AFFIDAVIT_LONG") else 2
WRITER = Path(__file__).with_name("postgres_writer.py")
WRITERS = 3


@pytest.fixture(scope="module")
def server():
    with postgres() as running:
        yield running


@pytest.fixture
def url(server):
    with server.database() as made:
        yield made


def receipts_in(folder):
    """index → (leaf, id). The last line of a killed process may be cut off."""
    found = {}
    for path in folder.iterdir():
        for line in path.read_text().rpartition("\n")[0].splitlines():
            index, leaf, event_id = line.split()
            assert int(index) not in found, "one index for two receipts"
            found[int(index)] = (bytes.fromhex(leaf), event_id)
    return found


def check(log, receipts):
    """Indexes from 0 without gap, ids once each, each receipt with its leaf, fsck clean; the size."""
    log_id = log.tenant.log("main").id
    with log.database.read() as connection:
        size = connection.execute(select(logs.c.size).where(logs.c.id == log_id)).scalar_one()
        leaves = connection.execute(
            select(journal.c.leaf).where(journal.c.log_id == log_id).order_by(journal.c.idx)
        ).scalars()
        leaves = [bytes(leaf) for leaf in leaves]
        ids = connection.execute(
            select(event_ids.c.idx).where(event_ids.c.log_id == log_id).order_by(event_ids.c.idx)
        ).scalars()
        assert list(ids) == list(range(size))
    assert len(leaves) == size
    assert [index for index, (leaf, _) in receipts.items() if leaves[index] != leaf] == []
    assert fsck(log, "main").size == size
    return size


class Writers:
    """Several processes writing one log."""

    def __init__(self, home, url, out):
        self._command = [sys.executable, str(WRITER), str(home), url]
        self._out = out
        self._number = 0
        self.running = []

    def start(self):
        self._number += 1
        self.running.append(subprocess.Popen([*self._command, str(self._out / str(self._number))]))

    def kill(self, one):
        one.kill()
        one.wait()
        self.running.remove(one)

    def stop(self):
        for one in list(self.running):
            self.kill(one)

    def wait_for_more(self, before):
        """Until each of the newest files has grown: everybody is at work again."""
        end = time.monotonic() + 60
        while len(receipts_in(self._out)) < before + 20:
            assert time.monotonic() < end, "nobody records"
            time.sleep(0.1)


@pytest.fixture
def writers(tmp_path, url):
    out = tmp_path / "out"
    out.mkdir()
    with AuditLog.open(tmp_path / "home", database=url):
        pass
    made = Writers(tmp_path / "home", url, out)
    for _ in range(WRITERS):
        made.start()
    yield made
    made.stop()


def test_writers_killed_at_random_moments(tmp_path, url, writers):
    writers.wait_for_more(0)
    for _ in range(3 * ROUNDS):
        time.sleep(random.uniform(0, 0.3))
        writers.kill(random.choice(writers.running))
        writers.start()
    writers.wait_for_more(len(receipts_in(tmp_path / "out")))
    writers.stop()
    with AuditLog.open(tmp_path / "home", database=url) as log:
        receipts = receipts_in(tmp_path / "out")
        size = check(log, receipts)
        assert log.record("b").index == size


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_the_server_goes_and_comes_back_under_load(tmp_path, url, server, writers, how):
    with AuditLog.open(tmp_path / "home", database=url) as log:
        for _ in range(ROUNDS):
            writers.wait_for_more(len(receipts_in(tmp_path / "out")))
            server.stop(how)
            with pytest.raises(StorageError):
                log.record("meanwhile")
            assert log.record_buffered("buffered.meanwhile")
            time.sleep(0.3)
            server.start()
            assert log.flush(), "the recorder did not recover"
            writers.wait_for_more(len(receipts_in(tmp_path / "out")))
        writers.stop()
        check(log, receipts_in(tmp_path / "out"))
        actions = [log.opened("main", index).entry for index in range(log.pin().size)]
        assert sum(b"buffered.meanwhile" in entry for entry in actions) == ROUNDS


def test_a_backend_that_is_shot_costs_one_error_at_most(tmp_path, url, server):
    """The connection breaks in the midst of transactions; whoever sends again with the same ids doubles nothing."""
    import psycopg

    stop = threading.Event()

    def shoot():
        with psycopg.connect(server.address("postgres"), autocommit=True) as killer:
            while not stop.wait(0.05):
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'affidavit'"
                )

    with AuditLog.open(tmp_path / "home", database=url) as log:
        thread = threading.Thread(target=shoot)
        thread.start()
        receipts = {}
        failures = []
        try:
            for number in range(150):
                event = {"action": "a.b", "actor": "u", "id": f"0190a8a0-7b6c-7f00-8000-{number:012x}"}
                while number not in receipts:
                    try:
                        receipts[number] = log.record(event)
                    except StorageError as error:
                        failures.append(str(error))
        finally:
            stop.set()
            thread.join()
        assert sorted(one.index for one in receipts.values()) == list(range(150))
        assert check(log, {}) == 150
        assert failures
        assert [error for error in failures if server.password in error] == []


def test_a_refused_login_shows_no_password(tmp_path, server, url):
    for bad, told in (
        (url.replace(server.password, "hunter2"), "password authentication failed"),
        (url.replace("/postgres?", "/nowhere?"), "does not exist"),
        (url.replace(f":{server.port}", ":9"), "connection"),
    ):
        with pytest.raises(StorageError, match=told) as caught:
            AuditLog.open(tmp_path / "home", database=bad)
        shown = f"{caught.value!r} {caught.value.__cause__!r}"
        assert "hunter2" not in shown
        assert server.password not in shown


def test_commits_are_durable_even_where_the_server_says_otherwise(tmp_path, server, url):
    url += "%20-csynchronous_commit%3Doff"
    with AuditLog.open(tmp_path / "home", database=url) as log, log.database.write() as connection:
        for name, value in (("synchronous_commit", "on"), ("transaction_isolation", "read committed")):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar() == value
