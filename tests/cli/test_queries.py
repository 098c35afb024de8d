"""Saved queries and declared fields on the command line, and how a query's mistake is pointed at."""

import pytest

from affidavit.cli.queries import caret, never
from affidavit.query.language import parse

pytestmark = pytest.mark.usefixtures("made")


def test_queries_are_saved_listed_and_deleted(asked, call):
    assert call("query", "list")[1] == "No saved queries\n"
    assert "saved:failures" in call("query", "save", "failures", "outcome:failure")[1]
    (one,) = asked("query", "list")["queries"]
    assert (one["name"], one["text"]) == ("failures", "outcome:failure")
    assert asked("query", "delete", "failures") == {"name": "failures"}
    assert call("query", "delete", "failures")[0] == 4


def test_a_mistake_is_pointed_at(call):
    code, out, err = call("query", "save", "a", "actor:u1 acton:login")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "affidavit: unknown field 'acton'. Did you mean action?",
        "  actor:u1 acton:login",
        "           ^",
    ]
    code, out, _ = call("query", "save", "a", "actor:u1 acton:login", "--json")
    assert '"column": 10' in out


def test_the_caret_stands_below_wide_and_in_long_text():
    assert caret("名前 x", 4) == "  名前 x\n       ^"
    assert caret("a\tb", 3) == "  a b\n    ^"
    shown, below = caret("x" * 500 + "!" + "y" * 500, 501).split("\n")
    assert shown[below.index("^")] == "!"
    assert len(shown) < 110
    assert caret("", 1) == "  \n  ^"


def test_contradictions_are_seen():
    for text in ("at>=2026-02-01 at<2026-01-01", "action:a action:b", "outcome:success outcome:failure", "-*"):
        assert never(parse(text)), text
    for text in ("", "at>=2026-01-01 at<2026-02-01", "actor:a actor:b"):
        assert not never(parse(text)), text


def test_fields_are_declared_and_stay(asked, call, tmp_path):
    file = tmp_path / "fields.toml"
    file.write_text('[fields.course]\ntype = "string"\nclass = "none"\n')
    assert call("fields", "list")[1] == "No fields declared\n"
    assert asked("fields", "set", file)["fields"]["course"]["class"] == "none"
    file.write_text('[fields.points]\ntype = "number"\n[fields.course]\nclass = "resource"\n')
    assert call("fields", "set", file)[0] == 0
    found = asked("fields", "list")["fields"]
    assert {name: (one["type"], one["class"]) for name, one in found.items()} == {
        "course": ("string", "resource"),
        "points": ("number", "free"),
    }
    file.write_text('[fields.points]\ntype = "string"\n')
    code, _, err = call("fields", "set", file)
    assert code == 2
    assert "it is number already" in err
    assert asked("fields", "list")["fields"] == found
    assert call("fields", "set", tmp_path / "nowhere")[0] == 2
    assert "No fields" not in call("query", "save", "a", "details.course:17")[1]


def test_declaring_is_recorded(call, open_log, tmp_path):
    file = tmp_path / "fields.toml"
    file.write_text("[fields.course]\n")
    call("fields", "set", file)
    log = open_log()
    opened = log.opened("control", 0)
    assert b'"fields.declared"' in opened.entry
    assert dict(zip(opened.paths, opened.values, strict=True))["settings.fields"] == "course"
