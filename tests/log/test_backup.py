"""Backup and restore, end to end: what goes on, what catches up, what refuses to, and how it goes on then."""

from __future__ import annotations

import json
import shutil
import threading

import pytest

from affidavit import AuditLog
from affidavit.cli import main
from affidavit.errors import IntegrityError, InvalidRequest, NotFound, StorageError
from affidavit.log import backup as backup_module
from affidavit.log import configuration, registry
from affidavit.log.archive import FolderArchive
from affidavit.log.backup import MANIFEST, backup, read_manifest
from affidavit.log.fsck import fsck
from affidavit.log.proofs import prove
from affidavit.log.restore import restore
from affidavit.log.worker import Worker
from affidavit.testing import capture_events

BUNDLE = 256  # entries that are sealed at least


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def another(log, tmp_path):
    """A new home with the key alone."""

    def make(name="another"):
        folder = tmp_path / name
        (folder / "keys").mkdir(parents=True, mode=0o700)
        shutil.copy(log.home / "keys" / "master.key", folder / "keys")
        return folder

    return make


def fill(log, count=BUNDLE, action="a"):
    log.record_many([{"action": action, "actor": f"u{n}"} for n in range(count)])


def seal(log):
    work = Worker(log).round(everything=True)
    assert work.errors == []
    return work.sealed


def records(archive, tenant_id):
    return {name for name in archive.list(tenant_id) if "/records/" in name}


def states(results):
    return {one.stream: (one.size - one.backed_up, bool(one.problem)) for one in results}


def check(home):
    """Everything rebuilt, and it records on."""
    with AuditLog.open(home, create=False) as log:
        for stream in log.tenant.logs:
            fsck(log, stream)
        receipt = log.record("after.restore")
        assert prove(log, "main", receipt.index)["index"] == receipt.index
        return receipt.index


def test_nobody_else_can_open_a_file_while_it_is_being_copied(tmp_path):
    part = tmp_path / "part"
    part.write_text("of an earlier try, open to all")
    part.chmod(0o666)
    backup_module.begin_private(part)
    assert (part.stat().st_mode & 0o777, part.read_bytes()) == (0o600, b"")


def test_a_backup_is_restored_elsewhere_with_all_its_tenants(log, target, another):
    fill(log, BUNDLE + 10)
    seal(log)
    configuration.change(log, {"retention": "7 years"})
    registry.create_tenant(log.database, log.keys, "other", "Europe/Berlin")
    with AuditLog.open(log.home, tenant="other") as other:
        fill(other, 3)
    made, copied = backup(log, target)
    assert copied.files > 3
    home = another()
    found, results = restore(target, home)
    assert found == made
    assert {one.tenant for one in results} == {"default", "other"}
    assert not any(one.problem for one in results)
    with AuditLog.open(home, create=False) as again, AuditLog.open(home, tenant="other", create=False) as other:
        assert configuration.read(again).retention == "7 years"
        assert (again.tenant.logs, other.tenant.zone) == (log.tenant.logs, "Europe/Berlin")
    assert check(home) == BUNDLE + 10


def test_who_did_it_stands_on_control(log, target, another, control_events):
    made, _ = backup(log, target)
    assert control_events.actions == ["log.backed_up"]
    assert control_events[0].fields["log.backup"] == made.made
    home = another()
    restore(target, home)
    with AuditLog.open(home, create=False) as again:
        actions = [event.action for event in _control(again)]
    assert actions == ["log.backed_up", "log.restored"]


def test_writers_go_on_meanwhile_and_the_copy_is_whole(log, target, another):
    fill(log, 2 * BUNDLE)
    over = threading.Event()
    rounds = []

    def work(call):
        while not over.is_set():
            rounds.append(call())

    threads = [
        threading.Thread(target=work, args=(call,))
        for call in (lambda: fill(log, 100), lambda: seal(log), lambda: log.pin("main"))
    ]
    for one in threads:
        one.start()
    try:
        for turn in range(2):
            made, _ = backup(log, target)
            home = another(f"turn{turn}")
            _, results = restore(target, home)
            assert not any(one.problem for one in results), results
            assert check(home) >= made.logs[log.tenant.log("main").origin]
    finally:
        over.set()
        for one in threads:
            one.join(30)
    assert len(rounds) > 3


def test_the_next_backup_copies_what_is_new(log, target):
    fill(log)
    seal(log)
    backup(log, target)
    _, again = backup(log, target)
    assert again.files == 0
    fill(log)
    seal(log)
    _, more = backup(log, target)
    assert 0 < more.files < 12


def test_segments_merged_away_leave_the_backup_too(log, target, another, monkeypatch):
    for _ in range(3):
        fill(log)
        seal(log)
    backup(log, target)
    monkeypatch.setattr("affidavit.log.merger.READERS_GRACE_S", -1)
    fill(log, 3 * BUNDLE)
    for _ in range(3):
        Worker(log).round(everything=True)
    live = records(log.archive, log.tenant.id)
    backup(log, target)
    assert records(FolderArchive(target / "archive"), log.tenant.id) == live
    home = another()
    restore(target, home)
    check(home)


# --- a database older than what was signed ---


def lose_the_database(log):
    log.close()
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (log.home / name).unlink(missing_ok=True)


def test_what_was_sealed_since_is_taken_back_from_the_archive(log, target):
    fill(log, 10)
    log.pin("main")
    backup(log, target)
    fill(log, BUNDLE - 10)
    assert seal(log) == BUNDLE
    lose_the_database(log)
    _, results = restore(target, log.home)
    assert states(results) == {"main": (BUNDLE - 10, False), "access": (0, False), "control": (0, False)}
    assert check(log.home) == BUNDLE


def test_signed_entries_that_are_nowhere_keep_a_log_from_going_on(log, target, capsys):
    fill(log, 10)
    backup(log, target)
    fill(log, 5)
    ended = log.pin("main").origin
    lose_the_database(log)
    assert run("restore", str(target), "--home", str(log.home)) == 7
    out = capsys.readouterr().out
    assert "does not go on" in out
    assert "but 15 were signed" in out
    with pytest.raises(IntegrityError, match="15 were signed"):
        AuditLog.open(log.home, create=False)
    # The way on: another log, said on `control`, and both in the trust file.
    assert run("log", "continue", "--home", str(log.home), "--stream", "main", "--yes") == 0
    with AuditLog.open(log.home, create=False) as again:
        assert again.record("after.restore").index == 0
        actions = [event.action for event in _control(again)]
        assert actions[-2:] == ["log.restored", "log.continued"]
        assert ended in {one["origin"] for one in again.trust()["logs"]}
        fsck(again, "main")


def test_newer_checkpoints_kept_apart_are_heard(log, target, another, tmp_path):
    fill(log, 10)
    backup(log, target)
    fill(log, 5)
    log.pin("main")
    apart = tmp_path / "apart"
    shutil.copytree(log.home / "checkpoints", apart)
    _, unaware = restore(target, another("unaware"))
    _, aware = restore(target, another("aware"), notes=apart)
    assert not any(one.problem for one in unaware)  # nothing there says that more was signed
    assert [one.stream for one in aware if one.problem] == ["main"]


def test_a_smaller_checkpoint_never_takes_the_place_of_a_larger(log, target):
    fill(log, 3)
    log.pin("main")
    backup(log, target)
    fill(log, 4)
    log.pin("main")
    (note,) = (log.home / "checkpoints").glob(f"{log.tenant.log('main').origin.rpartition('/')[2]}.note")
    newest = note.read_bytes()
    lose_the_database(log)
    restore(target, log.home)
    assert note.read_bytes() == newest


# --- what can not be ---


def test_a_backup_that_fails_leaves_the_one_before(log, target, another, monkeypatch):
    fill(log, 10)
    before, _ = backup(log, target)
    fill(log, 5)
    log.pin("main")

    def full(*_arguments):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(backup_module, "_listed", full)
    with pytest.raises(StorageError, match="No space left"):
        backup(log, target)
    told = _control(log)[-2:]
    assert [(one.action, one.outcome) for one in told] == [("log.backed_up", "success"), ("log.backed_up", "failure")]
    home = another()
    found, results = restore(target, home)
    assert found == before
    assert not any(one.problem for one in results)
    assert check(home) == 10


def test_folders_that_are_not_for_it_are_refused(log, target, tmp_path):
    for bad in (log.home, log.home / "inside", log.home.parent):
        with pytest.raises(InvalidRequest, match="lie in one another"):
            backup(log, bad)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("dear")
    with pytest.raises(InvalidRequest, match="holds something else"):
        backup(log, tmp_path / "full")
    with AuditLog.open(tmp_path / "foreign") as foreign:
        backup(foreign, target)
    with pytest.raises(InvalidRequest, match="backup of another log"):
        backup(log, target)
    with pytest.raises(InvalidRequest, match="SQLite"):
        backup(log, tmp_path / "new", dump=["true"])


def test_a_key_is_never_copied(log, target):
    fill(log)
    backup(log, target)
    key = (log.home / "keys" / "master.key").read_bytes().strip()
    assert [path for path in target.rglob("*") if path.is_file() and key in path.read_bytes()] == []


def test_nothing_but_the_owner_may_read_it(log, target):
    fill(log)
    seal(log)
    backup(log, target)
    files = [path for path in target.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in (target, *files) if path.stat().st_mode & 0o077] == []


def test_what_can_not_be_restored_says_why(log, target, another, tmp_path):
    fill(log, 3)
    with pytest.raises(InvalidRequest, match="holds no whole backup"):
        restore(tmp_path, another("a"))
    backup(log, target)
    with pytest.raises(NotFound, match="no master key"):
        restore(target, tmp_path / "nothing")
    with pytest.raises(InvalidRequest, match=r"has a journal\.db"):
        restore(target, log.home)
    wrong = another("wrong")
    (wrong / "keys" / "master.key").unlink()
    AuditLog.open(tmp_path / "foreign").close()
    shutil.copy(tmp_path / "foreign" / "keys" / "master.key", wrong / "keys")
    with pytest.raises(InvalidRequest, match="master key is not the one"):
        restore(target, wrong)
    with (target / "journal.db").open("ab") as database:
        database.write(b"x")
    with pytest.raises(IntegrityError, match="not the one that was backed up"):
        restore(target, another("b"))
    (target / MANIFEST).write_text('{"made": 1}')
    with pytest.raises(InvalidRequest, match=MANIFEST):
        restore(target, another("c"))


def test_settings_that_lead_to_a_live_archive_are_not_taken_over(log, target, another, tmp_path):
    fill(log)
    seal(log)
    (log.home / "affidavit.toml").write_text(f'archive = "{log.home / "archive"}"\nquery_threads = 1\n')
    backup(log, target)
    home = another()
    with pytest.raises(InvalidRequest, match="names archive"):
        restore(target, home)
    assert not (home / "journal.db").exists()
    (home / "affidavit.toml").write_text(f'archive = "{tmp_path / "elsewhere"}"\n')
    restore(target, home)
    check(home)
    assert list((tmp_path / "elsewhere").rglob("*.parquet"))


def test_archive_files_that_disagree_are_never_overwritten(log, target):
    fill(log)
    seal(log)
    backup(log, target)
    lose_the_database(log)
    segment = next(path for path in (log.home / "archive").rglob("*.parquet"))
    segment.write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match="another than in the backup"):
        restore(target, log.home)
    assert segment.read_bytes() == b"damaged"


def test_it_says_what_it_did(log, target, another, capsys):
    fill(log, 3)
    log.close()
    assert run("backup", str(target), "--home", str(log.home), "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert value["logs"][log.tenant.log("main").origin] == 3
    assert read_manifest(target).made == value["made"]
    assert run("restore", str(target), "--home", str(another())) == 0
    assert "goes on" in capsys.readouterr().out


def _control(log):
    with capture_events(log, stream="control") as events:
        events._first = 0
        return list(events)


def run(*arguments):
    try:
        main.main(arguments, prog_name="affidavit", standalone_mode=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
