"""Cases and reference data over HTTP: by whom, as whom they see it, and on the record."""

from __future__ import annotations

import hashlib

import pytest

from affidavit import AuditLog
from affidavit.cases.facts import FACTS
from affidavit.cases.subject_requests import STEPS
from affidavit.log import configuration

ACCESS = {"law": "gdpr", "right": "access", "subject_id": "s1042", "description": "about Ada Lovelace, ada@example.org"}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


def opened(client, facts=ACCESS, **more):
    answer = client.post("/api/v1/cases", json={"kind": "request", "facts": facts, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def step(client, number, name, facts=None, **more):
    return client.post(f"/api/v1/cases/{number}/{name}", json={"facts": facts or {}, **more})


def test_a_case_from_receipt_to_answer(officer, log, access):
    case = opened(officer, at="2026-03-05T09:00:00Z")
    assert (case["state"], case["facts"]["subject_id"]) == ("open", "s1042")
    assert case["clocks"][0]["due"] == "2026-04-06T23:59:59.999999Z"
    assert case["clocks"][0]["status"] == "overdue"
    assert step(officer, case["id"], "verified", {"verified_how": "passport"}).json()["state"] == "verified"
    closed = step(officer, case["id"], "closed", {"outcome": "complied"}, at="2026-03-20T12:00:00Z")
    assert closed.status_code == 422  # the verification came later
    closed = step(officer, case["id"], "closed", {"outcome": "complied"}).json()
    assert (closed["state"], closed["clocks"][0]["status"]) == ("closed", "late")
    shown = officer.get(f"/api/v1/cases/{case['id']}").json()
    assert [(one["step"], one["actor"]) for one in shown["events"]] == [
        (name, shown["events"][0]["actor"]) for name in ("received", "verified", "closed")
    ]
    assert shown["events"][0]["actor"]
    assert any(case["id"] in text for text in access(log, "case.viewed"))
    place = shown["events"][0]
    event = officer.get(f"/api/v1/events/{place['stream']}/{place['index']}").json()
    assert "privacy.request.received" in str(event)


def test_lists_are_filtered_and_ordered(officer):
    late = opened(officer, at="2026-01-05T09:00:00Z")["id"]
    fresh = opened(officer)["id"]
    incident = officer.post("/api/v1/cases", json={"kind": "incident", "facts": {"law": "gdpr", "title": "lost disk"}})
    assert incident.status_code == 201

    def ids(**query):
        return [one["id"] for one in officer.get("/api/v1/cases", params=query).json()["cases"]]

    everything = ids()
    assert everything.index(late) < everything.index(incident.json()["id"]) < everything.index(fresh)
    assert ids(kind="incident") == [incident.json()["id"]]
    assert late in ids(due=True)
    assert fresh not in ids(due=True)
    assert all(one["state"] == "open" for one in officer.get("/api/v1/cases", params={"state": "open"}).json()["cases"])
    assert officer.get("/api/v1/cases", params={"state": "lost"}).status_code == 422
    assert ids(limit=2, offset=1) == everything[1:3]
    assert officer.get("/api/v1/cases", params={"limit": 0}).json() == {"cases": [], "total": len(everything)}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"facts": {"law": "gdpr"}}, "facts.right", "received needs right, subject_id"),
        ({"facts": {**ACCESS, "law": "x"}}, "facts.law", "law 'x' has no rights here"),
        ({"facts": {**ACCESS, "right": "x"}}, "facts.right", "right 'x' is none of gdpr"),
        ({"facts": ACCESS, "at": "soon"}, "at", "at 'soon' is no time"),
        ({"facts": ACCESS, "at": "2199-01-01T00:00:00Z"}, "at", "lies in the future"),
        ({"facts": ACCESS, "id": "a b"}, "id", "case id 'a b'"),
        ({"facts": {**ACCESS, "received_at": "2026-01-01T00:00:00Z"}}, "facts.received_at", "no fact 'received_at'"),
        ({"facts": {**ACCESS, "description": "x" * 20_000}}, "facts.description", "more than 16384 bytes"),
        ({"kind": "incident", "facts": {"law": "gdpr", "title": "x", "risk": "y"}}, "facts.risk", "risk 'y'"),
        ({"kind": "pet", "facts": ACCESS}, "kind", "pet"),
        ({"facts": {f"f{n}": "x" for n in range(65)}}, "facts", "64"),
    ],
)
def test_what_is_wrong_with_a_case_is_said_and_where(officer, body, field, words):
    answer = officer.post("/api/v1/cases", json={"kind": "request", **body})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]


def test_steps_that_are_forbidden_say_why(officer):
    number = opened(officer)["id"]
    for name, facts, words in (
        ("closed", {"outcome": "denied"}, "needs denial_basis, remedy"),
        ("resumed", {}, "it can't be resumed"),
        ("danced", {}, "requests are never 'danced'"),
    ):
        answer = step(officer, number, name, facts)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
    refused = step(officer, number, "closed", {"outcome": "denied", "denial_basis": "Art. 12(5)"})
    assert [one["field"] for one in refused.json()["errors"]] == ["facts.remedy"]
    assert step(officer, "REQ-0", "verified").status_code == 404
    assert officer.get("/api/v1/cases/REQ-0").status_code == 404


def test_an_auditor_reads_through_a_profile_and_works_on_nothing(officer, auditor):
    number = opened(officer)["id"]
    step(officer, number, "assigned", {"assignee": "e.marchetti"})
    shown = auditor.get(f"/api/v1/cases/{number}").json()
    assert shown["facts"]["law"] == "gdpr"
    assert shown["facts"]["subject_id"].startswith("tk_")
    assert "ada@example.org" not in str(shown)
    listed = auditor.get("/api/v1/cases").json()["cases"]
    assert "s1042" not in str(listed)
    assert shown["clocks"] == next(one for one in listed if one["id"] == number)["clocks"]
    assert step(auditor, number, "verified").status_code == 403
    assert auditor.post("/api/v1/cases", json={"kind": "request", "facts": ACCESS}).status_code == 403


def everywhere(client, number):
    """The answers of every route that shows or changes cases."""
    return [
        client.get("/api/v1/cases"),
        client.get(f"/api/v1/cases/{number}"),
        client.post("/api/v1/cases", json={"kind": "request", "facts": ACCESS}),
        step(client, number, "noted", {"note": "seen to"}),
    ]


def test_no_case_is_shown_or_changed_under_a_profile_that_masks_times_and_numbers(officer, by, log, access):
    number = opened(officer, at="2026-03-05T09:00:00Z")["id"]
    before = officer.get("/api/v1/cases").json()["total"]
    viewed = len(access(log, "case.viewed"))
    for answer in everywhere(by("officer", "-public", profile="public"), number):
        assert answer.status_code == 403
        assert "profile public masks the times, actions or outcomes of events" in answer.json()["detail"]
        assert "2026-03" not in answer.text
    assert len(access(log, "case.viewed")) == viewed
    assert officer.get("/api/v1/cases").json()["total"] == before
    assert len(officer.get(f"/api/v1/cases/{number}").json()["events"]) == 1


@pytest.fixture
def masking(log):
    """Masks of the configuration, until the test is over."""

    def do(masks):
        configuration.change(log, {"masking": masks}, "a test")

    yield do
    configuration.change(log, {"masking": None}, "the test is over")


@pytest.mark.parametrize(
    "path",
    [
        *("case.request_id", "case.incident_id", "case.received_at", "case.aware_at", "case.discovered_at"),
        *("case.closed_at", "case.due_at"),
    ],
)
def test_no_case_is_shown_where_the_configuration_masks_its_number_or_times(officer, by, masking, path):
    number = opened(officer)["id"]
    masked = by("officer", f"-{path}", profile="auditor")
    assert {one.status_code for one in everywhere(masked, number)} == {200, 201}
    masking({path: "remove"})
    for answer in everywhere(masked, number):
        assert answer.status_code == 403
        assert f"profile auditor+configuration masks {path}" in answer.json()["detail"]
    assert officer.get(f"/api/v1/cases/{number}").status_code == 200  # who may choose a profile sees in clear


def test_facts_are_masked_as_the_fields_they_are_recorded_in(officer, auditor, masking):
    number = opened(officer, {**ACCESS, "subject_type": "student"})["id"]
    facts = {"outcome": "denied", "denial_basis": "Art. 12(5): Ada asks weekly", "remedy": "complaint"}
    assert step(officer, number, "closed", facts).status_code == 200
    names = ("denial_basis", "outcome", "right", "subject_type")
    clear = auditor.get(f"/api/v1/cases/{number}").json()["facts"]
    assert [clear[name] for name in names] == ["Art. 12(5): Ada asks weekly", "denied", "access", "student"]
    paths = ("case.denial_basis", "case.outcome", "case.right", "subject.type")
    masking(dict.fromkeys(paths, "remove"))
    listed = next(one for one in auditor.get("/api/v1/cases").json()["cases"] if one["id"] == number)
    for shown in (auditor.get(f"/api/v1/cases/{number}").json(), listed):
        assert [shown["facts"][name] for name in names] == [None] * 4
        assert shown["facts"]["law"] == "gdpr"
    assert officer.get(f"/api/v1/cases/{number}").json()["facts"]["denial_basis"] == "Art. 12(5): Ada asks weekly"


def test_bounds_are_not_lifted(officer, by):
    number = opened(officer, at="2026-03-05T09:00:00Z")["id"]
    other = opened(officer)["id"]
    bound = by("auditor", "-spring", start="2026-03-01", end="2026-03-31")
    assert [one["id"] for one in bound.get("/api/v1/cases").json()["cases"]].count(number) == 1
    assert bound.get(f"/api/v1/cases/{other}").status_code == 404
    elsewhere = by("auditor", "-access", streams=("access",))
    assert elsewhere.get("/api/v1/cases").status_code == 403
    spring = by("officer", "-spring", start="2026-03-01", end="2026-03-31")
    assert step(spring, other, "verified").status_code == 404


def test_a_step_answers_within_the_bounds_of_who_takes_it(officer, by):
    number = opened(officer, at="2026-03-05T09:00:00Z")["id"]
    step(officer, number, "acknowledged", at="2026-03-20T12:00:00Z")
    step(officer, number, "assigned", {"assignee": "e.marchetti"}, at="2026-05-01T12:00:00Z")
    early = by("officer", "-early", start="2026-03-01", end="2026-03-31")
    answer = step(early, number, "noted", {"note": "seen to"})
    assert answer.status_code == 200
    assert [one["step"] for one in answer.json()["events"]] == ["received", "acknowledged"]
    assert "assignee" not in answer.json()["facts"]
    assert answer.json()["moments"].keys() == {"received", "acknowledged"}
    assert answer.json()["events"] == early.get(f"/api/v1/cases/{number}").json()["events"]
    whole = officer.get(f"/api/v1/cases/{number}").json()["events"]
    assert [one["step"] for one in whole] == ["received", "acknowledged", "assigned", "noted"]


def test_options_name_every_step_and_fact(officer):
    options = officer.get("/api/v1/case-options").json()
    assert {one["name"] for one in options["steps"]["request"]} == set(STEPS)
    assert options["facts"].keys() == FACTS.keys()
    assert options["choices"].keys() <= FACTS.keys()
    assert "authority" in options["choices"]["notice"]
    assert "denied" in options["choices"]["outcome"]
    assert {"gdpr", "hipaa", "nis2", "dora"} <= set(options["incident_laws"])
    assert {"law": "gdpr", "right": "erasure"}.items() <= next(
        one for one in options["rights"] if one["citation"] == "GDPR Art. 17"
    ).items()


def test_reference_data_is_loaded_and_shown(officer, log):
    body = b'{"rows": [{"id": "u1", "name": "Ada Lovelace", "shared": false, "roles": ["teacher", "dean"]}]}'
    answer = officer.post("/api/v1/reference/people", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert answer.json()["actor"]
    more = officer.post("/api/v1/reference/people", json={"rows": [{"id": "u2"}], "add": True})
    assert (more.json()["version"], more.json()["rows"]) == (2, 2)
    shown = officer.get("/api/v1/reference/people", params={"version": 1}).json()
    assert shown["first"][0] | {"roles": "teacher;dean", "shared": False, "surname": "Lovelace"} == shown["first"][0]
    loads = officer.get("/api/v1/reference").json()["loads"]
    assert [(one["table"], one["version"]) for one in loads] == [("people", 2), ("people", 1)]
    assert officer.get("/api/v1/reference/relations").status_code == 404
    wrong = officer.post("/api/v1/reference/people", json={"rows": [{"id": "u1", "left_on": "soon"}]})
    assert "API row 1, column left_on: 'soon' is no date" in wrong.json()["detail"]


def test_reference_data_is_for_those_who_see_in_clear(auditor, by):
    assert auditor.get("/api/v1/reference").status_code == 403
    masked = by("officer", "-masked", profile="auditor")
    assert masked.get("/api/v1/reference/people").status_code == 403
