"""What a plain file can't say of itself stands beside it, truly, and comes with it."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from affidavit.errors import StorageError
from affidavit.export import run as running
from affidavit.export.download import download
from affidavit.export.jobs import request
from affidavit.export.run import run_export
from affidavit.export.sidecar import beside
from affidavit.export.spec import Column, ExportSpec, legacy
from affidavit.export.worker import ExportWorker
from affidavit.query.tree import Leaf, all_of, eq, to_json

EVENTS = (
    {
        "action": "note.added",
        "actor": "u1",
        "at": "2026-03-01T10:00:00Z",
        "message": "from ann@example.org, bob@example.org",
    },
    {"action": "note.added", "actor": "u2", "at": "2026-03-02T10:00:00Z", "message": "ann@example.org from 10.1.2.3"},
    {"action": "note.added", "actor": "u2", "at": "2026-03-03T10:00:00Z", "message": "nothing"},
    {"action": "login", "actor": "u2", "at": "2026-03-04T10:00:00Z"},
)
SPEC = ExportSpec(
    query=all_of(eq("action", "note.added"), Leaf("ge", "at", "2026-03-01T00:00:00.000000Z")),
    columns=(Column("when", "at"), Column("text", "message")),
    profile="auditor",
    zone="Europe/Berlin",
    recipient="Board",
)


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_it_states_what_the_file_holds(log, record, out, format):
    record(*EVENTS)
    path = out / f"notes.{format}"
    result = run_export(log, replace(SPEC, format=format), path, bundle=False)
    said = json.loads(beside(path).read_text("utf-8"))
    data = path.read_bytes()
    assert said["file"] == {
        "name": path.name, "format": format, "bytes": len(data), "sha256": sha256(data).hexdigest()
    }  # fmt: skip
    assert said["counts"] == {"rows": 3, "masked": 3, "erased": 0, "purged": 0, "truncated": False}
    assert said["period"] == {"of": "at", "from": "2026-03-01T00:00:00.000000Z", "before": None}
    assert (said["zone"], said["profile"], said["evidence"]) == ("Europe/Berlin", "auditor", "none")
    assert said["export"]["id"] == result.export_id
    assert said["export"]["recipient"] == "Board"
    assert said["query"] == to_json(SPEC.query)
    assert [column["label"] for column in said["columns"]] == ["when", "text"]
    assert said["replaced"] == [
        {"kind": "e-mail", "identifiers": 3, "cells": 2}, {"kind": "IP", "identifiers": 1, "cells": 1}
    ]  # fmt: skip
    assert "example.org" not in beside(path).read_text("utf-8")


@pytest.mark.parametrize(("spec", "bundle", "there"), [
    (SPEC, False, True),
    (SPEC, True, False),
    (legacy(format="json"), False, True),
    (ExportSpec(format="json"), False, False),
    (ExportSpec(format="parquet"), False, False),
    (ExportSpec(format="xlsx"), False, False),
])  # fmt: skip
def test_files_that_speak_of_themselves_have_none(log, record, out, spec, bundle, there):
    record(*EVENTS)
    run_export(log, spec, out / "x", bundle=bundle)
    assert {path.name for path in out.iterdir()} == ({"x", "x.manifest.json"} if there else {"x"})


def test_a_masked_person_is_not_named_in_it(log, record, out):
    record(*EVENTS)
    spec = ExportSpec(query=eq("actor.id", "u2"), profile="export")
    run_export(log, spec, out / "x.csv", bundle=False)
    assert '"u2"' not in beside(out / "x.csv").read_text()


def test_a_file_that_did_not_keep_its_bytes_is_refused(log, record, out, own_events, monkeypatch):
    record(*EVENTS)
    monkeypatch.setattr(running, "_digest", lambda _out: (1, "0" * 64))
    with pytest.raises(StorageError, match="does not hold what was written"):
        run_export(log, SPEC, out / "x.csv", bundle=False)
    assert list(out.iterdir()) == []
    assert own_events()[-1][0] == "export.failed"


def test_a_sidecar_that_can_t_be_written_leaves_no_file(log, record, out, monkeypatch):
    record(*EVENTS)

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running, "sidecar", full)
    with pytest.raises(StorageError, match="No space"):
        run_export(log, SPEC, out / "x.csv", bundle=False)
    assert list(out.iterdir()) == []


def test_it_comes_with_a_run_s_file(log, record, out):
    record(*EVENTS)
    run = request(log, SPEC, bundle=False)
    with ExportWorker(log) as worker:
        worker.round()
    download(log, run.id, out / "mine.csv")
    assert {path.name for path in out.iterdir()} == {"mine.csv", "mine.csv.manifest.json"}
    said = json.loads(beside(out / "mine.csv").read_text("utf-8"))
    assert said["file"]["sha256"] == sha256((out / "mine.csv").read_bytes()).hexdigest()
