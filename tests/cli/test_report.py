"""`affidavit report`: list, show, run, again, since, verify."""

import json
from datetime import UTC, datetime, timedelta

import pytest

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def recorded(open_log, home):
    """A home whose log holds a brute force."""
    log = open_log()
    log.record_many(
        [
            {
                "action": "auth.login",
                "outcome": "failure",
                "actor": "u1",
                "at": AT + timedelta(seconds=n),
                "source": {"ip": "203.0.113.9"},
            }
            for n in range(12)
        ]
    )
    (home / "trust.json").write_text(json.dumps(log.trust()))
    log.close()


def test_reports_are_listed_and_shown(asked, call):
    assert [one["id"] for one in asked("report", "list")][:2] == ["C1", "F1"]
    assert "H3     HIPAA" in call("report", "list")[1]
    assert asked("report", "show", "h3")["parameters"][0]["name"] == "failures"
    words = call("report", "show", "H3")[1]
    assert "45 CFR 164.308(a)(5)(ii)(C)" in words
    assert "brute_force" in words
    assert call("report", "show", "X9")[0] == 4


def test_a_run_says_its_findings_and_writes_its_file(call, asked, tmp_path):
    target = tmp_path / "h3.pdf"
    code, out, _ = call("report", "run", "H3", "--from", "2024-03-01", "--format", "pdf", "-o", target)
    assert code == 0
    assert "exception        high     Many failures in a short time" in out
    assert target.read_bytes().startswith(b"%PDF")
    assert asked("report", "run", "H3", "--from", "2024-03-01", "--set", "failures=20")["findings"][0]["status"] != (
        "exception"
    )


def test_a_run_to_standard_output_is_the_result(asked):
    result = asked("report", "run", "H3", "--from", "2024-03-01", "--to", "2024-03-31")
    assert result["format"] == "affidavit-report/1"
    assert result["counts"]["in_period"] == 12


def test_again_and_since(call, asked, open_log, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    asked("report", "run", "H3", "--from", "2024-03-01", "--to", "2024-03-31", "-o", first)
    open_log().record({"action": "auth.login", "actor": "u2", "at": AT})
    said = asked("report", "run", "--again", first, "-o", second)
    assert second.read_bytes() == first.read_bytes()
    assert said["findings"]["brute_force"] == "exception"
    code, out, _ = call("report", "run", "--since", first)
    assert code == 0
    assert "0 rows new, 0 gone" in out


def test_a_package_is_verified(call, tmp_path, home):
    target, trust = tmp_path / "h3.zip", home / "trust.json"
    assert call("report", "run", "H3", "--from", "2024-03-01", "--format", "package", "-o", target)[0] == 0
    code, out, _ = call("report", "verify", target, "--trust", trust, at=False)
    assert code == 0
    assert "REPORT        PASS" in out
    assert "AUTHENTIC     PASS" in out
    target.write_bytes(target.read_bytes().replace(b"203.0.113", b"203.0.114", 1))
    assert call("report", "verify", target, "--trust", trust, at=False)[0] != 0


def test_reports_are_checked_with_their_sql(call, home):
    assert call("report", "check", "H3")[1] == "1 report can run: H3\n"
    assert len(json.loads(call("report", "check", "--json")[1])["checked"]) == 13
    (home / "reports").mkdir()
    section = '{ id = "a", title = "A", sql = "SELECT nope FROM events", columns = [] }'
    own = f'[reports.H9]\nbase = "H3"\nsections = [{section}]\n'
    (home / "reports" / "own.toml").write_text(own)
    code, _, err = call("report", "check", "H9")
    assert code == 2
    assert "report H9, section a" in err
    assert "nope" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "--again"),
        (("run", "H3", "--set", "failures"), "NAME=VALUE"),
        (("run", "H3", "--set", "speed=1"), "no parameter 'speed'"),
        (("run", "H3", "--from", "yesterday"), "yesterday"),
        (("run", "H3", "--format", "html"), "-o FILE"),
        (("run", "H3", "--evidence"), "--format json"),
        (("run", "F1"), "subject"),
        (("run", "--again", "nothing.json"), "nothing.json"),
    ],
)
def test_mistakes_are_named(call, arguments, words):
    code, _, err = call("report", *arguments)
    assert code == 2
    assert words in err
