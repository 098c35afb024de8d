"""Reports over HTTP: by whom, as whom they see them, in which formats, and on the record."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from affidavit import AuditLog
from affidavit.access import accounts
from affidavit.access.principal import Principal
from affidavit.errors import Forbidden
from affidavit.reports import store
from affidavit.reports.library import library_of
from affidavit.testing import capture_events
from affidavit.web.report_schemas import ReportRequest, result_schema
from affidavit.web.routes.reports import added_to

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
MARCH = {"start": "2024-03-01", "end": "2024-03-31"}


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("reports")) as opened:
        opened.record_many(
            [
                {
                    "action": "auth.login",
                    "outcome": "failure",
                    "actor": f"u{n % 2}",
                    "at": AT + timedelta(seconds=n),
                    "source": {"ip": "203.0.113.9"},
                }
                for n in range(24)
            ]
        )
        opened.record({"action": "data.read", "at": AT, "subject": {"id": "c1"}, "actor": "u1"})
        opened.record({"action": "auth.login", "at": AT + timedelta(days=200), "actor": "u9"})
        yield opened


def run(client, name="H3", status=200, **body):
    answer = client.post(f"/api/v1/reports/{name}/run", json={**MARCH, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_reports_are_listed_and_shown(officer):
    listed = officer.get("/api/v1/reports").json()["reports"]
    assert len(listed) == 13
    shown = officer.get("/api/v1/reports/H3").json()
    assert shown["parameters"][0]["default"] == 10
    assert {one["id"] for one in shown["findings"]} >= {"brute_force", "spray"}
    assert officer.get("/api/v1/reports/X9").status_code == 404


def test_a_run_gives_its_result_with_charts_and_places(officer, log):
    with capture_events(log, stream="access") as events:
        result = run(officer, parameters={"failures": 5})
    assert events.actions == ["report.created"]
    jsonschema.validate(result, result_schema())
    found = {one["id"]: one for one in result["findings"]}
    assert found["brute_force"]["status"] == "exception"
    assert found["brute_force"]["table"]["places"][0][0][0] == "main"
    assert any(one["chart"] for one in result["sections"])
    assert result["run"]["parameters"]["failures"] == 5


def test_kept_runs_come_in_every_format(officer, log):
    result = run(officer, evidence=True)
    number = result["run"]["id"]
    assert officer.get("/api/v1/report-runs").json()["runs"][0]["id"] == number
    assert officer.get(f"/api/v1/report-runs/{number}").json() == result
    begins = {"pdf": b"%PDF", "html": b"<!doctype", "xlsx": b"PK", "csv": b"PK", "json": b"{", "package": b"PK"}
    for name, start in begins.items():
        with capture_events(log, stream="access") as events:
            answer = officer.get(f"/api/v1/report-runs/{number}/file", params={"format": name})
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(start)
        assert "attachment" in answer.headers["content-disposition"]
        assert events.actions == ["report.downloaded"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert json.loads(package.read("report.json")) == result
    assert officer.get(f"/api/v1/report-runs/{number}/file", params={"format": "docx"}).status_code == 422


def test_no_package_where_none_was_asked_for(officer):
    number = run(officer)["run"]["id"]
    assert officer.get(f"/api/v1/report-runs/{number}/file", params={"format": "package"}).status_code == 404


def test_an_addendum_to_a_kept_run(officer):
    first = run(officer)
    added = officer.post("/api/v1/reports/H3/run", json={"since": first["run"]["id"]}).json()["addendum"]
    assert (added["of"], added["new"]) == (first["run"]["id"], [])


def test_auditors_see_reports_through_their_profile(auditor, officer):
    assert run(auditor)["run"]["profile"] == "auditor"
    assert "203.0.113.9" not in str(run(auditor))
    assert "203.0.113.9" in str(run(officer))
    assert auditor.post("/api/v1/reports/H3/run", json={"profile": "internal"}).status_code == 403


def test_who_sees_a_field_masked_may_not_ask_for_it_in_clear(auditor, officer):
    """Neither by a parameter, nor by a filter."""
    assert run(officer, "G2", parameters={"subject": "c1"}, profile="auditor")["counts"]["in_period"] == 1
    run(auditor, "G2", status=403, parameters={"subject": "c1"})
    assert "masked" in run(auditor, "IR", status=422, query="subject.id:c1")["detail"]


def test_bounds_hold_in_reports(by):
    bound = by("auditor", "bound", end="2024-03-31")
    asked = {"start": "2024-01-01", "end": "2024-12-31"}
    result = bound.post("/api/v1/reports/H3/run", json=asked).json()
    assert result["counts"]["in_period"] == 24
    streams = by("auditor", "streams", streams=("access",))
    assert streams.post("/api/v1/reports/H3/run", json=asked).status_code == 403


def test_runs_are_seen_by_who_asked_and_by_officers(by, auditor, officer):
    number = run(auditor)["run"]["id"]
    other = by("auditor", "other")
    assert officer.get(f"/api/v1/report-runs/{number}").status_code == 200
    assert other.get(f"/api/v1/report-runs/{number}").status_code == 404
    assert other.get(f"/api/v1/report-runs/{number}/file").status_code == 404
    assert number not in str(other.get("/api/v1/report-runs").json())


@pytest.mark.parametrize(
    "body",
    [
        {"parameters": {"failures": 0}},
        {"parameters": {"nothing": 1}},
        {"start": "soon"},
        {"query": "acton:x"},
        {"zone": "Mars/Base"},
        {"colour": "blue"},
    ],
)
def test_mistakes_are_422(officer, body):
    run(officer, status=422, **body)


def seen(client, number):
    """How a kept run comes out for somebody: its result, its file, in the list, as a base to add to."""
    listed = client.get("/api/v1/report-runs", params={"limit": 200}).json()["runs"]
    return (
        client.get(f"/api/v1/report-runs/{number}").status_code,
        client.get(f"/api/v1/report-runs/{number}/file", params={"format": "json"}).status_code,
        number in {one["id"] for one in listed},
        client.post("/api/v1/reports/H3/run", json={"since": number}).status_code,
    )


SEEN, HIDDEN = (200, 200, True, 200), (404, 404, False, 404)


def test_kept_runs_show_no_more_than_a_run_of_ones_own(by, officer):
    """Officers see everybody's runs, but neither under another profile than theirs nor outside of their bounds."""
    number = run(officer, profile="internal")["run"]["id"]
    masked = run(officer, profile="auditor")["run"]["id"]
    fixed = by("officer", "fixed", profile="auditor")
    assert (seen(fixed, number), seen(fixed, masked)) == (HIDDEN, SEEN)
    elsewhere = by("officer", "elsewhere", streams=("access",))
    here = by("officer", "here", streams=("main", "access"))
    assert (seen(elsewhere, number), seen(here, number)) == (HIDDEN, SEEN)
    bound = by("officer", "bound", start="2024-03-05")
    own = run(bound, profile="internal")["run"]["id"]
    assert (seen(bound, number), seen(bound, own), seen(officer, own)[:3]) == (HIDDEN, SEEN, SEEN[:3])
    later = by("officer", "later", start="2024-03-06")
    assert seen(later, own) == HIDDEN


def test_who_takes_a_name_anew_sees_nothing_of_who_had_it(by, log):
    first = by("auditor", "again")
    number = run(first)["run"]["id"]
    assert seen(first, number) == SEEN
    accounts.end(log, "key", "auditoragain")
    assert seen(by("auditor", "again"), number) == HIDDEN


@pytest.mark.parametrize(
    ("bounds", "said"), [({"profile": "auditor"}, "profile 'internal'"), ({"streams": ("access",)}, "stream 'main'")]
)
def test_an_addendum_reads_nothing_its_asker_may_not(officer, log, bounds, said):
    """Whoever's the earlier run is: it reads the log anew."""
    _, earlier = store.find(log, run(officer, profile="internal")["run"]["id"])
    who = Principal(earlier.run.by, "officer", "default", **bounds)
    with capture_events(log, stream="access") as events, pytest.raises(Forbidden, match=said):
        added_to(log, library_of(log), who, earlier, ReportRequest(since=earlier.run.id))
    assert events.actions == []


def test_who_sees_years_alone_gets_them_alone(officer):
    """And small numbers of events nowhere, the list of runs included."""
    year = {"start": "2024-01-01", "end": "2024-12-31"}
    assert "times are masked" in run(officer, profile="public", status=422)["detail"]
    result = run(officer, profile="public", query="actor:u9", **year)
    jsonschema.validate(result, result_schema())
    assert result["counts"]["in_period"] == "<11"
    assert officer.get("/api/v1/report-runs").json()["runs"][0]["events"] == "<11"
