"""People and keys over HTTP: made, changed, ended at once; the last admin stays; each change is on the log."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import httpx
import pytest

from affidavit import AuditLog
from affidavit.access import accounts, keys, people
from affidavit.access.accounts import Grant
from affidavit.log import registry
from affidavit.testing import capture_events

PASSWORD = "correct horse battery"
FAR = "2999-12-31"


@contextmanager
def made(folder):
    """A log with one admin, root."""
    with AuditLog.open(folder, zone="Europe/Berlin") as opened:
        people.choose_password(opened, people.invite(opened, "root", Grant("admin")), PASSWORD)
        yield opened


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with made(tmp_path_factory.mktemp("people")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(log, serving):
    with serving(log, sign_in=True) as (connected, _):
        yield connected


@contextmanager
def sign_in(client, name):
    """A browser of its own, signed in."""
    with httpx.Client(base_url=client.base_url, timeout=20) as one:
        assert one.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
        yield one


@pytest.fixture
def browse(client):
    """A browser of its own, signed in as somebody."""
    with ExitStack() as opened:
        yield lambda name: opened.enter_context(sign_in(client, name))


@pytest.fixture(scope="module")
def admin(client):
    with sign_in(client, "root") as one:
        yield one


def test_a_person_from_invitation_to_end(admin, client, browse, log):
    with capture_events(log, stream="control") as events:
        made = admin.post("/api/v1/people", json={"name": "ann", "role": "officer", "expires": FAR}).json()
        assert (made["person"]["state"], made["person"]["expires"], made["hours"]) == ("invited", FAR, 24)
        assert client.post(made["path"], data={"password": PASSWORD}).status_code == 303
        ann = browse("ann")
        assert ann.get("/api/v1/me").json()["role"] == "officer"
        changed = admin.put("/api/v1/people/ann/grant", json={"role": "viewer", "streams": ["main"]}).json()
        assert (changed["role"], changed["streams"], changed["expires"]) == ("viewer", ["main"], "")
        assert ann.get("/api/v1/me").json()["streams"] == ["main"]
        assert ann.get("/api/v1/people").status_code == 403
        assert admin.post("/api/v1/people/ann/end").json()["state"] == "ended"
        assert ann.get("/api/v1/me").status_code == 401
        assert admin.put("/api/v1/people/ann/grant", json={"role": "viewer"}).status_code == 422
        assert admin.post("/api/v1/people/ann/restore").json()["state"] == "active"
        assert admin.post("/api/v1/people/ann/restore").status_code == 422
        again = browse("ann")
        link = admin.post("/api/v1/people/ann/invite").json()["path"]
        assert again.get("/api/v1/me").status_code == 401
        assert client.get(link).status_code == 200
        assert client.get(made["path"]).status_code == 404
    kinds = ("created", "password_chosen", "changed", "ended", "restored", "invited")
    assert events.actions == [f"person.{kind}" for kind in kinds]
    actors = [event.fields.get("actor.id") for event in events]
    assert actors == ["root", "ann", "root", "root", "root", "root"]
    assert {event.fields["resource.id"] for event in events} == {"ann"}


def test_no_answer_or_event_holds_a_secret(admin, log):
    with capture_events(log, stream="control") as events:
        text = admin.post("/api/v1/keys", json={"name": "quiet", "role": "developer"}).json()["text"]
        path = admin.post("/api/v1/people", json={"name": "quiet", "role": "viewer"}).json()["path"]
    shown = admin.get("/api/v1/keys").text + admin.get("/api/v1/people").text
    kept = [accounts.find(log, "key", "quiet").secret, accounts.find(log, "person", "root").secret]
    for secret in (text[-43:], path.partition("=")[2], *kept):
        assert secret not in shown + str([event.fields for event in events])


def test_a_key_rotates_with_overlap(admin, client, log):
    first = admin.post("/api/v1/keys", json={"name": "app", "role": "viewer", "from": "2026-01-01"}).json()
    assert (first["key"]["from"], first["key"]["old_until"]) == ("2026-01-01", None)

    def asks(text):
        return client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).status_code

    second = admin.post("/api/v1/keys/app/rotate", json={"overlap_h": 24}).json()
    assert second["key"]["old_until"] > second["key"]["created"]
    assert [asks(one["text"]) for one in (first, second)] == [200, 200]
    third = admin.post("/api/v1/keys/app/rotate", json={}).json()
    assert [asks(one["text"]) for one in (first, second, third)] == [401, 401, 200]
    assert admin.put("/api/v1/keys/app/grant", json={"role": "officer"}).json()["role"] == "officer"
    admin.post("/api/v1/keys/app/rotate", json={"overlap_h": 1})
    assert asks(third["text"]) == 200
    assert admin.post("/api/v1/keys/app/end").json()["state"] == "ended"
    assert asks(third["text"]) == 401
    assert admin.post("/api/v1/keys/app/rotate", json={}).status_code == 422
    assert admin.put("/api/v1/keys/app/grant", json={"role": "officer"}).status_code == 422


def test_the_last_admin_stays(tmp_path, serving):
    with made(tmp_path) as log, serving(log, sign_in=True) as (client, _), sign_in(client, "root") as admin:
        the_last_admin_stays(client, admin)


def the_last_admin_stays(client, admin):
    for ask in (
        lambda: admin.post("/api/v1/people/root/end"),
        lambda: admin.post("/api/v1/people/root/invite"),
        lambda: admin.put("/api/v1/people/root/grant", json={"role": "viewer"}),
    ):
        answer = ask()
        assert (answer.status_code, "nobody else is an admin" in answer.json()["detail"]) == (422, True)
    link = admin.post("/api/v1/people", json={"name": "second", "role": "admin"}).json()["path"]
    assert admin.post("/api/v1/people/root/end").status_code == 422, "an invitation is no admin yet"
    client.post(link, data={"password": PASSWORD})
    with sign_in(client, "second") as second:
        assert second.post("/api/v1/people/root/end").status_code == 200
        assert admin.get("/api/v1/me").status_code == 401
        assert second.post("/api/v1/people/second/end").status_code == 422


BAD = (
    ({"name": "x", "role": "king"}, 422, "role"),
    ({"name": "x", "role": "auditor"}, 422, "an end"),
    ({"name": "x", "role": "admin", "streams": ["main"]}, 422, "can't be bound"),
    ({"name": "x", "role": "viewer", "expires": "soon"}, 422, "Give a date"),
    ({"name": "x", "role": "viewer", "expires": "2020-01-01"}, 422, "past"),
    ({"name": "x", "role": "viewer", "expires": "9999-12-31"}, 422, "Give a date"),
    ({"name": "x", "role": "viewer", "from": "2026-13-01"}, 422, "2026-13-01"),
    ({"name": "x", "role": "viewer", "streams": ["none"]}, 404, "none"),
    ({"name": "x", "role": "viewer", "profile": "none"}, 404, "none"),
    ({"name": "a b", "role": "viewer"}, 422, "letters"),
    ({"name": "root", "role": "viewer"}, 422, "there already"),
    ({"name": "x", "role": "viewer", "admin": True}, 422, "There are role, profile, streams, from"),
    ({"role": "viewer"}, 422, "name"),
)


def test_invitations_that_can_not_be(admin):
    before = admin.get("/api/v1/people").json()
    for body, status, said in BAD:
        answer = admin.post("/api/v1/people", json=body)
        assert (answer.status_code, said in answer.text) == (status, True), (body, answer.text)
    assert admin.get("/api/v1/people").json() == before


def test_accounts_that_are_not_there(admin):
    for name in ("none", "%2e%2e", "key:x", "a%00b", "é"):
        for path in ("people/{}/end", "people/{}/restore", "people/{}/invite", "keys/{}/end"):
            assert admin.post("/api/v1/" + path.format(name)).status_code in {404, 422}, name


def test_another_tenants_people_are_not_there(admin, log):
    registry.create_tenant(log.database, log.keys, "other", "UTC")
    with AuditLog.open(log.home, tenant="other") as other:
        people.invite(other, "zoe", Grant("admin"))
        keys.create_key(other, "theirs", Grant("admin"))
        assert admin.post("/api/v1/people/zoe/end").status_code == 404
        assert admin.post("/api/v1/keys/theirs/end").status_code == 404
        assert "zoe" not in admin.get("/api/v1/people").text
        assert accounts.find(other, "person", "zoe").ended_us is None
        # The same name may be somebody else's here.
        assert admin.post("/api/v1/people", json={"name": "zoe", "role": "viewer"}).status_code == 201


def test_who_am_i(admin, client, log, serving):
    assert admin.get("/api/v1/me").json() == {
        "name": "root",
        "kind": "person",
        "role": "admin",
        "may": admin.get("/api/v1/roles").json()["roles"][0]["may"],
        "tenant": "default",
        "zone": "Europe/Berlin",
        "profile": "internal",
        "profile_fixed": False,
        "streams": [],
        "from": "",
        "to": "",
    }
    until = accounts.end_of_day(FAR, "UTC")
    _, text = keys.create_key(log, "x", Grant("auditor", streams=("main",), start="2026-01-01", expires_us=until))
    found = client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).json()
    assert (found["name"], found["profile"], found["profile_fixed"]) == ("x", "auditor", True)
    assert (found["streams"], found["from"]) == (["main"], "2026-01-01")
    with serving(log) as (unguarded, _):
        assert unguarded.get("/api/v1/me").json()["kind"] == "local"
        assert unguarded.post("/api/v1/sign-out").status_code == 204


def test_what_can_be_given(admin):
    found = admin.get("/api/v1/roles").json()
    assert [one["name"] for one in found["roles"]] == ["admin", "officer", "auditor", "developer", "viewer"]
    assert {one["name"]: one["profile"] for one in found["roles"]}["auditor"] == "auditor"
    assert "export" in found["profiles"]
    assert found["streams"] == ["main", "access", "control"]


def test_signing_out(browse, access, log):
    admin = browse("root")
    assert admin.post("/api/v1/sign-out", headers={"Origin": "https://evil.example"}).status_code == 403
    assert admin.get("/api/v1/me").status_code == 200
    answer = admin.post("/api/v1/sign-out")
    assert (answer.status_code, 'affidavit_session=""' in answer.headers["set-cookie"]) == (204, True)
    assert admin.get("/api/v1/me").status_code == 401
    assert '"actor.id":"root"' in access(log, "person.signed_out")[-1]


def test_a_taken_cookie_is_of_no_use_after_signing_out(browse, client):
    admin = browse("root")
    stolen = {"Cookie": f"affidavit_session={admin.cookies['affidavit_session']}"}
    assert client.get("/api/v1/me", headers=stolen).status_code == 200
    assert admin.post("/api/v1/sign-out").status_code == 204
    assert client.get("/api/v1/me", headers=stolen).status_code == 401


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"])
def test_days_end_where_the_tenant_is(zone):
    for day in ("2026-03-29", "2026-10-25", "2026-12-31"):
        assert accounts.last_day(accounts.end_of_day(day, zone), zone) == day
    assert accounts.last_day(None, zone) == ""
