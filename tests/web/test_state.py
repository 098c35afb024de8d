"""Status, values, preview, health, and the description of them all."""

from __future__ import annotations

from affidavit import AuditLog
from affidavit.errors import StorageError
from affidavit.version import VERSION


def test_status(tmp_path, serving):
    with AuditLog.open(tmp_path, zone="Europe/Berlin") as log, serving(log) as (client, _):
        before = client.get("/api/v1/status").json()
        log.record("login")
        pin = log.pin("main")
        after = client.get("/api/v1/status").json()
    assert before == {
        "tenant": "default",
        "name": "default",
        "zone": "Europe/Berlin",
        "entries": 0,
        "checkpoint": None,
        "version": VERSION,
        "signed_in": False,
        "stopped": None,
    }
    assert (after["entries"], after["checkpoint"]["size"]) == (1, pin.size)
    assert after["checkpoint"]["at"].endswith("Z")


def values(client, **asked):
    answer = client.get("/api/v1/values", params=asked)
    assert answer.status_code == 200
    return [(one["value"], one["count"]) for one in answer.json()["values"]]


def test_values_by_frequency(client):
    assert values(client, field="actor.id") == [("user123", 2), ("user456", 1)]
    assert values(client, field="actor.id", q="user4") == [("user456", 1)]
    assert values(client, field="actor.id", q="'; DROP TABLE journal; --") == []
    assert values(client, field="action", q="DOWN") == [("file-download", 1)]
    assert values(client, field="action", q="%") == []


def test_values_of_other_fields_are_not_given(client):
    for asked in ({"field": "source.ip"}, {}, {"field": "action", "q": "x" * 201}):
        answer = client.get("/api/v1/values", params=asked)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_preview_is_what_the_file_shows(client):
    found = client.post("/api/v1/exports/preview", json={"actions": ["login"]}).json()
    told = found["estimate"]
    assert (told["rows"], told["exact"], told["never"]) == (1, True, False)
    assert told["bytes"] > 50
    assert {one["name"]: one["state"] for one in told["verdicts"]} == {
        "AUTHENTIC": "provable",
        "COMPLETE": "provable",
        "TIMED": "not provable",
        "WITNESSED": "not provable",
        "VIEW MATCHES": "provable",
    }
    assert all(one["reason"] for one in told["verdicts"])
    assert [list(row) for row in found["rows"]] == [["timestamp", "user_id", "action", "resource"]]
    assert found["rows"][0]["user_id"].startswith("tk_")
    assert found["rows"][0]["resource"] == "/admin-panel"


def test_preview_refuses_what_the_export_refuses(client):
    answer = client.post("/api/v1/exports/preview", json={"start_date": "2026-02-30"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "start_date"


def test_preview_leaves_no_event(client, log, access):
    before = len(access(log, "export.created"))
    client.post("/api/v1/exports/preview", json={})
    assert len(access(log, "export.created")) == before


def test_health_follows_the_journal(client, log, monkeypatch):
    assert client.get("/healthz").json() == {"status": "ok"}

    def refuse():
        raise StorageError("database: disk I/O error", "Try again")

    monkeypatch.setattr(log.database, "read", refuse)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)


def operations(client):
    described = client.get("/api/v1/openapi.json").json()["paths"]
    return {f"{method} {path}": one for path, found in described.items() for method, one in found.items()}


def test_the_description_is_complete(client):
    for name, one in operations(client).items():
        assert one["summary"], name
        assert one["description"], name
        assert one["tags"], name
        assert any(status.startswith("2") for status in one["responses"]), name
        for status, answer in one["responses"].items():
            if status >= "4":
                assert set(answer["content"]) == {"application/problem+json"}, (name, status)


def test_the_description_of_the_export(client):
    export = operations(client)["post /api/export-compliance-logs"]
    assert set(export["responses"]["200"]["content"]) == {"text/csv", "application/json"}
    assert set(export["responses"]["422"]["content"]) == {"application/problem+json"}


def test_bodies_have_examples(client):
    schemas = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    for name in ("ExportRequest", "RunRequest", "QueryText", "RowAnswer"):
        assert schemas[name]["example"], name
    body = operations(client)["post /api/v1/events"]["requestBody"]["content"]
    assert all("example" in one or "examples" in one for one in body.values())
