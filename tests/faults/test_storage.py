"""Storage that fails: the error says so in words, what was acknowledged stays, and work goes on once it is mended."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from affidavit.errors import IntegrityError, StorageError
from affidavit.log.fsck import fsck

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]
CHILDREN = Path(__file__).with_name("children.py")
NAMESPACE = ("unshare", "--map-root-user", "--mount")


def namespaces():
    """Whether this machine lets a process have mounts of its own."""
    if shutil.which(NAMESPACE[0]) is None or shutil.which("mount") is None:
        return False
    probe = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return probe.returncode == 0


def child(mode, folder, *prefix):
    done = subprocess.run(
        [*prefix, sys.executable, str(CHILDREN), mode, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {one.pop("step"): one for one in map(json.loads, done.stdout.splitlines())}


@pytest.fixture
def namespace():
    if not namespaces():
        pytest.skip("no mount namespaces here")
    return NAMESPACE


def test_a_full_disk(tmp_path, namespace):
    steps = child("full", tmp_path, *namespace)
    assert steps["full"]["receipts"] > 10
    for step in ("full", "still full"):
        assert "full" in steps[step]["error"]
        assert "Free some space; what was acknowledged is safe" in steps[step]["error"]
        assert "INSERT" not in steps[step]["error"]
    assert steps["space again"] == {
        "index": steps["full"]["receipts"],
        "kept": True,
        "size": steps["full"]["receipts"] + 1,
    }


def test_a_read_only_folder(tmp_path, namespace):
    steps = child("read_only", tmp_path, *namespace)
    assert steps["writable"] == {"index": 1, "size": 2}
    for where, step in steps.items():
        if where != "writable":
            assert step["error"], where
            assert step["kind"] in ("StorageError", "InvalidRequest")
            assert str(tmp_path) in step["error"]
    assert "write access" in steps[f"{tmp_path}/home"]["error"]


def test_files_that_can_not_grow(tmp_path):
    steps = child("small_files", tmp_path)
    assert steps["full"]["receipts"] > 10
    assert "what was acknowledged is safe" in steps["full"]["error"]
    assert steps["space again"] == {
        "index": steps["full"]["receipts"],
        "kept": True,
        "size": steps["full"]["receipts"] + 1,
    }


def test_a_database_that_reached_its_limit(log):
    """SQLITE_FULL from SQLite itself, without a file system of our own."""

    def limit(connection, _record):
        connection.execute("PRAGMA max_page_count=120")

    event.listen(log.database.engine, "connect", limit)
    log.database.engine.dispose()
    receipts = []
    with pytest.raises(StorageError, match="Free some space"):
        receipts.extend(log.record("a", message="x" * 3000) for _ in range(10_000))
    with pytest.raises(StorageError):
        log.record_many([{"action": "b", "message": "x" * 3000}] * 50)
    event.remove(log.database.engine, "connect", limit)
    log.database.engine.dispose()
    assert log.record("c").index == len(receipts) > 10
    assert fsck(log, "main").size == len(receipts) + 1


@pytest.mark.parametrize("number", [0, 7, 19])
def test_a_changed_byte_in_the_file_itself(log, open_log, home, number):
    for n in range(20):
        log.record("a", message=f"needle-{n:03d}")
    log.close()
    file = home / "journal.db"
    data = file.read_bytes()
    needle = f"needle-{number:03d}".encode()
    assert data.count(needle) == 1
    file.write_bytes(data.replace(needle, b"noodle" + needle[6:]))
    with pytest.raises(IntegrityError, match=f"entry {number} "):
        fsck(open_log(), "main")
