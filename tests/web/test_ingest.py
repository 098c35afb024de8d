"""POST /api/v1/events: what is taken, in which form, how much of it, and what the sender is told."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from affidavit import AuditLog
from affidavit.errors import Busy, StorageError
from affidavit.web import intake, limits

PATH = "/api/v1/events"
ID = "018f3a1e-7b7a-7000-8000-000000000001"
EVENT = {"action": "grade.updated", "actor": "u1", "resource": "enrollment:17"}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("ingest")) as opened:
        yield opened


def post(client, body, kind="application/json", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return client.post(PATH, content=content, headers=given)


def size(log):
    return log.pin("main").size


def fields_of(log, index):
    opened = log.opened("main", index)
    return dict(zip(opened.paths, opened.values, strict=True))


def test_one_event_is_durable_when_it_is_answered(client, log):
    answer = post(client, {**EVENT, "id": ID})
    assert answer.status_code == 201
    receipt = answer.json()
    opened = log.opened("main", receipt["index"])
    assert b'"grade.updated"' in opened.entry
    assert receipt["log"] == log.tenant.log("main").origin
    assert (receipt["status"], receipt["id"], receipt["stream"]) == ("recorded", ID, "main")
    assert len(receipt["leaf"]) == 64
    again = post(client, {**EVENT, "id": ID})
    assert (again.status_code, again.json()["status"], again.json()["index"]) == (200, "duplicate", receipt["index"])
    other = post(client, {**EVENT, "id": ID, "actor": "u2"})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (409, "id")


def test_the_sender_is_not_the_actor_of_what_it_sends(client, log):
    index = post(client, {"action": "login"}, X_Request_Id="outer").json()["index"]
    assert [path for path in fields_of(log, index) if path.startswith(("source.", "actor."))] == []


@pytest.mark.parametrize("body", [[EVENT, EVENT], b'{"action":"a"}\n\n{"action":"b"}\r\n'], ids=["array", "lines"])
def test_batches(client, log, body):
    before = size(log)
    kind = "application/json" if isinstance(body, list) else "application/x-ndjson"
    answer = post(client, body, kind)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["accepted"], found["rejected"], found["duplicates"]) == (2, 0, 0)
    assert [one["line"] for one in found["results"]] == ([1, 2] if isinstance(body, list) else [1, 3])
    assert [one["index"] for one in found["results"]] == [before, before + 1]


def test_each_line_has_its_own_result(client, log):
    before = size(log)
    lines = [
        b'{"action":"a.b","id":"%s"}' % ID.replace("1", "2").encode(),
        b'{"action":"No"}',
        b'{"action":"a","actor":{"id":"\xff"}}',
        b'{"action":"a","details":{"x":"\\ud800"}}',
        b"{",
        b'{"action":"a","naem":1}',
        b'{"action":"c"}',
    ]
    answer = post(client, b"\n".join(lines), "application/x-ndjson")
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["recorded", *["rejected"] * 5, "recorded"]
    assert [one.get("field") for one in results[1:6]] == ["action", "", "details.x", "", "naem"]
    assert "byte 0xff at position" in results[2]["message"]
    assert size(log) == before + 2


def test_a_batch_of_nothing_good_is_a_problem_with_results(client):
    answer = post(client, [{"action": "No"}, 7])
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert (answer.json()["rejected"], len(answer.json()["results"])) == (2, 2)


def test_nothing_is_no_batch_but_an_empty_one_is(client):
    assert post(client, b"").status_code == 400
    assert post(client, []).json() == {"accepted": 0, "duplicates": 0, "rejected": 0, "results": []}
    assert post(client, b"\n\n", "application/x-ndjson").json()["accepted"] == 0


def test_a_key_makes_a_request_one_that_can_be_sent_again(client, log):
    batch = [{"action": "a"}, {"action": "b"}]
    first = post(client, batch, Idempotency_Key="k1").json()
    before = size(log)
    again = post(client, batch, Idempotency_Key="k1").json()
    assert (again["duplicates"], size(log)) == (2, before)
    assert [one["index"] for one in again["results"]] == [one["index"] for one in first["results"]]
    clash = post(client, [{"action": "other"}], Idempotency_Key="k1")
    assert clash.json()["results"][0]["status"] == "conflict"
    assert post(client, {"action": "c"}, Idempotency_Key="k2").status_code == 201
    assert post(client, {"action": "c"}, Idempotency_Key="k2").status_code == 200
    assert post(client, {"action": "c"}, Idempotency_Key="x" * 129).status_code == 400


ENVELOPE = {"specversion": "1.0", "id": "e-1", "source": "/sis", "type": "com.example.Order.created"}


def test_cloudevents(client, log):
    answer = post(client, {**ENVELOPE, "subject": "order:9", "data": {"n": 1}}, "application/cloudevents+json")
    assert answer.status_code == 201
    index = answer.json()["index"]
    assert b'"com.example.order.created"' in log.opened("main", index).entry
    assert fields_of(log, index)["source.app"] == "/sis"
    assert fields_of(log, index)["details"] == '{"n":1}'
    assert fields_of(log, index)["resource.id"] == "9"
    ours = {**ENVELOPE, "id": "e-2", "time": "2024-01-01T00:00:00Z", "data": EVENT}
    bad = {**ENVELOPE, "specversion": "0.3"}
    batch = post(client, [ours, ours, bad], "application/cloudevents-batch+json")
    results = batch.json()["results"]
    assert [one["status"] for one in results] == ["recorded", "duplicate", "rejected"]
    assert results[2]["field"] == "specversion"
    assert b'"at":"2024-01-01T00:00:00' in log.opened("main", results[0]["index"]).entry


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ],
)
def test_compressed_bodies(client, encoding, packed):
    body = packed(json.dumps([EVENT] * 300).encode())
    assert post(client, body, Content_Encoding=encoding).json()["accepted"] == 300


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"no", 400),
        ("gzip", gzip.compress(b"[" + b" " * 99 + b"]")[:-9], 400),
        ("gzip", gzip.compress(b"[]") + b"x", 400),
        ("deflate", zlib.compress(b"[]") + b"x", 400),
        ("gzip", gzip.compress(bytes(intake.BODY_BYTES_MAX + 1)), 413),
        ("deflate", zlib.compress(bytes(intake.BODY_BYTES_MAX + 1)), 413),
        ("br", b"[]", 415),
        ("gzip, gzip", b"[]", 415),
    ],
)
def test_bad_compression_and_bombs(client, encoding, body, status):
    answer = post(client, body, Content_Encoding=encoding)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"]
)
def test_other_media_types(client, kind):
    assert post(client, [EVENT], kind).status_code == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[{]", 400), (b"\xff", 400), (b'{"action":"a"} x', 400), (b"7", 422), (b'"x"', 422), (b"{}", 422)],
)
def test_bodies_that_are_no_events(client, log, body, status):
    before = size(log)
    answer = post(client, body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert size(log) == before


def test_limits_at_the_edge(client, monkeypatch):
    monkeypatch.setattr(intake, "EVENTS_MAX", 3)
    assert post(client, [EVENT] * 3).status_code == 200
    assert post(client, [EVENT] * 4).status_code == 413
    whole = json.dumps(EVENT).encode()
    monkeypatch.setattr(intake, "BODY_BYTES_MAX", 300)
    assert post(client, whole.ljust(300)).status_code == 201
    assert post(client, whole.ljust(301)).status_code == 413


def test_streams(client):
    assert client.post(f"{PATH}?stream=none", json=EVENT).status_code == 404
    assert client.post(f"{PATH}?stream=none", json=[EVENT]).status_code == 404
    assert client.post(f"{PATH}?stream=access", json=EVENT).status_code == 403
    assert client.post(f"{PATH}?stream=control", json=[EVENT]).status_code == 403
    assert client.put(PATH, json=EVENT).status_code == 405


def test_pages_of_other_origins_cannot_send(client):
    assert post(client, EVENT, Origin="https://evil.example").status_code == 403


def connected(client):
    address = httpx.URL(str(client.base_url))
    return socket.create_connection((address.host, address.port), timeout=20)


HEAD = (
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
)


def test_a_truncated_body_records_nothing(client, log):
    before = size(log)
    with connected(client) as one:
        one.sendall(HEAD + b'[{"action":"a"},')
        time.sleep(0.1)
    assert post(client, EVENT).status_code == 201
    assert size(log) == before + 1


def test_a_client_that_stalls_is_given_up(client, monkeypatch):
    monkeypatch.setattr(intake, "BODY_STALL_S_MAX", 0.2)
    with connected(client) as one:
        one.sendall(HEAD + b"[")
        assert one.recv(12) == b"HTTP/1.1 408"


def test_many_at_once_are_each_recorded_once(client, log):
    before = size(log)
    with httpx.Client(base_url=client.base_url) as many, ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda n: post(many, {"action": f"a{n}"}).json(), range(160)))
    assert sorted(one["index"] for one in receipts) == list(range(before, before + 160))
    for n, one in enumerate(receipts):
        assert f'"a{n}"'.encode() in log.opened("main", one["index"]).entry


def test_a_bad_event_fails_alone(client):
    with ThreadPoolExecutor(8) as pool:
        bodies = [{"action": "a"}, {"action": "A"}, {"action": "a", "at": "9999-01-01T00:00:00Z"}] * 8
        found = list(pool.map(lambda body: post(client, body).status_code, bodies))
    assert found == [201, 422, 422] * 8


@pytest.mark.parametrize("body", [EVENT, [EVENT]], ids=["one", "batch"])
@pytest.mark.parametrize(
    ("error", "retry"), [(Busy("full", "", retry_after_s=2.2), "3"), (StorageError("the disk went", ""), "5")]
)
def test_what_the_log_refuses_can_be_tried_again(client, log, monkeypatch, error, retry, body):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr(log, "submit_many", refuse)
    answer = post(client, body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, retry)


def test_too_many_bytes_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(intake, "HELD_BYTES_MAX", 1000)
    held = intake.Held()
    with held.count() as alone:
        alone(5000)  # one body alone is bounded by itself
        with pytest.raises(Busy), held.count() as other:
            other(1)
    assert held.bytes == 0
    with held.count() as one, held.count() as other:
        one(400)
        other(600)
        with pytest.raises(Busy):
            other(1)
    assert held.bytes == 0


def test_one_client_has_its_rate(tmp_path, serving):
    with AuditLog.open(tmp_path, client_events_per_s=5) as log, serving(log) as (client, _):
        assert post(client, [EVENT] * 30).status_code == 200  # once overdrawn
        answer = post(client, EVENT)
        assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
        assert int(answer.headers["retry-after"]) >= 1


def test_rates_refill():
    rates = limits.Rates(10)
    assert rates.wait_s("a", 0.0) == 0
    rates.spend("a", 25, 0.0)
    assert rates.wait_s("a", 0.0) == pytest.approx(0.501)
    assert rates.wait_s("b", 0.0) == 0
    assert rates.wait_s("a", 0.6) == 0
    assert limits.Rates(0).wait_s("a", 0.0) == 0


def test_receipts_outlive_a_client_that_goes(client, log, monkeypatch):
    """A client gone while its event is being committed takes nobody else's answer along."""
    before = size(log)
    body = json.dumps(EVENT).encode()
    with connected(client) as one:
        one.sendall(HEAD.replace(b"500", b"%d" % len(body)) + body)
    assert post(client, EVENT).status_code == 201
    log.flush()
    assert size(log) in {before + 1, before + 2}


def test_half_characters_in_the_stream_of_a_batch(client):
    results = post(client, b'[{"action":"a","message":"\\ud800"},{"action":"a"}]').json()["results"]
    assert [(one["status"], one.get("field")) for one in results] == [("rejected", "message"), ("recorded", None)]


def test_the_loop_is_free_while_a_large_batch_is_taken_apart(client):
    big = [{**EVENT, "details": {"n": n}} for n in range(8000)]
    done = threading.Event()

    def send():
        assert post(client, big).json()["accepted"] == 8000
        done.set()

    thread = threading.Thread(target=send)
    thread.start()
    with httpx.Client(base_url=client.base_url, timeout=20) as other:
        answered = 0
        while not done.is_set():
            assert other.get("/healthz").status_code == 200
            answered += 1
    thread.join()
    assert answered > 3


def test_a_courier_brings_each_its_own_answer(log, monkeypatch):
    """Where a group fails for no reason of the storage, each of it is tried alone."""
    from concurrent.futures import Future

    from affidavit.event import Event
    from affidavit.web.courier import Courier

    real = log.submit_many

    def fails_together(events, **options):
        if len(events) > 1:
            failed: Future = Future()
            failed.set_exception(RuntimeError("poison"))
            return failed
        return real(events, **options)

    monkeypatch.setattr(log, "submit_many", fails_together)

    async def send():
        courier = Courier(log, "main")
        first = [asyncio.ensure_future(courier.send(Event(action=f"a{n}"))) for n in range(6)]
        return await asyncio.gather(*first)

    assert len({receipt.index for receipt in asyncio.run(send())}) == 6
