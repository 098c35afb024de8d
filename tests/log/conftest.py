"""What tests of the journal ask of a log."""

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from affidavit.log.fsck import fsck
from affidavit.log.schema import counters, logs

WAIT_S = 20


@pytest.fixture
def size(log):
    def do(stream="main"):
        with log.database.read() as connection:
            return connection.execute(select(logs.c.size).where(logs.c.id == log.tenant.log(stream).id)).scalar_one()

    return do


@pytest.fixture
def counted(log):
    def do(name, stream="main"):
        where = (counters.c.log_id == log.tenant.log(stream).id, counters.c.name == name)
        with log.database.read() as connection:
            return connection.execute(select(counters.c.value).where(*where)).scalar()

    return do


@pytest.fixture
def held():
    """Holds a log's recorder inside a transaction for the length of the block."""

    @contextmanager
    def do(log):
        inside, gate = threading.Event(), threading.Event()

        def wait(_connection, _placed):
            inside.set()
            assert gate.wait(WAIT_S)

        future = log.submit_many([], extra=wait)
        assert inside.wait(WAIT_S)
        try:
            yield
        finally:
            gate.set()
            future.result(WAIT_S)

    return do


@pytest.fixture
def clean(log):
    """Asserts that every log of the tenant is what was committed."""

    def do():
        log.flush()
        return {stream: fsck(log, stream) for stream in log.tenant.logs}

    return do


@pytest.fixture
def clock(monkeypatch):
    """The sequencer's clock, in microseconds; set `now`."""
    import time

    from affidavit.log import recorder

    class Clock:
        now = 1_790_856_000_000_000
        sleep = staticmethod(lambda _s: time.sleep(0.01))

    made = Clock()
    monkeypatch.setattr(recorder, "time", made)
    monkeypatch.setattr(recorder, "clock_us", lambda: made.now)
    return made
