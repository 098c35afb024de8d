"""API keys and people: made, rotated, ended; what each change leaves on the log; what a secret leaves nowhere."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select

from affidavit.access import accounts, keys, people
from affidavit.access.accounts import Grant
from affidavit.access.principal import PERMISSIONS, ROLES, Principal, local
from affidavit.errors import Forbidden, InvalidRequest, NotFound
from affidavit.log import registry
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import metadata
from affidavit.testing import capture_events

PASSWORD = "correct horse battery"
DAY_US = 86_400_000_000


def now_us():
    return time.time_ns() // 1000


def actions(events):
    return events.actions


def test_a_key_is_known_until_it_is_ended(log, control_events):
    made, text = keys.create_key(log, "app", Grant("developer"))
    found = keys.principal_of_key(log, text)
    assert (found.id, found.role, found.tenant, found.kind) == ("key:app", "developer", "default", "key")
    assert text.partition("_")[2].partition("_")[2] not in made.secret
    _, second = keys.rotate_key(log, "app")
    assert keys.principal_of_key(log, text) is None
    assert keys.principal_of_key(log, second) is not None
    accounts.end(log, "key", "app")
    assert keys.principal_of_key(log, second) is None
    assert control_events.actions == ["api_key.created", "api_key.rotated", "api_key.ended"]
    assert control_events[0].fields["resource.id"] == "app"


def test_no_secret_is_on_the_log_or_in_the_tables(log, control_events):
    _, text = keys.create_key(log, "app", Grant("developer"))
    token = people.invite(log, "ann", Grant("officer"))
    people.choose_password(log, token, PASSWORD)
    session = people.sign_in(log, "ann", PASSWORD)
    secrets = [text[-43:], token, session, PASSWORD]
    log.flush()
    files = [path for path in log.home.rglob("*") if path.is_file()]
    with log.database.read() as connection:
        rows = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert any("ann" in row for row in rows)
    for secret in secrets:
        assert not any(secret.encode() in path.read_bytes() for path in files)
        assert not any(secret in row for row in rows)


@pytest.mark.parametrize("text", ["", "afk_", "afk_" + "0" * 32 + "_" + "A" * 43, "x" * 10_000, "afk_é", "afk_\x00"])
def test_what_is_no_key(log, text):
    assert keys.principal_of_key(log, text) is None


def test_another_secret_is_not_the_key(log):
    _, text = keys.create_key(log, "app", Grant("developer"))
    other = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert keys.principal_of_key(log, other) is None


def test_a_key_expires_by_itself(log, monkeypatch):
    _, text = keys.create_key(log, "app", Grant("developer", expires_us=now_us() + DAY_US))
    assert keys.principal_of_key(log, text) is not None
    later = time.time_ns() + 2 * DAY_US * 1000
    monkeypatch.setattr(keys.time, "time_ns", lambda: later)
    assert keys.principal_of_key(log, text) is None


def test_keys_of_another_tenant_are_none_here(log, open_log):
    registry.create_tenant(log.database, log.keys, "other", "UTC")
    other = AuditLog.open(log.home, tenant="other", database=log.settings.database)
    try:
        _, text = keys.create_key(other, "app", Grant("admin"))
        assert keys.principal_of_key(other, text).tenant == "other"
        assert keys.principal_of_key(log, text) is None
    finally:
        other.close()


@pytest.mark.parametrize(
    "grant",
    [
        Grant("king"),
        Grant("auditor"),
        Grant("admin", profile="auditor"),
        Grant("viewer", start="2026-13-01"),
        Grant("viewer", start="2026-02-01", end="2026-01-01"),
        Grant("viewer", expires_us=1),
    ],
)
def test_grants_that_can_not_be(log, grant):
    with pytest.raises(InvalidRequest):
        keys.create_key(log, "x", grant)
    assert accounts.list_accounts(log, "key") == []


def test_names(log):
    keys.create_key(log, "app", Grant("developer"))
    for name in ("app", "", "a b", "a:b", "é", "x" * 65):
        with pytest.raises(InvalidRequest):
            keys.create_key(log, name, Grant("developer"))
    for grant in (Grant("viewer", profile="none"), Grant("viewer", streams=("none",))):
        with pytest.raises(NotFound):
            keys.create_key(log, "y", grant)
    accounts.end(log, "key", "app")
    with pytest.raises(InvalidRequest):
        accounts.end(log, "key", "app")
    with pytest.raises(InvalidRequest):
        keys.rotate_key(log, "app")
    keys.create_key(log, "app", Grant("officer"))
    assert accounts.find(log, "key", "app").grant.role == "officer"


def test_a_person_from_link_to_session(log):
    with capture_events(log, stream="access") as events:
        token = people.invite(log, "ann@example.org", Grant("officer"))
        assert people.sign_in(log, "ann@example.org", "") is None
        people.choose_password(log, token, PASSWORD)
        assert people.invited(log, token) is None
        assert people.sign_in(log, "ann@example.org", PASSWORD + "x") is None
        assert people.sign_in(log, "nobody", PASSWORD) is None
        session = people.sign_in(log, "ann@example.org", PASSWORD)
        assert people.principal_of_session(log, session).id == "ann@example.org"
        assert people.principal_of_session(log, token) is None
        people.sign_out(log, session)
        assert people.principal_of_session(log, session) is None
    refused, signed = ["person.refused"] * 3, ["person.signed_in", "person.signed_out"]
    assert events.actions == [*refused[:1], *refused[1:], *signed]
    assert "nobody" not in str([event.fields for event in events])


def test_links_work_once_and_not_for_ever(log, monkeypatch):
    token = people.invite(log, "ann", Grant("viewer"))
    with pytest.raises(InvalidRequest, match="characters"):
        people.choose_password(log, token, "short")
    newer = people.invite_again(log, "ann")
    with pytest.raises(Forbidden):
        people.choose_password(log, token, PASSWORD)
    later = now_us() + 25 * 3_600_000_000
    monkeypatch.setattr(people, "_now_us", lambda: later)
    with pytest.raises(Forbidden):
        people.choose_password(log, newer, PASSWORD)


def test_whoever_is_ended_is_out_at_once(log):
    people.choose_password(log, people.invite(log, "ann", Grant("viewer")), PASSWORD)
    session = people.sign_in(log, "ann", PASSWORD)
    accounts.end(log, "person", "ann")
    assert people.principal_of_session(log, session) is None
    assert people.sign_in(log, "ann", PASSWORD) is None
    with pytest.raises(InvalidRequest):
        people.invite_again(log, "ann")


def test_sessions_end_by_themselves(log, monkeypatch):
    people.choose_password(log, people.invite(log, "ann", Grant("viewer")), PASSWORD)
    session = people.sign_in(log, "ann", PASSWORD)
    later = now_us() + 13 * 3_600_000_000
    monkeypatch.setattr(people, "_now_us", lambda: later)
    assert people.principal_of_session(log, session) is None


def test_a_changed_grant_acts_at_once_and_is_whole(log, control_events):
    _, text = keys.create_key(log, "app", Grant("viewer", profile="export", streams=("main",), start="2026-01-01"))
    before = keys.principal_of_key(log, text)
    assert (before.profile, before.streams, before.start) == ("export", ("main",), "2026-01-01")
    accounts.change(log, "key", "app", Grant("officer", end="2026-12-31"))
    after = keys.principal_of_key(log, text)
    assert (after.role, after.profile, after.streams, after.start) == ("officer", "", None, None)
    assert after.end == "2026-12-31"
    for bad, error in ((Grant("auditor"), InvalidRequest), (Grant("viewer", streams=("none",)), NotFound)):
        with pytest.raises(error):
            accounts.change(log, "key", "app", bad)
    accounts.end(log, "key", "app")
    with pytest.raises(InvalidRequest):
        accounts.change(log, "key", "app", Grant("officer"))
    with pytest.raises(NotFound):
        accounts.change(log, "person", "app", Grant("officer"))
    assert control_events.actions == ["api_key.created", "api_key.changed", "api_key.ended"]
    assert control_events[1].fields["details"] == {"role": "officer", "to": "2026-12-31"}


def test_both_secrets_work_while_they_overlap(log, monkeypatch):
    _, first = keys.create_key(log, "app", Grant("developer"))
    for hours in (-1, keys.OVERLAP_H_MAX + 1):
        with pytest.raises(InvalidRequest):
            keys.rotate_key(log, "app", hours)
    _, second = keys.rotate_key(log, "app", 2)
    assert keys.principal_of_key(log, first) == keys.principal_of_key(log, second) is not None
    later = time.time_ns() + 3 * 3_600_000_000_000
    with monkeypatch.context() as at:
        at.setattr(keys.time, "time_ns", lambda: later)
        assert keys.principal_of_key(log, first) is None
        assert keys.principal_of_key(log, second) is not None
    _, third = keys.rotate_key(log, "app", 2)
    assert [keys.principal_of_key(log, one) is None for one in (first, second, third)] == [True, False, False]
    accounts.end(log, "key", "app")
    assert [keys.principal_of_key(log, one) for one in (second, third)] == [None, None]


def test_access_that_ended_can_be_given_back(log, monkeypatch):
    expires_us = now_us() + DAY_US
    people.choose_password(log, people.invite(log, "ann", Grant("auditor", expires_us=expires_us)), PASSWORD)
    session = people.sign_in(log, "ann", PASSWORD)
    with pytest.raises(InvalidRequest, match="has access"):
        accounts.restore(log, "ann")
    accounts.end(log, "person", "ann")
    accounts.restore(log, "ann")
    assert people.principal_of_session(log, session) is None
    assert people.sign_in(log, "ann", PASSWORD)
    accounts.end(log, "person", "ann")
    later = time.time_ns() + 2 * DAY_US * 1000
    monkeypatch.setattr(accounts.time, "time_ns", lambda: later)
    with pytest.raises(InvalidRequest, match="past"):
        accounts.restore(log, "ann")


def test_of_two_admins_who_end_each_other_one_stays(log):
    for name in ("ann", "bea"):
        people.choose_password(log, people.invite(log, name, Grant("admin")), PASSWORD)
    done, refused = [], []

    def end(name):
        try:
            accounts.end(log, "person", name, keep_admin=True)
            done.append(name)
        except InvalidRequest:
            refused.append(name)

    threads = [threading.Thread(target=end, args=(name,)) for name in ("ann", "bea")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(done), len(refused)) == (1, 1)
    (left,) = refused
    with pytest.raises(InvalidRequest, match="nobody else"):
        people.invite_again(log, left, keep_admin=True)
    with pytest.raises(InvalidRequest, match="nobody else"):
        accounts.change(log, "person", left, Grant("officer"), keep_admin=True)
    assert accounts.find(log, "person", left).grant.role == "admin"
    assert people.has_admin(log)
    accounts.end(log, "person", left)  # the command line may
    assert not people.has_admin(log)


def test_keys_and_sessions_of_any_tenant_where_that_is_asked(log):
    registry.create_tenant(log.database, log.keys, "other", "UTC")
    with AuditLog.open(log.home, tenant="other", database=log.settings.database) as other:
        _, text = keys.create_key(other, "app", Grant("viewer"))
        token = people.invite(other, "ann", Grant("viewer"))
        assert people.invited(log, token) is None
        assert people.invited(log, token, anywhere=True).tenant == "other"
        people.choose_password(other, token, PASSWORD)
        session = people.sign_in(other, "ann", PASSWORD)
    assert keys.principal_of_key(log, text) is None
    assert keys.principal_of_key(log, text, anywhere=True).tenant == "other"
    assert people.principal_of_session(log, session) is None
    assert people.principal_of_session(log, session, anywhere=True).tenant == "other"


def test_the_first_admin(log):
    assert not people.has_admin(log)
    lost = people.first_admin(log)
    token = people.first_admin(log)
    assert people.invited(log, lost) is None
    people.choose_password(log, token, PASSWORD)
    assert people.has_admin(log)


def test_roles_and_bounds():
    assert set(ROLES["admin"]) == set(PERMISSIONS)
    assert all("manage" not in allowed for role, allowed in ROLES.items() if role != "admin")
    assert "record" not in ROLES["auditor"] | ROLES["viewer"] | ROLES["officer"]
    auditor = Principal("a", "auditor", "t", streams=("main",), start="2026-01-01")
    assert auditor.profile_for("", "internal") == "auditor"
    with pytest.raises(Forbidden):
        auditor.profile_for("internal", "internal")
    with pytest.raises(Forbidden):
        auditor.streams_for(("access",))
    assert auditor.bound
    assert local("t").profile_for("", "export") == "export"
