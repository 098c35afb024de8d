"""Searching as one reader sees a log: pages, counts, facets, and what a mask keeps anyone from finding out."""

from dataclasses import replace

import pytest

from affidavit.errors import InvalidQuery, InvalidRequest
from affidavit.export import view as view_module
from affidavit.export.spec import Column
from affidavit.export.view import Search, View
from affidavit.log.saved_queries import save
from affidavit.log.sealer import SealPolicy, seal
from affidavit.masking.profiles import from_toml
from affidavit.query.tree import Leaf, Not, all_of, eq, is_in

COLUMNS = (Column("time", "at"), Column("subject", "subject.id"), Column("ip", "source.ip"), Column("what", "action"))


def event(n, **more):
    return {
        "action": "login" if n % 2 else "grade.viewed",
        "actor": f"staff{n % 3}",
        "subject": f"student:s{n % 5}",
        "source": {"ip": f"10.1.{n % 2}.{n}"},
        "message": f"looked at s{n % 5}",
        "at": f"2026-10-{1 + n // 4:02}T12:00:{n % 4:02}Z",
        **more,
    }


@pytest.fixture
def events(record):
    record(*[event(n) for n in range(20)])


@pytest.fixture
def auditor(log, events):
    return View(log, "auditor", "eve", columns=COLUMNS)


def runs(own_events):
    return [fields for action, fields in own_events() if action == "search.run"]


# --- pages ---


def walk(view, search):
    """All pages from here on, and the search that gave the last."""
    pages = []
    while True:
        found = view.search(search)
        pages.append([row["time"] for row in found.rows])
        if found.next is None:
            return pages, search
        search = replace(search, cursor=found.next)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 10, 20, 21])
def test_pages_follow_each_other_both_ways(log, events, limit, newest_first):
    view = View(log, "internal", columns=COLUMNS)
    whole = [row["time"] for row in view.search(Search(newest_first=newest_first)).rows]
    assert whole == sorted(whole, reverse=newest_first)
    assert len(whole) == 20
    search = Search(limit=limit, newest_first=newest_first)
    pages, last = walk(view, search)
    assert [time for page in pages for time in page] == whole
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    if len(pages) > 1:
        found = view.search(last)
        back = []
        while found.previous is not None:
            found = view.search(replace(search, cursor=found.previous))
            back = [*[row["time"] for row in found.rows], *back]
        assert back + pages[-1] == whole
        assert found.next is not None


def test_a_page_with_nothing_has_no_neighbours(log):
    found = View(log).search(Search())
    assert (found.rows, found.next, found.previous, found.never) == ([], None, None, False)


def test_a_cursor_fits_its_search_alone_and_tells_nothing(log, events, auditor):
    cursor = auditor.search(Search(limit=3)).next
    assert "2026" not in cursor
    auditor.search(Search(limit=5, cursor=cursor))  # the size of a page may change
    for other in (
        Search(query=eq("action", "login"), cursor=cursor),
        Search(newest_first=True, cursor=cursor),
        Search(cursor=cursor[:-2]),
        Search(cursor=("y" if cursor[0] == "x" else "x") + cursor[1:]),
        Search(cursor="näh"),
    ):
        with pytest.raises(InvalidRequest, match="cursor"):
            auditor.search(other)
    for other in (View(log, "auditor", "mallory", columns=COLUMNS), View(log, "internal", "eve", columns=COLUMNS)):
        with pytest.raises(InvalidRequest, match="cursor"):
            other.search(Search(limit=3, cursor=cursor))


def test_sizes_are_bounded(auditor):
    for search in (Search(limit=1001), Search(limit=-1), Search(facets=("action",) * 11)):
        with pytest.raises(InvalidRequest, match="At most"):
            auditor.search(search)


def test_pages_reach_over_what_is_sealed(log, record, auditor):
    record(*[event(n % 20) for n in range(300)])
    seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(0, 0), everything=True)
    pages, _ = walk(auditor, Search(limit=90, newest_first=True))
    assert [len(page) for page in pages] == [90, 90, 90, 50]
    times = [time for page in pages for time in page]
    assert times == sorted(times, reverse=True)


# --- masks ---


@pytest.mark.parametrize(
    "text",
    [
        "subject:s1",
        "subject:student:s1",
        "subject.id:s*",
        "subject.id>s2",
        "subject.id~s1",
        "-subject.id:s1",
        "action:login OR subject.id:s1",
        "subject.id:(s1,s2)",
        "ip:10.1.0.0/24",
        "source.ip:10.1.0.4",
        'message~"looked at s1"',
        "details.note:x",
        "change.after.grade:5",
    ],
)
def test_what_is_seen_masked_cannot_be_asked_in_clear(auditor, own_events, text):
    before = len(runs(own_events))
    with pytest.raises(InvalidQuery, match="masked"):
        auditor.search(Search(query=auditor.read(text)))
    (denied,) = runs(own_events)[before:]
    assert "masked" in denied["status_detail"]


def test_the_way_to_ask_is_named(auditor):
    with pytest.raises(InvalidQuery, match=r"subject\.id:tk_…"):
        auditor.search(Search(query=eq("subject.id", "s1")))
    with pytest.raises(InvalidQuery, match="profile that shows it"):
        auditor.search(Search(query=eq("source.ip", "10.1.0.4")))


def test_tokens_of_ones_own_view_do_the_same(log, auditor):
    rows = auditor.search(Search()).rows
    token = rows[0]["subject"]
    same = [row for row in rows if row["subject"] == token]
    assert len(same) == 4
    assert auditor.search(Search(query=auditor.read(f"subject:{token}"))).rows == same
    others = [row for row in rows if row["subject"] != token]
    assert auditor.search(Search(query=auditor.read(f"-subject:{token}"))).rows == others
    two = tuple({row["subject"] for row in rows[:2]})
    found = auditor.search(Search(query=Leaf("in", "subject.id", tokens=two), count=True))
    assert (len(found.rows), found.count.words) == (8, "8")
    assert auditor.search(Search(query=auditor.read(f"subject:{token} at<2026-10-02"))).rows == same[:1]


def test_tokens_of_another_view_find_nothing(log, auditor):
    token = View(log, "auditor", "mallory", columns=COLUMNS).search(Search()).rows[0]["subject"]
    found = auditor.search(Search(query=auditor.read(f"subject:{token}")))
    assert (found.rows, found.never) == ([], False)
    again = View(log, "auditor", "eve", columns=COLUMNS)
    token = auditor.search(Search()).rows[0]["subject"]
    assert len(again.search(Search(query=again.read(f"subject:{token}"))).rows) == 4


def test_tokens_where_none_are_shown_are_refused(auditor):
    token = auditor.search(Search()).rows[0]["subject"]
    for path, words in (("source.ip", "by token"), ("actor.id", "in clear here"), ("details.x", "by token")):
        with pytest.raises(InvalidQuery, match=words):
            auditor.search(Search(query=Leaf("eq", path, tokens=(token,))))
    with pytest.raises(InvalidQuery, match="by token"):
        auditor.search(Search(query=Leaf("prefix", "subject.id", tokens=(token,))))


def test_changed_values_by_token_where_all_are_text(log, record):
    for after in ("A", "C"):
        record({"action": "grade.updated", "change": {"after": {"grade": after}}, "at": "2026-10-01T00:00:00Z"})
    view = View(log, "auditor", columns=(Column("after", "change.after.grade"),))
    token = view.search(Search()).rows[0]["after"]
    query = view.read(f"change.after.grade:{token}")
    assert [row["after"] for row in view.search(Search(query)).rows] == [token]
    record({"action": "grade.updated", "change": {"after": {"grade": ["A"]}}, "at": "2026-10-02T00:00:00Z"})
    with pytest.raises(InvalidQuery, match="JSON"):  # "A" would answer for ["A"], whose token is another
        view.search(Search(query))
    assert len(view.search(Search(view.read(f"change.after.grade:{token} at:2026-10-01"))).rows) == 1


def test_looking_tokens_up_is_bounded(auditor, monkeypatch):
    token = auditor.search(Search()).rows[0]["subject"]
    monkeypatch.setattr(view_module, "TOKEN_VALUES_MAX", 4)
    query = auditor.read(f"subject:{token}")
    with pytest.raises(InvalidQuery, match="shorter period"):
        auditor.search(Search(query=query))
    day = auditor.read(f"subject:{token} at:2026-10-01")
    assert len(auditor.search(Search(query=day)).rows) == 1


def test_presence_may_be_asked_where_it_shows(log, events, auditor):
    assert len(auditor.search(Search(query=auditor.read("subject.id:*"))).rows) == 20
    public = View(log, "public", columns=(Column("what", "action"),))
    with pytest.raises(InvalidQuery, match="remove"):
        public.search(Search(query=public.read("subject.id:*")))
    with pytest.raises(InvalidQuery, match="masked"):
        public.search(Search(query=public.read("at>=2026-10-02")))


def test_free_text_leaves_masked_fields_out(log, events, auditor):
    assert "message" not in auditor.text_paths
    assert "actor.id" in auditor.text_paths
    assert len(auditor.search(Search(query=auditor.read("staff1"))).rows) == 7
    assert auditor.search(Search(query=auditor.read('"looked at"'))).rows == []
    clear = from_toml('name = "clear"\nbase = "internal"\n[classes]\nfree = "keep"', source="clear.toml")
    seeing = View(log, clear, columns=COLUMNS)
    assert len(seeing.search(Search(query=seeing.read('"looked at s1"'))).rows) == 4


def test_saved_queries_are_held_to_the_same(log, auditor):
    save(log, "s1", "subject.id:s1")
    save(log, "text", '"looked at"')
    with pytest.raises(InvalidQuery, match="masked"):
        auditor.search(Search(query=auditor.read("saved:s1")))
    assert auditor.search(Search(query=auditor.read("saved:text"))).rows == []


# --- counts and facets ---


def test_counts_stop_at_a_bound(log, record, auditor, monkeypatch):
    assert auditor.search(Search(count=True, limit=0)).count.words == "20"
    monkeypatch.setattr(view_module, "COUNT_MAX", 7)
    found = auditor.search(Search(count=True, limit=2))
    assert (found.count.rows, found.count.exact, found.count.words) == (7, False, "more than 7")


def test_facets_are_of_what_the_reader_sees(auditor):
    found = auditor.search(Search(limit=0, facets=("action", "subject", "ip", "actor.id")))
    assert {one.value: one.count for one in found.facets["action"]} == {"login": "10", "grade.viewed": "10"}
    tokens = {row["subject"] for row in auditor.search(Search()).rows}
    assert {one.value for one in found.facets["subject.id"]} == tokens
    assert {one.value: one.count for one in found.facets["source.ip"]} == {"10.1.0.0/24": "10", "10.1.1.0/24": "10"}
    found = auditor.search(Search(query=eq("action", "login"), limit=0, facets=("actor",)))
    assert [(one.value, one.count) for one in found.facets["actor.id"]] == [
        ("staff1", "4"), ("staff0", "3"), ("staff2", "3"),
    ]  # fmt: skip


def test_facets_of_lists_and_numbers(log, record):
    record(*[{"action": "a", "actor": {"id": "u", "roles": ["x", "y"]}, "record_count": n % 2} for n in range(4)])
    found = View(log).search(Search(facets=("role", "count")))
    assert [(one.value, one.count) for one in found.facets["actor.roles"]] == [('["x","y"]', "4")]
    assert [(one.value, one.count) for one in found.facets["record_count"]] == [("0", "2"), ("1", "2")]


def test_facets_that_would_tell_are_refused(log, events):
    public = View(log, "public", columns=(Column("what", "action"),))
    with pytest.raises(InvalidQuery, match="masked"):
        public.search(Search(facets=("subject",)))
    with pytest.raises(InvalidQuery, match="Did you mean"):
        public.search(Search(facets=("acton",)))


def test_small_counts_are_not_said(log, events):
    public = View(log, "public", columns=(Column("what", "action"),))
    found = public.search(Search(query=eq("action", "login"), limit=0, count=True, facets=("action",)))
    assert (found.count.rows, found.count.words) == (None, "fewer than 11")
    assert [(one.value, one.count) for one in found.facets["action"]] == [("login", "<11")]


# --- the log's own memory, and what can't be ---


def test_each_search_is_one_event(auditor, own_events):
    auditor.search(Search(query=is_in("action", ["login"]), limit=3, count=True, facets=("action",)))
    (one,) = runs(own_events)
    assert one["query.profile"] == "auditor"
    assert one["query.shown"] == "3"
    assert one["query.facets"] == "action"
    assert '"login"' in one["query.query"]
    token = auditor.search(Search()).rows[0]["subject"]
    auditor.search(Search(query=auditor.read(f"subject:{token}")))
    text = str(runs(own_events)[-1])
    assert token in text
    assert "s0" not in text


def test_contradictions_say_so(auditor):
    for text in ("at>=2026-10-05 at<2026-10-02", "action:a action:b"):
        found = auditor.search(Search(query=auditor.read(text)))
        assert found.never
        assert found.rows == []
    assert not auditor.search(Search(query=all_of(eq("actor.id", "nobody")))).never


def test_patterns_that_backtrack_elsewhere_do_not_here(log, record):
    record({"action": "a", "actor": "a" * 4000, "at": "2026-10-01T00:00:00Z"})
    view = View(log)
    assert view.search(Search(query=view.read("actor:" + "a*" * 15 + "b"))).rows == []
    assert len(view.search(Search(query=Not(view.read("actor:" + "a*" * 15 + "b")))).rows) == 1
    with pytest.raises(InvalidQuery, match="stars"):
        view.read("actor:" + "a*" * 17 + "b")


def test_very_many_values(log, events):
    view = View(log)
    query = is_in("actor.id", ["staff1", *(f"x{n}" for n in range(200_000))])
    found = view.search(Search(query=query, count=True))
    assert found.count.rows == 7


@pytest.mark.parametrize("viewer", ["x" * 129, "a\x00b", "\n"])
def test_viewers_have_a_form(log, viewer):
    with pytest.raises(InvalidRequest, match="viewer"):
        View(log, "auditor", viewer)


def test_unknown_zones_and_profiles_are_named(log):
    with pytest.raises(InvalidRequest, match="Mars"):
        View(log, zone="Mars/Olympus")
    with pytest.raises(Exception, match="nonsense"):
        View(log, "nonsense")
