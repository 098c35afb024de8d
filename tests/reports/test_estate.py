"""Every planted finding is found, and none is invented: the estate's expectations, over each report."""

import json
from collections import defaultdict
from functools import cache

import pytest

from affidavit.estate.estate import expectations
from affidavit.query.tree import EVERYTHING
from affidavit.reports.asked import Asked
from affidavit.reports.runner import make

EXPECTED = expectations()
BY_HAND = {("P2", "retention_short")}  # tests/reports/test_rules.py
NAMES = [f"{one.report}.{one.finding}" for one in EXPECTED]


@pytest.fixture(scope="module")
def scenarios(estate):
    """Places of the estate's events by scenario."""
    found = defaultdict(set)
    for batch in estate.reader.fields(EVERYTHING, [estate.pin()], ["details.scenario"]):
        for index, scenario in zip(batch["idx"].to_pylist(), batch["f0"].to_pylist(), strict=True):
            if scenario:
                found[scenario].add(("main", index))
    return found


@pytest.fixture(scope="module")
def results(estate, library):
    """The result of a report with its parameters, made once."""

    @cache
    def run(report, parameters, at_us, run_id):
        from affidavit.reports.runner import Fixed

        asked = Asked(report, start="2023-05-01", zone=estate.tenant.zone, parameters=json.loads(parameters))
        return make(estate, library, asked, Fixed(run_id, at_us, "tester"))

    return run


@pytest.mark.parametrize("expected", EXPECTED, ids=NAMES)
def test_planted(expected, results, scenarios, fixed):
    result = results(expected.report, json.dumps(expected.parameters, sort_keys=True), fixed.at_us, fixed.id)
    finding = next(one for one in result.findings if one.id == expected.finding)
    places = {place for row in finding.table.places for place in row}
    for name in expected.fires:
        assert scenarios[name], f"the estate has no scenario {name}"
        assert places & scenarios[name], f"{name} was not found"
    for name in expected.quiet:
        assert scenarios[name], f"the estate has no scenario {name}"
        assert not places & scenarios[name], f"{name} was found"
    rows = [[str(cell) for cell in row] for row in finding.table.rows]
    for texts in expected.cells:
        assert any(set(texts) <= set(row) for row in rows)
    for texts in expected.absent:
        assert not any(set(texts) <= set(row) for row in rows)


@pytest.mark.parametrize("expected", EXPECTED, ids=NAMES)
def test_nothing_is_invented(expected, results, scenarios, fixed):
    """A row of a finding refers to planted events alone: noise never fires."""
    result = results(expected.report, json.dumps(expected.parameters, sort_keys=True), fixed.at_us, fixed.id)
    finding = next(one for one in result.findings if one.id == expected.finding)
    meant = set().union(*(scenarios[name] for name in expected.fires))
    for row in finding.table.places:
        assert set(row) & meant, f"{expected.finding} fired on {row}"


def test_every_finding_has_an_expectation(library):
    """Of the built-in reports: a rule nobody planted anything for is a rule nobody tried."""
    planted = {(one.report, one.finding) for one in EXPECTED if one.fires or one.cells}
    rules = {(report.id, rule.id) for report in library.reports.values() for rule in report.findings}
    assert rules - planted == BY_HAND
