"""Rules that the estate plants nothing for, and the traps that would make a report wrong: by events made by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from affidavit.event import micros, new_id
from affidavit.reports.asked import Asked
from affidavit.reports.runner import Fixed, make

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
LATER = datetime(2024, 6, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def report(log, library):
    """Runs a report over the test's log, as of LATER."""

    def do(name, start="2024-01-01", zone="UTC", profile="", now=LATER, **parameters):
        asked = Asked(name, start=start, zone=zone, profile=profile, parameters=parameters)
        return make(log, library, asked, Fixed(str(new_id()), micros(now), "tester"))

    return do


def finding(result, name):
    return next(one for one in result.findings if one.id == name)


def section(result, name):
    return next(one for one in result.sections if one.id == name)


def cells(part, name):
    at = [head.name for head in part.table.columns].index(name)
    return [row[at] for row in part.table.rows]


def disclosure(n, *, kind="university", code="99.31(a)(2)", consent=None, interest="enrolment", **more):
    basis = {"exemption_code": code, "legitimate_interest": interest, "purpose": "enrolment", "consent_ref": consent}
    return {
        "action": "disclosure.made",
        "at": AT + timedelta(hours=n),
        "subject": {"id": "s1", "name": "Ada Brandt", "type": "student"},
        "classification": "education",
        "basis": {key: value for key, value in basis.items() if value is not None},
        "disclosure": {"recipient": {"name": f"R{n}", "type": kind}, "redisclosure_notice": True, **more},
    }


def test_nothing_recorded_is_never_a_pass(library, report):
    """Trap 6: over an empty log every rule is not evidenced, and so is every provision."""
    for name in library.reports:
        given = {"subject": "nobody"} if library.reports[name].subject else {}
        result = report(name, **given)
        assert {one.status for one in result.findings} == {"not evidenced"}, name
        assert {one.status for one in result.controls} == {"not evidenced"}, name
        assert "evidences nothing" in result.coverage.statement


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"kind": "parent"}, "(d)(1)"),
        ({"kind": "eligible_student"}, "(d)(1)"),
        ({"code": "99.31(a)(1)"}, "(d)(2)"),
        ({"code": "§ 99.31(a)(1)(i)(A)"}, "(d)(2)"),
        ({"code": None, "consent": "c-1"}, "(d)(3)"),
        ({"code": "99.31(a)(11)"}, "(d)(4)"),
        ({"code": "34 CFR 99.31(a)(9)(ii)(A)"}, "(d)(5)"),
    ],
)
def test_f1_is_no_access_log(log, report, more, reason):
    """Trap 1: what 99.32(d) exempts is counted by exemption, never listed, and no rule minds what it lacks."""
    log.record(disclosure(1, **{"interest": None, **more}))
    result = report("F1", subject="s1")
    assert section(result, "record").table.total == 0
    assert cells(section(result, "exempt"), "exempt")[0].startswith(reason)
    assert cells(section(result, "exempt"), "events") == [1]
    assert all(one.status == "not evidenced" for one in result.findings)


@pytest.mark.parametrize("code", ["99.31(a)(10)", "99.31(a)(2)", "99.31(a)(9)(i)", "99.31(a)(12)", "99.31(a)(13)"])
def test_f1_lists_what_only_looks_exempt(log, report, code):
    log.record(disclosure(1, code=code))
    assert section(report("F1", subject="s1"), "record").table.total == 1


def test_f1_wants_the_redisclosure_notice(log, report):
    log.record(disclosure(1))
    log.record(disclosure(2, redisclosure_notice=False))
    found = finding(report("F1", subject="s1"), "no_redisclosure_notice")
    assert cells(found, "disclosure_recipient_name") == ["R2"]
    assert found.table.places == ((("main", 1),),)


def test_f1_shows_the_parent_their_own_childs_record_alone(log, report):
    log.record(disclosure(1))
    log.record({**disclosure(2), "subject": {"id": "s2", "name": "Other"}})
    record = section(report("F1", subject="s1"), "record")
    assert cells(record, "subject_name") == ["Ada Brandt"]


def accounted(n, **basis):
    return {
        "action": "disclosure.made",
        "at": AT + timedelta(days=n),
        "subject": {"id": "p1", "type": "patient"},
        "classification": "PHI",
        "basis": basis,
        "disclosure": {
            "recipient": {"name": "Health department", "address": "1 Square"},
            "description": "lab result",
        },
    }


@pytest.mark.parametrize(
    ("basis", "reason"),
    [
        ({"purpose": "treatment"}, "(i) treatment"),
        ({"purpose": "TREAT"}, "(i) treatment"),
        ({"purpose": "payment"}, "(i) payment"),
        ({"purpose": "healthcare operations"}, "(i) operations"),
        ({"exemption_code": "164.528(a)(1)(ii)"}, "(ii)"),
        ({"exemption_code": "45 CFR 164.528(a)(1)(iii)"}, "(iii)"),
        ({"consent_ref": "auth-1"}, "(iv)"),
        ({"exemption_code": "164.510"}, "(v)"),
        ({"exemption_code": "164.512(k)(2)"}, "(vi)"),
        ({"exemption_code": "164.512(k)(5)"}, "(vii)"),
        ({"exemption_code": "164.514(e)"}, "(viii)"),
    ],
)
def test_h1_leaves_out_and_counts_each_exemption(log, report, basis, reason):
    """Trap 2: treatment, payment, operations, authorisations and the rest are counted by exemption, not listed."""
    log.record(accounted(1, **basis))
    result = report("H1", subject="p1")
    assert section(result, "accounting").table.total == 0
    assert cells(section(result, "exempt"), "exempt")[0].startswith(reason)
    assert cells(section(result, "exempt"), "disclosures") == [1]


def test_h1_groups_repeats(log, report):
    for n in (1, 5, 9):
        log.record(accounted(n, purpose="public health"))
    result = report("H1", subject="p1")
    assert section(result, "accounting").table.rows == (
        (
            "2024-03-05 12:00:00+00:00",
            "Health department",
            "1 Square",
            "lab result",
            "public health",
            3,
            "2024-03-13 12:00:00+00:00",
        ),
    )


def test_h1_takes_a_copy_of_the_request_for_the_purpose(log, report):
    log.record(accounted(1, ticket="request-7"))
    assert finding(report("H1", subject="p1"), "no_purpose").status == "evidence present"


def test_retention_of_sox_is_labelled_a_policy(library):
    """Traps 3 and 4: seven years bind the accountant, six the documentation; here both are policy defaults."""
    for name in ("S1", "S2"):
        assert "policy default" in library.reports[name].retention_basis
        assert "accountant" in library.reports[name].retention_basis
    for name in ("H1", "H3"):
        assert "conservative policy" in library.reports[name].retention_basis


def test_no_output_says_compliant(library):
    """Trap 6: neither word is in any report's definition."""
    for text in library.definitions.values():
        assert "compliant" not in text.lower()
        assert "anonymised" not in text.lower()


def test_without_reference_data_nothing_is_evidenced(log, report):
    """A rule that needs relations says so, never a pass."""
    subject = {"id": "s1", "name": "Ada Brandt"}
    log.record({"action": "data.read", "actor": "t1", "subject": subject, "classification": "education", "at": AT})
    result = report("F3")
    assert finding(result, "no_relation").status == "not evidenced"
    assert finding(result, "no_relation").reason == "no relations loaded"
    assert finding(result, "bulk").status == "evidence present"
    assert section(result, "unrelated").empty == "no relations loaded"
    assert [one.version for one in result.references] == ["", "", ""]


def test_g2_names_records_that_are_anothers_too(log, report):
    mine = {"action": "data.read", "subject": {"id": "c1"}, "basis": {"purpose": "orders", "lawful_basis": "contract"}}
    log.record({**mine, "at": AT, "resource": {"type": "order", "id": "o1", "owner": "c1"}})
    log.record({**mine, "at": AT, "resource": {"type": "order", "id": "o2", "owner": "c2"}})
    found = finding(report("G2", subject="c1"), "third_party")
    assert found.table.places == ((("main", 1),),)


def test_g5_names_what_a_notice_lacks(log, report):
    whole = {
        "law": "gdpr",
        "title": "lost disk",
        "nature": "loss",
        "subject_categories": "staff",
        "subject_count": "3",
        "contact": "dpo",
        "consequences": "none",
        "measures": "wiped",
        "aware_at": AT.isoformat(),
    }
    for number, facts in (("i1", whole), ("i2", {**whole, "contact": None, "subject_count": None})):
        case = {"incident_id": number, "aware_at": AT.isoformat()}
        details = {key: value for key, value in facts.items() if value is not None and key != "aware_at"}
        log.record({"action": "incident.opened", "at": AT, "case": case, "details": details})
        told = {"notice": "authority"}
        log.record({"action": "incident.notified", "at": AT + timedelta(hours=2), "case": case, "details": told})
    found = finding(report("G5"), "notice_incomplete")
    assert cells(found, "case_id") == ["i2"]
    assert cells(found, "missing") == ["number of people, contact"]


def test_c1_wants_the_six_facts(log, report):
    for number, manner in (("r1", "web form"), ("r2", None)):
        case = {"request_id": number, "right": "know", "received_at": AT.isoformat()}
        details = {"law": "ccpa", **({"manner": manner} if manner else {})}
        subject = {"id": "c1"}
        log.record(
            {"action": "privacy.request.received", "at": AT, "case": case, "details": details, "subject": subject}
        )
    found = finding(report("C1"), "log_incomplete")
    assert cells(found, "case_id") == ["r2"]
    assert cells(found, "missing") == ["manner made"]


def test_p2_tells_cleared_logs(log, report):
    log.record({"action": "log.clear", "actor": "root", "target": "erp", "at": AT})
    log.record({"action": "log.rotate", "actor": "root", "target": "erp", "at": AT})
    quiet = report("P2")
    assert finding(quiet, "log_cleared").table.places == ((("main", 0),),)
    assert finding(quiet, "retention_short").status == "not evidenced"


def test_p2_tells_early_purges(log, report):
    now = datetime.now(UTC)
    log.record({"action": "log.rotate", "target": "erp"})
    log.record_own("log.purged", {"purge.end": "256"}, stream="control")
    start = f"{now - timedelta(days=2):%Y-%m-%d}"
    assert finding(report("P2", now=now + timedelta(minutes=1), start=start), "retention_short").status == "exception"


def test_a_declared_exception_is_not_applicable(log, tmp_path, library):
    from affidavit.reports.library import load

    text = '[controls."hipaa.164.312.d"]\napplies = false\nreason = "no remote access"\n'
    (tmp_path / "own.toml").write_text(text)
    own = load(tmp_path)
    result = make(log, own, Asked("H3"), Fixed(str(new_id()), micros(LATER), "tester"))
    control = next(one for one in result.controls if one.id == "hipaa.164.312.d")
    assert (control.status, control.reason) == ("not applicable", "no remote access")
    assert finding(result, "impossible_travel").status == "not applicable"
    assert library.controls["hipaa.164.312.d"].applies
