"""Imports after sealing: ids that the journal has forgotten are found in the archive."""

import json

import pytest
from sqlalchemy import delete

from affidavit.log.fsck import fsck
from affidavit.log.importer import import_files
from affidavit.log.schema import event_ids, import_batches
from affidavit.log.sealer import SealPolicy, seal


def lines(count, **more):
    return [
        {
            "action": "a.b",
            "at": f"2024-03-{1 + n % 9:02d}T10:00:00Z",
            "actor": f"u{n}",
            "id": f"018e0000-0000-7000-8000-{n:012d}",
            **more,
        }
        for n in range(count)
    ]


def write(path, events):
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


@pytest.fixture
def forgotten(log, tmp_path):
    """600 events imported and sealed, then every memory of ids and batches gone but the archive itself."""
    import_files(log, [write(tmp_path / "a.jsonl", lines(600))], "jsonl")
    seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(0, 72), everything=True)
    with log.database.write() as connection:
        connection.execute(delete(event_ids).where(event_ids.c.idx < 512))
        connection.execute(delete(import_batches))
    return log


def test_nothing_doubles_months_later(forgotten, tmp_path):
    grown = write(tmp_path / "b.jsonl", [*lines(600), {"action": "new.one", "at": "2024-03-05T10:00:00Z"}])
    result = import_files(forgotten, [grown], "jsonl")
    assert (result.recorded, result.known, result.rejected) == (1, 600, 0)
    assert fsck(forgotten, "main").size == 601


def test_another_event_under_a_sealed_id_is_a_reject(forgotten, tmp_path):
    rejects = []
    changed = write(tmp_path / "c.jsonl", lines(3, outcome="denied"))
    result = import_files(forgotten, [changed], "jsonl", on_reject=rejects.append)
    assert (result.recorded, result.known, result.rejected) == (0, 0, 3)
    assert [(one.line, one.field) for one in rejects] == [(1, "id"), (2, "id"), (3, "id")]
    assert "is already used by another event, at index 0" in rejects[0].error


def test_the_same_sealed_event_twice_in_one_batch_is_known_twice(forgotten, tmp_path):
    first = lines(1)
    again = write(tmp_path / "b.jsonl", first + first + lines(2))
    result = import_files(forgotten, [again], "jsonl")
    assert (result.recorded, result.known, result.rejected) == (0, 4, 0)
