"""The user's endpoint: what the document's form posts, what it gets, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from affidavit import AuditLog

PATH = "/api/export-compliance-logs"
HEAD = ["timestamp", "user_id", "action", "resource"]
ALL = ["login", "file-download", "grade.updated"]


def rows(answer):
    assert answer.status_code == 200, answer.text
    found = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
    assert found[0] == HEAD
    return found[1:]


def actions(client, **fields):
    return [row[2] for row in rows(client.post(PATH, json=fields))]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"start_date": None, "end_date": None, "user_ids": None, "actions": None, "format": None},
        {"start_date": "", "end_date": "", "user_ids": [], "actions": [], "format": "csv"},
        {"start_date": " ", "end_date": "", "user_ids": "", "actions": "", "format": ""},
    ],
)
def test_what_is_left_open_means_all(client, fields):
    assert actions(client, **fields) == ALL


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start_date": "2024-10-02"}, ALL[2:]),
        ({"end_date": "2024-10-01"}, ALL[:2]),
        ({"start_date": "2024-10-01", "end_date": "2024-10-02"}, ALL),
        ({"end_date": "2024-10-01T12:00:00Z"}, ALL[:1]),
        ({"end_date": "2024-10-01T12:00:00"}, ALL[:1]),
        ({"start_date": "2024-10-01T15:30:00+02:00", "end_date": "2024-10-01T15:30:00+02:00"}, ALL[1:2]),
        ({"start_date": "2024-10-01 12:00:01"}, ALL[1:]),
        ({"user_ids": ["user123"]}, [ALL[0], ALL[2]]),
        ({"user_ids": ["user123", "user456"], "actions": ["file-download", "login"]}, ALL[:2]),
        ({"user_ids": ["nobody"]}, []),
        ({"user_ids": [""]}, []),
        ({"actions": ["log"]}, []),
    ],
)
def test_conditions(client, fields, expected):
    assert actions(client, **fields) == expected


def test_csv_headers_and_rows(client, log, access):
    answer = client.post(PATH, json={"user_ids": ["user123"]})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-log-')
    assert answer.headers["content-disposition"].endswith('.csv"')
    assert answer.headers["affidavit-rows"] == "2"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-length" not in answer.headers
    assert answer.text.count("\r\n") == 3
    assert any(answer.headers["affidavit-export"] in fields for fields in access(log, "export.created"))


def test_json(client):
    answer = client.post(PATH, json={"format": "json"})
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert [list(row) for row in found] == [HEAD] * 3
    assert [row["resource"] for row in found] == ["/admin-panel", "/reports/financial", "enrollment:17"]


def test_empty_json_is_a_list(client):
    answer = client.post(PATH, json={"format": "json", "actions": ["none.such"]})
    assert (answer.json(), answer.headers["affidavit-rows"]) == ([], "0")


def test_ids_leave_as_tokens_of_one_export(client):
    first, second = client.post(PATH, json={}), client.post(PATH, json={})
    ids = [row[1] for row in rows(first)]
    assert all(token.startswith("tk_") and len(token) == 29 for token in ids)
    assert ids[0] == ids[2] != ids[1]
    assert set(ids).isdisjoint(row[1] for row in rows(second))
    assert "user123" not in first.text


def test_the_event_of_an_export_says_where_it_was_asked_for(client, log, access):
    client.post(PATH, json={"actions": ["login"]}, headers={"X-Request-Id": "req-77", "User-Agent": "form/1"})
    newest = json.loads(access(log, "export.created")[-1])
    assert newest["source.ip"] == "127.0.0.1"
    assert newest["source.request_id"] == "req-77"
    assert newest["source.user_agent"] == "form/1"
    assert "actor.id" not in newest
    assert newest["export.rows"] == "1"


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"start_date": "2024-13-01"}, "start_date", "2024-13-01"),
        ({"start_date": "yesterday"}, "start_date", "Give a date"),
        ({"end_date": 20241001}, "end_date", "Give text"),
        ({"start_date": "2024-10-02", "end_date": "2024-10-01"}, "end_date", "swap"),
        ({"user_ids": "user123"}, "user_ids", "a list of texts"),
        ({"user_ids": ["a", None]}, "user_ids.1", "Give text"),
        ({"user_ids": ["\ud800"]}, "user_ids", "well-formed"),
        ({"actions": {"a": 1}}, "actions", "a list of texts"),
        ({"format": "pdf"}, "format", "'csv' or 'json'"),
        ({"format": 1}, "format", "'csv' or 'json'"),
        ({"foo": 1}, "foo", "Unknown field. There are start_date"),
    ],
)
def test_what_cannot_be_asked_names_its_field(client, fields, field, says):
    answer = client.post(PATH, content=json.dumps(fields), headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert [error["field"] for error in problem["errors"]] == [field]
    assert says in problem["errors"][0]["message"]
    assert len(answer.text) < 2000


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"[]", 422), (b'{"format":', 400), (b"\xff\xfe", 400), (b"null", 422), (b"[" * 50_000, 400)],
)
def test_bodies_that_are_no_request(client, body, status):
    answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


def test_a_body_without_its_type_is_refused(client):
    answer = client.post(PATH, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert "application/json" in answer.json()["detail"]


@pytest.fixture(scope="module")
def new_york(tmp_path_factory, serving):
    with AuditLog.open(tmp_path_factory.mktemp("home"), zone="America/New_York") as log:
        moments = [
            "2024-11-03T03:59:59.999999Z",
            "2024-11-03T04:00:00Z",
            "2024-11-04T04:59:59.999999Z",
            "2024-11-04T05:00:00Z",
        ]
        log.record_many([{"at": at, "action": f"e{number}"} for number, at in enumerate(moments)])
        with serving(log) as (client, _):
            yield client


def test_a_day_of_25_hours_is_whole(new_york):
    assert actions(new_york, start_date="2024-11-03", end_date="2024-11-03") == ["e1", "e2"]


def test_naive_times_and_shown_times_are_the_tenants(new_york):
    found = rows(
        new_york.post(PATH, json={"start_date": "2024-11-03T00:00:00", "end_date": "2024-11-03T23:59:59.999999"})
    )
    assert [row[0] for row in found] == ["2024-11-03T00:00:00.000000-04:00", "2024-11-03T23:59:59.999999-05:00"]


def test_cells_are_no_formulas(tmp_path, serving):
    hostile = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'x", 'a,"b"\nc']
    with AuditLog.open(tmp_path) as log:
        log.record_many([{"action": "a", "resource": {"id": text}} for text in hostile])
        with serving(log) as (client, _):
            cells = [row[3] for row in rows(client.post(PATH, json={}))]
            plain = [row["resource"] for row in client.post(PATH, json={"format": "json"}).json()]
    assert cells == [f"'{text}" for text in hostile[:7]] + hostile[7:]
    assert plain == hostile


def test_a_refusal_is_an_event(client, log, access):
    before = len(access(log, "export.refused"))
    assert client.post(PATH, json={"start_date": "2026-02-30"}).status_code == 422
    (refused,) = access(log, "export.refused")[before:]
    assert "start_date" in refused
