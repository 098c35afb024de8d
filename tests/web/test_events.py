"""Searching over HTTP, one event with its proof, facets, histogram, the live tail, metrics, saved queries, fields."""

from __future__ import annotations

import base64
import json
import threading

import pytest

from affidavit import AuditLog
from affidavit.errors import StorageError
from affidavit.tlog.proof import verify_inclusion
from affidavit.web import work
from affidavit.web.routes import events as events_module

EVENTS = [
    {
        "at": f"2024-10-{1 + n:02}T12:00:00Z",
        "action": ["login", "grade.updated"][n % 2],
        "actor": f"u{n % 3}",
        "resource": f"enrollment:{n}",
        "outcome": ["success", "failure"][n == 5],
    }
    for n in range(12)
]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("events")) as opened:
        opened.record_many(EVENTS)
        yield opened


def page(client, **asked):
    answer = client.get("/api/v1/events", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def indexes(found):
    return [row["index"] for row in found["rows"]]


def test_pages_both_ways(client):
    first = page(client, limit=5)
    assert indexes(first) == [11, 10, 9, 8, 7]
    assert first["previous"] is None
    second = page(client, limit=5, cursor=first["next"])
    assert indexes(second) == [6, 5, 4, 3, 2]
    assert indexes(page(client, limit=5, cursor=second["previous"])) == indexes(first)
    assert indexes(page(client, order="oldest", limit=3)) == [0, 1, 2]
    row = first["rows"][0]
    assert (row["stream"], row["cells"]["action"], row["cells"]["actor"]) == ("main", "grade.updated", "u2")


def test_conditions_periods_and_counts(client):
    found = page(client, q="actor:u1", count=True)
    assert (found["count"]["rows"], found["count"]["exact"]) == (4, True)
    assert indexes(page(client, **{"from": "2024-10-03", "to": "2024-10-04"})) == [3, 2]
    assert page(client, q="outcome:success outcome:failure")["never"] is True


def test_masked_fields_are_asked_by_token_alone(client):
    shown = page(client, profile="export", q="action:login", limit=1, order="oldest")["rows"][0]
    token = shown["cells"]["actor"]
    assert token.startswith("tk_")
    assert indexes(page(client, profile="export", q=f"actor:{token}", order="oldest")) == [0, 3, 6, 9]
    refused = client.get("/api/v1/events", params={"profile": "export", "q": "actor:u1"})
    assert refused.status_code == 422
    assert "masked" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"q": "actor:"}, 422),
        ({"q": "((("}, 422),
        ({"q": "noSuchField:1"}, 422),
        ({"limit": 1001}, 422),
        ({"limit": "x"}, 422),
        ({"cursor": "abc"}, 422),
        ({"order": "best"}, 422),
        ({"from": "2024-13-01"}, 422),
        ({"zone": "Mars/Base"}, 422),
        ({"stream": "none"}, 404),
        ({"profile": "none"}, 404),
        ({"stream": ["main", "main"]}, 422),
    ],
)
def test_what_can_not_be_asked(client, asked, status):
    answer = client.get("/api/v1/events", params=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_query_that_does_not_parse_says_where(client):
    problem = client.get("/api/v1/events", params={"q": "actor:u1 (("}).json()
    assert problem["errors"][0]["field"] == "q"
    assert problem["column"] >= 10


def test_every_search_is_one_event(client, log, access):
    before = len(access(log, "search.run"))
    page(client, q="action:login")
    assert len(access(log, "search.run")) == before + 1


def test_one_event_with_its_proof(client, log, access):
    before = len(access(log, "record.viewed"))
    found = client.get("/api/v1/events/main/5").json()
    fields = {one["path"]: one["value"] for one in found["fields"]}
    assert (fields["actor.id"], fields["outcome"]) == ("u2", "failure")
    proof = found["proof"]
    hashes = [base64.b64decode(one) for one in proof["proof"]]
    leaf, root = base64.b64decode(proof["leaf"]), base64.b64decode(proof["root"])
    verify_inclusion(proof["size"], 5, leaf, hashes, root)
    assert proof["root"] in proof["checkpoint"]
    assert len(access(log, "record.viewed")) == before + 1


@pytest.mark.parametrize("path", ["main/12", "main/-1", "none/0", f"main/{2**70}"])
def test_events_that_are_not_there(client, path):
    assert client.get(f"/api/v1/events/{path}").status_code == 404


def test_facets_and_histogram(client):
    found = client.get("/api/v1/facets", params={"facet": ["action", "outcome"]}).json()
    assert found["facets"]["outcome"] == [{"value": "success", "count": "11"}, {"value": "failure", "count": "1"}]
    assert found["count"]["rows"] == 12
    assert client.get("/api/v1/facets").status_code == 422
    assert client.get("/api/v1/facets", params={"facet": "none"}).status_code == 422
    bars = client.get("/api/v1/histogram", params={"q": "action:login"}).json()["bars"]
    assert sum(sum(bar["counts"].values()) for bar in bars) == 6
    assert client.get("/api/v1/histogram", params={"profile": "public"}).status_code == 422


def messages(lines):
    found = {}
    for line in lines:
        if not line and found:
            yield found
            found = {}
        name, _, value = line.partition(": ")
        found[name] = value


def test_the_live_tail(client, log, monkeypatch):
    monkeypatch.setattr(events_module, "LOOK_EVERY_S", 0.02)
    with client.stream("GET", "/api/v1/events/live", params={"q": "action:live.*"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        news = messages(answer.iter_lines())
        assert next(news)["retry"]
        log.record("other")
        index = log.record("live.one", actor="u7").index
        first = next(news)
    assert (first["event"], first["id"]) == ("event", str(index))
    assert json.loads(first["data"])["cells"]["action"] == "live.one"
    after = {"Last-Event-ID": str(index - 1)}
    with client.stream("GET", "/api/v1/events/live", params={"q": "action:live.*"}, headers=after) as answer:
        news = messages(answer.iter_lines())
        next(news)
        assert next(news)["id"] == str(index)


def test_listeners_are_refused_politely_where_there_are_too_many(client, monkeypatch, wait_for):
    monkeypatch.setattr(work, "LISTENERS_MAX", 3)
    monkeypatch.setattr(events_module, "LOOK_EVERY_S", 0.02)
    open_ones = [client.stream("GET", "/api/v1/events/live") for _ in range(3)]
    try:
        assert [one.__enter__().status_code for one in open_ones] == [200] * 3
        for _ in range(20):
            answer = client.get("/api/v1/events/live")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert client.get("/healthz").status_code == 200
        assert "affidavit_listeners 3" in client.get("/metrics").text
    finally:
        for one in open_ones:
            one.__exit__(None, None, None)
    wait_for(lambda: "affidavit_listeners 0" in client.get("/metrics").text)


def test_a_live_query_that_is_refused(client):
    assert client.get("/api/v1/events/live", params={"q": "((("}).status_code == 422
    assert client.get("/api/v1/events/live", params={"stream": "none"}).status_code == 404


def test_the_server_lets_listeners_go_when_it_stops(log, serving):
    seen = []
    with serving(log) as (client, server), client.stream("GET", "/api/v1/events/live") as answer:
        reader = threading.Thread(target=lambda: seen.extend(answer.iter_lines()))
        reader.start()
        server.should_exit = True
        reader.join(15)
        assert not reader.is_alive()
    assert "retry: 3000" in seen


def test_metrics(client):
    client.post("/api/v1/events", json={"action": "a"})
    text = client.get("/metrics").text
    assert "# TYPE affidavit_http_requests_total counter" in text
    assert 'affidavit_http_events_total{result="recorded"}' in text
    assert 'affidavit_log_size{stream="main"}' in text
    assert 'route="/api/v1/events/{stream}/{index}"' in text
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0
    buckets = [line for line in text.splitlines() if 'request_seconds_bucket{route="/api/v1/events"' in line]
    values = [int(line.rpartition(" ")[2]) for line in buckets]
    assert values == sorted(values)


def test_saved_queries(client):
    assert client.put("/api/v1/queries/bad-logins", json={"text": "outcome:failure"}).status_code == 204
    assert [one["name"] for one in client.get("/api/v1/queries").json()["queries"]] == ["bad-logins"]
    assert indexes(page(client, q="saved:bad-logins")) == [5]
    assert client.put("/api/v1/queries/bad-logins", json={"text": "(("}).status_code == 422
    assert client.put("/api/v1/queries/Bad", json={"text": ""}).status_code == 422
    assert client.delete("/api/v1/queries/bad-logins").status_code == 204
    assert client.delete("/api/v1/queries/bad-logins").status_code == 404


def test_what_is_wrong_with_a_query_is_said_before_it_is_asked(client, log, access):
    before = len(access(log, "search.run"))
    said = [client.post("/api/v1/queries/parse", json={"text": text}).json() for text in ("action:a", "a actor.roel:x")]
    assert said[0] == {"column": None, "message": "", "hint": ""}
    assert said[1]["column"] == 3
    assert "actor.roel" in said[1]["message"]
    assert said[1]["hint"] == "Did you mean actor.roles?"
    assert len(access(log, "search.run")) == before


def test_columns_are_any_fields_through_the_masks(client):
    asked = {"column": ["time", "actor.type", "ip", "message"]}
    cells = client.get("/api/v1/events", params=asked).json()["rows"][0]["cells"]
    assert list(cells) == ["time", "actor.type", "ip", "message"]
    refused = client.get("/api/v1/events", params={"column": ["none.such"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "columns")


def test_fields_with_how_they_show(client):
    found = client.get("/api/v1/fields", params={"profile": "export"}).json()
    shown = {one["path"]: one for one in found["fields"]}
    assert (shown["actor.id"]["mask"], shown["actor.id"]["class"]) == ("token", "staff")
    assert shown["action"]["mask"] == ""


def test_a_journal_that_does_not_answer_is_said(client, log, monkeypatch):
    def refuse():
        raise StorageError("database: disk I/O error", "Try again")

    monkeypatch.setattr(log.database, "read", refuse)
    answer = client.get("/api/v1/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
