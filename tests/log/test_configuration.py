"""The configuration: checked, kept, told of on `control`, and acting in every process that has the log open."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit import AuditLog
from affidavit.commitment import parse_time
from affidavit.context import acting
from affidavit.errors import Busy, InvalidRequest, LoggingOff
from affidavit.log import configuration, registry
from affidavit.log.configuration import KEYS, InvalidConfiguration
from affidavit.log.importer import import_files
from affidavit.log.keep import Keep
from affidavit.log.reasons import REASON_CHARS_MIN
from affidavit.log.recovery import continue_under_new_origin
from affidavit.log.status import status
from affidavit.testing import capture_events
from affidavit.verify.manifest import DATA_FORMATS

WHY = "maintenance window"


def off(log):
    return configuration.change(log, {"audit_logging": False}, WHY)


def on(log):
    return configuration.change(log, {"audit_logging": True}, "maintenance is over")


def test_a_new_tenant_has_the_defaults(log):
    found = configuration.read(log)
    assert (found.audit_logging, found.retention, found.export_frequency) == (True, "none", "never")
    assert (found.export_formats, found.masking, found.changed) == (DATA_FORMATS, {}, {})


def test_a_change_is_kept_and_told_with_before_and_after(log, control_events):
    with acting(actor="olivia"):
        configuration.change(log, {"retention": " 7  Years ", "export_formats": "json, csv"}, "policy of October")
    found = configuration.read(log)
    assert (found.retention, found.export_formats) == ("7 years", ("csv", "json"))
    assert (found.changed["retention"].actor, found.changed["retention"].reason) == ("olivia", "policy of October")
    (event,) = control_events
    assert event.action == "config.updated"
    told = {path: value for path, value in event.fields.items() if path.startswith("settings.")}
    assert told == {
        "settings.before.retention": "none",
        "settings.after.retention": "7 years",
        "settings.before.export_formats": ",".join(DATA_FORMATS),
        "settings.after.export_formats": "csv,json",
    }
    assert (event.fields["actor.id"], event.fields["basis.justification"]) == ("olivia", "policy of October")


def test_what_changes_nothing_is_no_event(log, control_events):
    configuration.change(log, {"retention": "none", "audit_logging": "on", "masking": {}})
    configuration.change(log, {"export_frequency": None})
    assert list(control_events) == []


def test_taking_a_key_back_gives_its_default(open_log):
    log = open_log(retention="30 days")
    configuration.change(log, {"retention": "none"})
    assert configuration.read(log).retention == "none"
    assert configuration.change(log, {"retention": None}).retention == "30 days"
    assert configuration.read(log).changed == {}


def test_all_keys_change_or_none(log, control_events):
    with pytest.raises(InvalidConfiguration) as error:
        configuration.change(log, {"retention": "7 years", "export_frequency": "hourly"})
    assert error.value.field == "export_frequency"
    assert configuration.read(log).changed == {}
    assert list(control_events) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("audit_logging", "perhaps"),
        ("audit_logging", 1),
        ("retention", "a while"),
        ("retention", 7),
        ("export_formats", "csv,docx"),
        ("export_formats", []),
        ("export_formats", [{"a": 1}]),
        ("export_formats", {"csv": 1}),
        ("export_frequency", "hourly"),
        ("export_frequency", ["daily"]),
        ("masking", "{"),
        ("masking", "[]"),
        ("masking", {"ip": "keep"}),
        ("masking", {f"details.{'f' * 100}{n}": {"mask": "remove"} for n in range(200)}),
        ("colour", "blue"),
    ],
)
def test_values_that_can_not_be_are_refused_by_name(log, key, value):
    with pytest.raises(InvalidConfiguration) as error:
        configuration.change(log, {key: value})
    assert error.value.field == key
    assert error.value.hint
    assert error.value.message.count(f"{key}: ") <= 1


@pytest.mark.parametrize("setting", [{"retention": "soon"}, {"export_formats": "docx"}, {"export_frequency": "x"}])
def test_settings_that_can_be_no_default_are_refused_when_the_log_is_opened(open_log, setting):
    with pytest.raises(InvalidConfiguration, match=next(iter(setting))):
        open_log(**setting)


# --- logging off ---


def test_off_refuses_and_counts_and_on_says_how_many(log, control_events, size):
    log.record("before")
    off(log)
    for refused in (
        lambda: log.record("one"),
        lambda: log.record_many([{"action": "two"}, {"action": "three"}]),
        lambda: log.submit("four").result(),
    ):
        with pytest.raises(LoggingOff, match=r"audit logging is off since \d{4}-"):
            refused()
    assert log.record_buffered("five") is True
    log.flush()
    assert size() == 1
    on(log)
    assert log.record("after").index == 1
    assert control_events.actions == ["config.updated", "log.stopped", "config.updated", "log.started"]
    stopped, started = control_events[1], control_events[3]
    assert stopped.fields["basis.justification"] == WHY
    assert started.fields["log.refused"] == "5"
    assert parse_time(started.fields["log.stopped"]) <= stopped.t_us


def test_our_own_streams_go_on_while_it_is_off(log):
    off(log)
    with capture_events(log, stream="access") as events:
        log.record_own("record.viewed", {"log.index": "1"})
    assert events.actions == ["record.viewed"]


def test_it_acts_at_once_for_whoever_has_the_log_open(open_log):
    mine, other = open_log(), open_log()
    other.record("before")
    off(mine)
    with pytest.raises(LoggingOff):
        other.record("later")
    on(other)
    assert mine.record("after").index == 1


def test_other_tenants_record_on(log):
    registry.create_tenant(log.database, log.keys, "other", "UTC")
    with AuditLog.open(log.home, tenant="other", database=log.settings.database) as other:
        off(log)
        assert other.record("a").index == 0
        assert status(other)["stopped"] is None
    assert status(log)["stopped"].endswith("Z")


def test_whoever_waits_for_the_same_commit_is_not_refused_with_the_others(log, held):
    off(log)
    with held(log):
        refused = [log.submit("main.event") for _ in range(3)]
        outcome = []
        own = threading.Thread(target=lambda: outcome.append(log.record_own("record.viewed", {})))
        own.start()
    own.join(20)
    assert [type(one.exception(20)) for one in refused] == [LoggingOff] * 3
    assert outcome[0].stream == "access"
    assert status(log)["logs"]["main"]["counters"]["refused_while_off"] == 3


def test_an_import_stops_and_goes_on_later(log, tmp_path, size):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps({"action": f"e{n}"}) + "\n" for n in range(3)))
    off(log)
    with pytest.raises(LoggingOff):
        import_files(log, [file], "jsonl")
    on(log)
    assert import_files(log, [file], "jsonl").recorded == 3
    assert size() == 3


def test_a_log_that_takes_over_from_a_stopped_one_is_stopped_too(log):
    off(log)
    continue_under_new_origin(log, "main")
    with AuditLog.open(log.home, database=log.settings.database, check=False) as again:
        with pytest.raises(LoggingOff):
            again.record("a")
        on(again)
        assert again.record("a").index == 0


def test_switching_needs_a_reason(log):
    for reason in ("", "because", "        ", "\x00" * 9):
        with pytest.raises(InvalidRequest, match="reason"):
            configuration.change(log, {"audit_logging": False}, reason)
    assert len("because") < REASON_CHARS_MIN
    assert configuration.read(log).audit_logging


def test_two_changes_at_once_do_not_undo_each_other(log, monkeypatch):
    real = configuration._rows
    once = []

    def overtaken(of):
        found = real(of)
        if not once:
            once.append(True)
            configuration.change(log, {"retention": "2 years"})
        return found

    monkeypatch.setattr(configuration, "_rows", overtaken)
    with pytest.raises(Busy, match="same moment"):
        configuration.change(log, {"retention": "1 year"})
    monkeypatch.undo()
    assert configuration.read(log).retention == "2 years"


def test_every_key_has_a_reader_and_a_default(log):
    assert set(configuration._READERS) == set(KEYS) == set(configuration.defaults(log.settings))


# --- periods ---


@given(st.integers(0, 900), st.integers(0, 11), st.integers(0, 3000))
def test_periods_are_read_as_they_are_written(years, months, days):
    keep = Keep(years * 12 + months, days)
    assert Keep.parse(str(keep)) == keep


def test_periods_are_calendar_arithmetic():
    leap = parse_time("2028-02-29T12:00:00.000000Z")
    assert Keep.parse("1 year").until(leap) == parse_time("2029-02-28T12:00:00.000000Z")
    assert Keep.parse("1 month 1 day").until(parse_time("2028-01-30T10:00:00.000000Z")) == parse_time(
        "2028-03-01T10:00:00.000000Z"
    )
    assert Keep().until(leap) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "7", "years", "0 days", "-1 day", "1 day 1 year", "1 day 1 day", "1.5 years", "7 jahre", "1 year,"),
        *("9999999 days", "999999 years", "ever"),
    ],
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(InvalidRequest, match=r"is no period|is too long"):
        Keep.parse(text)
