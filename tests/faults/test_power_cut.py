"""A power cut at any moment: of the archive only what was fsynced is left, and the log is whole all the same.

Every fsync of the archive is watched; from what was made durable an image of the disk is built, as a file system may
leave it that keeps nothing else: data of a file only if the file was synced, a name only if its folder was.
"""

import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from affidavit.errors import AffidavitError
from affidavit.log import archive as archive_module
from affidavit.log import merger, sealer
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.merger import merge
from affidavit.log.schema import logs
from affidavit.log.sealer import SealPolicy, seal

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]


class Disk:
    """What fsync has made durable: file contents by inode, folder listings by path."""

    def __init__(self, monkeypatch):
        self.files = {}
        self.folders = {}
        self._fsync = os.fsync
        monkeypatch.setattr(archive_module.os, "fsync", self.fsync)

    def fsync(self, descriptor):
        self._fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self.folders[path] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            self.files[os.fstat(descriptor).st_ino] = path.read_bytes()

    def image(self, folder, target):
        """Build what is left of `folder` after a power cut."""
        target.mkdir(exist_ok=True)
        for name, inode in self.folders.get(folder, {}).items():
            inner = folder / name
            if inner.is_dir():
                if inner.stat().st_ino == inode:
                    self.image(inner, target / name)
            elif inode in self.files:
                (target / name).write_bytes(self.files[inode])


def fill(log, count):
    log.record_many([{"action": "a.b", "actor": f"u{n % 9}", "at": "2024-03-01T00:00:00Z"} for n in range(count)])


def after_power_cut(log, disk, target):
    """The home as it would be found: the database (SQLite syncs its own) and the durable part of the archive."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    for name in ("journal.db", "journal.db-wal"):
        if (log.home / name).exists():
            shutil.copy(log.home / name, target / name)
    shutil.copytree(log.home / "keys", target / "keys")
    root = log.archive.root
    if root.name in disk.folders.get(root.parent, {}):
        disk.image(root, target / "archive")
    with AuditLog.open(target) as found:
        return fsck(found, "main")


POINTS = ("segment written", "tiles written", "checked", "listed")


def run(home, tmp_path, monkeypatch, points):
    disk, checked = Disk(monkeypatch), []
    monkeypatch.setattr(sealer, "SEGMENT_ROWS", 512)
    monkeypatch.setattr(merger, "SEGMENT_ROWS", 512)
    with AuditLog.open(home) as log:
        info = log.tenant.log("main")

        def at_point(name):
            if name in points:
                found = after_power_cut(log, disk, tmp_path / "found")
                with log.database.read() as connection:
                    size = connection.execute(select(logs.c.size).where(logs.c.id == info.id)).scalar_one()
                assert found.size == size
                checked.append(name)

        for _ in range(2):
            fill(log, 256)
            seal(log.database, log.archive, info, SealPolicy(0, 72), everything=True, at_point=at_point)
        merge(log.database, log.archive, info, at_point=at_point)
    return checked


def test_the_log_is_whole_after_a_power_cut_at_every_step(home, tmp_path, monkeypatch):
    points = (*POINTS, "merged written", "merged listed")
    assert run(home, tmp_path, monkeypatch, points) == [*POINTS, *POINTS, "merged written", "merged listed"]


@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_without_fsync_the_power_cut_would_be_noticed(home, tmp_path, monkeypatch, forgotten):
    """The simulation can fail: with one kind of fsync left out, entries are lost."""
    if forgotten == "folder":
        monkeypatch.setattr(archive_module, "sync_folder", lambda _folder: None)
    else:
        monkeypatch.setattr(Disk, "fsync", _folders_only(Disk.fsync))
    with pytest.raises((AffidavitError, AssertionError, OSError)):
        run(home, tmp_path, monkeypatch, ("listed",))


def _folders_only(fsync):
    def do(self, descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_dir():
            fsync(self, descriptor)

    return do
