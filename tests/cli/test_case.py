"""Cases and reference data on the command line."""

import json

import pytest

from affidavit.cases.case_events import OPENINGS, STEPS
from affidavit.cases.facts import FACTS
from affidavit.cli.case import VERBS

pytestmark = pytest.mark.usefixtures("made")
ACCESS = ("--law", "gdpr", "--right", "access", "--subject-id", "s1")


def test_every_step_has_a_command_and_every_fact_its_words():
    steps = {(kind, name) for kind, found in STEPS.items() for name in found}
    assert {name for _, name in steps} - set(OPENINGS.values()) == set(VERBS)
    facts = {fact for found in STEPS.values() for one in found.values() for fact in (*one.needs, *one.may)}
    assert facts | {"received_at", "closed_at"} == set(FACTS)  # those two are the moments of their steps


def test_a_request_is_opened_worked_on_and_closed(call, asked):
    code, out, _ = call("case", "open", "request", *ACCESS, "--id", "R-1", "--at", "2026-03-05T09:00+01:00")
    assert code == 0
    assert out.splitlines()[:2] == ["Opened R-1", "request R-1: open, since 2026-03-05 08:00Z"]
    assert "overdue: Information on action taken, by 2026-04-06 23:59Z (GDPR Art. 12(3))" in out
    code, _, err = call("case", "close", "R-1", "--outcome", "complied")
    assert (code, "First: affidavit case verify R-1" in err) == (2, True)
    assert asked("case", "verify", "R-1", "--verified-how", "passport", "--at", "2026-03-06")["state"] == "verified"
    closed = asked("case", "close", "R-1", "--outcome", "complied", "--at", "2026-03-20")
    assert [one["status"] for one in closed["clocks"]] == ["met"]
    shown = call("case", "show", "R-1")[1]
    assert "  verified how: passport" in shown
    assert "  main/2  2026-03-20 00:00Z  closed" in shown
    assert call("case", "show", "R-2")[0] == 4


def test_an_incident_and_the_list(call, asked):
    call("case", "open", "incident", "--id", "I-1", "--law", "gdpr nis2", "--title", "lost laptop")
    call("case", "open", "request", *ACCESS, "--id", "R-1", "--at", "2026-03-05")
    found = asked("case", "list")["cases"]
    assert [one["id"] for one in found] == ["R-1", "I-1"]
    assert "events" not in found[0]
    assert [one["id"] for one in asked("case", "list", "--due")["cases"]] == ["R-1"]
    lines = call("case", "list", "--kind", "incident")[1].splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("I-1")
    assert lines[0].endswith("lost laptop")
    assert call("case", "list", "--state", "closed")[1] == "No such cases\n"
    decided = asked(
        "case", "decide", "I-1", "--notice", "authority", "--decision", "not_required", "--decision-reason", "encrypted"
    )
    assert {one["deadline"]: one["status"] for one in decided["clocks"]}["gdpr.authority"] == "not_required"


def test_a_time_that_is_none(call):
    code, _, err = call("case", "open", "request", *ACCESS, "--at", "yesterday")
    assert (code, "--at 'yesterday' is no time" in err) == (2, True)


def test_reference_data(call, asked, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("id,name,roles\nu1,Ada Lovelace,teacher;dean\n")
    assert call("reference", "list")[1] == "Nothing loaded yet\n"
    assert call("reference", "load", "people", file)[1] == "people version 1: 1 row\n"
    file.write_text("id\nu2\n")
    assert asked("reference", "load", "people", file, "--add")["rows"] == 2
    assert [one["version"] for one in asked("reference", "list", "people")["loads"]] == [2, 1]
    shown = asked("reference", "show", "people", "--version", "1")
    assert shown["first"][0]["roles"] == "teacher;dean"
    assert "id u1, name Ada Lovelace" in call("reference", "show", "people")[1]
    assert call("reference", "forget", "people", "2")[1] == "1 version destroyed\n"
    file.write_text("id,left_on\nu2,soon\n")
    code, out, _ = call("reference", "load", "people", file, "--json")
    assert code == 2
    assert "people.csv line 2, column left_on: 'soon'" in json.loads(out)["message"]
    assert call("reference", "show", "systems")[0] == 4


def test_the_estate_is_there_to_look_at(call, asked, tmp_path):
    where = ("--home", tmp_path / "estate")
    code, out, _ = call("demo", "--estate", "--no-serve", "--events", "10", *where, at=False)
    assert code == 0
    assert "of an invented estate, and its reference data; all synthetic" in out
    assert {"REQ-g1.overdue", "INC-open.breach"} <= {
        one["id"] for one in asked("case", "list", *where, at=False)["cases"]
    }
    assert len(asked("reference", "list", *where, at=False)["loads"]) == 5
    assert "There is a log already; nothing was added" in call("demo", "--estate", "--no-serve", *where, at=False)[1]
