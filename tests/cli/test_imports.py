"""`affidavit import`."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("made")
GOOD = '{"action":"a","at":"2026-01-01T00:00:00Z","details":{"pin":1}}'


@pytest.fixture
def lines(tmp_path):
    def do(*lines, name="x.jsonl"):
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return do


def test_words_and_json(call, asked, lines):
    path = lines(GOOD, GOOD)
    code, out, err = call("import", "--format", "jsonl", path)
    assert (code, err) == (0, "")
    assert out == "2 items in 1 file: 2 recorded, 0 known already, 0 rejected\nSecrets left out: 2\n"
    assert asked("import", "--format", "jsonl", path) == {
        "files": 1, "items": 2, "recorded": 0, "known": 2, "rejected": 0, "secrets": 0,
    }  # fmt: skip


def test_rejects_are_shown_and_end_with_11_every_time(call, lines):
    path = lines(GOOD, *["{"] * 7)
    code, out, err = call("import", "--format", "jsonl", path)
    assert code == 11
    assert "1 recorded, 0 known already, 7 rejected" in out
    assert "--rejects FILE" in out
    assert err.splitlines()[0].startswith(f"{path}:2: ")
    assert len(err.splitlines()) == 5
    code, out, err = call("import", "--format", "jsonl", path)
    assert (code, err) == (11, "")
    assert "0 recorded, 1 known already, 7 rejected" in out


def test_rejects_can_be_kept_and_imported_once_mended(call, asked, lines, tmp_path):
    path, rejects = lines(GOOD, '{"action":"Bad"}'), tmp_path / "rejects.ndjson"
    code, out, err = call("import", "--format", "jsonl", path, "--rejects", rejects, "--json")
    assert (code, err, json.loads(out)["rejected"]) == (11, "", 1)
    (reject,) = map(json.loads, rejects.read_text().splitlines())
    assert (reject["source"], reject["line"], reject["field"]) == (str(path), 2, "action")
    mended = lines(reject["raw"].replace("Bad", "good"), name="mended.jsonl")
    assert asked("import", "--format", "jsonl", mended)["recorded"] == 1


def test_a_damaged_file_and_a_good_one(call, lines):
    import gzip

    damaged = lines(name="a.jsonl.gz")
    damaged.write_bytes(gzip.compress(f"{GOOD}\n".encode() * 100)[:-9])
    good = lines(GOOD, name="b.jsonl")
    code, out, err = call("import", "--format", "jsonl", damaged, good)
    assert code == 11
    assert "in 2 files" in out
    assert f"{damaged}:0: " in err


def test_what_can_not_be_carried_out(call, lines, tmp_path):
    path = lines(GOOD)
    for arguments, code, words in (
        ((tmp_path / "missing",), 2, "no such file"),
        ((path, "--rejects", tmp_path / "no" / "folder"), 2, "rejects file"),
        ((path, "--stream", "nothing"), 4, "'nothing'"),
        ((path, "--stream", "access"), 5, "access"),
        ((path, "--label", "x" * 300), 2, "label"),
    ):
        found, _, err = call("import", "--format", "jsonl", *arguments)
        assert found == code, err
        assert words in err
    assert call("import", "--format", "csv", path)[0] == 2
    assert json.loads(call("log", "status", "--json")[1])["logs"]["main"]["size"] == 0
