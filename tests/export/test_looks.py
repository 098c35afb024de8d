"""One event with its proof, histograms, and the live tail, as one reader sees them."""

from __future__ import annotations

import pytest

from affidavit.commitment import format_time
from affidavit.errors import InvalidQuery, NotFound
from affidavit.export.histogram import histogram
from affidavit.export.live import ENTRIES_MAX, Live
from affidavit.export.shown import show
from affidavit.export.view import Search, View
from affidavit.log.worker import Worker
from affidavit.query.tree import EVERYTHING
from affidavit.testing import capture_events

EVENTS = [
    {"at": f"2024-10-0{1 + n % 3}T1{n % 10}:00:00Z", "action": f"a{n % 2}", "actor": f"u{n % 4}", "message": f"m{n}"}
    for n in range(30)
]


@pytest.fixture
def filled(log):
    log.record_many(EVENTS)
    log.record("login", outcome="failure", at="2024-10-02T23:30:00Z", actor="u9", details={"a": 1})
    return log


def fields_of(shown):
    return {one.path: (one.value, one.mask) for one in shown.fields}


def test_an_event_with_its_proof_is_recorded_as_viewed(filled):
    view = View(filled, "internal")
    with capture_events(filled, stream="access") as events:
        shown = show(filled, view, "main", 30)
    assert events.actions == ["record.viewed"]
    assert (events[0].fields["log.index"], events[0].fields["query.profile"]) == ("30", "internal")
    assert shown.proof["size"] == 31
    assert shown.proof["entry"].encode() == filled.opened("main", 30).entry
    assert fields_of(shown)["outcome"] == ("failure", "")
    assert fields_of(shown)["actor.id"] == ("u9", "")


def test_masked_fields_show_as_the_mask_has_them(filled):
    shown = fields_of(show(filled, View(filled, "export"), "main", 0))
    assert shown["actor.id"][0].startswith("tk_")
    assert shown["actor.id"][1] == "token"


def test_a_reader_who_sees_no_times_gets_no_entry(filled):
    shown = show(filled, View(filled, "public"), "main", 0)
    assert shown.proof is None
    assert fields_of(shown)["at"][0] == "2024"


def test_what_is_not_there_or_not_for_this_reader(filled):
    view = View(filled)
    for stream, index in (("main", 31), ("main", -1), ("access", 0)):
        with pytest.raises(NotFound):
            show(filled, view, stream, index)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_histogram_counts_what_the_search_finds(filled, sealed):
    if sealed:
        Worker(filled).round(everything=True)
        filled.record("late", at="2024-10-03T00:00:00Z")
    view = View(filled)
    found = histogram(filled, view, EVERYTHING)
    starts = [bar.start for bar in found.bars]
    assert starts == sorted(starts)
    assert sum(sum(bar.counts.values()) for bar in found.bars) == filled.pin("main").size
    assert sum(bar.counts.get("failure", 0) for bar in found.bars) == 1
    assert len(found.bars) <= 121
    one = histogram(filled, view, view.read("actor:u1"))
    assert sum(sum(bar.counts.values()) for bar in one.bars) == sum(event["actor"] == "u1" for event in EVENTS)


def test_days_are_the_zones_own(filled):
    view = View(filled, zone="America/New_York")
    bars = histogram(filled, view, view.read("at>=2024-01-01 at<2024-12-31")).bars
    assert {bar.start[11:16] for bar in bars} <= {"04:00", "05:00"}
    assert sum(sum(bar.counts.values()) for bar in bars) == 31


def test_histograms_of_nothing_and_of_all_time(filled):
    view = View(filled)
    assert histogram(filled, view, view.read("action:none")).bars == []
    wide = histogram(filled, view, view.read("at>=1970-01-01"))
    assert 1 < len(wide.bars) <= 121


def test_small_counts_and_masked_times(filled, monkeypatch):
    with pytest.raises(InvalidQuery, match="masks times"):
        histogram(filled, View(filled, "public"), EVERYTHING)


def test_the_live_tail_shows_what_comes(filled):
    view = View(filled, "export")
    with capture_events(filled, stream="access") as events:
        live = Live(filled, view, view.read("action:a*"))
        assert events.actions == ["search.run"]
    assert live.look() is None
    filled.record("a9", actor="u1")
    filled.record("b9")
    filled.record("a8", at="2020-01-01T00:00:00Z")
    news = live.look()
    assert [row["action"] for row in news.rows] == ["a9", "a8"]
    assert news.indexes == [31, 33]
    assert news.rows[0]["actor"].startswith("tk_")
    assert (news.skipped, live.look()) == (0, None)


def test_the_live_tail_leaves_out_what_is_too_much(filled):
    live = Live(filled, View(filled), EVERYTHING)
    filled.record_many([{"action": "a"}] * (ENTRIES_MAX + 5))
    news = live.look()
    assert (len(news.rows), news.skipped, news.indexes[-1]) == (ENTRIES_MAX, 5, 31 + ENTRIES_MAX + 4)


def test_the_live_tail_knows_tokens(filled):
    view = View(filled, "export", "me")
    token = view.search(Search(view.read("action:login"))).rows[0]["actor"]
    live = Live(filled, view, view.read(f"actor:{token}"))
    filled.record("x", actor="u9")
    filled.record("x", actor="u8")
    assert live.look().indexes == [31]


def test_the_live_tail_refuses_what_a_search_refuses(filled):
    view = View(filled, "export")
    with pytest.raises(InvalidQuery):
        Live(filled, view, view.read("actor:u9"))


def test_pages_name_their_rows_places(filled):
    view = View(filled)
    found = view.search(Search(limit=5, newest_first=True))
    assert [stream for stream, _ in found.places] == ["main"] * 5
    for (_, index), row in zip(found.places, found.rows, strict=True):
        entry = filled.opened("main", index).entry.decode()
        assert f'"action":"{row["action"]}"' in entry
    assert format_time(0)
