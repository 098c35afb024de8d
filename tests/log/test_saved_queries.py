"""Saved queries: kept per tenant, recorded, and part of any query by name."""

import pytest

from affidavit.errors import InvalidQuery, InvalidRequest, NotFound
from affidavit.log import saved_queries
from affidavit.log.saved_queries import list_saved, read_query, remove, save
from affidavit.query.language import parse
from affidavit.query.tree import QUERY_DEPTH_MAX, depth_of
from affidavit.testing import capture_events


def test_a_saved_query_stands_for_its_text(log):
    save(log, "sign-ins", "action:login OR action:logout")
    for text, same in [
        ("saved:sign-ins", "action:login OR action:logout"),
        ("saved:sign-ins outcome:failure", "(action:login OR action:logout) outcome:failure"),
        ("-saved:sign-ins", "-(action:login OR action:logout)"),
        ('saved:"sign-ins"', "action:login OR action:logout"),
    ]:
        assert read_query(log, text, "UTC") == parse(same)


def test_saving_anew_replaces_and_all_is_recorded(log):
    with capture_events(log, stream="access") as events:
        save(log, "a", "action:login")
        save(log, "a", "action:logout")
        save(log, "b", "*")
        assert [(one.name, one.text) for one in list_saved(log)] == [("a", "action:logout"), ("b", "*")]
        remove(log, "a")
        with pytest.raises(NotFound, match="'a'"):
            remove(log, "a")
    assert events.actions == ["query.saved"] * 3 + ["query.deleted"]
    assert events[0].fields["query.name"] == "a"
    assert [one.name for one in list_saved(log)] == ["b"]


@pytest.mark.parametrize("name", ["", "A", "a b", "x" * 65, "-a", "a:b"])
def test_names_have_a_form(log, name):
    with pytest.raises(InvalidRequest, match="name"):
        save(log, name, "*")


def test_what_does_not_parse_is_not_saved(log):
    with pytest.raises(InvalidQuery) as caught:
        save(log, "a", "action:login (")
    assert caught.value.column == 14
    save(log, "a", "*")
    with pytest.raises(InvalidQuery, match="no saved queries here"):
        save(log, "b", "saved:a")


def test_an_unknown_name_is_named_with_its_column_and_the_nearest(log):
    save(log, "sign-ins", "action:login")
    with pytest.raises(InvalidQuery, match="Did you mean saved:sign-ins") as caught:
        read_query(log, "outcome:failure saved:signins", "UTC")
    assert caught.value.column == 23


def test_a_saved_query_that_no_longer_parses_is_named(log, monkeypatch):
    monkeypatch.setattr(saved_queries, "text_of", lambda _log, _name: "nonsense:1")
    with pytest.raises(InvalidQuery, match=r"saved:a: unknown field 'nonsense'"):
        read_query(log, "saved:a", "UTC")


def test_nesting_and_length_are_bounded_as_a_whole(log):
    deep = "(" * 12 + "action:a OR action:b" + " action:c OR action:d)" * 12
    save(log, "deep", deep)
    assert depth_of(parse(deep)) < QUERY_DEPTH_MAX
    outer = "(" * 12 + "saved:deep OR action:b" + " action:c OR action:d)" * 12
    with pytest.raises(InvalidQuery, match="nested too deeply"):
        read_query(log, outer, "UTC")
    save(log, "long", " OR ".join(f"action:a{n}" for n in range(2000)))
    with pytest.raises(InvalidQuery, match="conditions"):
        read_query(log, "saved:long OR saved:long OR saved:long", "UTC")


def test_the_number_of_them_is_bounded(log, monkeypatch):
    monkeypatch.setattr(saved_queries, "SAVED_QUERIES_MAX", 1)
    save(log, "a", "*")
    save(log, "a", "action:login")
    with pytest.raises(InvalidRequest, match="Delete some"):
        save(log, "b", "*")
