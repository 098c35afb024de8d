"""`affidavit search` as it is called."""

import pytest

from affidavit.cli.search import table

pytestmark = pytest.mark.usefixtures("filled")


@pytest.fixture
def filled(open_log):
    open_log().record_many(
        [
            {
                "action": "login" if n % 2 else "grade.viewed",
                "actor": f"u{n % 3}",
                "subject": f"student:s{n % 5}",
                "at": f"2026-10-{1 + n:02}T23:30:00Z",
            }
            for n in range(12)
        ]
    )


def test_a_table_of_what_is_found(call):
    code, out, err = call("search", "actor:u1 action:login", "--count")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["time", "actor", "action", "outcome", "type", "resource"]
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["2026-10-02T23:30:00.000000Z", "u1", "login"],
        ["2026-10-08T23:30:00.000000Z", "u1", "login"],
    ]
    assert lines[-1] == "2 rows, 2 match"


def test_pages_by_their_cursors(call, asked):
    first = asked("search", "--limit", 5, "--newest-first")
    assert [row["time"][8:10] for row in first["rows"]] == ["12", "11", "10", "09", "08"]
    second = asked("search", "--limit", 5, "--newest-first", "--after", first["next"])
    assert [row["time"][8:10] for row in second["rows"]] == ["07", "06", "05", "04", "03"]
    again = asked("search", "--limit", 5, "--newest-first", "--after", second["previous"])
    assert again["rows"] == first["rows"]
    assert "Next page: --after " in call("search", "--limit", 5)[1]
    assert call("search", "--after", "nonsense")[0] == 2


def test_days_are_of_the_zone(asked):
    def days(*more):
        return [
            row["time"][:10] for row in asked("search", "--from", "2026-10-03", "--to", "2026-10-04", *more)["rows"]
        ]

    assert days() == ["2026-10-03", "2026-10-04"]
    assert days("--timezone", "Europe/Berlin") == ["2026-10-03", "2026-10-04"]
    late = asked("search", "at:2026-10-03", "--timezone", "Europe/Berlin")
    assert [row["time"] for row in late["rows"]] == ["2026-10-03T01:30:00.000000+02:00"]


def test_facets_and_columns(asked, call):
    found = asked("search", "--limit", 0, "--facet", "action", "--facet", "actor")
    assert found["facets"]["action"] == [{"value": "grade.viewed", "count": "6"}, {"value": "login", "count": "6"}]
    assert found["facets"]["actor.id"][0]["count"] == "4"
    assert "actor.id" in call("search", "--limit", 0, "--facet", "actor")[1]
    rows = asked("search", "--limit", 1, "--column", "subject", "--column", "action")["rows"]
    assert rows == [{"subject": "s0", "action": "grade.viewed"}]


def test_masks_hold_and_tokens_work(asked, call):
    shown = ("--profile", "auditor", "--viewer", "eve", "--column", "subject")
    code, _, err = call("search", "subject:s1", *shown)
    assert code == 2
    assert "subject.id is masked" in err
    assert "tk_…" in err
    token = asked("search", *shown, "--limit", 1)["rows"][0]["subject"]
    assert token.startswith("tk_")
    assert asked("search", f"subject:{token}", *shown, "--count")["count"]["rows"] == 3


def test_profiles_from_files(asked, call, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('name = "own"\nbase = "internal"\n[classes]\nstaff = "token"\n')
    assert asked("search", "--profile", file, "--limit", 1)["rows"][0]["actor"].startswith("tk_")
    assert call("search", "--profile", tmp_path / "none.toml")[0] == 2
    assert call("search", "--profile", "nonsense")[0] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acton:login",), "Did you mean action?"),
        (("actor:u1 (",), "          ^"),
        (("", "--timezone", "Mars/Olympus"), "Mars/Olympus"),
        (("", "--from", "2026-10-05", "--to", "2026-10-01"), "before start_date"),
        (("", "--facet", "acton"), "Did you mean"),
        (("", "--column", "acton"), "acton"),
        (("saved:nonsense",), "no such saved query"),
    ],
)
def test_what_cannot_be_asked_says_why(call, arguments, said):
    code, out, err = call("search", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_contradictions_and_nothing_are_said(call):
    assert call("search", "action:login action:logout")[1].startswith("This can't match anything")
    assert call("search", "at<2026-10-02", "--from", "2026-10-05")[1].startswith("This can't match anything")
    assert call("search", "actor:nobody")[1] == "Nothing found\n"


def test_saved_queries_are_used(asked, call):
    call("query", "save", "in", "action:login")
    assert asked("search", "saved:in actor:u1", "--count")["count"]["rows"] == 2


def test_every_search_is_recorded(call, open_log):
    call("search", "actor:u1")
    call("search", "subject:s1", "--profile", "auditor")
    log = open_log()
    found = [log.opened("access", index) for index in range(log.pin("access").size)]
    assert [b'"search.run"' in one.entry for one in found] == [True, True]
    assert [b'"denied"' in one.entry for one in found] == [False, True]


def test_a_table_never_steers_the_terminal():
    shown = table([["a", "b"], ["\x1b[31mred\r\n", "名前"], ["x" * 60, ""]])
    assert "\x1b" not in shown
    assert shown.count("\n") == 2
    assert "…" in shown


def test_as_a_person_sees_their_own(call, asked):
    shown = ("--profile", "subject", "--subject", "student:s1", "--column", "subject", "--column", "action")
    rows = asked("search", *shown)["rows"]
    assert [row["subject"] for row in rows] == ["s1" if n % 5 == 1 else None for n in range(12)]
    assert len(asked("search", "subject:s1", *shown)["rows"]) == 3
    for text in ("subject:s2", "subject:s1,s2", "subject:s*", "actor:u1"):
        code, _, err = call("search", text, *shown)
        assert (code, "is masked" in err or "can't be asked" in err) == (2, True), text
    code, _, err = call("search", "--profile", "subject")
    assert (code, "nobody is named" in err) == (2, True)
