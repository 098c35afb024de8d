"""Values in clear over HTTP: only for a reason, only for who may, and every asking on the log first."""

from __future__ import annotations

import httpx
import pytest

from affidavit import AuditLog
from affidavit.access import keys
from affidavit.access.accounts import Grant
from affidavit.log.vault import SqlVault
from affidavit.testing import capture_events

WHY = "incident 2026-17"
EVENT = {
    "at": "2024-10-01T12:00:00Z",
    "action": "grade.updated",
    "actor": {"id": "u1", "name": "Ada Lovelace"},
    "details": {"note": "call +1 202 555 0143"},
}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("revealed")) as opened:
        opened.record(EVENT)
        yield opened


@pytest.fixture(scope="module")
def token(log):
    return SqlVault(log.database, log.tenant.id, log.keys).get_or_create("account", "4000-1234")


@pytest.fixture(scope="module")
def signed(log, serving):
    """Clients by what their keys may do."""
    grants = {
        "officer": Grant("officer"),
        "bound": Grant("officer", profile="auditor"),
        "late": Grant("officer", start="2025-01-01"),
        "elsewhere": Grant("officer", streams=("access",)),
    }
    texts = {name: keys.create_key(log, name, grant)[1] for name, grant in grants.items()}
    with serving(log, sign_in=True) as (client, _):
        made = {
            name: httpx.Client(base_url=client.base_url, headers={"Authorization": f"Bearer {text}"}, timeout=20)
            for name, text in texts.items()
        }
        yield made
        for one in made.values():
            one.close()


def test_a_token_is_turned_back_for_a_reason(signed, log, token):
    with capture_events(log, stream="access") as events:
        answer = signed["officer"].post("/api/v1/reveal", json={"tokens": [token], "reason": WHY})
    assert answer.json() == {"tokens": [{"token": token, "class": "account", "value": "4000-1234"}]}
    assert events.actions == ["token.revealed"]
    assert (events[0].fields["actor.id"], events[0].fields["basis.justification"]) == ("key:officer", WHY)


def test_fields_are_shown_in_clear_for_a_reason(signed, log):
    with capture_events(log, stream="access") as events:
        body = {"fields": ["actor.name"], "reason": WHY}
        one = signed["officer"].post("/api/v1/events/main/0/unmask", json=body).json()
        whole = signed["officer"].post("/api/v1/events/main/0/unmask", json={"reason": WHY}).json()
    assert one["fields"] == [{"path": "actor.name", "tag": "s", "value": "Ada Lovelace", "mask": ""}]
    shown = {field["path"]: field["value"] for field in whole["fields"]}
    assert (shown["action"], "202 555 0143" in shown["details"]) == ("grade.updated", True)
    assert events.actions == ["record.unmasked"] * 2
    assert events[0].fields["query.fields"] == "actor.name"
    assert "Ada" not in repr([event.fields for event in events])


@pytest.mark.parametrize(
    ("who", "path", "body", "status"),
    [
        ("officer", "reveal", {"tokens": ["TOKEN"], "reason": "because"}, 422),
        ("officer", "reveal", {"tokens": [], "reason": WHY}, 422),
        ("officer", "reveal", {"tokens": ["tk_nothing"], "reason": WHY}, 422),
        ("officer", "reveal", {"tokens": ["vt_" + "a" * 26], "reason": WHY}, 404),
        ("bound", "reveal", {"tokens": ["TOKEN"], "reason": WHY}, 403),
        ("officer", "events/main/0/unmask", {"reason": "because"}, 422),
        ("officer", "events/main/0/unmask", {"reason": WHY, "fields": ["Actor Name"]}, 422),
        ("officer", "events/main/0/unmask", {"reason": WHY, "fields": ["actor.session"]}, 404),
        ("officer", "events/main/9/unmask", {"reason": WHY}, 404),
        ("officer", "events/nowhere/0/unmask", {"reason": WHY}, 404),
        ("bound", "events/main/0/unmask", {"reason": WHY}, 403),
        ("elsewhere", "events/main/0/unmask", {"reason": WHY}, 403),
        ("late", "events/main/0/unmask", {"reason": WHY}, 404),
    ],
)
def test_what_is_refused_is_told_and_recorded(signed, log, token, who, path, body, status):
    body = {
        **body,
        **({"tokens": [token if one == "TOKEN" else one for one in body["tokens"]]} if "tokens" in body else {}),
    }
    with capture_events(log, stream="access") as events:
        answer = signed[who].post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status
    assert "4000-1234" not in answer.text
    assert "Ada" not in answer.text
    action = "token.revealed" if path == "reveal" else "record.unmasked"
    (asked,) = events.where(action)
    assert asked.outcome == ("failure" if status == 404 else "denied")
    assert asked.fields["actor.id"] == f"key:{who}"
    assert asked.fields["status_detail"]
