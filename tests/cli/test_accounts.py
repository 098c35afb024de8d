"""`affidavit key …` and `affidavit user …`."""

from __future__ import annotations

from affidavit.access import keys, people
from affidavit.log.audit_log import AuditLog


def test_keys(call, asked, home):
    call("init")
    made = asked("key", "add", "app", "--role", "officer", "--expires", "2999-12-31")
    assert (made["role"], made["expires"]) == ("officer", "3000-01-01T00:00:00.000000Z")
    rotated = asked("key", "rotate", "app")["key"]
    with AuditLog.open(home) as log:
        assert keys.principal_of_key(log, made["key"]) is None
        assert keys.principal_of_key(log, rotated).role == "officer"
    again = asked("key", "rotate", "app", "--overlap", "2")
    assert again["old_until"] > again["created"]
    with AuditLog.open(home) as log:
        assert keys.principal_of_key(log, rotated).id == keys.principal_of_key(log, again["key"]).id == "key:app"
    assert call("key", "rotate", "app", "--overlap", "169")[0] == 2
    listed = call("key", "list")[1]
    assert listed.startswith("app ")
    assert rotated not in listed
    assert asked("key", "revoke", "app")["ended"]
    assert "ended" in call("key", "list")[1]
    assert call("key", "revoke", "app")[0] == 2
    assert call("key", "revoke", "none")[0] == 4


def test_users(call, asked, home):
    call("init")
    added = asked("user", "add", "ann", "--role", "auditor", "--expires", "2999-01-01", "--from", "2026-01-01")
    assert added["path"].startswith("/welcome?token=")
    code, out, _ = call("user", "invite", "ann")
    assert (code, "/welcome?token=" in out) == (0, True)
    with AuditLog.open(home) as log:
        assert people.invited(log, added["path"].partition("=")[2]) is None
        assert people.invited(log, out.strip().rpartition("=")[2]).name == "ann"
    assert "invited" in call("user", "list")[1]
    shown = asked("user", "list")["users"][0]
    assert (shown["name"], shown["role"], shown["from"]) == ("ann", "auditor", "2026-01-01")
    changed = asked("user", "change", "ann", "--role", "officer", "--profile", "export")
    assert (changed["role"], changed["profile"], changed["from"], changed["expires"]) == ("officer", "export", "", None)
    assert asked("user", "end", "ann")["ended"]
    assert asked("user", "restore", "ann")["ended"] is None
    assert call("user", "restore", "ann")[0] == 2


def test_what_can_not_be(call):
    call("init")
    assert "an end" in call("user", "add", "ann", "--role", "auditor")[2]
    assert call("key", "add", "a b")[0] == 2
    assert call("key", "add", "a", "--expires", "soon")[0] == 2
    assert call("key", "add", "a", "--expires", "2020-01-01")[0] == 2
    assert call("key", "add", "a", "--stream", "none")[0] == 4
