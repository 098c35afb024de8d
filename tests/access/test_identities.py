"""People by a provider's word: known by issuer and subject, whatever they are called. On SQLite and PostgreSQL."""

from __future__ import annotations

import time

import pytest

from affidavit.access import accounts, identities, people
from affidavit.access.accounts import Grant
from affidavit.access.provider import Provider, Rule
from affidavit.errors import AffidavitError, Forbidden, InvalidRequest
from affidavit.testing import capture_events

OFFICER = Rule("officer", claim="groups", value="audit")


@pytest.fixture
def provider():
    return Provider("https://login.example.org", "affidavit")


def admit(log, provider, rule=OFFICER, **claims):
    return identities.admit(log, provider, rule, {"sub": "s1", "preferred_username": "ann", **claims})


def who(log, token):
    return people.principal_of_session(log, token)


def test_who_comes_first_becomes_a_person_and_stays_one(provider, log, control_events):
    with capture_events(log, stream="access") as events:
        first = who(log, admit(log, provider))
        again = who(log, admit(log, provider, preferred_username="renamed", email="x@example.org"))
    assert (first.id, first.role, first.tenant) == ("ann", "officer", "default")
    assert again == first
    assert control_events.actions == ["person.created"]
    assert events.actions == ["person.signed_in"] * 2
    assert accounts.find(log, "person", "ann").issuer == provider.issuer
    assert accounts.find(log, "person", "ann").to_json()["state"] == "active"
    assert people.sign_in(log, "ann", "") is None


def test_nobody_comes_into_anothers_place_by_a_name(provider, log):
    people.choose_password(log, people.invite(log, "ann", Grant("admin")), "correct horse battery")
    found = who(log, admit(log, provider))
    assert found.id.startswith("ann-")
    assert found.role == "officer"
    other = who(log, admit(log, provider, sub="s2"))
    assert other.id not in {"ann", found.id}
    assert accounts.find(log, "person", "ann").issuer == ""


def test_the_same_subject_of_another_provider_is_somebody_else(provider, log):
    first = who(log, admit(log, provider))
    other = who(log, admit(log, Provider("https://other.example", "c"), sub="s1"))
    assert other.id != first.id


@pytest.mark.parametrize(
    ("given", "name"),
    [("Ann Example", "Ann-Example"), ("../x", "x"), ("é\x00'; --", None), ("x" * 300, "x" * 64), ("@", None)],
)
def test_names_are_made_fit(given, name, provider, log):
    found = who(log, admit(log, provider, preferred_username=given))
    assert found.id == name if name else found.id.startswith("person-") or found.id


def test_who_was_ended_stays_out(provider, log):
    token = admit(log, provider)
    accounts.end(log, "person", "ann")
    assert who(log, token) is None
    with pytest.raises(Forbidden, match="ended"):
        admit(log, provider)
    accounts.restore(log, "ann")
    assert who(log, admit(log, provider)).id == "ann"


def test_a_name_taken_anew_is_not_the_old_ones_any_more(provider, log):
    admit(log, provider)
    accounts.end(log, "person", "ann")
    accounts.create(log, "person", "ann", Grant("admin"), "")
    assert who(log, admit(log, provider)).id.startswith("ann-")


def test_the_role_follows_the_provider_and_bounds_stay(provider, log, control_events):
    admit(log, provider)
    bound = Grant("officer", streams=("main",))
    accounts.change(log, "person", "ann", bound)
    assert who(log, admit(log, provider)).streams == ("main",)
    found = who(log, admit(log, provider, Rule("auditor", claim="a", value="b", days=30)))
    assert (found.role, found.streams) == ("auditor", None)
    until_us = accounts.find(log, "person", "ann").grant.expires_us
    days = (until_us - time.time_ns() // 1000) / 86_400_000_000
    assert 29 < days <= 31
    assert control_events.actions == ["person.created", "person.changed", "person.changed"]


def test_an_admin_by_a_provider_is_an_admin_who_can_sign_in(provider, log):
    assert not people.has_admin(log)
    admit(log, provider, Rule("admin", claim="a", value="b"))
    assert people.has_admin(log)
    with pytest.raises(InvalidRequest, match="nobody else"):
        accounts.end(log, "person", "ann", keep_admin=True)


def test_rules_that_name_what_is_not_there(provider, log):
    for rule in (Rule("viewer", claim="a", value="b", profile="none"), Rule("viewer", claim="a", value="b", end="x")):
        with pytest.raises(AffidavitError):
            admit(log, provider, rule)
    assert accounts.list_accounts(log, "person") == []
