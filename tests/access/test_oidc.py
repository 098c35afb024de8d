"""The protocol, against a provider that lies."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from affidavit.access import oidc
from affidavit.access.oidc import Oidc
from affidavit.access.provider import Provider
from affidavit.errors import AffidavitError, Forbidden, InvalidRequest, StorageError
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import sign_ins
from tests.oidc import Liar

BACK = "http://127.0.0.1:1/sign-in/oidc/back"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("oidc")) as opened:
        yield opened


@pytest.fixture(scope="module")
def server():
    with Liar() as one:
        yield one


@pytest.fixture
def liar(server):
    server.reset()
    return server


@pytest.fixture
def provider(liar):
    return Provider(liar.issuer, liar.client_id, liar.secret)


@pytest.fixture
def client(provider):
    return Oidc(provider, BACK)


def there_and_back(client, liar, log):
    begun = client.begin(log)
    code, state = liar.approve(begun.address)
    return client.finish(log, begun.browser, state, code)


def under_way(log):
    with log.database.read() as connection:
        return connection.execute(select(func.count()).select_from(sign_ins)).scalar_one()


def test_an_honest_provider(client, liar, log):
    before = under_way(log)
    claims = there_and_back(client, liar, log)
    assert under_way(log) == before
    assert (claims["iss"], claims["sub"], claims["groups"]) == (liar.issuer, "subject-1", ["audit"])


@pytest.mark.parametrize(("method", "secret"), [("post", Liar.secret), ("none", "")])
def test_other_ways_to_say_which_client_it_is(method, secret, liar, log):
    liar.method = method
    liar.discovery = {"token_endpoint_auth_methods_supported": [f"client_secret_{method}"]}
    assert there_and_back(Oidc(Provider(liar.issuer, liar.client_id, secret), BACK), liar, log)["sub"] == "subject-1"


def test_what_is_asked_for(client, log):
    asked = parse_qs(urlsplit(client.begin(log).address).query)
    assert asked["redirect_uri"] == [BACK]
    assert asked["scope"] == ["openid email profile"]
    assert {len(asked[name][0]) for name in ("state", "nonce", "code_challenge")} == {43}
    again = parse_qs(urlsplit(client.begin(log).address).query)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


NOW = int(time.time())
LIES = {
    "another nonce": {"nonce": "n"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "other"},
    "other audiences": {"aud": ["other", "more"]},
    "no audience": {"aud": None},
    "several audiences, and made for another": {"aud": ["affidavit", "other"], "azp": "other"},
    "several audiences, and nobody named": {"aud": ["affidavit", "other"]},
    "expired": {"exp": NOW - 3600, "iat": NOW - 7200},
    "no end": {"exp": None},
    "not yet": {"nbf": NOW + 3600},
    "made in the future": {"iat": NOW + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "a subject without end": {"sub": "x" * 256},
    "a hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "an end that is no number": {"exp": "soon"},
}


@pytest.mark.parametrize("lie", LIES)
def test_tokens_that_do_not_hold(lie, client, liar, log):
    liar.claims = LIES[lie]
    with pytest.raises(Forbidden):
        there_and_back(client, liar, log)


def test_a_single_audience_may_be_a_list(client, liar, log):
    liar.claims = {"aud": [liar.client_id]}
    assert there_and_back(client, liar, log)["sub"] == "subject-1"


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "none", "kid": "k1"}, {"alg": "HS256", "kid": "k1"}])
def test_tokens_unsigned_or_signed_with_the_public_key_for_a_secret(header, client, liar, log):
    liar.header = header
    with pytest.raises(Forbidden, match="does not hold"):
        there_and_back(client, liar, log)


def test_tokens_signed_by_somebody_else(client, liar, log):
    liar.key = RSAKey.generate_key(2048, {"kid": "k1"})
    with pytest.raises(Forbidden):
        there_and_back(client, liar, log)
    liar.header = {"alg": "RS256", "kid": "k2"}
    with pytest.raises(Forbidden):
        there_and_back(client, liar, log)


def test_a_new_key_of_the_provider(client, liar, log, monkeypatch):
    there_and_back(client, liar, log)
    liar.key = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig"})
    liar.keys = [liar.honest_key, liar.key]
    liar.header = {"alg": "RS256", "kid": "k2"}
    with pytest.raises(Forbidden):  # asked for a moment ago
        there_and_back(client, liar, log)
    monkeypatch.setattr(oidc, "KEYS_AGAIN_S", 0.0)
    assert there_and_back(client, liar, log)["sub"] == "subject-1"


@pytest.mark.parametrize("token", [None, 7, "", "a.b", "a.b.c", "e30.e30.e30", "x" * 70_000, "é.é.é"])
def test_what_is_no_token(token, client, liar, log):
    liar.token = {"id_token": token}
    with pytest.raises(Forbidden):
        there_and_back(client, liar, log)


def test_each_sign_in_comes_back_once(client, liar, log):
    liar.one_time = False  # a provider that takes a code twice
    begun = client.begin(log)
    code, state = liar.approve(begun.address)
    assert client.finish(log, begun.browser, state, code)["sub"] == "subject-1"
    with pytest.raises(Forbidden, match="not begun"):
        client.finish(log, begun.browser, state, code)


def test_a_code_can_not_be_carried_into_another_sign_in(client, liar, log):
    """What an attacker got for themselves, put into the victim's way back, or the other way round."""
    mine, theirs = client.begin(log), client.begin(log)
    code, state = liar.approve(mine.address)
    _, other_state = liar.approve(theirs.address)
    with pytest.raises(Forbidden, match="not begun"):
        client.finish(log, theirs.browser, state, code)
    with pytest.raises(Forbidden, match="did not take the code"):  # PKCE
        client.finish(log, theirs.browser, other_state, code)


@pytest.mark.parametrize(("browser", "state"), [("", ""), ("x", "y"), ("\x00", "é\ud800"), ("a\nb", "a")])
def test_what_was_never_begun(browser, state, client, log):
    with pytest.raises(Forbidden, match="not begun"):
        client.finish(log, browser, state, "code")


def test_sign_ins_under_way_end(client, liar, log, monkeypatch):
    begun = client.begin(log)
    code, state = liar.approve(begun.address)
    later = time.time_ns() + (oidc.UNDER_WAY_S + 1) * 1_000_000_000
    with monkeypatch.context() as at:
        at.setattr(oidc.time, "time_ns", lambda: later)
        with pytest.raises(Forbidden, match="too long"):
            client.finish(log, begun.browser, state, code)
    monkeypatch.setattr(oidc.time, "time_ns", lambda: later)
    client.begin(log)
    assert under_way(log) == 1


def test_of_too_many_under_way_the_oldest_are_forgotten(client, liar, log, monkeypatch):
    with log.database.write() as connection:
        connection.execute(sign_ins.delete())
    monkeypatch.setattr(oidc, "UNDER_WAY_MAX", 2)
    first, second, third = (client.begin(log) for _ in range(3))
    assert under_way(log) == 2
    ways = [(*liar.approve(one.address), one.browser) for one in (first, second, third)]
    for code, state, browser in ways[1:]:
        assert client.finish(log, browser, state, code)["sub"] == "subject-1"
    code, state, browser = ways[0]
    with pytest.raises(Forbidden, match="not begun"):
        client.finish(log, browser, state, code)


@pytest.mark.parametrize("keys", [{}, {"keys": None}, {"keys": ["a"]}, {"keys": [{}]}, {"keys": [{"kty": "RSA"}]}, []])
def test_keys_of_the_wrong_shape(keys, client, liar, log):
    liar.key_set = keys
    with pytest.raises(AffidavitError):
        there_and_back(client, liar, log)


@pytest.mark.parametrize("answer", [[], "x", None, 7, {"id_token": {}}, {"error": ["x"]}])
def test_token_answers_of_the_wrong_shape(answer, client, liar, log):
    liar.whole = answer
    with pytest.raises(AffidavitError):
        there_and_back(client, liar, log)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"issuer": "https://evil.example"}, InvalidRequest),
        ({"issuer": None}, InvalidRequest),
        ({"authorization_endpoint": "http://evil.example/authorize"}, InvalidRequest),
        ({"authorization_endpoint": "javascript:alert(1)"}, InvalidRequest),
        ({"token_endpoint": "http://evil.example/token"}, InvalidRequest),
        ({"jwks_uri": None}, InvalidRequest),
        ({"jwks_uri": ["https://a.example"]}, InvalidRequest),
    ],
)
def test_providers_that_say_what_can_not_be(said, error, client, liar, log):
    liar.discovery = said
    before = under_way(log)
    with pytest.raises(error):
        client.begin(log)
    assert under_way(log) == before


def test_a_provider_that_does_not_answer(client, liar, log):
    begun = client.begin(log)
    code, state = liar.approve(begun.address)
    liar.status = 503
    with pytest.raises(StorageError, match="does not answer"):
        client.finish(log, begun.browser, state, code)
    gone = Oidc(Provider("http://127.0.0.1:9", "x"), BACK)
    with pytest.raises(StorageError, match="does not answer"):
        gone.begin(log)


def test_a_wrong_client_secret(liar, log):
    client = Oidc(Provider(liar.issuer, liar.client_id, "wrong"), BACK)
    with pytest.raises(Forbidden) as error:
        there_and_back(client, liar, log)
    assert "wrong" not in str(error.value)
