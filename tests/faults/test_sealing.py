"""Writers, a sealer and readers at once, killed at random moments: no fork, no gap, no false alarm, nothing lost."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from affidavit.log.audit_log import AuditLog
from affidavit.log.catalogue import sealed_size
from affidavit.log.fsck import fsck
from affidavit.log.schema import leases
from tests.servers import Bucket, postgres

pytestmark = pytest.mark.faults
LONG = bool(os.environ.get("AFFIDAVIT_LONG"))
ROUNDS = 40 if LONG else 2
ROUND_S = (0.2, 1.5)
TOGETHER_S = 180 if LONG else 3
READY_S = 180  # a machine busy with other things starts seven processes slowly
CHILD = Path(__file__).with_name("sealing_child.py")


@pytest.fixture(scope="module")
def postgres_server():
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def bucket_server():
    server = Bucket()
    yield server
    server.stop()


@pytest.fixture(
    params=[
        "sqlite and folder",
        pytest.param("postgres and folder", marks=pytest.mark.postgres),
        pytest.param("sqlite and bucket", marks=pytest.mark.s3),
    ]
)
def database_url(request, monkeypatch):
    """The database; where the archive is a bucket, the environment says so to the children as well."""
    if "bucket" in request.param:
        server = request.getfixturevalue("bucket_server")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE000000000")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        url = f"s3://{server.make()}/logs?endpoint={server.endpoint}&region=us-east-1"
        monkeypatch.setenv("AFFIDAVIT_ARCHIVE", url)
    if "postgres" in request.param:
        with request.getfixturevalue("postgres_server").database() as url:
            yield url
    else:
        yield ""


class Child:
    """A process whose output goes to a file, so that it never waits for us."""

    def __init__(self, role, home, database):
        self.role = role
        self.out = home.with_name(f"{role}-{time.monotonic_ns()}.out")
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(CHILD), role, str(home), database], stdout=out, stderr=subprocess.STDOUT
            )

    def wait_ready(self):
        deadline = time.monotonic() + READY_S
        while b"ready" not in self.out.read_bytes():
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, f"{self.role} did not start"
            time.sleep(0.05)

    def kill(self):
        """What it had printed whole. A half line at the end was never a receipt."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
        text = self.out.read_text()
        assert "Traceback" not in text, text[-3000:]
        lines = [line for line in text.splitlines(keepends=True) if line.endswith("\n") and line != "ready\n"]
        errors = [line for line in lines if line.startswith("error")]
        assert not errors, errors[:3]
        return [line.split() for line in lines]


@pytest.fixture
def start():
    """Starts children; whatever becomes of the test, none outlives it."""
    started = []

    def do(roles, home, database):
        children = [Child(role, home, database) for role in roles]
        started.extend(children)
        for child in children:
            child.wait_ready()
        return children

    yield do
    for child in started:
        child.process.kill()
        child.process.wait(60)


def stop(children):
    for child in children:
        child.process.send_signal(signal.SIGKILL)
    return [line for child in children for line in child.kill()]


def check(home, database, receipts):
    with AuditLog.open(home, database=database) as log:
        with log.database.write() as connection:  # a killed holder's lease would have ended by itself in a minute
            connection.execute(update(leases).values(until_us=0))
        size = fsck(log, "main").size
        leaves, tree = {}, log.tree("main")
        for index, leaf in receipts:
            assert leaves.setdefault(int(index), leaf) == leaf, f"two receipts for index {index}"
            assert tree.node(0, int(index)).hex() == leaf
        assert max(leaves, default=-1) < size
        return size


def test_killed_at_random_moments_nothing_acknowledged_is_lost(home, database_url, start):
    AuditLog.open(home, database=database_url).close()
    size = 0
    for _ in range(ROUNDS):
        children = start(("record", "record", "seal"), home, database_url)
        time.sleep(random.uniform(*ROUND_S))
        after = check(home, database_url, stop(children))
        assert after >= size
        size = after
    assert size > 0


def test_four_writers_a_sealer_and_readers_together(home, database_url, start):
    AuditLog.open(home, database=database_url).close()
    children = start(("record",) * 4 + ("seal", "read", "read"), home, database_url)
    begun = time.monotonic()
    with AuditLog.open(home, database=database_url) as log:
        while time.monotonic() < begun + TOGETHER_S or not sealed(log):
            assert time.monotonic() < begun + TOGETHER_S + READY_S, "nothing was sealed"
            time.sleep(0.2)
    receipts = stop(children)
    assert 0 < len(receipts) <= check(home, database_url, receipts)


def sealed(log):
    with log.database.read() as connection:
        return sealed_size(connection, log.tenant.log("main").id)
