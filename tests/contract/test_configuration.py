"""Switching logging off and on while others record, on each database: nothing in between, nothing lost unsaid."""

from __future__ import annotations

import threading

from affidavit.errors import Busy, LoggingOff
from affidavit.log import configuration
from affidavit.testing import capture_events

TURNS = 4


def test_nothing_is_recorded_between_stop_and_start_however_many_record(open_log):
    log, other = open_log(), open_log()
    over = threading.Event()
    recorded, refused, failed = [], [], []

    def record(into):
        while not over.is_set():
            try:
                recorded.append(into.record("a"))
                into.record_own("record.viewed", {})  # its own stream in the same group: the locks' order is tried
            except LoggingOff:
                refused.append(1)
            except Exception as error:  # noqa: BLE001  told below
                failed.append(error)

    with capture_events(log, stream="control") as events:
        writers = [threading.Thread(target=record, args=(one,)) for one in (log, other, log, other)]
        for one in writers:
            one.start()
        for turn in range(TURNS):
            before = len(refused)
            configuration.change(log if turn % 2 else other, {"audit_logging": False}, "a test of switches")
            while len(refused) == before and not failed:
                over.wait(0.001)
            configuration.change(other, {"audit_logging": True}, "a test of switches")
        over.set()
        for one in writers:
            one.join(20)
    assert failed == []
    stops = [event.t_us for event in events.where("log.stopped")]
    starts = [event.t_us for event in events.where("log.started")]
    assert len(stops) == len(starts) == TURNS
    assert [r.t_us for r in recorded if any(a < r.t_us < b for a, b in zip(stops, starts, strict=True))] == []
    assert sorted(receipt.index for receipt in recorded) == list(range(log.pin().size))


def test_the_configuration_is_kept(open_log):
    configuration.change(open_log(), {"retention": "7 years", "masking": {"ip": {"mask": "ip", "v4": 16}}}, "für immer")
    found = configuration.read(open_log())
    assert (found.retention, found.masking) == ("7 years", {"ip": {"mask": "ip", "v4": 16}})
    assert found.changed["masking"].reason == "für immer"
    assert configuration.change(open_log(), {"masking": None}).masking == {}


def test_of_changes_at_once_each_is_kept_or_told_that_it_was_not(open_log):
    logs = [open_log() for _ in range(3)]
    done = []

    def change(log, text):
        try:
            configuration.change(log, {"retention": text})
        except Busy:
            return
        done.append(text)

    with capture_events(logs[0], stream="control") as events:
        threads = [threading.Thread(target=change, args=(log, f"{n + 2} years")) for n, log in enumerate(logs)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
    told = [event.fields["settings.after.retention"] for event in events]
    assert sorted(told) == sorted(done)
    assert configuration.read(logs[0]).retention == told[-1]
