"""What a run was asked to hold, in words that lead back to the same conditions."""

from __future__ import annotations

from affidavit.export.scope import QUERY_CHARS_MAX, scope_of
from affidavit.export.spec import ExportSpec, legacy
from affidavit.query.language import parse
from affidavit.query.tree import Leaf, all_of, is_in


def test_the_period_is_parted_from_the_other_conditions():
    spec = legacy("2026-10-01", "2026-10-31", ["u1", "u 2"], ["login", "a.b"], zone="America/Chicago")
    found = scope_of(spec, clear=True)
    assert (found.start, found.end) == ("2026-10-01T05:00:00.000000Z", "2026-11-01T05:00:00.000000Z")
    assert parse(found.query) == all_of(*spec.query.of[2:])


def test_an_end_that_is_included_ends_a_microsecond_later():
    spec = legacy(None, "2026-10-31T12:00:00Z", zone="UTC")
    assert scope_of(spec, clear=True).end == "2026-10-31T12:00:00.000001Z"
    assert scope_of(spec, clear=True).query == ""


def test_a_second_bound_stays_a_condition():
    query = all_of(*(Leaf("ge", "at", f"2026-10-0{day}T00:00:00.000000Z") for day in (1, 2)))
    found = scope_of(ExportSpec(query=query), clear=True)
    assert found.start == "2026-10-01T00:00:00.000000Z"
    assert found.query == "at>=2026-10-02T00:00:00.000000Z"


def test_what_can_not_or_may_not_be_shown_is_none():
    long = ExportSpec(query=is_in("actor.id", [f"user{n}" for n in range(QUERY_CHARS_MAX // 5)]))
    assert scope_of(long, clear=True).query is None
    assert scope_of(ExportSpec(query=Leaf("prefix", "action", "two words")), clear=True).query is None
    assert scope_of(legacy(user_ids=["u1"]), clear=False).query is None


def test_the_rest_is_said_as_it_was_asked():
    found = scope_of(ExportSpec(format="pdf", profile="auditor", evidence="rows", recipient="Board"), clear=True)
    assert (found.format, found.profile, found.evidence, found.recipient, found.reason) == (
        *("pdf", "auditor", "rows", "Board"),
        None,
    )
    assert found.columns == ("timestamp", "user_id", "action", "resource")
