"""Exports as runs over HTTP: asked for, followed, fetched, cancelled."""

from __future__ import annotations

import hashlib
import json

import pytest

from affidavit import AuditLog
from affidavit.access import accounts, keys
from affidavit.access.accounts import Grant
from affidavit.export import jobs
from affidavit.export.worker import ExportWorker
from affidavit.verify import verify_bundle
from affidavit.web.routes import runs as runs_module
from affidavit.web.server import working

PATH = "/api/v1/exports"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("runs")) as opened:
        opened.record_many([{"action": f"a{n % 2}", "actor": f"u{n}"} for n in range(20)])
        yield opened


def ask(client, status=202, key=None, **body):
    answer = client.post(PATH, json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == status, answer.text
    return answer


def work_all(log):
    with ExportWorker(log) as worker:
        while worker.round().runs:
            pass


def test_a_run_from_question_to_verified_bundle(client, log, access, tmp_path):
    answer = ask(client, query="action:a1", start_date="2024-01-01", bundle=True, recipient="Board")
    run = answer.json()
    assert answer.headers["location"] == f"{PATH}/{run['id']}"
    assert (run["state"], client.get(answer.headers["location"]).json()["state"]) == ("queued", "queued")
    missing = client.get(f"{PATH}/{run['id']}/file")
    assert (missing.status_code, missing.json()["detail"].split(".")[0]) == (
        404,
        f"run {run['id']} is queued, it has no file",
    )
    work_all(log)
    done = client.get(f"{PATH}/{run['id']}").json()
    assert (done["state"], done["rows"], done["verdicts"]["AUTHENTIC"]) == ("done", 10, "PASS")
    file = client.get(f"{PATH}/{run['id']}/file")
    assert (file.status_code, file.headers["content-type"]) == (200, "application/zip")
    assert hashlib.sha256(file.content).hexdigest() == done["sha256"]
    assert done["file"] in file.headers["content-disposition"]
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(file.content)
    assert verify_bundle(bundle, log.trust()).ok
    assert any(run["id"] in text for text in access(log, "export.downloaded"))
    assert client.get(PATH).json()["runs"][0]["id"] == run["id"]


def test_a_plain_file_and_its_columns(client, log):
    run = ask(client, bundle=False, format="ndjson", columns=["action", "who=actor"], profile="internal").json()
    work_all(log)
    lines = client.get(f"{PATH}/{run['id']}/file").text.splitlines()
    assert json.loads(lines[0]) == {"action": "a0", "who": "u0"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"bundle": False}, "file"),
        ({"bundle": True}, "files"),
        ({"bundle": False, "format": "xlsx"}, ""),
    ],
)
def test_a_manifest_is_fetched_where_the_file_does_not_speak(client, log, body, said):
    run = ask(client, **body).json()
    work_all(log)
    answer = client.get(f"{PATH}/{run['id']}/file", params={"part": "manifest"})
    if said:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json()["counts"]["rows"] == 20
        assert said in answer.json()
        assert "manifest.json" in answer.headers["content-disposition"]
    else:
        assert answer.status_code == 404
        assert "says itself" in answer.json()["detail"]


def test_the_same_key_is_the_same_run(client):
    first = ask(client, key="k", query="action:a0").json()
    assert ask(client, key="k", query="action:a0").json()["id"] == first["id"]
    assert ask(client, 422, key="k", query="action:a1").json()["detail"].startswith("key 'k' was used")


def test_a_queued_run_is_cancelled_at_once(client):
    run = ask(client).json()
    assert client.post(f"{PATH}/{run['id']}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{PATH}/{run['id']}/cancel").status_code == 422


def test_progress_is_sent_until_the_run_ends(client, log, monkeypatch):
    monkeypatch.setattr(runs_module, "LOOK_EVERY_S", 0.02)
    run = ask(client).json()
    states = []
    with client.stream("GET", f"{PATH}/{run['id']}/progress") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line[6:])["state"])
                if len(states) == 1:
                    work_all(log)
    assert (states[0], states[-1]) == ("queued", "done")


def test_the_service_carries_runs_out_itself(client, log, wait_for):
    run = ask(client).json()
    with working(log):
        wait_for(lambda: client.get(f"{PATH}/{run['id']}").json()["state"] == "done", 60)


def test_what_to_expect(client):
    answer = client.post(f"{PATH}/estimate", json={"query": "actor:u1"})
    found = answer.json()
    assert (found["estimate"]["rows"], len(found["rows"])) == (1, 1)
    assert {one["name"] for one in found["estimate"]["verdicts"]} >= {"AUTHENTIC", "COMPLETE"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": "(("}, "query"),
        ({"query": "nofield:1"}, "query"),
        ({"start_date": "x"}, "start_date"),
        ({"format": "doc"}, "format"),
        ({"columns": ["nofield"]}, "columns"),
        ({"profile": "subject"}, "subject_ids"),
        ({"zone": "Mars"}, "zone"),
        ({"more": 1}, "more"),
        ({"bundle": "yes"}, "bundle"),
        ({"streams": []}, "streams"),
    ],
)
def test_what_can_not_be_asked(client, body, field):
    problem = ask(client, 422, **body).json()
    assert [one["field"] for one in problem["errors"]] == [field]


def test_other_refusals(client, log, access):
    before = len(access(log, "export.refused"))
    assert ask(client, 404, streams=["none"])
    assert ask(client, 422, profile="none")
    assert len(access(log, "export.refused")) == before + 2
    for path in (f"{PATH}/none", f"{PATH}/none/file", f"{PATH}/none/progress"):
        assert client.get(path).status_code == 404
    assert client.post(f"{PATH}/none/cancel").status_code == 404
    assert client.get(PATH, params={"limit": 0}).status_code == 422


def test_a_changed_file_is_not_handed_out(client, log):
    run = ask(client, bundle=False).json()
    work_all(log)
    kept = log.home / "exports" / jobs.find(log, run["id"]).file
    kept.write_bytes(b"x" + kept.read_bytes())
    assert client.get(f"{PATH}/{run['id']}/file").status_code == 500


def test_a_run_says_what_was_asked_and_what_came_of_it(client, log):
    asked = {"start_date": "2024-01-01", "user_ids": ["u3"], "recipient": "Board", "reason": "Audit 7"}
    run = ask(client, **asked).json()
    scope = run["scope"]
    assert (scope["start"], scope["end"], scope["query"]) == ("2024-01-01T00:00:00.000000Z", None, "actor.id:u3")
    assert (scope["recipient"], scope["reason"], scope["format"], scope["profile"]) == (
        "Board",
        "Audit 7",
        "csv",
        "export",
    )
    assert run["outcome"] is None
    work_all(log)
    outcome = client.get(f"{PATH}/{run['id']}").json()["outcome"]
    reasons = {one["name"]: (one["status"], one["reason"]) for one in outcome["verdicts"]}
    assert reasons["AUTHENTIC"][0] == "PASS"
    assert reasons["COMPLETE"][0] == "NOT PROVEN"
    assert "evidence: rows" in reasons["COMPLETE"][1]
    events = client.get(f"{PATH}/{run['id']}/trail").json()["events"]
    assert outcome["index"] == next(one["index"] for one in events if one["action"] == "export.created")
    assert outcome["origin"] == log.tenant.log("access").origin
    assert outcome["masked"] == 1
    assert {"manifest.json", "data.csv"} <= {one["name"] for one in outcome["members"]}


def test_a_plain_file_has_no_verdicts(client, log):
    run = ask(client, bundle=False).json()
    work_all(log)
    outcome = client.get(f"{PATH}/{run['id']}").json()["outcome"]
    assert (outcome["verdicts"], outcome["members"], outcome["manifest"]) == ([], [], "")


def test_the_data_of_a_bundle_alone(client, log):
    run = ask(client, format="ndjson", columns=["action"], query="action:a0").json()
    work_all(log)
    answer = client.get(f"{PATH}/{run['id']}/file", params={"part": "data"})
    assert answer.text.splitlines() == ['{"action":"a0"}'] * 10
    assert ".ndjson" in answer.headers["content-disposition"]


def test_the_trail_of_a_run(client, log):
    run = ask(client).json()
    work_all(log)
    client.get(f"{PATH}/{run['id']}/file")
    events = client.get(f"{PATH}/{run['id']}/trail").json()["events"]
    assert [one["action"] for one in events] == ["export.requested", "export.created", "export.downloaded"]
    assert {one["stream"] for one in events} == {"access"}
    assert client.get(f"{PATH}/none/trail").status_code == 404


def test_who_sees_masks_is_not_shown_conditions(log, serving):
    key = keys.create_key(log, "masked", Grant("officer", profile="export"))[1]
    with serving(log, sign_in=True) as (client, _):
        client.headers["Authorization"] = f"Bearer {key}"
        run = ask(client, query="action:a0").json()
        assert (run["actor"], run["scope"]["query"]) == ("key:masked", None)
        assert client.get(PATH).json()["runs"][0]["scope"]["query"] is None


def test_runs_hold_no_more_than_one_of_ones_own(log, serving):
    """For officers too: neither another profile than theirs, nor other streams or times. A name's next bearer sees
    nothing of the one before."""

    def run_of(client, name, **bounds):
        key = keys.create_key(log, name, Grant(**{"role": "officer", **bounds}))[1]
        client.headers["Authorization"] = f"Bearer {key}"
        return ask(client, bundle=False, profile="" if bounds.get("profile") else "internal").json()["id"]

    def seen(client):
        return {one["id"] for one in client.get(PATH).json()["runs"]}

    with serving(log, sign_in=True) as (client, _):
        whole = run_of(client, "whole")
        assert whole in seen(client)
        for name, bounds in (("fixed", {"profile": "export"}), ("period", {"start": "2024-01-01"})):
            own = run_of(client, name, **bounds)
            assert (own in seen(client), whole in seen(client)) == (True, False)
            for path in ("", "/file", "/trail", "/progress"):
                assert client.get(f"{PATH}/{whole}{path}").status_code == 404
            assert client.post(f"{PATH}/{whole}/cancel").status_code == 404
        key = keys.create_key(log, "elsewhere", Grant("officer", streams=("access",)))[1]
        client.headers["Authorization"] = f"Bearer {key}"
        assert seen(client) == set()
        auditor = {"role": "auditor", "profile": "export", "expires_us": 4_000_000_000_000_000}
        first = run_of(client, "again", **auditor)
        assert first in seen(client)
        accounts.end(log, "key", "again")
        second = run_of(client, "again", **auditor)
        assert seen(client) == {second}
