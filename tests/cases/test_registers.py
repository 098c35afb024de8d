"""Registers: cases as tables, with what has to be said of how they were counted."""

from datetime import UTC, datetime, timedelta

import pytest

from affidavit.cases.caseload import Caseload
from affidavit.cases.deadlines import INCIDENT, REQUEST
from affidavit.cases.reference_data import load_rows
from affidavit.cases.registers import CLASSES, registers
from affidavit.event import micros
from affidavit.paths import CLASSES as KNOWN

RECEIVED = datetime(2026, 3, 5, 9, tzinfo=UTC)
NOW = RECEIVED + timedelta(days=60)


@pytest.fixture
def load(log):
    found = Caseload(log)
    found.open(
        REQUEST, {"law": "gdpr", "right": "erasure", "subject_id": "s1", "manner": "mail"}, id="R-1", at=RECEIVED
    )
    refusal = {"outcome": "denied", "denial_basis": "Art. 17(3)(b)", "remedy": "authority, court"}
    found.change("R-1", "closed", refusal, at=RECEIVED + timedelta(days=10))
    found.open(REQUEST, {"law": "ccpa", "right": "know", "subject_id": "c1"}, id="R-2", at=RECEIVED)
    told = {"law": "gdpr", "title": "lost laptop", "subject_count": "120"}
    found.open(INCIDENT, told, id="I-1", at=RECEIVED)
    decision = {"notice": "individuals", "decision": "not_required", "decision_reason": "encrypted"}
    found.change("I-1", "decided", decision, at=RECEIVED + timedelta(hours=1))
    return found


def rows(found, table):
    return {row["case_id"]: row for row in found.tables[table].to_pylist()}


def test_one_row_a_case(load):
    found = registers(load, NOW)
    requests = rows(found, "requests")
    assert (
        requests["R-1"]
        | {
            "state": "closed",
            "law": "gdpr",
            "right_title": "Erasure",
            "subject_id": "s1",
            "outcome": "denied",
            "denial_needs": ["denial_basis", "remedy"],
            "received_us": micros(RECEIVED),
            "days": 10.0,
            "events": [0, 1],
        }
        == requests["R-1"]
    )
    assert (requests["R-2"]["state"], requests["R-2"]["closed_us"], requests["R-2"]["days"]) == ("open", None, None)
    incident = rows(found, "incidents")["I-1"]
    assert (incident["subject_count"], incident["laws"], incident["decision_individuals"]) == (
        120,
        ["gdpr"],
        "not_required",
    )


def test_one_row_a_limit(load):
    clocks = registers(load, NOW).tables["clocks"].to_pylist()
    assert {(row["case_id"], row["deadline"], row["status"]) for row in clocks} == {
        ("R-1", "gdpr.response", "met"),
        ("R-2", "ccpa.confirmation", "overdue"),
        ("R-2", "ccpa.response", "overdue"),
        ("I-1", "gdpr.authority", "overdue"),
    }
    assert (
        registers(load, RECEIVED + timedelta(days=1)).tables["clocks"].column("status").to_pylist().count("open") == 4
    )


def test_an_earlier_pin_tells_less(load, log):
    pin = log.pin()
    load.change("R-2", "closed", {"outcome": "withdrawn"}, at=NOW)
    assert rows(registers(load, NOW, pin), "requests")["R-2"]["state"] == "open"
    assert rows(registers(load, NOW), "requests")["R-2"]["state"] == "closed"


def test_every_column_has_a_class(load):
    for name, table in registers(load, NOW).tables.items():
        assert set(table.column_names) == set(CLASSES[name])
        assert set(CLASSES[name].values()) <= set(KNOWN)


def test_an_empty_log_has_empty_registers(log):
    found = registers(Caseload(log), NOW)
    assert {name: table.num_rows for name, table in found.tables.items()} == {
        "requests": 0,
        "incidents": 0,
        "clocks": 0,
    }
    assert found.notes == ()


def test_counting_without_holidays_is_said(load, log):
    (note,) = registers(load, datetime.now(UTC)).notes
    assert note.startswith("No holidays are loaded")
    load_rows(log, "calendars", [{"date": "2026-12-25"}], "00")
    assert registers(load, datetime.now(UTC)).notes == ()


def test_a_proposal_taken_for_law_is_said(open_log):
    load = Caseload(open_log(pending_laws="eu-digital-omnibus"))
    load.open(INCIDENT, {"law": "gdpr", "title": "lost laptop"}, at=RECEIVED)
    (note,) = registers(load, NOW).notes
    assert note.startswith("Counted as the proposal eu-digital-omnibus has it, which is not the law")
