"""A report is pinned: run again it is the same, byte for byte; what came since is an addendum."""

from datetime import UTC, datetime, timedelta

import pytest

from affidavit.errors import InvalidRequest, NotFound
from affidavit.reports.asked import Asked
from affidavit.reports.library import load
from affidavit.reports.rerun import addendum, again
from affidavit.reports.result import decode
from affidavit.reports.runner import run_report

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)


def act(n, actor="root"):
    return {"action": "admin.command", "actor": {"id": actor, "is_privileged": True}, "at": AT + timedelta(minutes=n)}


@pytest.fixture
def first(log, library):
    log.record_many([act(n) for n in range(5)])
    return run_report(log, library, Asked("S2", "2024-03-01", "2024-03-31", "Europe/Berlin"))


def test_again_is_the_same_bytes(log, library, first):
    log.record_many([act(n, "late") for n in range(5)])
    log.record({"action": "data.read", "at": AT})
    second = again(log, library, decode(first.data))
    assert second.data == first.data
    assert second.receipt.index > first.receipt.index


def test_again_after_sealing_is_the_same_bytes(log, library, first):
    from affidavit.log.worker import Worker

    Worker(log).round(everything=True)
    assert again(log, library, decode(first.data)).data == first.data


def test_tokens_are_the_same_again(log, library):
    event = {"action": "data.read", "subject": {"id": "c1"}, "at": AT, "basis": {"purpose": "p"}}
    log.record(event)
    asked = Asked("G2", "2024-03-01", "2024-03-31", profile="auditor", parameters={"subject": "c1"})
    first = run_report(log, library, asked)
    assert "tk_" in first.data.decode()
    with pytest.raises(InvalidRequest, match="in clear"):
        again(log, library, decode(first.data))
    assert again(log, library, decode(first.data), {"subject": "c1"}).data == first.data
    with pytest.raises(InvalidRequest, match="in clear"):
        again(log, library, decode(first.data), {"subject": "c2"})


def test_an_addendum_says_what_came_since(log, library, first):
    log.record_many([act(7, "late"), {"action": "data.read", "at": AT}])
    more = addendum(log, library, decode(first.data)).result
    added = more.addendum
    assert (added.of, added.entries_more, added.selected_more) == (first.result.run.id, 2, 1)
    assert [("late" in row, "without a ticket" in row) for row in added.new] == [(True, True)]
    assert added.gone == ()
    assert more.run.id != first.result.run.id
    assert more.period == first.result.period


def test_an_addendum_of_nothing_says_so(log, library, first):
    added = addendum(log, library, decode(first.data)).result.addendum
    assert (added.entries_more, added.selected_more, added.new, added.gone) == (0, 0, (), ())


def test_a_changed_definition_is_refused(log, tmp_path, first):
    (tmp_path / "own.toml").write_text('[reports.S2]\nbase = "S1"\n')
    with pytest.raises(InvalidRequest, match="definition"):
        again(log, load(tmp_path), decode(first.data))


def test_a_size_that_was_never_pinned_is_not_found(log, library, first):
    import msgspec

    result = decode(first.data)
    logs = tuple(msgspec.structs.replace(one, size=one.size - 1) for one in result.logs if one.stream == "main")
    with pytest.raises(NotFound, match="checkpoint of size"):
        again(log, library, msgspec.structs.replace(result, logs=logs))


def test_reference_data_is_that_of_the_run(log, library):
    from affidavit.cases.reference_data import load_rows

    log.record(act(1))
    load_rows(log, "people", [{"id": "root", "shared": True}], "")
    first = run_report(log, library, Asked("S2", "2024-03-01", "2024-03-31"))
    assert next(one for one in first.result.findings if one.id == "shared_id").status == "exception"
    load_rows(log, "people", [{"id": "root", "shared": False}], "")
    assert again(log, library, decode(first.data)).data == first.data
    fresh = run_report(log, library, Asked("S2", "2024-03-01", "2024-03-31")).result
    assert next(one for one in fresh.findings if one.id == "shared_id").status == "evidence present"
