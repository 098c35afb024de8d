"""`affidavit log …`: status, checkpoint, trust, fsck, prove."""

import base64
import json
import shutil

import pytest
from sqlalchemy import update

from affidavit.errors import Forbidden
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import journal
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.note import VerifierKey
from affidavit.tlog.proof import verify_inclusion


@pytest.fixture
def origin(open_log):
    """A home with three events; the origin of its main log."""
    log = open_log()
    log.record_many([{"action": "a"}, {"action": "b"}, {"action": "c", "details": {"pin": 1}}])
    return log.tenant.log("main").origin


def test_status(call, asked, origin):
    code, out, err = call("log", "status")
    assert (code, err) == (0, "")
    assert "Tenant default, zone UTC" in out
    assert "no checkpoint yet" in out
    assert "secrets stripped" in out
    call("log", "checkpoint")
    main = asked("log", "status")["logs"]["main"]
    assert (main["origin"], main["size"], main["checkpoint"]["size"]) == (origin, 3, 3)
    assert "newest checkpoint 3" in call("log", "status")[1]


def key_of(call, stream="main"):
    code, out, _ = call("log", "trust")
    assert code == 0
    (log,) = [one for one in json.loads(out)["logs"] if one["stream"] == stream]
    return log["origin"], [VerifierKey.parse(key["vkey"]) for key in log["keys"]]


def test_checkpoint_and_trust(call, asked, origin):
    name, keys = key_of(call)
    assert name == origin
    code, note, _ = call("log", "checkpoint")
    assert code == 0
    checkpoint = open_checkpoint(note.encode(), origin, keys).checkpoint
    value = asked("log", "checkpoint")
    assert (value["size"], value["origin"]) == (checkpoint.size, origin) == (3, origin)
    assert base64.b64decode(value["root"]) == checkpoint.root
    assert value["note"] == note
    assert asked("log", "checkpoint", "--stream", "control")["size"] == 0
    assert call("log", "checkpoint", "--stream", "nothing")[0] == 4


def test_trust_names_every_log_and_no_secret(call, home, origin):
    code, out, _ = call("log", "trust")
    value = json.loads(out)
    assert (code, [one["stream"] for one in value["logs"]]) == (0, ["main", "access", "control"])
    assert (home / "keys/master.key").read_text().strip() not in out
    assert origin in out


def test_prove(call, origin):
    _, keys = key_of(call)
    code, out, _ = call("log", "prove", "1")
    proof = json.loads(out)
    assert (code, proof["index"], json.loads(proof["entry"])["action"]) == (0, 1, "b")
    checkpoint = open_checkpoint(proof["checkpoint"].encode(), origin, keys).checkpoint
    nodes = [base64.b64decode(node) for node in proof["proof"]]
    verify_inclusion(checkpoint.size, 1, leaf_hash(proof["entry"].encode()), nodes, checkpoint.root)
    code, _, err = call("log", "prove", "3")
    assert code == 4
    assert "3 entries; there is no index 3" in err


def test_fsck(call, asked, home, origin):
    call("log", "checkpoint")
    code, out, err = call("log", "fsck")
    assert (code, err) == (0, "")
    assert "3 entries rebuilt" in out
    assert "Clean" in out
    value = asked("log", "fsck")
    assert (value["ok"], value["logs"][0]["size"], value["logs"][0]["checkpoints"]) == (True, 3, 1)
    with AuditLog.open(home) as log, log.database.write() as connection:
        connection.execute(update(journal).where(journal.c.idx == 1).values(action="forged"))
    code, out, err = call("log", "fsck")
    assert (code, out) == (7, "")
    assert f"log {origin} (main): entry 1 " in err
    code, out, _ = call("log", "fsck", "--json")
    assert (code, json.loads(out)["error"]) == (7, "IntegrityError")


@pytest.fixture
def restored(call, home, tmp_path):
    """A home whose database was restored from before the newest checkpoints of all its logs."""
    kept = tmp_path / "kept.db"
    for _ in range(2):
        with AuditLog.open(home) as log:
            if (home / "checkpoints").exists():
                shutil.copy(home / "journal.db", kept)
            log.record("a.b")
            for stream in ("access", "control"):
                log.record_own("report.viewed", {"view.id": "x"}, stream=stream)
            for stream in log.tenant.logs:
                log.pin(stream)
    for file in home.glob("journal.db*"):
        file.unlink()
    shutil.copy(kept, home / "journal.db")


@pytest.mark.sqlite
def test_every_stream_that_goes_on_anew_is_told_on_control(call, asked, restored):
    assert call("record", "a.b")[0] == 7
    code, _, err = call("log", "continue", "--stream", "main", "--yes")
    assert (code, "--stream control" in err) == (2, True)
    begun = {}
    for stream in ("control", "main", "access"):
        begun[stream] = asked("log", "continue", "--stream", stream, "--yes")["begun"]
    asked("record", "a.b")
    told = asked("search", "action:log.continued", "--stream", "control", "--column", "log.begun")["rows"]
    assert {next(iter(row.values())) for row in told} == set(begun.values())


def test_a_log_that_is_whole_does_not_go_on_anew(call, asked, origin):
    code, _, err = call("log", "continue", "--stream", "main", "--yes")
    assert (code, "is whole" in err) == (2, True)
    assert asked("log", "status")["logs"]["main"]["origin"] == origin


@pytest.mark.sqlite
def test_an_old_process_does_not_record_into_an_ended_log(call, home, restored):
    old = AuditLog.open(home, check=False)
    for stream in ("control", "main", "access"):
        assert call("log", "continue", "--stream", stream, "--yes")[0] == 0
    with pytest.raises(Forbidden, match="ended"):
        old.record("a.b")
    old.close()
