"""The provider's file: what it may say, whom it lets in, and that its secret is nowhere shown."""

from __future__ import annotations

import pytest

from affidavit.access.provider import DAYS_MAX, SECRET_VARIABLE, Provider, Rule, load
from affidavit.errors import InvalidRequest

HEAD = 'issuer = "https://login.example.org"\nclient_id = "affidavit"\n'
GRANT = '[[grant]]\nclaim = "groups"\nvalue = "audit"\nrole = "officer"\n'


@pytest.fixture
def file(tmp_path):
    return tmp_path / "oidc.toml"


def read(file, text, environ=()):
    file.write_text(text)
    return load(file, dict(environ))


def test_without_a_file_there_is_none(file):
    assert load(file, {}) is None


def test_everything_it_may_say(file):
    (file.parent / "secret").write_text("s3cret\n")
    text = f"""{HEAD}client_secret_file = "secret"\nscopes = "openid groups"\nlabel = "Acme"\nname = "upn"\n{GRANT}
[[grant]]
domain = "Example.org"
tenant = "acme"
role = "auditor"
profile = "public"
streams = ["main"]
from = "2026-01-01"
to = "2026-12-31"
days = 90
"""
    found = read(file, text)
    assert (found.secret, found.scopes, found.label, found.name) == ("s3cret", "openid groups", "Acme", "upn")
    first, second = found.rules
    assert (first.claim, first.value, first.role, first.tenant, first.days) == ("groups", "audit", "officer", "", 0)
    assert (second.tenant, second.profile, second.streams) == ("acme", "public", ("main",))
    assert (second.start, second.end, second.days) == ("2026-01-01", "2026-12-31", 90)
    assert "s3cret" not in repr(found)


def test_the_environment_has_the_secret_first(file):
    (file.parent / "secret").write_text("from the file")
    text = f'{HEAD}client_secret_file = "secret"\n'
    assert read(file, text, {SECRET_VARIABLE: "from the environment"}).secret == "from the environment"
    assert read(file, HEAD).secret == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("issuer =", "not TOML"),
        ('client_id = "x"', "issuer is missing"),
        ('issuer = "https://a.example"', "client_id is missing"),
        (HEAD + 'client_secret = "s3cret"', "unknown key 'client_secret'"),
        (HEAD + "scopes = 3", "scopes is no text"),
        (HEAD + 'scopes = "email"', "openid is among them"),
        (HEAD + 'client_secret_file = "none"', "readable file"),
        (HEAD + 'grant = "x"', "tables"),
        ('issuer = "http://login.example.org"\nclient_id = "a"', "https://"),
        ('issuer = "https://login.example.org/?a=b"\nclient_id = "a"', "without query"),
        ('issuer = "file:///etc/passwd"\nclient_id = "a"', "https://"),
        ('issuer = "http://localhost.evil.example"\nclient_id = "a"', "https://"),
        ('issuer = "https://[::1"\nclient_id = "a"', "no address"),
        (HEAD + '[[grant]]\nrole = "viewer"', "whom"),
        (HEAD + '[[grant]]\nclaim = "groups"\nrole = "viewer"', "whom"),
        (HEAD + GRANT + 'domain = "example.org"', "whom"),
        (HEAD + GRANT.replace("officer", "king"), "role 'king'"),
        (HEAD + GRANT.replace("officer", "auditor"), "has an end"),
        (HEAD + GRANT.replace("officer", "admin") + 'profile = "public"', "can't be bound"),
        (HEAD + GRANT + f"days = {DAYS_MAX + 1}", "days"),
        (HEAD + GRANT + "days = true", "days"),
        (HEAD + GRANT + 'streams = "main"', "streams"),
        (HEAD + GRANT + "tenant = 1", "no text"),
        (HEAD + GRANT + 'group = "x"', "unknown key 'group'"),
    ],
)
def test_what_it_may_not_say(file, text, said):
    with pytest.raises(InvalidRequest) as error:
        read(file, text)
    assert said in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("issuer", ["http://localhost:9400", "http://127.0.0.1:9400/realms/a", "http://[::1]:1"])
def test_this_machine_needs_no_https(file, issuer):
    assert read(file, f'issuer = "{issuer}"\nclient_id = "a"').issuer == issuer


@pytest.mark.parametrize(
    ("claims", "fits"),
    [
        ({"groups": ["a", "audit"]}, True),
        ({"groups": "audit"}, True),
        ({"groups": "auditors"}, False),
        ({"groups": ["auditors"]}, False),
        ({"groups": {"audit": 1}}, False),
        ({"groups": None}, False),
        ({}, False),
    ],
)
def test_rules_by_claims(claims, fits):
    assert Rule("viewer", claim="groups", value="audit").fits(claims) is fits


@pytest.mark.parametrize(
    ("email", "verified", "fits"),
    [
        ("ann@example.org", True, True),
        ("ann@EXAMPLE.org", "true", True),
        ("ann@example.org", False, False),
        ("ann@example.org", None, False),
        ("ann@example.org", "yes", False),
        ("ann@example.org", 1, False),
        ("ann@sub.example.org", True, False),
        ("ann@example.org@evil.example", True, False),
        ("example.org", True, False),
        (["ann@example.org"], True, False),
    ],
)
def test_rules_by_domains_ask_for_a_verified_email(email, verified, fits):
    claims = {"email": email, "email_verified": verified}
    assert Rule("viewer", domain="example.org").fits(claims) is fits


def test_the_first_rule_that_fits_decides():
    rules = (Rule("admin", claim="groups", value="a"), Rule("viewer", claim="groups", value="b"))
    found = Provider("https://a.example", "c", rules=rules)
    assert found.rule_for({"groups": ["b", "a"]}).role == "admin"
    assert found.rule_for({"groups": ["b"]}).role == "viewer"
    assert found.rule_for({"groups": []}) is None


def test_what_people_are_called():
    claims = {"sub": "s", "email": "a@example.org", "preferred_username": "ann", "upn": 3}
    provider = Provider("https://a.example", "c")
    assert provider.name_of(claims) == "ann"
    assert provider.name_of({**claims, "email_verified": True}) == "a@example.org"
    assert Provider("https://a.example", "c", name="upn").name_of(claims) == "s"
