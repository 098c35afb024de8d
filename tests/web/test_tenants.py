"""Several tenants in one server: who asks decides whose log it is, and nothing else does."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import httpx
import pytest

from affidavit import AuditLog
from affidavit.access import accounts, keys, people
from affidavit.access.accounts import Grant
from affidavit.cases.caseload import Caseload
from affidavit.errors import Busy, NotFound
from affidavit.export import ExportSpec, jobs
from affidavit.log import registry, saved_queries
from affidavit.log.status import status
from affidavit.masking.profiles import builtin
from affidavit.web import logs as logs_module
from affidavit.web.logs import Logs
from affidavit.web.routes import ingest
from tests.web.test_sign_in import BODIES, OPEN, PARAMETERS, QUERIES, declared

PASSWORD = "correct horse battery"
MARK = "alphamark"


def plant(log, mark):
    """Something of every kind, with a mark in it."""
    log.record_many([{"action": f"login.{mark}", "actor": f"{mark}-u1", "details": {"note": mark}}])
    saved_queries.save(log, mark, f"actor:{mark}-u1")
    people.choose_password(log, people.invite(log, f"{mark}-ann", Grant("admin")), PASSWORD)
    _, key = keys.create_key(log, f"{mark}-key", Grant("admin"))
    Caseload(log).open("incident", {"law": "gdpr", "title": mark}, id=f"{mark}-1")
    run = jobs.request(log, ExportSpec(profile=builtin("internal"), reason=mark), bundle=False)
    return key, run.id


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("tenants")


@pytest.fixture(scope="module")
def first(home):
    with AuditLog.open(home) as log:
        for name in ("other", "third"):
            registry.create_tenant(log.database, log.keys, name, "Europe/Berlin")
        yield log


@pytest.fixture(scope="module")
def other(first):
    with AuditLog.open(first.home, tenant="other") as log:
        yield log


@pytest.fixture(scope="module")
def planted(first):
    return plant(first, MARK)


@pytest.fixture(scope="module")
def other_key(other):
    return plant(other, "betamark")[0]


@pytest.fixture(scope="module")
def client(first, serving):
    logs = Logs(first, every=True)
    with serving(logs, sign_in=True) as (connected, _):
        yield connected
    logs.close()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def standing(log):
    """All that a stranger could have changed."""
    own = [[one.to_json() for one in accounts.list_accounts(log, kind)] for kind in ("person", "key")]
    runs = [run.to_json() for run in jobs.list_runs(log, 100)]
    sizes = {stream: one["size"] for stream, one in status(log)["logs"].items()}
    return own, runs, sizes, saved_queries.list_saved(log)


def ask(client, name, key, parameters):
    """What a route answers: status and text; of what does not end the status alone."""
    method, _, path = name.partition(" ")
    address = path.replace("{path:path}", "{path}").format(**parameters)
    with client.stream(
        method, address, headers=bearer(key), json=BODIES.get(name), params=QUERIES.get(name, {"q": MARK[:5]})
    ) as answer:
        endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        return answer.status_code, "" if endless else answer.read().decode("utf-8", "replace")


def test_no_route_shows_or_changes_what_is_another_tenants(client, first, planted, other_key):
    _, run_id = planted
    before = standing(first)
    answered = 0
    for name in declared(first):
        if name in OPEN:
            continue
        for called in (MARK, f"{MARK}-ann", f"{MARK}-key"):
            theirs = {"run_id": run_id, "case_id": f"{MARK}-1", "name": called}
            code, text = ask(client, name, other_key, {**PARAMETERS, **theirs})
            assert code not in {401, 500}, name
            assert code >= 400 or "{case_id}" not in name, name
            answered += code < 300
            # A problem may repeat what it was asked for, and what was put under a name is the asker's own.
            repeats = code >= 400 or name.startswith(("PUT", "GET /api/v1/queries"))
            for given in theirs.values() if repeats else ():
                text = text.replace(given, "")
            assert MARK not in text, (name, text)
            if "{name}" not in name:
                break
    assert answered > 20
    assert standing(first) == before


def test_each_key_and_session_has_its_own_log(client, planted, other_key):
    def me(**sent):
        found = client.get("/api/v1/me", **sent).json()
        return found["tenant"], found["name"], found["zone"]

    assert me(headers=bearer(planted[0])) == ("default", f"{MARK}-key", "UTC")
    assert me(headers=bearer(other_key)) == ("other", "betamark-key", "Europe/Berlin")
    for tenant, name in (("default", f"{MARK}-ann"), ("other", "betamark-ann")):
        with httpx.Client(base_url=client.base_url) as browser:
            given = {"tenant": tenant, "name": name, "password": PASSWORD}
            assert browser.post("/sign-in", data=given).status_code == 303
            assert browser.get("/api/v1/me").json()["tenant"] == tenant
            assert browser.post("/api/v1/sign-out").status_code == 204
            assert browser.get("/api/v1/me").status_code == 401


def test_events_are_recorded_where_they_belong(client, first, other, planted, other_key):
    before = [one.pin().size for one in (first, other)]
    single, batch = {"action": "a.single"}, [{"action": "a.batch"}, {"action": "a.batch"}]
    for key in (planted[0], other_key, other_key):
        assert client.post(ingest.PATH, json=single, headers=bearer(key)).status_code == 201
        assert client.post(ingest.PATH, json=batch, headers=bearer(key)).status_code == 200
    assert [one.pin().size - size for one, size in zip((first, other), before, strict=True)] == [3, 6]


def test_the_same_name_and_idempotency_key_are_another_tenants_own(client, planted, other_key):
    sent = {"Idempotency-Key": "k1"}
    ids = {
        client.post(ingest.PATH, json={"action": "a"}, headers={**bearer(key), **sent}).json()["log"]
        for key in (planted[0], other_key)
    }
    assert len(ids) == 2


def test_the_form_asks_for_the_tenant_and_tells_no_names(client, first):
    page = client.get("/sign-in").text
    assert 'name="tenant" value="default"' in page
    assert "third" not in page
    assert 'value="&quot;&gt;&lt;b"' in client.get("/sign-in", params={"tenant": '"><b'}).text
    for tenant in ("default", "third", "none", "../x", "é"):
        answer = client.post("/sign-in", data={"tenant": tenant, "name": "nobody", "password": "x"})
        assert (answer.status_code, "do not fit" in answer.text) == (401, True), tenant


def test_a_link_is_its_tenants(client, first, other, other_key):
    made = client.post("/api/v1/people", json={"name": "zoe", "role": "viewer"}, headers=bearer(other_key)).json()
    chosen = client.post(made["path"], data={"password": PASSWORD})
    assert chosen.headers["location"] == "/sign-in?tenant=other"
    assert accounts.find(other, "person", "zoe").secret
    with pytest.raises(NotFound):
        accounts.find(first, "person", "zoe")


def test_figures_of_the_process_are_the_first_tenants(client, planted, other_key):
    assert "affidavit_http_requests_total" in client.get("/metrics", headers=bearer(planted[0])).text
    text = client.get("/metrics", headers=bearer(other_key)).text
    assert "affidavit_log_size" in text
    assert "http" not in text


def test_one_tenants_server_knows_no_other(first, planted, other_key, serving):
    with serving(first, sign_in=True) as (alone, _):
        assert alone.get("/api/v1/me", headers=bearer(planted[0])).status_code == 200
        assert alone.get("/api/v1/me", headers=bearer(other_key)).status_code == 401
        assert 'name="tenant"' not in alone.get("/sign-in").text
        given = {"tenant": "other", "name": "betamark-ann", "password": PASSWORD}
        assert alone.post("/sign-in", data=given).status_code == 401


def test_only_so_many_are_open_at_once(first, monkeypatch):
    monkeypatch.setattr(logs_module, "OPEN_MAX", 1)
    logs = Logs(first, every=True)

    async def run():
        async with logs.using("other") as one:
            with pytest.raises(Busy):
                async with logs.using("third"):
                    pass
            async with logs.using("other") as same, logs.using("default") as mine:
                assert (same, mine) == (one, logs.first)
        async with logs.using("third") as third:
            assert third.log.tenant.name == "third"
        async with logs.using("other") as again:
            assert again is not one
            again.log.record("a")
        with pytest.raises(NotFound):
            async with logs.using("none"):
                pass

    anyio.run(run)
    logs.close()
    first.record("a")


def test_one_that_many_ask_for_is_opened_once(first, monkeypatch):
    opened = []
    inner = logs_module._open

    def counting(*arguments):
        opened.append(threading.get_ident())
        return inner(*arguments)

    monkeypatch.setattr(logs_module, "_open", counting)
    logs = Logs(first, every=True)

    async def run():
        async def one():
            async with logs.using("other"):
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(one)

    anyio.run(run)
    logs.close()
    assert len(opened) == 1
