"""Estimates: what they say beforehand, against what then is."""

from dataclasses import replace

import pytest

from affidavit.errors import NotFound
from affidavit.export import estimate as estimate_module
from affidavit.export import legacy, run_export
from affidavit.export.estimate import DEPENDS, NOT_PROVABLE, PROVABLE, estimate
from affidavit.export.run import preview
from affidavit.export.spec import InvalidSpec
from affidavit.query.tree import all_of, eq


@pytest.fixture
def events(record):
    record(*[
        {
            "action": "login" if n % 2 else "grade.viewed",
            "actor": f"user{n % 7}",
            "resource": f"enrollment:{n}",
            "source": {"ip": "10.0.0.1"},
            "message": "looked at it",
            "at": f"2026-10-{1 + n // 100:02}T12:00:00Z",
        }
        for n in range(600)
    ])  # fmt: skip


def specs():
    base = legacy()
    return {
        "everything": base,
        "one action": legacy(actions=["login"]),
        "one user": legacy(user_ids=["user1"]),
        "json": legacy(format="json"),
        "rows alone": replace(base, evidence="rows"),
        "no evidence": replace(base, evidence="none"),
        "times masked": replace(base, profile="public"),
        "a period": legacy("2026-10-02", "2026-10-03"),
        "nothing": legacy(user_ids=["nobody"]),
    }


@pytest.mark.parametrize("name", specs())
def test_what_is_said_to_be_provable_is_proven_and_the_rest_is_not(log, events, out, name):
    spec = specs()[name]
    said = estimate(log, spec, bundle=True)
    result = run_export(log, spec, out / "x.zip", bundle=True)
    assert (said.rows, said.exact) == (result.rows, True)
    assert [one.name for one in said.verdicts] == list(result.verdicts)
    found = {one.name: (one.state, str(result.verdicts[one.name].status)) for one in said.verdicts}
    assert set(found.values()) <= {(PROVABLE, "PASS"), (NOT_PROVABLE, "NOT PROVEN")}, found
    assert all(one.reason for one in said.verdicts)


@pytest.mark.parametrize("name", ["everything", "one user", "json", "a period", "no evidence"])
@pytest.mark.parametrize("bundle", [True, False])
def test_sizes_are_about_right(log, events, out, name, bundle):
    spec = specs()[name]
    said = estimate(log, spec, bundle=bundle)
    result = run_export(log, spec, out / "x", bundle=bundle)
    assert result.bytes / 2 < said.bytes < result.bytes * 2
    assert 0 <= said.seconds < 60


def test_ten_masked_rows_come_with_it(log, events):
    said = estimate(log, legacy(), bundle=False)
    assert len(said.preview) == 10
    assert all(row["user_id"].startswith("tk_") for row in said.preview)
    assert "user1" not in str(said)


def test_reasons_name_what_is_in_the_way(log, events):
    by_name = {one.name: one for one in estimate(log, legacy(user_ids=["user1"]), bundle=True).verdicts}
    assert "actor.id" in by_name["COMPLETE"].reason
    assert "No witness is configured" in by_name["WITNESSED"].reason
    assert "cell by cell" in by_name["VIEW MATCHES"].reason


def test_clocks_and_witnesses_that_are_configured_make_it_depend(log, monkeypatch):
    trust = {**log.trust(), "timestamp_roots": ["x"], "witnesses": ["y"]}
    monkeypatch.setattr(log, "trust", lambda: trust)
    states = {one.name: one.state for one in estimate(log, legacy(), bundle=True).verdicts}
    assert (states["TIMED"], states["WITNESSED"]) == (DEPENDS, DEPENDS)


def test_a_pdf_carries_the_evidence_of_its_table(log, events, out):
    pytest.importorskip("typst")
    spec = replace(legacy(), format="pdf")
    said = estimate(log, spec, bundle=False)
    result = run_export(log, spec, out / "x.pdf", bundle=False)
    assert {one.name: one.state == PROVABLE for one in said.verdicts} == {
        name: str(verdict.status) == "PASS" for name, verdict in result.verdicts.items()
    }
    assert result.bytes / 3 < said.bytes < result.bytes * 3


@pytest.mark.parametrize(
    ("form", "state"), [("ndjson", PROVABLE), ("parquet", DEPENDS), ("xlsx", DEPENDS), ("pdf", NOT_PROVABLE)]
)
def test_formats_differ_in_what_can_be_rebuilt(log, form, state):
    spec = replace(legacy(), format=form)
    verdicts = estimate_module.forecast(log, spec, "full")
    assert verdicts[-1].state == state


def test_counting_is_bounded(log, events, monkeypatch):
    monkeypatch.setattr(estimate_module, "PREVIEW_COUNT_MAX", 100)
    said = estimate(log, legacy(), bundle=False)
    assert (said.rows, said.exact) == (100, False)


def test_contradictions_are_said(log, events):
    spec = replace(legacy(), query=all_of(eq("action", "a"), eq("action", "b")))
    assert estimate(log, spec, bundle=False).never
    assert not estimate(log, legacy(), bundle=False).never


def test_what_would_be_refused_is_refused(log):
    with pytest.raises(InvalidSpec, match="evidence"):
        estimate(log, replace(legacy(), profile="public", evidence="full"), bundle=True)
    with pytest.raises(NotFound, match="nonsense"):
        estimate(log, replace(legacy(), streams=("nonsense",)), bundle=True)


def test_a_preview_is_an_event_with_tokens_for_what_its_reader_sees_masked(log, events, own_events):
    before = len(own_events())
    estimate(log, replace(legacy(), query=eq("actor.id", "u1")), bundle=False)
    preview(log, legacy())
    first, second = own_events()[before:]
    assert (first[0], second[0]) == ("export.previewed", "export.previewed")
    assert '"tokens":["tk_' in first[1]["export.query"] or '"token":"tk_' in first[1]["export.query"]
    assert '"u1"' not in first[1]["export.query"]
    assert second[1]["query.shown"] == "10"
