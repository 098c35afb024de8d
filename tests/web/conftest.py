"""A real server on a free port, over a log of its own."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from affidavit import AuditLog
from affidavit.access import keys
from affidavit.access.accounts import Grant
from affidavit.query.tree import Leaf
from affidavit.web import server

FAR_US = 4_000_000_000_000_000
EVENTS = [
    {"at": "2024-10-01T12:00:00Z", "action": "login", "actor": "user123", "resource": "/admin-panel"},
    {"at": "2024-10-01T13:30:00Z", "action": "file-download", "actor": "user456", "resource": "/reports/financial"},
    {"at": "2024-10-02T09:00:00Z", "action": "grade.updated", "actor": "user123", "resource": "enrollment:17"},
]


@contextmanager
def running(application_log, listener=None, **options):
    """The server over a log, in a thread: (client, server)."""
    listener = listener or server.listen(port=0)
    told: list[str] = []
    ready = threading.Event()

    def started(address):
        told.append(address)
        ready.set()

    one = server.Server(application_log, listener, started, **options)
    thread = threading.Thread(target=one.run)
    thread.start()
    assert ready.wait(20)
    try:
        with httpx.Client(base_url=told[0], timeout=20) as client:
            yield client, one
    finally:
        one.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def eventually(check, seconds=20.0):
    """Wait until `check()` is true; the value it then had."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def own_events(log, action):
    """Records of one of our own actions, as lists of their fields' JSON text."""
    pins = [log.pin("access")]
    batches = log.reader.rows(Leaf("eq", "action", action), pins)
    return [text for batch in batches for text in batch.column("fields").to_pylist()]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("home")) as opened:
        opened.record_many(EVENTS)
        yield opened


@pytest.fixture(scope="module")
def client(log):
    with running(log) as (connected, _):
        yield connected


@pytest.fixture(scope="session")
def serving():
    """`running`, for tests with a log of their own."""
    return running


@pytest.fixture
def wait_for():
    return eventually


@pytest.fixture
def access():
    return own_events


@pytest.fixture(scope="module")
def service(log, serving):
    """A client of the module's log, behind a sign-in."""
    with serving(log, sign_in=True) as (client, _):
        yield client


@pytest.fixture(scope="module")
def by(log, service):
    """A client with a key of a role and bounds."""
    made = []

    def do(role, name="", **bounds):
        until = FAR_US if role == "auditor" else None
        _, key = keys.create_key(log, f"{role}{name}", Grant(role, expires_us=until, **bounds))
        headers = {"Authorization": f"Bearer {key}"}
        made.append(httpx.Client(base_url=service.base_url, headers=headers, timeout=60))
        return made[-1]

    yield do
    for client in made:
        client.close()


@pytest.fixture(scope="module")
def officer(by):
    return by("officer")


@pytest.fixture(scope="module")
def auditor(by):
    return by("auditor")
