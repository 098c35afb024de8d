"""The helpers for applications' tests."""

import contextlib

import pytest

from affidavit.testing import capture_events, temporary_log


def test_a_temporary_log_is_a_real_one_and_leaves_nothing():
    with temporary_log(secrets="refuse", zone="Europe/Berlin") as log:
        home = log.home
        assert log.record("a").index == 0
        assert (log.settings.secrets, log.tenant.zone) == ("refuse", "Europe/Berlin")
        assert home.is_dir()
    assert not home.parent.exists()


def test_events_are_captured_as_they_are_recorded(log):
    log.record("before")
    with capture_events(log) as events:
        assert list(events) == []
        log.record_buffered("a", actor="user:u1", record_count=3, details={"x": [1]}, change={"after": {"y": None}})
        log.record("b", outcome="denied")
        assert len(events) == 2
        first, second = events
        first.fields.pop("id")
        assert (first.index, first.action, first.outcome) == (1, "a", "success")
        assert first.fields == {
            "actor.id": "u1", "actor.type": "user", "record_count": 3, "details": {"x": [1]}, "change.after.y": None,
        }  # fmt: skip
        assert second.outcome == "denied"
        assert second.at_us == second.t_us
    log.record("after")
    assert events.actions == ["a", "b"]
    assert events.where("b") == [events[-1]] == events[1:]
    with pytest.raises(IndexError):
        events[2]


def test_other_streams_and_failing_blocks(log):
    with contextlib.suppress(ZeroDivisionError), capture_events(log, stream="access") as events:
        log.record("a")
        log.record_own("report.viewed", {"view.id": "x"})
        raise ZeroDivisionError
    assert events.actions == ["report.viewed"]
    assert events[0].fields["view.id"] == "x"
