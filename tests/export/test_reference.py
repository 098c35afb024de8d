"""docs/reference/search.md and exports.md name every limit, state, event and mistake as the code has them."""

from pathlib import Path

import pytest

from affidavit import AuditLog
from affidavit.cli.queries import caret
from affidavit.errors import InvalidQuery
from affidavit.export import download, estimate, execute, jobs, run, view, worker
from affidavit.log import saved_queries
from affidavit.query.language import parse

DOCS = Path(__file__).parents[2] / "docs" / "reference"
SEARCH = (DOCS / "search.md").read_text("utf-8")
EXPORTS = (DOCS / "exports.md").read_text("utf-8")


def test_limits_of_searches_are_stated():
    for limit in (view.PAGE_ROWS_MAX, view.COUNT_MAX, view.TOKEN_VALUES_MAX, saved_queries.SAVED_QUERIES_MAX):
        assert f"{limit:,}" in SEARCH
    assert f"{view.PAGE_ROWS} unless" in SEARCH
    assert (view.FACETS_MAX, view.FACET_SHOWN, view.FACET_VALUES_MAX) == (10, 20, 10_000)
    for action in (view.RUN, saved_queries.SAVED, saved_queries.DELETED):
        assert f"`{action}`" in SEARCH


def test_states_events_and_limits_of_runs_are_stated():
    for state in jobs.STATES:
        assert f"| `{state}` |" in EXPORTS
    actions = (
        jobs.REQUESTED,
        jobs.REFUSED,
        run.CREATED,
        run.FAILED,
        run.CANCELLED,
        download.DOWNLOADED,
        worker.EXPIRED,
    )
    for action in actions:
        assert f"| `{action}` |" in EXPORTS
    assert f"{jobs.LEASE_S:.0f} seconds" in EXPORTS
    assert (jobs.ATTEMPTS_MAX, execute.HEARTBEAT_S, estimate.SAMPLE_ROWS) == (3, 1.0, 1000)


def test_the_mistake_shown_is_the_one_made():
    with pytest.raises(InvalidQuery) as caught:
        parse("actor:u1 acton:login")
    assert f"affidavit: {caught.value}\n{caret('actor:u1 acton:login', caught.value.column)}" in SEARCH


def test_the_python_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with AuditLog.open("affidavit-data") as log:
        log.record("login", actor="u1")
    code = EXPORTS.partition("```python\n")[2].partition("```")[0]
    exec(code, {})
    assert (tmp_path / "october.zip").stat().st_size > 1000
