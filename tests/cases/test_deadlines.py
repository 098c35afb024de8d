"""Deadlines and rights as data: what is built in, what a file adds, and what is refused."""

from datetime import date

import pytest

from affidavit.cases.deadlines import builtin, load
from affidavit.errors import InvalidRequest

NOW = date(2026, 6, 1)
OWN = """
[[deadline]]
id = "texas.breach"
law = "texas"
applies = "incident"
title = "Notice"
start = "discovered"
done = "notified.individuals"
amount = 60
unit = "day"
counting = "plain"
citation = "Tex. Bus. & Com. Code 521.053"
edition = "2023"
source = "secondary"
valid_from = 2023-09-01
"""


def limits(applies, law, **facts):
    return {(one.id, one.amount, one.unit) for one in builtin().select(applies, law, NOW, **facts)}


def test_the_limits_of_requests():
    assert limits("request", "gdpr", right="erasure") == {("gdpr.response", 1, "month")}
    assert limits("request", "ccpa", right="know") == {
        ("ccpa.confirmation", 10, "business_day"),
        ("ccpa.response", 45, "day"),
    }
    assert limits("request", "ccpa", right="opt_out") == {("ccpa.opt_out", 15, "business_day")}
    assert limits("request", "ferpa", right="inspection") == {("ferpa.inspection", 45, "day")}
    assert limits("request", "ferpa", right="amendment") == set()
    assert limits("request", "hipaa", right="accounting") == {("hipaa.accounting", 60, "day")}


def test_the_limits_of_incidents():
    assert limits("incident", "gdpr") == {("gdpr.authority", 72, "hour")}
    assert {one[:2] for one in limits("incident", "nis2")} == {
        ("nis2.early_warning", 24),
        ("nis2.notification", 72),
        ("nis2.final", 1),
    }
    assert {amount for _, amount, _ in limits("incident", "dora")} == {4, 24, 72, 1}


@pytest.mark.parametrize(
    ("affected", "expected"),
    [
        (499, {"hipaa.individuals", "hipaa.secretary"}),
        (500, {"hipaa.individuals", "hipaa.secretary"}),
        (501, {"hipaa.individuals", "hipaa.secretary", "hipaa.media"}),
        (None, {"hipaa.individuals", "hipaa.secretary", "hipaa.media"}),  # nobody knows yet: the most
    ],
)
def test_limits_by_number_of_people(affected, expected):
    found = builtin().select("incident", "hipaa", NOW, affected=affected)
    assert {one.id for one in found} == expected
    secretary = next(one for one in found if one.id == "hipaa.secretary")
    assert secretary.start == ("discovered_year_end" if affected == 499 else "discovered")


def test_law_is_the_law_of_the_day():
    assert builtin().select("incident", "california", date(2025, 12, 31)) == ()
    assert len(builtin().select("incident", "california", date(2026, 1, 1))) == 2
    assert builtin().select("request", "gdpr", date(2018, 5, 24), right="access") == ()
    with pytest.raises(InvalidRequest, match=r"no deadline 'gdpr.response' on 2018-05-24"):
        builtin().get("gdpr.response", date(2018, 5, 24))


def test_a_proposal_is_off_until_it_is_named(tmp_path):
    assert builtin().get("gdpr.authority", NOW).amount == 72
    book = load(tmp_path, "deadlines.toml", ["eu-digital-omnibus"])
    assert [one.amount for one in book.select("incident", "gdpr", NOW)] == [96]
    assert [one.amount for one in book.select("incident", "gdpr", NOW, risk="high")] == [96]
    assert book.select("incident", "gdpr", NOW, risk="low") == ()
    with pytest.raises(InvalidRequest, match=r"pending law 'omnibus' is unknown\. Known: eu-digital-omnibus"):
        load(tmp_path, "deadlines.toml", ["omnibus"])


def test_a_file_of_the_home_adds_and_replaces(tmp_path):
    file = tmp_path / "deadlines.toml"
    stricter = OWN.replace("texas.breach", "ferpa.inspection").replace("texas", "ferpa").replace("incident", "request")
    file.write_text(
        OWN + stricter.replace("2023-09-01", "1988-04-11").replace("60", "30") + 'rights = ["inspection"]\n'
    )
    book = load(tmp_path, "deadlines.toml", [])
    assert [one.amount for one in book.select("incident", "texas", NOW)] == [60]
    assert [one.amount for one in book.select("request", "ferpa", NOW, right="inspection")] == [30]
    assert len(book.deadlines) == len(builtin().deadlines) + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("amount = 60", "amount = 0"), "deadline 'texas.breach': amount"),
        (("amount = 60", "amount = 60\nvalid_to = 2023-09-01"), "valid_to 2023-09-01 is not after"),
        (('unit = "day"', 'unit = "week"'), "Invalid enum value 'week'"),
        (('counting = "plain"', 'counting = "plain"\nextra = 1'), "unknown field `extra`"),
        (('unit = "day"\ncounting = "plain"', 'unit = "hour"\ncounting = "eu"'), "hours with counting 'eu'"),
        (("[[deadline]]", "[[deadline"), "not TOML"),
    ],
)
def test_mistakes_name_the_file_and_the_place(tmp_path, change, message):
    (tmp_path / "deadlines.toml").write_text(OWN.replace(*change))
    with pytest.raises(InvalidRequest, match=r"deadlines.toml") as raised:
        load(tmp_path, "deadlines.toml", [])
    assert message in str(raised.value)


def test_rights_are_named_where_one_is_unknown():
    assert builtin().right("ferpa", "inspection").family == "education.request"
    with pytest.raises(InvalidRequest, match=r"right 'forget' is none of gdpr\. Allowed: access, rectification"):
        builtin().right("gdpr", "forget")
    with pytest.raises(InvalidRequest, match=r"law 'lgpd' has no rights here\. Allowed: ccpa, ferpa, gdpr, hipaa"):
        builtin().right("lgpd", "access")


def test_every_right_and_limit_is_cited():
    for one in (*builtin().deadlines, *builtin().rights):
        assert one.citation
        assert one.title
    named = {(one.law, one.right) for one in builtin().rights}
    assert {(one.law, right) for one in builtin().deadlines for right in one.rights} <= named
