"""`affidavit config`, and what the other commands say when logging is off."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.usefixtures("made")


def test_keys_are_shown_set_and_taken_back(call, asked):
    assert asked("config", "show")["retention"] == "none"
    assert asked("config", "set", "retention", "7 years", "--reason", "policy")["retention"] == "7 years"
    masks = json.dumps({"ip": "remove"})
    assert asked("config", "set", "masking", masks)["masking"] == {"ip": "remove"}
    code, out, _ = call("config", "show")
    assert code == 0
    assert next(line for line in out.splitlines() if line.startswith("retention")).endswith("policy")
    assert call("config", "unset", "retention")[1] == "retention: none\n"
    told = asked("search", "action:config.updated", "--stream", "control", "--column", "settings.after.retention")
    assert [row["settings.after.retention"] for row in told["rows"]] == ["7 years", None, "none"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "retention", "soon"), "30 days"),
        (("set", "export_formats", "docx"), "Allowed, at least one: csv"),
        (("set", "export_frequency", "hourly"), "Allowed: never, daily"),
        (("set", "masking", '{"ip": "blur"}'), "Allowed: keep"),
        (("set", "audit_logging", "off"), "at least 8 characters"),
        (("set", "audit_logging", "maybe", "--reason", "a good reason"), "Write on or off"),
        (("set", "colour", "blue"), "audit_logging"),
    ],
)
def test_what_can_not_be_says_what_can(call, arguments, said):
    code, _, err = call("config", *arguments)
    assert (code, said in err) == (2, True), err


def test_off_ends_with_a_code_of_its_own_and_shows_in_the_status(call, asked, tmp_path):
    asked("config", "set", "audit_logging", "off", "--reason", "maintenance window")
    code, _, err = call("record", "a")
    assert (code, "audit logging is off since" in err, "config set audit_logging on" in err) == (12, True, True)
    (tmp_path / "events.jsonl").write_text('{"action": "a"}\n')
    assert call("import", "--format", "jsonl", str(tmp_path / "events.jsonl"))[0] == 12
    code, out, _ = call("log", "status")
    assert (code, "Audit logging is OFF since" in out, "2 refused while off" in out) == (0, True, True)
    asked("config", "set", "audit_logging", "on", "--reason", "maintenance is over")
    assert asked("record", "a")["index"] == 0


def test_formats_that_are_not_allowed_are_refused(call, asked, tmp_path):
    asked("config", "set", "export_formats", "json")
    for arguments in (("-o", str(tmp_path / "x.csv")), ("--preview",), ("--background",)):
        code, _, err = call("export", *arguments)
        assert (code, "Allowed: json" in err) == (2, True)
    assert call("export", "--format", "json", "-o", str(tmp_path / "x.json"))[0] == 0
