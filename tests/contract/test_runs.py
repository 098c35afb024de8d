"""Export runs, saved queries and declared fields: the same on every database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from affidavit.export import jobs, legacy
from affidavit.export.execute import execute
from affidavit.export.view import Search, View
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import declare_fields, find_tenant
from affidavit.log.saved_queries import list_saved, remove, save
from affidavit.paths import DeclaredFields


@pytest.fixture
def log(home, database_url):
    home.mkdir()
    with AuditLog.open(home, database=database_url) as opened:
        opened.record_many([{"action": "login", "actor": f"u{n}", "at": "2026-10-01T12:00:00Z"} for n in range(30)])
        yield opened


def test_each_run_goes_to_exactly_one_of_many_claimants(log):
    wanted = {jobs.request(log, legacy(), bundle=False).id for _ in range(5)}
    with ThreadPoolExecutor(8) as pool:
        claimed = [run.id for run in pool.map(lambda n: jobs.claim(log.database, f"w{n}", 30), range(8)) if run]
    assert len(claimed) == len(set(claimed))
    rest = iter(lambda: jobs.claim(log.database, "late", 30), None)
    assert {*claimed, *(run.id for run in rest)} == wanted


def test_the_same_key_at_once_is_one_run(log):
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: jobs.request(log, legacy(), bundle=False, key="k").id, range(6)))
    assert len(found) == len(jobs.list_runs(log)) == 1


def test_a_run_is_held_cancelled_and_carried_out(log):
    first, second = (jobs.request(log, legacy(), bundle=True) for _ in range(2))
    held = jobs.claim(log.database, "me", 30)
    assert held.id == first.id
    assert jobs.renew(log.database, held.id, "me", 30, ("Write", 7, 30)) == "held"
    assert jobs.renew(log.database, held.id, "other", 30, ("", 0, None)) == "lost"
    assert jobs.cancel(log, held.id).done == 7
    assert jobs.renew(log.database, held.id, "me", 30, ("Write", 8, 30)) == "cancelling"
    assert execute(log, jobs.claim(log.database, "me", 30), "me").rows == 30
    assert jobs.find(log, second.id).verdicts["AUTHENTIC"] == "PASS"


def test_saved_queries_views_and_declared_fields(log):
    save(log, "in", "action:login")
    save(log, "in", "action:login actor:u1")
    view = View(log, "auditor")
    found = view.search(Search(view.read("saved:in"), count=True, facets=("actor",)))
    assert (found.count.rows, found.facets["actor.id"][0].value) == (1, "u1")
    remove(log, "in")
    assert list_saved(log) == []
    with log.database.write() as connection:
        declare_fields(connection, log.tenant.id, DeclaredFields.from_toml("[fields.course]\n"))
    assert list(find_tenant(log.database, "default").declared.fields) == ["course"]
