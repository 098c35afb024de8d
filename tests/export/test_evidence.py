"""Which entries a bundle carries, and that it carries exactly those."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest
from affidavit.export import evidence
from affidavit.export.evidence import RowRanges, Window, level, window, write_entries
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import Spool
from affidavit.query.tree import EVERYTHING, Leaf, all_of, any_of, eq
from affidavit.tlog.tiles import split_entries
from affidavit.verify.archive import STORED

T1, T2 = "2026-10-01T00:00:00.000000Z", "2026-10-02T00:00:00.000000Z"
US1, US2 = 1_790_812_800_000_000, 1_790_899_200_000_000


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 60)))
def test_ranges_are_the_indexes(indexes):
    ranges = RowRanges(1)
    for index in sorted(indexes, key=lambda i: (i * 7919) % 61):
        ranges.add([0], [index])
    found = ranges.of(0)
    assert [i for start, end in found for i in range(start, end)] == sorted(indexes)
    assert all(a[1] < b[0] for a, b in pairwise(found))


def test_rows_of_several_logs_go_to_their_own():
    ranges = RowRanges(3)
    ranges.add([0, 2, 0, 2], [5, 1, 6, 9])
    assert [ranges.of(k) for k in range(3)] == [[(5, 7)], [], [(1, 2), (9, 10)]]


def test_more_ranges_than_verifiers_take_are_refused(monkeypatch):
    monkeypatch.setattr(evidence, "RANGES_MAX", 2)
    ranges = RowRanges(1)
    ranges.add([0] * 3, [1, 3, 5])
    with pytest.raises(InvalidRequest, match="3 stretches"):
        ranges.of(0)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 4000), min_size=1, max_size=30))
def test_entries_are_exactly_those_of_the_ranges(tmp_path_factory, indexes):
    asked = []

    def entries(_pin, start, end):
        asked.append((start, end))
        return (b"entry %d" % n for n in range(start, end))

    ranges = RowRanges(1)
    ranges.add([0] * len(indexes), list(indexes))
    spool = Spool("entries.0.bin", tmp_path_factory.getbasetemp(), STORED)
    write_entries(SimpleNamespace(entries=entries), None, ranges.of(0), spool)
    spool.finish()
    assert list(split_entries(spool.read())) == [b"entry %d" % n for n in sorted(indexes)]
    assert all(b[0] - a[1] > evidence.GAP_MAX for a, b in pairwise(asked))
    spool.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (EVERYTHING, Window("at", None)),
        (Leaf("ge", "at", T1), Window("at", US1)),
        (all_of(Leaf("ge", "at", T1), Leaf("gt", "at", T2), eq("action", "a")), Window("at", US2)),
        (all_of(Leaf("lt", "at", T2), eq("action", "a")), Window("at", None)),
        (all_of(Leaf("ge", "t", T1), eq("action", "a")), Window("t", US1)),
        (all_of(Leaf("ge", "t", T2), Leaf("ge", "at", T1)), Window("at", US1)),
        (any_of(Leaf("ge", "at", T1), eq("action", "a")), Window("at", None)),
        (all_of(any_of(Leaf("ge", "at", T1), eq("action", "a")), eq("action", "b")), Window("at", None)),
    ],
)
def test_only_what_every_row_must_meet_bounds_the_window(query, expected):
    assert window(query) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ExportSpec(), "full"),
        (ExportSpec(query=Leaf("ge", "at", T1)), "full"),
        (ExportSpec(query=eq("actor.id", "u")), "rows"),
        (ExportSpec(query=eq("actor.id", "u"), evidence="full"), "full"),
        (ExportSpec(evidence="none"), "none"),
    ],
)
def test_auto_is_full_where_completeness_can_be_shown(spec, expected):
    assert level(spec) == expected
