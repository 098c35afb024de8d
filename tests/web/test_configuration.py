"""Configuration over HTTP, and what it does to recording, exports and masks there."""

from __future__ import annotations

import json

import pytest

from affidavit import AuditLog
from affidavit.log import configuration
from affidavit.testing import capture_events

PATH = "/api/v1/configuration"
LEGACY = "/api/export-compliance-logs"
EVENT = {
    "at": "2024-10-01T12:00:00Z",
    "action": "login",
    "actor": {"id": "u1", "name": "Ada Lovelace"},
    "source": {"ip": "203.0.113.7"},
}
COLUMNS = ["at", "actor.id", "actor.name", "source.ip"]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("configured")) as opened:
        opened.record(EVENT)
        yield opened


@pytest.fixture(autouse=True)
def _defaults_again(log):
    yield
    configuration.change(log, dict.fromkeys(configuration.KEYS), "the test is over")


def patch(client, **body):
    answer = client.patch(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_is_shown_with_its_choices_and_changed(client, log):
    before = client.get(PATH).json()
    assert (before["audit_logging"], before["retention"], before["masking"], before["changed"]) == (
        True,
        "none",
        {},
        {},
    )
    assert "remove" in before["choices"]["masks"]
    assert "keep" not in before["choices"]["masks"]
    with capture_events(log, stream="control") as events:
        after = patch(client, retention="18 months", masking={"ip": {"mask": "ip", "v4": 16}}, reason="policy")
    assert (after["retention"], after["masking"]) == ("1 year 6 months", {"ip": {"mask": "ip", "v4": 16}})
    assert after["changed"]["retention"]["reason"] == "policy"
    assert client.get(PATH).json() == after
    assert events.actions == ["config.updated"]
    assert patch(client, retention=None)["retention"] == "none"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"retention": "soon"}, "retention"),
        ({"export_formats": ["docx"]}, "export_formats"),
        ({"export_frequency": "hourly"}, "export_frequency"),
        ({"masking": {"at": "remove"}}, "masking"),
        ({"audit_logging": False}, "reason"),
        ({"audit_logging": "off"}, "audit_logging"),
        ({"color": "blue"}, "color"),
    ],
)
def test_what_can_not_be_is_refused_by_name(client, body, field):
    answer = client.patch(PATH, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_off_refuses_events_clearly_and_says_so_in_the_status(client):
    patch(client, audit_logging=False, reason="maintenance window")
    one = client.post("/api/v1/events", json={"action": "a"})
    batch = client.post("/api/v1/events", json=[{"action": "a"}, {"action": "b"}])
    for answer in (one, batch):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "audit logging is off since" in answer.json()["detail"]
    assert client.get("/api/v1/status").json()["stopped"].endswith("Z")
    assert client.get("/api/v1/events").status_code == 200
    assert "refused_while_off" in client.get("/metrics").text
    patch(client, audit_logging=True, reason="maintenance is over")
    assert client.post("/api/v1/events", json={"action": "a"}).status_code == 201
    assert client.get("/api/v1/status").json()["stopped"] is None


def test_formats_that_are_not_allowed_are_refused_everywhere(client, access, log):
    patch(client, export_formats=["json", "pdf"])
    refused = len(access(log, "export.refused"))
    for path, body in (
        (LEGACY, {"format": "csv"}),
        ("/api/v1/exports/preview", {"format": "csv"}),
        ("/api/v1/exports", {"format": "csv"}),
        ("/api/v1/exports/estimate", {"format": "xlsx"}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["field"] == "format"
        assert "Allowed: json, pdf" in answer.json()["detail"]
    assert len(access(log, "export.refused")) > refused
    assert client.post(LEGACY, json={"format": "json"}).status_code == 200
    assert client.post("/api/v1/exports/estimate", json={"format": "pdf"}).status_code == 200


def test_masks_lie_over_every_profile_but_internal(client, log, access):
    patch(client, masking={"ip": "remove", "person_name": "type", "actor.id": "remove"})
    shown = {}
    for profile in ("export", "auditor", "internal"):
        body = {"profile": profile, "columns": COLUMNS, "query": "action:login"}
        shown[profile] = client.post("/api/v1/exports/estimate", json=body).json()["rows"][0]
    assert shown["export"]["source.ip"] is None
    assert shown["export"]["actor.id"] is None
    assert shown["export"]["actor.name"] == shown["auditor"]["actor.name"] == "[person_name]"
    assert shown["internal"]["source.ip"] == "203.0.113.7"
    assert client.post(LEGACY, json={"actions": ["login"], "format": "json"}).json()[0]["user_id"] is None
    names = {path["path"]: path["mask"] for path in client.get("/api/v1/fields?profile=auditor").json()["fields"]}
    assert (names["source.ip"], names["actor.name"]) == ("remove", "type")
    created = json.loads(access(log, "export.created")[-1])
    assert created["export.profile"] == "export+configuration"


def test_what_the_configuration_masks_can_not_be_asked_in_clear(client):
    assert client.get("/api/v1/events", params={"q": "source.ip:203.0.113.7", "profile": "export"}).status_code == 200
    patch(client, masking={"ip": "remove"})
    answer = client.get("/api/v1/events", params={"q": "source.ip:203.0.113.7", "profile": "export"})
    assert (answer.status_code, "masked for this reader" in answer.json()["detail"]) == (422, True)
