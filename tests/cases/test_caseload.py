"""Cases as their events replayed: steps, what forbids them, clocks, and registers that take whatever the log holds."""

from datetime import UTC, datetime, timedelta

import pytest

from affidavit.cases import caseload as caseload_module
from affidavit.cases.caseload import Caseload, to_json
from affidavit.cases.deadlines import INCIDENT, REQUEST
from affidavit.context import acting
from affidavit.errors import Busy, InvalidRequest, NotFound
from affidavit.log.leases import Lease
from affidavit.query.language import parse

ACCESS = {"law": "gdpr", "right": "access", "subject_id": "s1", "manner": "mail"}
RECEIVED = datetime(2026, 3, 5, 9, tzinfo=UTC)
REFUSAL = {"outcome": "denied", "denial_basis": "Art. 12(5)", "remedy": "complaint to the authority, court"}


@pytest.fixture
def load(log):
    return Caseload(log)


def days(count, hour=9):
    return (RECEIVED + timedelta(days=count)).replace(hour=hour)


def opened(load, facts=ACCESS, **options):
    return load.open(REQUEST, facts, **{"at": RECEIVED, **options}).id


def clock(load, id, at):
    (found,) = load.show(load.case(id), at).clocks
    return found


def test_a_request_from_receipt_to_answer(load, log):
    with acting(actor="officer1"):
        case = load.open(REQUEST, ACCESS, id="R-1", at=RECEIVED)
        load.change("R-1", "verified", {"verified_how": "passport"}, at=days(2))
        load.change("R-1", "assigned", {"assignee": "e.marchetti"}, at=days(3))
        load.change("R-1", "closed", {"outcome": "complied", "response": "sent"}, at=days(20))
    assert (case.id, case.state) == ("R-1", "open")
    found = load.case("R-1")
    assert found.state == "closed"
    assert [(one.step, one.index, one.actor) for one in found.history] == [
        ("received", 0, "officer1"),
        ("verified", 1, "officer1"),
        ("assigned", 2, "officer1"),
        ("closed", 3, "officer1"),
    ]
    assert found.facts["assignee"] == "e.marchetti"
    assert found.moments["closed"] == days(20)
    one = clock(load, "R-1", days(40))
    assert (one.status, one.done, one.extended) == ("met", days(20), False)
    assert one.last.date().isoformat() == "2026-04-06"
    opened_event = dict(zip((event := log.opened("main", 0)).paths, event.values, strict=True))
    assert opened_event["case.due_at"] == "2026-04-06T23:59:59.999999+00:00"
    assert opened_event["subject.id"] == "s1"
    assert opened_event["resource.type"] == "subject_request"


def test_the_register_is_the_events_replayed(load, open_log):
    """Another process, with nothing but the log, tells the same."""
    opened(load, id="R-1")
    load.open(INCIDENT, {"law": "gdpr", "title": "lost laptop"}, id="I-1", at=days(1))
    again = Caseload(open_log()).cases()
    assert again == load.cases()
    assert set(again) == {"R-1", "I-1"}


def test_events_of_other_programs_make_cases_too(load, log):
    case = {"request_id": "X-1", "right": "access", "received_at": "2026-03-05T09:00:00+01:00"}
    log.record("privacy.request.received", at="2026-03-06T12:00:00Z", case=case, details={"law": "gdpr"}, subject="s:9")
    log.record("privacy.request.shouted", at="2026-03-07T12:00:00Z", case={"request_id": "X-1"})
    log.record("privacy.request.closed", at="2026-03-08T12:00:00Z", case={"request_id": "X-1"}, outcome="failure")
    log.record("privacy.request.resumed", at="2026-03-09T12:00:00Z", case={"request_id": "X-1"})
    log.record("privacy.request.closed", at="2026-03-10T12:00:00Z", case={"request_id": "X-1", "closed_at": "soon"})
    log.record("privacy.request.received", at="2026-03-06T12:00:00Z", details={"law": "gdpr"})
    found = load.cases()["X-1"]
    assert len(load.cases()) == 1
    assert (found.state, found.begun) == ("closed", datetime(2026, 3, 5, 8, tzinfo=UTC))
    assert found.moments["closed"] == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert found.problems == [
        "shouted at index 1 is no step of requests",
        "resumed at index 3 came while the case was open",
    ]
    assert [one.index for one in found.history] == [0, 1, 3, 4]


def test_a_number_of_both_kinds_is_one_case_and_a_problem(load, log):
    log.record("privacy.request.received", case={"request_id": "X-1", "right": "access"}, details={"law": "gdpr"})
    log.record("incident.opened", case={"incident_id": "X-1"}, details={"law": "gdpr"})
    found = load.cases()["X-1"]
    assert (found.kind, found.indices) == ("request", [0])
    assert found.problems == ["incident event at index 1 names this request"]


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1969-12-31T23:00:00Z"])
def test_moments_nobody_means_break_nothing(load, log, at):
    case = {"request_id": "X-1", "right": "access", "received_at": at}
    log.record("privacy.request.received", at=RECEIVED, case=case, details={"law": "gdpr"})
    log.record("incident.opened", at=RECEIVED, case={"incident_id": "X-2", "aware_at": at}, details={"law": "gdpr"})
    found = load.listed()
    assert [to_json(one)["id"] for one in found] in (["X-1", "X-2"], ["X-2", "X-1"])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"law": "gdpr", "right": "access"}, "received needs subject_id"),
        ({**ACCESS, "law": "lgpd"}, "law 'lgpd' has no rights here"),
        ({**ACCESS, "right": "oblivion"}, "right 'oblivion' is none of gdpr"),
        ({**ACCESS, "colour": "blue"}, "received has no fact 'colour'"),
        ({**ACCESS, "description": "x" * 20_000}, "description has more than 16384 bytes"),
    ],
)
def test_a_request_that_can_not_be_opened(load, log, facts, message):
    with pytest.raises(InvalidRequest, match=message):
        load.open(REQUEST, facts)
    assert log.pin().size == 0


def test_ids_and_moments_are_checked(load):
    opened(load, id="R-1")
    with pytest.raises(InvalidRequest, match="case R-1 exists already"):
        opened(load, id="R-1")
    with pytest.raises(InvalidRequest, match="case id 'a b'"):
        opened(load, id="a b")
    with pytest.raises(InvalidRequest, match="lies in the future"):
        opened(load, at=datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(InvalidRequest, match="lies before the last event of case R-1"):
        load.change("R-1", "verified", {}, at=days(-1))
    with pytest.raises(NotFound, match="no case 'R-2'"):
        load.change("R-2", "verified", {})
    with pytest.raises(InvalidRequest, match="requests are never 'received'"):
        load.change("R-1", "received", ACCESS)
    made = {opened(load) for _ in range(3)}
    assert len(made) == 3


def test_steps_need_their_state(load):
    number = opened(load)
    with pytest.raises(InvalidRequest, match=r"it can't be resumed\. resumed is for cases that are paused"):
        load.change(number, "resumed", {}, at=days(1))
    load.change(number, "closed", {"outcome": "withdrawn"}, at=days(2))
    for step, facts in (
        ("verified", {}),
        ("closed", {"outcome": "withdrawn"}),
        ("extended", {"extension_reason": "x"}),
    ):
        with pytest.raises(InvalidRequest, match=f"is closed: it can't be {step}"):
            load.change(number, step, facts, at=days(3))
    assert load.change(number, "reopened", {"reopen_reason": "by mistake"}, at=days(4)).state == "open"
    found = load.case(number)
    assert "outcome" not in found.facts
    assert clock(load, number, days(10)).done is None


def test_nobody_unverified_is_granted_a_request(load):
    number = opened(load)
    with pytest.raises(InvalidRequest, match="identity was not verified"):
        load.change(number, "closed", {"outcome": "complied"}, at=days(1))
    with pytest.raises(InvalidRequest, match="outcome 'done'"):
        load.change(number, "closed", {"outcome": "done"}, at=days(1))
    load.change(number, "verified", {}, at=days(1))
    load.change(number, "closed", {"outcome": "complied"}, at=days(1))
    # An opt-out needs no verification.
    other = opened(load, {"law": "ccpa", "right": "opt_out", "subject_id": "c1"})
    load.change(other, "closed", {"outcome": "complied"}, at=days(1))


def test_a_refusal_says_why_and_what_can_be_done(load):
    number = opened(load)
    for name in ("denial_basis", "remedy"):
        with pytest.raises(InvalidRequest, match=rf"a refusal under GDPR Art\. 15 needs {name}"):
            load.change(number, "closed", {**REFUSAL, name: ""}, at=days(1))
    load.change(number, "closed", REFUSAL, at=days(1))
    consumer = opened(load, {"law": "ccpa", "right": "delete", "subject_id": "c1"})
    load.change(consumer, "closed", {"outcome": "denied", "denial_basis": "unverifiable"}, at=days(1))


def test_an_extension_needs_notice_in_time(load):
    number = opened(load)
    assert clock(load, number, days(1)).last.date().isoformat() == "2026-04-06"
    load.change(number, "extended", {"extension_reason": "complex"}, at=days(20))
    one = clock(load, number, days(40))
    assert (one.last.date().isoformat(), one.first_due.date().isoformat()) == ("2026-06-05", "2026-04-06")
    assert (one.status, one.extended) == ("open", True)
    with pytest.raises(InvalidRequest, match="was extended already"):
        load.change(number, "extended", {"extension_reason": "again"}, at=days(21))
    late = opened(load)
    with pytest.raises(InvalidRequest, match="the notice of an extension was due by 2026-04-06"):
        load.change(late, "extended", {"extension_reason": "complex"}, at=days(33))
    school = opened(load, {"law": "ferpa", "right": "inspection", "subject_id": "st"})
    with pytest.raises(InvalidRequest, match=r"allows no extension.*99\.10"):
        load.change(school, "extended", {"extension_reason": "complex"}, at=days(1))


def test_a_late_notice_extends_nothing(load, log):
    opened(load, id="R-1")
    log.record("privacy.request.extended", at="2026-04-10T12:00:00Z", case={"request_id": "R-1"})
    one = clock(load, "R-1", days(40))
    assert (one.status, one.extended) == ("overdue", False)


def test_a_pause_stops_the_clock_where_the_law_lets_it(load):
    number = opened(load)
    load.change(number, "paused", {"pause_reason": "which account?"}, at=days(2))
    assert load.case(number).state == "paused"
    assert clock(load, number, days(12)).last.date().isoformat() == "2026-04-15"
    load.change(number, "resumed", {}, at=days(12))
    assert clock(load, number, days(30)).last.date().isoformat() == "2026-04-15"
    consumer = opened(load, {"law": "ccpa", "right": "know", "subject_id": "c1"})
    with pytest.raises(InvalidRequest, match="allows no pause"):
        load.change(consumer, "paused", {"pause_reason": "who is it?"}, at=days(2))


def test_a_consumers_request_has_two_clocks(load):
    number = opened(load, {"law": "ccpa", "right": "know", "subject_id": "c1"})
    load.change(number, "acknowledged", {}, at=days(5))
    found = {one.deadline.id: one for one in load.show(load.case(number), days(50)).clocks}
    assert {name: one.status for name, one in found.items()} == {"ccpa.confirmation": "met", "ccpa.response": "overdue"}


def test_an_education_request_is_an_event_of_its_own_family(load, log):
    opened(load, {"law": "ferpa", "right": "inspection", "subject_id": "st-1"})
    assert b'"education.request.received"' in log.opened("main", 0).entry


def test_an_incident_and_its_clocks(load):
    told = {"law": "gdpr dora", "title": "stolen laptop", "aware_at": RECEIVED.isoformat()}
    number = load.open(INCIDENT, told, at=RECEIVED + timedelta(hours=3)).id
    stand = {one.deadline.id: one.status for one in load.show(load.case(number), days(1)).clocks}
    assert stand == {"gdpr.authority": "open", "dora.initial_after_awareness": "due_soon"}
    load.change(number, "classified", {"classification": "major"}, at=days(1, 10))
    load.change(number, "notified", {"notice": "initial"}, at=days(1, 12))
    load.change(number, "notified", {"notice": "authority", "delay_reason": "told late"}, at=days(4))
    stand = {one.deadline.id: one.status for one in load.show(load.case(number), days(5)).clocks}
    assert stand == {
        "gdpr.authority": "late",
        "dora.initial_after_awareness": "late",
        "dora.initial_after_classification": "met",
        "dora.intermediate": "overdue",
    }


def test_what_is_not_required_has_no_deadline(load):
    number = load.open(INCIDENT, {"law": "gdpr", "title": "encrypted disk lost"}, at=RECEIVED).id
    decision = {"notice": "authority", "decision": "not_required", "decision_reason": "encrypted"}
    with pytest.raises(InvalidRequest, match="decided needs decision_reason"):
        load.change(number, "decided", {**decision, "decision_reason": ""}, at=days(1))
    with pytest.raises(InvalidRequest, match="notice 'press'"):
        load.change(number, "decided", {**decision, "notice": "press"}, at=days(1))
    load.change(number, "decided", decision, at=days(1))
    (one,) = load.show(load.case(number), days(30)).clocks
    assert one.status == "not_required"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"law": "gdpr"}, "opened needs title"),
        ({"law": "gdpr moon", "title": "x"}, "law 'moon' sets no limits"),
        ({"law": "gdpr", "title": "x", "risk": "some"}, "risk 'some'"),
        ({"law": "gdpr", "title": "x", "aware_at": "lately"}, "aware_at 'lately' is no time"),
        ({"law": "gdpr", "title": "x", "aware_at": "2199-01-01T00:00:00Z"}, "lies in the future"),
        ({"law": "gdpr", "title": "x", "subject_count": "many"}, "subject_count 'many' is no number"),
    ],
)
def test_an_incident_that_can_not_be_opened(load, facts, message):
    with pytest.raises(InvalidRequest, match=message):
        load.open(INCIDENT, facts)


def test_counts_choose_the_clocks(load):
    number = load.open(INCIDENT, {"law": "hipaa", "title": "x", "subject_count": "20"}, at=RECEIVED).id
    found = {one.deadline.id: one.last.date().isoformat() for one in load.show(load.case(number), days(1)).clocks}
    assert found == {"hipaa.individuals": "2026-05-04", "hipaa.secretary": "2027-03-01"}
    load.change(number, "updated", {"subject_count": "700"}, at=days(2))
    found = {one.deadline.id: one.last.date().isoformat() for one in load.show(load.case(number), days(3)).clocks}
    assert found == dict.fromkeys(["hipaa.individuals", "hipaa.secretary", "hipaa.media"], "2026-05-04")


def test_one_at_a_time(load, log, monkeypatch):
    number = opened(load)
    monkeypatch.setattr(caseload_module, "LEASE_TRIES", 2)
    monkeypatch.setattr(caseload_module, "LEASE_WAIT_S", 0.01)
    other = Lease(log.database, f"case/{log.tenant.id}/{number}"[:80])
    assert other.take()
    with pytest.raises(Busy, match="is being changed by another process"):
        load.change(number, "verified", {})
    other.release()
    load.change(number, "verified", {}, at=days(1))


def test_as_of_a_pin_and_within_a_query(load, log):
    number = opened(load, id="R-1")
    pin = log.pin()
    load.change(number, "closed", {"outcome": "withdrawn"}, at=days(3))
    opened(load, id="R-2", at=days(100))
    assert load.case(number, pin).state == "open"
    assert set(load.cases(pin)) == {"R-1"}
    within = parse("at>=2026-03-06", log.declared, "UTC")
    assert set(load.cases(within=within)) == {"R-2"}
    with pytest.raises(NotFound):
        load.case("R-1", within=within)


def test_tenants_do_not_share_cases(load, open_log, log):
    from affidavit.log.registry import create_tenant

    opened(load, id="R-1")
    create_tenant(log.database, log.keys, "other", "UTC")
    other = Caseload(open_log(tenant="other"))
    assert other.cases() == {}
    with pytest.raises(NotFound):
        other.case("R-1")


def test_a_proposal_taken_for_law_and_a_file(open_log, home):
    log = open_log(pending_laws="eu-digital-omnibus")
    load = Caseload(log)
    number = load.open(INCIDENT, {"law": "gdpr", "title": "x"}, at=RECEIVED).id
    (one,) = load.show(load.case(number), days(1)).clocks
    assert (one.last - one.start) == timedelta(hours=96)
    (home / "deadlines.toml").write_text("[[deadline]]\nid = 3\n")
    with pytest.raises(InvalidRequest, match=r"deadlines\.toml"):
        Caseload(log)
