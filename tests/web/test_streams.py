"""Downloads: streamed at the reader's pace, recorded as failed when the reader goes, bounded in number."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from affidavit import export
from affidavit.errors import StorageError
from affidavit.export import estimate
from affidavit.web import streams, work

PATH = "/api/export-compliance-logs"
CHUNK = b"x" * 65_536


class Stream:
    """Takes the place of an export's bytes after its first chunk; counts what was asked of it."""

    def __init__(self, monkeypatch, chunks):
        self.given = 0
        self.closed = False
        self._real = export.stream_export
        self._chunks = chunks
        monkeypatch.setattr(export, "stream_export", self)

    def __call__(self, log, spec):
        meta, real = self._real(log, spec)
        return meta, self._all(real)

    def _all(self, real):
        try:
            yield next(real)
            for chunk in self._chunks():
                self.given += 1
                yield chunk
            yield from real
        finally:
            self.closed = True
            real.close()


def endless():
    while True:
        yield CHUNK


def ask(client):
    """Send a request, and read its head alone."""
    address = httpx.URL(str(client.base_url))
    connection = socket.create_connection((address.host, address.port), timeout=20)
    head = f"POST {PATH} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
    body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    connection.sendall((head + body).encode())
    assert connection.recv(15) == b"HTTP/1.1 200 OK"
    return connection


def test_a_client_gone_is_recorded_as_failed(client, log, access, monkeypatch, wait_for):
    stream = Stream(monkeypatch, endless)
    before = len(access(log, "export.failed"))
    ask(client).close()
    wait_for(lambda: stream.closed)
    failed = wait_for(lambda: access(log, "export.failed")[before:])
    assert "the client went" in failed[0]
    assert client.get("/healthz").status_code == 200


def test_a_slow_reader_holds_the_export_back(client, monkeypatch):
    """Nothing is made that nobody has taken: memory holds what the sockets hold, whatever the file's size."""
    stream = Stream(monkeypatch, lambda: (CHUNK for _ in range(2_048)))  # 128 MiB
    total = 0
    with client.stream("POST", PATH, json={}) as answer:
        given = -1
        while stream.given != given:  # until it stands still
            given = stream.given
            time.sleep(0.3)
        assert given * len(CHUNK) < 32 << 20
        for part in answer.iter_bytes():
            total += len(part)
    assert total > 2_048 * len(CHUNK)


def test_a_stalled_reader_is_given_up(client, log, access, monkeypatch, wait_for):
    monkeypatch.setattr(streams, "CLIENT_STALL_S_MAX", 0.3)
    stream = Stream(monkeypatch, endless)
    with ask(client):
        wait_for(lambda: stream.closed)
    assert "the client went" in access(log, "export.failed")[-1]


def test_an_export_that_breaks_is_no_whole_file(client, monkeypatch):
    def broken():
        yield CHUNK
        raise StorageError("the disk went", "")

    stream = Stream(monkeypatch, broken)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(PATH, json={})
    assert stream.closed


def test_too_many_downloads_are_refused_with_a_time(client, monkeypatch, wait_for):
    monkeypatch.setattr(work, "EXPORTS_AT_ONCE_MAX", 1)
    stream = Stream(monkeypatch, endless)
    with ask(client):
        answer = client.post(PATH, json={})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"
    wait_for(lambda: stream.closed)
    monkeypatch.undo()
    wait_for(lambda: client.post(PATH, json={}).status_code == 200)


def test_the_loop_stays_free_while_exports_are_made(client, monkeypatch):
    def slow():
        time.sleep(1.5)
        yield CHUNK

    stream = Stream(monkeypatch, slow)
    with ask(client), httpx.Client(base_url=client.base_url) as other:
        assert other.get("/healthz").status_code == 200
        assert not stream.given


def test_health_waits_behind_no_query(client, monkeypatch):
    running, going_on = threading.Semaphore(0), threading.Event()

    def slow(_log, _spec, *, bundle):
        running.release()
        going_on.wait(20)
        return estimate.Estimate(0, exact=True, bytes=0, seconds=0.0, verdicts=(), preview=[], never=bundle)

    monkeypatch.setattr(estimate, "estimate", slow)
    with ThreadPoolExecutor(work.QUERIES_AT_ONCE_MAX) as pool:
        asked = [pool.submit(client.post, "/api/v1/exports/preview", json={}) for _ in range(work.QUERIES_AT_ONCE_MAX)]
        try:
            assert all(running.acquire(timeout=20) for _ in asked)
            assert client.get("/healthz").status_code == 200
            assert not any(one.done() for one in asked)
        finally:
            going_on.set()
        assert [one.result().status_code for one in asked] == [200] * len(asked)


def test_a_failing_start_has_a_status(client, monkeypatch):
    def refuse(_log, _spec):
        raise StorageError("database: disk I/O error", "Try again")

    monkeypatch.setattr(export, "stream_export", refuse)
    answer = client.post(PATH, json={})
    assert (answer.status_code, answer.json()["detail"]) == (503, "database: disk I/O error. Try again")


def test_what_nobody_foresaw_gives_no_trace(client, monkeypatch):
    def fail(_log, _spec):
        raise KeyError("user123")

    monkeypatch.setattr(export, "stream_export", fail)
    answer = client.post(PATH, json={}, headers={"X-Request-Id": "req-9"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "req-9" in answer.json()["detail"]
    assert "user123" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
