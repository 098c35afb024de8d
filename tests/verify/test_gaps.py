"""Gaps at the beginning of a log: lawful ones leave COMPLETE a PASS, all others fail it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.verify.gaps import _meet, _merged, _without
from tests.verify.builder import BASE, MINUTE, Builder, Record, grade_event, time_text
from tests.verify.purging import DAY, M, Purging, hold, policy, private_hold, release
from tests.verify.test_verify import GOOD, statuses
from tests.verify.tsa import Authority


def unlawful(check, purging, saying, status="FAIL"):
    result = check(purging.builder())
    assert result.verdicts["COMPLETE"].status == status, result.verdicts
    assert saying in result.verdicts["COMPLETE"].reason, result.verdicts
    return result


def test_a_purge_by_its_policy_is_lawful(check):
    result = check(Purging().builder())
    assert statuses(result) == GOOD, result.verdicts
    assert "256 entries of main were purged, lawfully by the operator's clock" in result.verdicts["COMPLETE"].reason


@pytest.mark.parametrize("kept", [[(3, 5)], [(0, 1), (200, 256)], [(255, 256)], [(1, 2), (2, 3), (254, 255)]])
def test_what_is_under_hold_is_kept_and_here(check, kept):
    ranges = [list(pair) for pair in kept]
    assert statuses(check(Purging(kept=kept, extra=[hold(BASE + DAY, ranges)]).builder())) == GOOD


def test_kept_entries_are_judged_as_any(check):
    purging = Purging(kept=[(3, 5)])
    builder = purging.builder()
    builder.edit_rows = lambda rows: rows.remove(next(row for row in rows if row[0] == 4))
    assert "the first at index 4" in check(builder).verdicts["COMPLETE"].reason


def test_kept_entries_that_are_not_here(check):
    purging = Purging(kept=[(3, 5)], purged=254)
    builder = purging.builder()
    builder.ranges = lambda _rows: [(3, 4), (M, 280)]
    builder.wanted = lambda record: record.number % 1_000_000 in {3, *range(M, 280)}
    assert "is not what is here" in check(builder).verdicts["COMPLETE"].reason


@pytest.mark.parametrize(
    ("months", "days", "lawful"),
    [(1, None, True), (1, 0, True), (None, 31, True), (0, 30, True), (1, 1, False), (2, None, False), (None, 0, True),
     (None, 32, False), (None, None, False), (12_000, 0, False)],
)  # fmt: skip
def test_keep_is_counted_in_months_and_days(check, months, days, lawful):
    # The last purged entry is of 04:15 on 1 October; the purge of 04:15 and a microsecond later on 1 November.
    purging = Purging(months=months, days=days, purge_us=BASE + 31 * DAY + 255 * MINUTE + 1)
    assert check(purging.builder()).verdicts["COMPLETE"].status == ("PASS" if lawful else "FAIL")


def test_an_early_purge(check):
    purging = Purging(purge_us=BASE + 30 * DAY + 255 * MINUTE)
    unlawful(check, purging, "came too early: its last entry was to be kept until 2026-10-31T04:15:00.000001Z")
    purging.purge_us += 1
    assert statuses(check(purging.builder())) == GOOD


def test_a_policy_without_notice(check):
    purging = Purging(policy_us=BASE + 30 * DAY + 1)
    unlawful(check, purging, "less than 24 h after")
    purging.policy_us -= 1
    assert statuses(check(purging.builder())) == GOOD


def test_a_policy_that_is_not_in_force(check):
    longer = policy(BASE + DAY, 365)
    unlawful(check, Purging(extra=[longer]), "does not follow the policy in force")
    unlawful(check, Purging(extra=[policy(BASE + DAY, None)], policy=1), "keeps for ever")
    assert statuses(check(Purging(extra=[policy(BASE + DAY, 365, "other")]).builder())) == GOOD
    assert statuses(check(Purging(before=[policy(BASE - DAY, 365)]).builder())) == GOOD
    late = policy(BASE + 40 * DAY, 365)
    assert statuses(check(Purging(extra=[late]).builder())) == GOOD


def test_a_policy_for_another_stream(check):
    def other(fields):
        fields["purge.policy"] = ("j", "1")

    unlawful(check, Purging(extra=[policy(BASE + 1, 1, "other")], edit_purge=other), "does not follow the policy")


def test_a_hold_inside_the_purged_prefix(check):
    unlawful(check, Purging(extra=[hold(BASE + DAY, [[255, 300]])]), "under the hold 'h'")
    unlawful(check, Purging(extra=[hold(BASE + DAY, [[7, 8]])]), "under the hold 'h'")
    unlawful(check, Purging(extra=[hold(BASE + DAY, [[9, None]])]), "under the hold 'h'")
    unlawful(check, Purging(kept=[(3, 5)], extra=[hold(BASE + DAY, [[3, 6]])]), "under the hold 'h'")


def test_holds_that_stand_in_no_way(check):
    good = [
        [hold(BASE + DAY, [[256, None]])],
        [hold(BASE + DAY, [[0, None]], origin="affidavit/" + "9" * 32)],
        [hold(BASE + DAY, [[0, None]]), release(BASE + 2 * DAY)],
        [hold(BASE + 32 * DAY, [[0, None]])],
        [hold(BASE + DAY, [])],
    ]
    for extra in good:
        assert statuses(check(Purging(extra=extra).builder())) == GOOD, extra


def test_a_hold_placed_again_holds(check):
    extra = [hold(BASE + DAY, [[0, 9]]), release(BASE + 2 * DAY), hold(BASE + 3 * DAY, [[0, 9]])]
    unlawful(check, Purging(extra=extra), "under the hold")
    extra = [hold(BASE + DAY, [[0, 9]]), release(BASE + 2 * DAY, "other")]
    unlawful(check, Purging(extra=extra), "under the hold")
    extra = [hold(BASE + DAY, [[0, 9]]), release(BASE + 32 * DAY)]
    unlawful(check, Purging(extra=extra), "under the hold")


def test_private_holds_are_named(check):
    result = check(Purging(extra=[private_hold(BASE + DAY, "case-7")]).builder())
    assert statuses(result) == GOOD
    assert "operator's statement: case-7" in result.verdicts["COMPLETE"].reason


def test_no_purge_at_all(check):
    builder = Purging().builder()
    builder.support = builder.support[:1]
    builder.control.records.pop()
    builder.included = []
    assert "no purge of [0, 256) is shown" in check(builder).verdicts["COMPLETE"].reason


def test_the_prefix_is_exactly_the_purged_one(check):
    builder = Purging(purged=260).builder()
    builder.ranges = lambda _rows: [(260, 280)]
    builder.wanted = lambda record: record.number % 1_000_000 >= 260
    assert "no purge of [0, 260) is shown" in check(builder).verdicts["COMPLETE"].reason


@pytest.mark.parametrize("action", ["retention.changed", "hold.placed", "hold.released"])
def test_control_events_that_are_not_opened(check, action):
    extra = [hold(BASE + DAY, [[300, 301]]), release(BASE + 2 * DAY)]
    unlawful(check, Purging(extra=extra, left_out=frozenset({action})), f"{action} and is not opened")


def test_failed_events_do_not_count(check):
    builder = Purging().builder()
    at = builder.control.records[-1].t_us
    builder.control.add(Record("hold.placed", at, at, {"hold.id": ("s", "h")}, outcome="denied"))
    assert statuses(check(builder)) == GOOD


def test_control_must_be_whole(check):
    builder = Purging().builder()
    builder.control_whole = False
    assert "is not bundled whole" in check(builder).verdicts["COMPLETE"].reason


def test_every_control_log_of_the_trust_file_must_be_whole(check):
    from tests.verify.builder import Log

    builder = Purging().builder()
    trust = builder.trust()
    other = Log("d", "control")
    trust["logs"].append({"origin": other.origin, "stream": "control", "keys": []})
    assert "is not bundled whole" in check(builder, trust).verdicts["COMPLETE"].reason


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("purge.end", ("j", "255")),
        ("purge.end", ("j", "0")),
        ("purge.end", ("s", "256")),
        ("purge.end", ("j", "256.0")),
        ("purge.kept", ("j", "[[0,0]]")),
        ("purge.kept", ("j", "[[5,6],[1,2]]")),
        ("purge.kept", ("j", "[[5,257]]")),
        ("purge.kept", ("j", "[[5,null]]")),
        ("purge.kept", ("j", "[[5, 6]]")),
        ("purge.kept", ("j", "{}")),
        ("purge.policy", ("j", "-1")),
        ("purge.last", ("s", "{}")),
        ("purge.origin", ("s", "main")),
    ],
)
def test_purges_out_of_form(check, path, value):
    result = check(Purging(edit_purge=lambda fields: fields.update({path: value})).builder())
    assert result.verdicts["AUTHENTIC"].status == "FAIL"
    assert f"{path}" in result.verdicts["AUTHENTIC"].reason


@pytest.mark.parametrize("path", ["purge.end", "purge.kept", "purge.last", "retention.days", "hold.ranges"])
def test_own_paths_must_be_opened(check, path):
    result = check(Purging(extra=[hold(BASE + DAY, [[300, 301]])], hidden=frozenset({path})).builder())
    assert f"does not open {path}" in result.verdicts["AUTHENTIC"].reason


def test_the_last_purged_entry_is_the_one_in_the_log(check):
    def other(fields):
        fields["purge.last"] = ("s", grade_event(1).seal().entry.decode())

    result = check(Purging(edit_purge=other).builder())
    assert result.verdicts["AUTHENTIC"].status == "FAIL"


@pytest.mark.parametrize("by", [-1, 1])
def test_the_count_of_purged_entries(check, by):
    unlawful(check, Purging(purged=256 + by), "are missing by gaps")


def test_ranges_before_the_window_ask_for_no_purge(check):
    start = BASE + 15 * MINUTE
    builder = Builder(query={"op": "ge", "path": "at", "value": time_text(start)}, wanted=lambda r: r.at_us >= start)
    builder.ranges = lambda _rows: [(2, 4), (9, 24)]
    assert statuses(check(builder)) == GOOD


def test_a_window_after_the_purge_needs_none(check):
    start = BASE + 270 * MINUTE
    builder = Purging(purged=0).builder()
    builder.ranges = lambda _rows: [(264, 280)]
    builder.wanted = lambda record: record.at_us >= start
    builder.query = {"op": "ge", "path": "at", "value": time_text(start)}
    assert statuses(check(builder)) == GOOD


def twice(kept_first, kept_then, *extra):
    """Purged up to 256, then up to 512."""
    purging = Purging(events=520, kept=kept_then, extra=[event for event in extra if event[0] < BASE + 31 * DAY])
    builder = purging.builder()
    control = builder.control
    first = control.records.pop()
    first.t_us = first.at_us = BASE + 31 * DAY
    first.fields["purge.kept"] = ("j", str([list(pair) for pair in kept_first]).replace(" ", ""))
    control.add(first)
    t_us = BASE + 33 * DAY
    fields = dict(first.fields)
    fields |= {
        "purge.end": ("j", "512"),
        "purge.kept": ("j", str([list(pair) for pair in kept_then]).replace(" ", "")),
        "purge.last": ("s", builder.main.records[511].entry.decode()),
    }
    for event in extra:
        if event[0] > first.t_us:
            control.add(Record(event[1], event[0], event[0], event[2]))
    control.add(Record("log.purged", t_us, t_us, fields))
    builder.ranges = lambda _rows: [*kept_then, (512, 520)]
    here = {index for pair in [*kept_then, (512, 520)] for index in range(*pair)}
    builder.wanted = lambda record: record.number % 1_000_000 in here
    builder.included = [(255, 256), (511, 512)]
    builder.purged = 520 - len(here)
    builder.support = [purging._line(index, record) for index, record in enumerate(control.records)]
    return builder


def test_purges_follow_each_other(check):
    assert statuses(check(twice([], []))) == GOOD
    holds = hold(BASE + DAY, [[9, 12], [300, 301]])
    assert statuses(check(twice([(9, 12)], [(9, 12), (300, 301)], holds))) == GOOD
    later = release(BASE + 32 * DAY)
    assert statuses(check(twice([(9, 12)], [], holds, later))) == GOOD


def test_what_was_removed_does_not_come_back_into_what_is_kept(check):
    reason = check(twice([], [(9, 12)])).verdicts["COMPLETE"].reason
    assert "keeps what an earlier one removed" in reason


def test_a_hold_on_what_was_removed_before_it_changes_nothing(check):
    assert statuses(check(twice([], [], hold(BASE + 32 * DAY, [[0, 256]])))) == GOOD
    reason = check(twice([], [], hold(BASE + 32 * DAY, [[0, 257]]))).verdicts["COMPLETE"].reason
    assert "under the hold" in reason


# --- independent clocks ---


@pytest.fixture(scope="module")
def authority():
    pytest.importorskip("rfc3161_client")
    return Authority("gaps")


def anchored(check, authority, anchors, cuts=(), control_cuts=(), **more):
    purging = Purging(authority=authority, anchors=anchors, cuts=cuts, control_cuts=control_cuts, **more)
    builder = purging.builder()
    builder.stamps["timestamp.0.0.tsr"] = lambda text: authority.stamp(text, BASE + 40 * DAY)
    trust = builder.trust(timestamp_roots=[base64.b64encode(authority.root_der).decode()])
    return check(builder, trust)


FIRST = (BASE + DAY // 2, "main", 270, BASE + DAY // 4)
SECOND = (BASE + 31 * DAY - 2, "control", 2, BASE + 30 * DAY + DAY // 4)


def test_anchors_show_that_it_was_kept_long_enough(check, authority):
    result = anchored(check, authority, (FIRST, SECOND), (270,), (2,))
    assert statuses(result) == GOOD | {"TIMED": "PASS"}, result.verdicts


@pytest.mark.parametrize(
    ("anchors", "cuts", "control_cuts"),
    [
        ((FIRST, SECOND), (), (2,)),  # its size is no cut
        ((FIRST, SECOND), (270,), ()),
        ((FIRST,), (270,), ()),
        (((SECOND[0], "control", 1, SECOND[3]),), (), (1,)),
        (((FIRST[0], "main", 255, FIRST[3]), SECOND), (255,), (2,)),  # before the last purged entry
        ((FIRST, (*SECOND[:3], SECOND[3] - 1)), (270,), (2,)),  # a second too early
    ],
)
def test_anchors_that_do_not_show_it(check, authority, anchors, cuts, control_cuts):
    result = anchored(check, authority, anchors, cuts, control_cuts)
    expected = GOOD | {"TIMED": "NOT PROVEN"}
    assert statuses(result) == expected, result.verdicts
    assert "no independent clock shows" in result.verdicts["TIMED"].reason


def test_an_anchor_with_another_root_is_a_second_log(check):
    builder = Purging(cuts=(270,)).builder()
    fields = {
        "anchor.origin": ("s", builder.main.origin),
        "anchor.size": ("j", "270"),
        "anchor.root": ("s", "00" * 32),
        "anchor.token": ("s", "AAAA"),
    }
    record = Record("log.anchored", BASE + 99 * DAY, BASE + 99 * DAY, fields)
    index = builder.control.add(record)
    builder.support.append([1, index, record.entry.decode(), *record.opening(*record.paths)])
    assert "anchored with another root" in check(builder).verdicts["AUTHENTIC"].reason


# --- ranges ---

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=6).map(
    lambda pairs: [(a, b) for a, b in _ascending(pairs)]
)


def _ascending(pairs):
    at = 0
    for gap, size in pairs:
        yield at + gap % 5, at + gap % 5 + size
        at += gap % 5 + size


@given(RANGES, RANGES)
def test_ranges_are_sets(left, right):
    def members(ranges):
        return {index for first, end in ranges for index in range(first, end)}

    assert members(_merged(left)) == members(left)
    assert members(_without(left, right)) == members(left) - members(right)
    assert all(first < end for first, end in _without(left, right))
    assert _meet(left, right) == bool(members(left) & members(right))
