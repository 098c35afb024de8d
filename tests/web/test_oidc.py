"""Signing in by an OpenID Connect provider: a real one, and one that lies; what is let in, and what is recorded."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from affidavit import AuditLog
from affidavit.access import accounts, oidc
from affidavit.errors import InvalidRequest, MissingExtra
from affidavit.log import registry
from affidavit.web import create_app
from affidavit.web.logs import Logs
from affidavit.web.routes import sign_in
from affidavit.web.routes.oidc import BROWSER_COOKIE
from tests.oidc import Liar, real_provider

GRANTS = """
[[grant]]
claim = "groups"
value = "audit"
role = "officer"

[[grant]]
claim = "groups"
value = "other"
role = "viewer"
tenant = "other"

[[grant]]
claim = "groups"
value = "nowhere"
role = "viewer"
tenant = "nowhere"

[[grant]]
domain = "example.org"
role = "viewer"
"""


def set_up(home, issuer, client_id="affidavit", more=""):
    text = f'issuer = "{issuer}"\nclient_id = "{client_id}"\nclient_secret_file = "oidc.secret"\nlabel = "Acme & Co"\n'
    (home / "oidc.toml").write_text(f"{text}{more}{GRANTS}")
    (home / "oidc.secret").write_text(Liar.secret)


@pytest.fixture(scope="module")
def server():
    with Liar() as one:
        yield one


@pytest.fixture
def liar(server):
    server.reset()
    return server


@pytest.fixture(scope="module")
def log(tmp_path_factory, server):
    with AuditLog.open(tmp_path_factory.mktemp("oidc")) as opened:
        registry.create_tenant(opened.database, opened.keys, "other", "UTC")
        set_up(opened.home, server.issuer)
        yield opened


@pytest.fixture(scope="module")
def service(log, serving):
    logs = Logs(log, every=True)
    with serving(logs, sign_in=True) as (client, _):
        yield client.base_url
    logs.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(sign_in, "TRIES_MAX", 1000)


@pytest.fixture
def browser(service):
    with httpx.Client(base_url=service, timeout=20) as one:
        yield one


def begin(browser):
    answer = browser.get("/sign-in/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(browser, **sent):
    return browser.get("/sign-in/oidc/back", params=sent)


def through(browser, liar, **claims):
    liar.claims = claims
    code, state = liar.approve(begin(browser))
    return back(browser, code=code, state=state)


def refused(answer, access, log, reason):
    """It says so, gives no session, and is recorded with the reason and nobody's name."""
    assert answer.status_code == 401, answer.text
    assert 'role="alert"' in answer.text
    assert "affidavit_session" not in answer.headers.get("set-cookie", "")
    newest = access(log, "person.refused")[-1]
    assert reason in newest
    assert "actor.id" not in newest
    return True


def test_a_real_provider_lets_people_in(tmp_path, serving, access):
    with real_provider(tmp_path / "provider.log") as issuer, AuditLog.open(tmp_path / "home") as log:
        set_up(log.home, issuer)
        subject = f"{issuer}/users/{quote('subject|7')}"
        claims = {"email": "ann@example.org", "email_verified": True, "groups": ["staff", "audit"]}
        assert httpx.put(subject, json=claims).status_code == 204
        with serving(log, sign_in=True) as (client, _):
            assert "Sign in with Acme &amp; Co" in client.get("/sign-in").text
            address = begin(client)
            assert address.startswith(f"{issuer}/oauth2/authorize?")
            assert "Authorize" in httpx.get(address).text
            approved = httpx.post(address, data={"sub": "subject|7"})
            answer = client.get(approved.headers["location"])
            assert (answer.status_code, "You are signed in" in answer.text) == (200, True)
            me = client.get("/api/v1/me").json()
            assert (me["name"], me["role"], me["kind"]) == ("ann@example.org", "officer", "person")
            again = client.get(approved.headers["location"])
            assert again.status_code == 401
            denied = httpx.post(begin(client), data={"action": "deny"})
            assert client.get(denied.headers["location"]).status_code == 401
            client.cookies.clear()
            approved = httpx.post(begin(client), data={"sub": "somebody else"})
            stranger = client.get(approved.headers["location"])
            assert (stranger.status_code, "nothing here lets you in" in stranger.text) == (401, True)
            assert client.get("/api/v1/me").status_code == 401
        assert '"actor.id":"ann@example.org"' in access(log, "person.signed_in")[-1]
        assert [one.name for one in accounts.list_accounts(log, "person")] == ["ann@example.org"]


def test_the_session_begins_on_a_page_that_goes_on_by_itself(browser, liar, log):
    answer = through(browser, liar, sub="s1", preferred_username="bea", groups=["audit"])
    assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
    session, leftover = sorted(answer.headers.get_list("set-cookie"))
    assert all(word in session for word in ("affidavit_session=", "HttpOnly", "SameSite=strict", "Path=/;"))
    assert leftover.startswith(f'{BROWSER_COOKIE}=""')
    assert browser.get("/api/v1/me").json()["name"] == "bea"
    assert browser.post("/api/v1/sign-out").status_code == 204
    assert browser.get("/api/v1/me").status_code == 401


def test_a_rule_leads_into_its_tenant(browser, liar, log):
    through(browser, liar, sub="s2", preferred_username="cyd", groups=["other"])
    me = browser.get("/api/v1/me").json()
    assert (me["tenant"], me["role"], me["name"]) == ("other", "viewer", "cyd")
    assert "cyd" not in [one.name for one in accounts.list_accounts(log, "person")]


def test_who_is_known_but_not_let_in(browser, liar, log, access):
    for claims in (
        {"groups": []},
        {"groups": ["audits"]},
        {"email": "x@example.org"},
        {"email": "x@example.org", "email_verified": False},
        {"email": "x@evil.example", "email_verified": True},
    ):
        answer = through(browser, liar, **{"sub": "s3", "groups": None, "preferred_username": "secretname", **claims})
        assert refused(answer, access, log, "nothing here lets you in"), claims
        assert "secretname" not in access(log, "person.refused")[-1]
    assert refused(through(browser, liar, sub="s3", groups=["nowhere"]), access, log, "no tenant")


def test_who_was_ended_stays_out(browser, liar, log, access):
    through(browser, liar, sub="s4", preferred_username="dan", groups=["audit"])
    assert browser.get("/api/v1/me").status_code == 200
    accounts.end(log, "person", "dan")
    browser.cookies.clear()
    assert refused(through(browser, liar, sub="s4", groups=["audit"]), access, log, "access has ended")


def test_answers_that_were_not_asked_for(browser, liar, log, access, service):
    code, state = liar.approve(begin(browser))
    assert refused(back(browser, code=code, state="x" + state), access, log, "not begun")
    with httpx.Client(base_url=service) as victim:
        begin(victim)
        code, state = liar.approve(begin(browser))
        assert refused(back(victim, code=code, state=state), access, log, "not begun")
    with httpx.Client(base_url=service) as victim:  # one that began nothing
        assert refused(back(victim, code=code, state=state), access, log, "not begun")
    assert refused(back(browser), access, log, "did not let you in")
    assert refused(back(browser, error="access_denied", state=state), access, log, "did not let you in")
    code, state = liar.approve(begin(browser))
    assert refused(back(browser, code=code, state=state, iss="https://evil.example"), access, log, "another provider")
    assert refused(browser.get(f"/sign-in/oidc/back?code={code}&state={state}&state=x"), access, log, "malformed")
    assert refused(back(browser, code="x" * 5000, state=state), access, log, "malformed")
    assert browser.get("/api/v1/me").status_code == 401


def test_lies_in_the_token(browser, liar, log, access):
    for claims in ({"nonce": "n"}, {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1, "iat": 0}):
        answer = through(browser, liar, **{"sub": "s5", "groups": ["audit"], **claims})
        assert refused(answer, access, log, "does not hold"), claims
    liar.header = {"alg": "none"}
    assert refused(through(browser, liar, sub="s5", groups=["audit"]), access, log, "does not hold")
    assert "s5" not in str([one.issuer for one in accounts.list_accounts(log, "person")])


def test_the_way_back_leads_nowhere_else(browser, liar, service):
    for name in ("next", "redirect_uri", "return_to", "url"):
        code, state = liar.approve(browser.get("/sign-in/oidc", params={name: "//evil.example"}).headers["location"])
        answer = back(browser, code=code, state=state, **{name: "https://evil.example"})
        assert "evil" not in answer.text
        assert "url=/" in answer.text
    for host in ("evil.example", "127.0.0.1.evil.example"):
        address = browser.get("/sign-in/oidc", headers={"Host": host}).headers["location"]
        assert parse_qs(urlsplit(address).query)["redirect_uri"] == [f"{str(service).rstrip('/')}/sign-in/oidc/back"]


def test_what_a_browser_is_given_on_the_way(browser, liar):
    cookie = browser.get("/sign-in/oidc").headers["set-cookie"]
    assert all(word in cookie for word in (BROWSER_COOKIE, "HttpOnly", "SameSite=lax", "Path=/sign-in/oidc;"))
    assert "Max-Age=600" in cookie


def test_nothing_of_a_sign_in_is_kept_or_recorded(browser, liar, log):
    liar.claims = {"sub": "s6", "groups": ["audit"], "preferred_username": "eve"}
    asked = begin(browser)
    code, state = liar.approve(asked)
    browser_token = browser.cookies[BROWSER_COOKIE]
    answer = back(browser, code=code, state=state)
    log.flush()
    secrets = [code, state, browser_token, liar.secret, browser.cookies["affidavit_session"]]
    kept = [path for path in log.home.rglob("*") if path.is_file() and path.name != "oidc.secret"]
    for secret in secrets:
        assert not any(secret.encode() in path.read_bytes() for path in kept)
    assert not any(secret in answer.text for secret in secrets)


def test_a_provider_that_is_away(browser, liar, log, access):
    before = len(access(log, "person.refused"))
    liar.status = 500
    answer = through(browser, liar, sub="s1")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert len(access(log, "person.refused")) == before


def test_whoever_did_not_begin_here_locks_nobody_out(browser, monkeypatch):
    """Any page can send anybody's browser back here."""
    counted = []
    monkeypatch.setattr(sign_in, "TRIES_MAX", 1_000)
    monkeypatch.setattr(sign_in.Tries, "wrong", lambda _self, *keys: counted.append(keys))
    assert back(browser, code="c", state="s").status_code == 401
    assert counted == []
    browser.get("/sign-in/oidc")
    assert back(browser, code="c", state="s").status_code == 401
    assert len(counted) == 1


def test_tries_end(browser, monkeypatch):
    monkeypatch.setattr(sign_in, "TRIES_MAX", 2)
    statuses = []
    for _ in range(4):
        browser.get("/sign-in/oidc")
        statuses.append(back(browser, code="c", state="s").status_code)
    assert statuses[-1] == 429
    assert int(back(browser, code="c", state="s").headers["retry-after"]) > 0


def test_without_a_provider_there_is_no_way(tmp_path):
    from starlette.testclient import TestClient

    with AuditLog.open(tmp_path) as log, TestClient(create_app(log, sign_in=True)) as one:
        assert one.get("/sign-in/oidc").status_code == 404
        assert "Sign in with" not in one.get("/sign-in").text


def test_what_it_needs(log, monkeypatch, tmp_path):
    with pytest.raises(InvalidRequest, match="sends people back"):
        create_app(log, sign_in=True)
    create_app(log)  # without sign-in nobody is asked
    monkeypatch.setattr(oidc.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"\[oidc\]"):
        create_app(log, sign_in=True, url="https://audit.example.org")


def test_a_provider_that_is_not_who_it_should_be(tmp_path, liar, serving):
    with AuditLog.open(tmp_path) as log:
        set_up(log.home, liar.issuer + "/")
        with serving(log, sign_in=True) as (client, _):
            answer = client.get("/sign-in/oidc")
            assert (answer.status_code, "not set up rightly" in answer.text) == (503, True)
