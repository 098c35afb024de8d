"""`affidavit export` and `affidavit verify`: the way a user goes."""

import csv
import io
import json
import zipfile

import pytest


@pytest.fixture
def filled(open_log):
    log = open_log()
    for n in range(1, 6):
        log.record("login", actor=f"u{n}", resource="=1+1", at=f"2026-01-0{n}T23:30:00Z")
    log.close()


@pytest.mark.usefixtures("filled")
def test_a_file_of_a_period(call, asked, tmp_path):
    out = tmp_path / "x.csv"
    code, words, err = call("export", "--from", "2026-01-02", "--to", "2026-01-03", "-o", out)
    assert (code, err) == (0, "")
    assert f"2 rows in {out}" in words
    assert "carries no evidence" in words
    rows = list(csv.reader(io.StringIO(out.read_bytes().decode(), newline="")))
    assert rows[0] == ["timestamp", "user_id", "action", "resource"]
    assert [row[0] for row in rows[1:]] == ["2026-01-02T23:30:00.000000Z", "2026-01-03T23:30:00.000000Z"]
    assert {row[3] for row in rows[1:]} == {"'=1+1"}
    value = asked("export", "--user", "u1", "--user", "u2", "--format", "json", "-o", tmp_path / "x.json")
    assert (value["rows"], value["verdicts"]) == (2, None)
    assert [row["action"] for row in json.loads((tmp_path / "x.json").read_text())["rows"]] == ["login", "login"]


@pytest.mark.usefixtures("filled")
def test_the_zone_decides_which_day_it_is(asked, tmp_path):
    period = ("--from", "2026-01-02", "--to", "2026-01-02", "-o", tmp_path / "x.csv")
    assert asked("export", *period, "--user", "u2")["rows"] == 1
    assert asked("export", *period, "--user", "u2", "--timezone", "Europe/Berlin")["rows"] == 0
    assert asked("export", *period, "--user", "u1", "--timezone", "Europe/Berlin")["rows"] == 1


@pytest.mark.usefixtures("filled")
def test_a_bundle_verifies_and_a_changed_one_does_not(call, tmp_path):
    bundle, trust = tmp_path / "x.zip", tmp_path / "trust.json"
    code, out, err = call("export", "--action", "login", "-o", bundle, "--bundle")
    assert (code, err) == (0, "")
    assert "AUTHENTIC" in out
    trust.write_text(call("log", "trust")[1])
    code, words, err = call("verify", bundle, "--trust", trust, at=False)
    assert (code, err) == (0, "")
    for verdict in ("AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES"):
        assert verdict in words
    code, out, _ = call("verify", bundle, "--trust", trust, "--json", at=False)
    assert (code, type(json.loads(out))) == (0, dict)

    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(changed, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info, data.replace(b"login", b"logon") if info.filename == "data.csv" else data)
    code, words, _ = call("verify", changed, "--trust", trust, at=False)
    assert code == 10
    assert "FAIL" in words
    code, out, _ = call("verify", changed, "--trust", trust, "--json", at=False)
    assert (code, "FAIL" in out) == (10, True)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--from", "yesterday", "-o", "x.csv"), 2),
        (("--from", "2026-02-02", "--to", "2026-01-01", "-o", "x.csv"), 2),
        (("--timezone", "Mars/Olympus", "-o", "x.csv"), 2),
        (("--format", "exe", "-o", "x.exe"), 2),
        ((), 2),
        (("-o", "no/such/folder/x.csv"), None),
    ],
)
def test_what_is_refused(call, arguments, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    found, out, err = call("export", *arguments)
    assert (found == code) if code else found in (2, 6)
    assert (out, bool(err)) == ("", True)
    assert sorted(tmp_path.iterdir()) == before


def test_verify_what_is_not_there(call, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    (tmp_path / "trust.json").write_text("{")
    for bundle, trust in (("x.zip", "missing.json"), ("x.zip", "trust.json"), ("missing.zip", "trust.json")):
        code, _, err = call("verify", tmp_path / bundle, "--trust", tmp_path / trust, at=False)
        assert code in (2, 4, 8)
        assert err.startswith("affidavit: ")


COLUMNS = ("--columns", "at,user,action,resource")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("format", ["csv", "json", "ndjson", "parquet", "xlsx", "pdf"])
def test_every_format_comes_with_and_without_evidence(asked, tmp_path, format):
    if format == "pdf":
        pytest.importorskip("typst")
    ask = ("export", *COLUMNS, "--format", format, "--recipient", "Ministry", "--reason", "yearly")
    plain = asked(*ask, "-o", tmp_path / "plain")
    bundle = asked(*ask, "-o", tmp_path / "x.zip", "--bundle")
    assert plain["rows"] == bundle["rows"] == 5
    assert bundle["verdicts"]["AUTHENTIC"] == "PASS"
    assert bundle["verdicts"]["VIEW MATCHES"] == ("NOT PROVEN" if format == "pdf" else "PASS")
    assert (plain["verdicts"] is None) == (format != "pdf")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["data"] == {"name": f"data.{format}", "format": format}
    assert manifest["export"]["recipient"] == "Ministry"
    assert [column["path"] for column in manifest["columns"]] == ["at", "actor.id", "action", "resource"]


@pytest.mark.usefixtures("filled")
def test_all_conditions_hold_together(asked, tmp_path):
    out = tmp_path / "x.json"
    period = ("--from", "2026-01-02", "--to", "2026-01-04", "--user", "u2", "--user", "u3", "--user", "u5")
    value = asked("export", *period, "--query", "-user:u2 outcome:success", "--format", "json", "-o", out,
                  "--column", "Who=actor.id", "--column", "a=b=action", "--profile", "internal")  # fmt: skip
    assert value["rows"] == 1
    made = json.loads(out.read_text())
    assert made["rows"] == [{"Who": "u3", "a=b": "login"}]
    assert made["about"]["period"] == {
        "of": "at", "from": "2026-01-02T00:00:00.000000Z", "before": "2026-01-05T00:00:00.000000Z",
    }  # fmt: skip
    assert made["counts"] == {"rows": 1, "masked": 0, "erased": 0, "purged": 0, "truncated": False}


@pytest.mark.usefixtures("filled")
def test_evidence_streams_and_profiles_can_be_chosen(asked, tmp_path):
    (tmp_path / "own.toml").write_text('name = "own"\nbase = "internal"\n[classes]\nstaff = "remove"\n')
    value = asked("export", "--profile", tmp_path / "own.toml", "--evidence", "rows", "--stream", "main", "--stream",
                  "control", "--bundle", "-o", tmp_path / "x.zip")  # fmt: skip
    assert value["verdicts"]["COMPLETE"] == "NOT PROVEN"
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert b"u3" not in archive.read("data.csv")
    assert (manifest["profile"], manifest["evidence"]) == ("own", "rows")
    assert [log["stream"] for log in manifest["logs"]] == ["main", "control", "access"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--column", "at"), "LABEL=PATH"),
        (("--column", "=at"), "LABEL=PATH"),
        (("--columns", "at,at"), "label of its own"),
        (("--columns", "nothing.such"), "nothing.such"),
        (("--query", "(actor:u1"), "^"),
        (("--query", "nothing:u1"), "nothing"),
        (("--profile", "nobody"), "nobody"),
        (("--profile", "none.toml"), "none.toml"),
        (("--stream", "main", "--stream", "main"), "each once"),
        (("--stream", "nowhere"), "nowhere"),
        (("--timezone", "Mars/Olympus"), "Mars/Olympus"),
        (("--profile", "subject"), "--subject"),
    ],
)
def test_what_can_t_be_meant_is_refused_and_leaves_no_file(call, tmp_path, arguments, said):
    out = tmp_path / "x.csv"
    code, _, err = call("export", *arguments, "-o", out)
    assert code in (2, 4)
    assert said in err
    assert not out.exists()


@pytest.mark.usefixtures("filled")
def test_vault_tokens_are_the_same_in_every_file_and_turn_back_with_a_reason(call, asked, tmp_path):
    profile = tmp_path / "vault.toml"
    profile.write_text('name = "partners"\nbase = "auditor"\n[classes]\nstaff = "vault"\n')
    files = [tmp_path / "1.json", tmp_path / "2.json"]
    for file in files:
        asked("export", "--profile", profile, "--format", "json", "-o", file)
    shown, again = ([row["user_id"] for row in json.loads(file.read_text())["rows"]] for file in files)
    assert shown == again
    assert len(set(shown)) == 5
    value = asked("reveal", shown[0], "--reason", "court order 7")
    assert value["tokens"] == [{"token": shown[0], "class": "staff", "value": "u1"}]
    code, _, err = call("reveal", "vt_" + "a" * 26, "--reason", "court order 7")
    assert code == 4
    assert "not in the vault" in err
    bundle = tmp_path / "b.zip"
    assert asked("export", "--profile", profile, "-o", bundle, "--bundle")["verdicts"]["VIEW MATCHES"] == "PASS"


@pytest.mark.usefixtures("filled")
def test_k_anonymity_is_told_before_the_file_is_made(call, asked):
    grouped = ("export", "--preview", "--columns", "action,user,at", "--k-anonymity")
    code, words, _ = call(*grouped, "action,user", "--k", "2", "--sensitive", "at")
    assert code == 0
    assert "Not 2-anonymous over action, user: 5 rows of 5 are in 5 groups under 2, the smallest of 1" in words
    assert "belonging to a group tells the value" in words
    found = asked(*grouped, "action", "--k", "5")["k_anonymity"]
    assert (found["holds"], found["groups"], found["smallest"]) == (True, 1, 5)
    code, _, err = call(*grouped, "nonsense")
    assert code == 2
    assert "no column 'nonsense'" in err
    assert call("export", "--k-anonymity", "action", "-o", "x.csv")[0] == 2
