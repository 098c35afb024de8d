"""The service with sign-in: every route, for every role and for strangers; bounds that can't be lifted; the pages."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from affidavit import AuditLog
from affidavit.access import accounts, keys, people
from affidavit.access.accounts import Grant
from affidavit.access.principal import ROLES, Principal
from affidavit.export import jobs
from affidavit.log import registry
from affidavit.web import create_app, gate
from affidavit.web.routes import events as events_module
from affidavit.web.routes import sign_in
from affidavit.web.who import needed_by

PASSWORD = "correct horse battery"
LEGACY = "/api/export-compliance-logs"
FAR_US = 4_000_000_000_000_000
OPEN = {"GET /healthz"}
BODIES = {
    "POST /api/v1/events": {"action": "a"},
    f"POST {LEGACY}": {},
    "POST /api/v1/exports/preview": {},
    "POST /api/v1/exports": {"bundle": False},
    "POST /api/v1/exports/estimate": {},
    "PUT /api/v1/queries/{name}": {"text": "action:a"},
    "POST /api/v1/queries/parse": {"text": "action:a"},
    "POST /api/v1/people": {"name": "q2", "role": "viewer"},
    "PUT /api/v1/people/{name}/grant": {"role": "viewer"},
    "PATCH /api/v1/configuration": {},
    "POST /api/v1/reveal": {"tokens": [], "reason": ""},
    "POST /api/v1/events/{stream}/{index}/unmask": {"reason": "a test of roles"},
    "POST /api/v1/keys": {"name": "q2", "role": "viewer"},
    "PUT /api/v1/keys/{name}/grant": {"role": "viewer"},
    "POST /api/v1/keys/{name}/rotate": {},
    "POST /api/v1/cases": {"kind": "request", "facts": {}},
    "POST /api/v1/cases/{case_id}/{step}": {"facts": {}},
    "POST /api/v1/reference/{table}": {"rows": []},
    "POST /api/v1/reports/{report_id}/run": {},
}
PARAMETERS = {
    "stream": "main",
    "index": "0",
    "path": "checkpoint",
    "run_id": "none",
    "name": "q1",
    "case_id": "none",
    "step": "verified",
    "table": "people",
    "report_id": "none",
}
QUERIES = {"GET /api/v1/values": {"field": "actor.id"}, "GET /api/v1/facets": {"facet": "action"}}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("signed")) as opened:
        opened.record_many(
            [{"action": "login", "actor": f"u{n}", "at": f"2024-0{1 + n}-15T12:00:00Z"} for n in range(6)]
        )
        yield opened


@pytest.fixture(scope="module")
def service(log, serving):
    with serving(log, sign_in=True) as (client, server):
        yield client, server


@pytest.fixture(scope="module")
def client(service):
    return service[0]


@pytest.fixture(scope="module")
def roles(log):
    """A key of each role."""
    return {
        role: keys.create_key(log, role, Grant(role, expires_us=FAR_US if role == "auditor" else None))[1]
        for role in ROLES
    }


@pytest.fixture(scope="module")
def foreign(log):
    """An admin's key of another tenant."""
    registry.create_tenant(log.database, log.keys, "other", "UTC")
    with AuditLog.open(log.home, tenant="other") as other:
        return keys.create_key(other, "admin", Grant("admin"))[1]


def declared(log):
    """What each operation of the description needs."""
    app = create_app(log)
    found = {
        f"{method} {route.path}": [
            need for one in route.dependant.dependencies if (need := needed_by(one.call)) is not None
        ]
        for included in app.routes
        # FastAPI keeps what was included as it was, behind a route of its own.
        for route in getattr(getattr(included, "original_router", None), "routes", [included])
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
    }
    described = {f"{method.upper()} {path}" for path, ways in app.openapi()["paths"].items() for method in ways}
    assert {name.replace(":path}", "}") for name in found} == described
    return found


def call(client, name, key):
    method, _, path = name.partition(" ")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    address = path.format(**PARAMETERS).replace("{path:path}", "checkpoint")
    with client.stream(method, address, headers=headers, json=BODIES.get(name), params=QUERIES.get(name)) as answer:
        return answer.status_code


def test_every_route_says_what_it_needs(log):
    for name, needs in declared(log).items():
        assert len(needs) == (0 if name in OPEN else 1), name


def test_every_route_for_every_role_and_for_strangers(client, log, roles, foreign):
    """The table of roles, read off the answers."""
    for declaration, needs in declared(log).items():
        name = declaration.replace("{path:path}", "{path}")
        if name in OPEN:
            assert call(client, name, None) == 200
            continue
        for key in (None, foreign, "afk_nonsense"):
            assert call(client, name, key) == 401, name
        for role, key in roles.items():
            status = call(client, name, key)
            if needs[0] in ROLES[role]:
                assert status not in {401, 403}, (name, role, status)
            else:
                assert status == 403, (name, role, status)


def as_key(client, key):
    return httpx.Client(base_url=client.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=20)


def test_the_legacy_endpoint_without_a_key_says_so_clearly(client):
    answer = client.post(LEGACY, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "API key" in answer.json()["detail"]
    assert client.post(LEGACY, json={}, headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_who_asked_is_on_the_log(client, log, roles, access, monkeypatch):
    monkeypatch.setattr(gate, "REFUSALS_A_MINUTE_MAX", 10_000)  # other tests were refused in the same minute
    with as_key(client, roles["officer"]) as officer:
        officer.post(LEGACY, json={})
        officer.get("/api/v1/events", params={"q": "action:none"})
        officer.post("/api/v1/events", json={"action": "a"})
    assert '"actor.id":"key:officer"' in access(log, "export.created")[-1]
    assert '"actor.id":"key:officer"' in access(log, "search.run")[-1]
    refused = access(log, "access.refused")[-1]
    assert '"actor.id":"key:officer"' in refused
    assert "POST /api/v1/events" in refused


def test_an_event_handed_in_is_not_the_keys(client, log, roles):
    with as_key(client, roles["developer"]) as developer:
        index = developer.post("/api/v1/events", json={"action": "a"}).json()["index"]
    assert not [path for path in log.opened("main", index).paths if path.startswith(("actor.", "source."))]


def test_an_auditor_can_not_lift_their_bounds(client, log):
    grant = Grant(
        "auditor", profile="export", streams=("main",), start="2024-02-01", end="2024-03-31", expires_us=FAR_US
    )
    _, key = keys.create_key(log, "bounded", grant)
    with as_key(client, key) as auditor:
        page = auditor.get("/api/v1/events", params={"order": "oldest", "from": "2020-01-01"}).json()
        assert [row["index"] for row in page["rows"]] == [1, 2]
        assert auditor.get("/api/v1/events/main/1").status_code == 200
        assert auditor.get("/api/v1/events/main/0").status_code == 404
        assert auditor.get("/api/v1/events/access/0").status_code == 403
        for asked in ({"profile": "internal"}, {"stream": "control"}):
            assert auditor.get("/api/v1/events", params=asked).status_code == 403
        assert auditor.get("/api/v1/events", params={"q": "actor:u1"}).status_code == 422
        token = page["rows"][0]["cells"]["actor"]
        assert token.startswith("tk_")
        found = auditor.get("/api/v1/events", params={"q": f"actor:{token}"}).json()
        assert [row["index"] for row in found["rows"]] == [1]
        assert auditor.post(LEGACY, json={"user_ids": ["u1"]}).status_code == 422
        assert auditor.post(LEGACY, json={"format": "json"}).headers["affidavit-rows"] == "2"
        bars = auditor.get("/api/v1/histogram").json()["bars"]
        assert sum(sum(bar["counts"].values()) for bar in bars) == 2
        run = auditor.post("/api/v1/exports", json={"query": f"actor:{token}"}).json()
        assert jobs.find(log, run["id"]).spec.profile_name == "export"
        assert auditor.get("/api/v1/status").json()["signed_in"] is True
    _, other = keys.create_key(log, "bounded2", grant)
    with as_key(client, other) as second:
        assert second.get("/api/v1/events", params={"order": "oldest"}).json()["rows"][0]["cells"]["actor"] != token
        assert second.get(f"/api/v1/exports/{run['id']}").status_code == 404
        assert second.get("/api/v1/exports").json()["runs"] == []


def test_ended_and_rotated_keys_act_at_once(client, log, monkeypatch):
    monkeypatch.setattr(gate, "KNOWN_S", 0.0)
    _, key = keys.create_key(log, "gone", Grant("viewer"))
    with as_key(client, key) as viewer:
        assert viewer.get("/api/v1/status").status_code == 200
        keys.rotate_key(log, "gone")
        assert viewer.get("/api/v1/status").status_code == 401
    _, key = keys.rotate_key(log, "gone")
    with as_key(client, key) as viewer:
        assert viewer.get("/api/v1/status").status_code == 200
        accounts.end(log, "key", "gone")
        assert viewer.get("/api/v1/status").status_code == 401


def test_a_live_tail_ends_with_its_key(client, log, monkeypatch):
    monkeypatch.setattr(gate, "KNOWN_S", 0.0)
    monkeypatch.setattr(events_module, "LOOK_EVERY_S", 0.02)
    _, key = keys.create_key(log, "watcher", Grant("viewer"))
    with as_key(client, key) as viewer, viewer.stream("GET", "/api/v1/events/live") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        accounts.end(log, "key", "watcher")
        assert list(lines) == [""]


def test_refusals_can_not_flood_the_log(client, log, access, service, monkeypatch):
    monkeypatch.setattr(gate, "REFUSALS_A_MINUTE_MAX", 0)
    before = len(access(log, "access.refused"))
    assert [client.get("/api/v1/status").status_code for _ in range(5)] == [401] * 5
    assert len(access(log, "access.refused")) == before


@pytest.fixture
def browser(client):
    with httpx.Client(base_url=client.base_url, timeout=20) as one:
        yield one


def form(browser, path, **fields):
    return browser.post(path, data=fields, headers={"Origin": str(browser.base_url).rstrip("/")})


def test_a_person_signs_in_by_the_pages(browser, log, access):
    token = people.invite(log, "ann", Grant("officer"))
    assert browser.get("/").headers["location"] == "/sign-in"
    assert "Choose a password" in browser.get("/welcome", params={"token": token}).text
    short = form(browser, f"/welcome?token={token}", password="short")
    assert (short.status_code, "characters" in short.text) == (422, True)
    assert form(browser, f"/welcome?token={token}", password=PASSWORD).headers["location"] == "/sign-in"
    assert browser.get("/welcome", params={"token": token}).status_code == 404
    assert form(browser, f"/welcome?token={token}", password=PASSWORD).status_code == 404
    wrong = form(browser, "/sign-in", name="ann", password="no")
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (401, True)
    done = form(browser, "/sign-in", name="ann", password=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/").status_code in {200, 503}
    assert browser.get("/api/v1/status").json()["signed_in"] is True
    assert browser.post(LEGACY, json={}).status_code == 200
    assert browser.post(LEGACY, json={}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert "Signed in as ann" in browser.get("/sign-in").text
    assert '"actor.id":"ann"' in access(log, "export.created")[-1]
    assert form(browser, "/sign-out").status_code == 303
    assert browser.get("/api/v1/status").status_code == 401


def test_passwords_can_not_be_tried_for_ever(browser, log, monkeypatch):
    monkeypatch.setattr(sign_in, "TRIES_MAX", 3)
    people.choose_password(log, people.invite(log, "bea", Grant("viewer")), PASSWORD)
    statuses = [form(browser, "/sign-in", name="bea", password=f"x{n}").status_code for n in range(4)]
    assert statuses[-1] == 429
    right = form(browser, "/sign-in", name="bea", password=PASSWORD)
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0


def test_passwords_tried_at_once_count_one_by_one(log, monkeypatch):
    monkeypatch.setattr(sign_in, "TRIES_MAX", 3)
    people.choose_password(log, people.invite(log, "cleo", Grant("viewer")), PASSWORD)
    given = {"follow_redirects": False, "headers": {"Origin": "http://testserver"}}
    with TestClient(create_app(log, sign_in=True)) as fresh, ThreadPoolExecutor(12) as pool:

        def guess(password):
            return fresh.post("/sign-in", data={"name": "cleo", "password": password}, **given).status_code

        assert {guess(PASSWORD) for _ in range(4)} == {303}  # what is right never counts
        statuses = list(pool.map(guess, [f"x{n}" for n in range(12)]))
    assert (statuses.count(401), statuses.count(429)) == (3, 9)


def test_the_pages_take_forms_alone_and_show_no_markup_of_others(browser):
    assert browser.post("/sign-in", json={"name": "x"}).status_code == 422
    assert (
        browser.post(
            "/sign-in", content=b"a" * 9000, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 422
    )
    style = browser.get("/sign-in.css")
    assert style.headers["content-type"].startswith("text/css")
    page = browser.get("/sign-in")
    assert "<script" not in page.text
    assert "<style" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_cookies_go_over_https_alone_where_that_is_the_address(log):
    from starlette.testclient import TestClient

    people.choose_password(log, people.invite(log, "eve", Grant("viewer")), PASSWORD)
    with TestClient(create_app(log, sign_in=True, secure=True), base_url="https://testserver") as one:
        done = one.post("/sign-in", data={"name": "eve", "password": PASSWORD}, follow_redirects=False)
        assert "secure" in done.headers["set-cookie"].lower()


def test_an_embedding_application_says_who_asks(log):
    from starlette.testclient import TestClient

    async def authorize(scope):
        name = dict(scope["headers"]).get(b"x-user", b"").decode()
        role = {"vic": "viewer", "dan": "developer"}.get(name)
        return Principal(name, role, "default", "person") if role else None

    async def of_another(_scope):
        return Principal("x", "admin", "other")

    with TestClient(create_app(log, authorize=authorize)) as one:
        assert one.get("/api/v1/events").status_code == 401
        assert one.get("/api/v1/events", headers={"X-User": "vic"}).status_code == 200
        assert one.get("/api/v1/events", headers={"X-User": "dan"}).status_code == 403
        assert one.post("/api/v1/events", headers={"X-User": "dan"}, json={"action": "a"}).status_code == 201
        assert one.get("/sign-in").status_code == 404
    with TestClient(create_app(log, authorize=of_another)) as one:
        assert one.get("/api/v1/status").status_code == 401


def test_answers_stay_json(client, roles):
    with as_key(client, roles["viewer"]) as viewer:
        assert json.loads(viewer.get("/metrics").text)["status"] == 403
