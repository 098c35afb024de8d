"""A database restored from an old backup: caught up from the archive where it can be, refused where not."""

import shutil

import pytest

from affidavit.errors import Forbidden, IntegrityError, StorageError
from affidavit.log import outside, recovery
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.journal import Appender
from affidavit.log.worker import Worker
from affidavit.testing import capture_events

pytestmark = pytest.mark.sqlite


def fill(log, count):
    log.record_many([{"action": "a.b", "actor": f"u{n % 5}", "at": "2024-03-01T00:00:00Z"} for n in range(count)])


def backup(home):
    kept = home.with_name("backup.db")
    shutil.copy(home / "journal.db", kept)
    return kept


def restore(home, kept):
    for file in home.glob("journal.db*"):
        file.unlink()
    shutil.copy(kept, home / "journal.db")


def test_sealed_entries_come_back_from_the_archive(home):
    with AuditLog.open(home) as log:
        fill(log, 300)
        log.pin()
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 212)
        assert Worker(log).round(everything=True).sealed == 512
        root = log.pin().root
    restore(home, kept)
    with AuditLog.open(home) as log:
        pin = log.pin()
        assert (pin.size, pin.root) == (512, root)
        assert fsck(log, "main").size == 512
        assert log.record("a.b").index == 512
        assert log.reader.count(recovery_everything(), [log.pin()]) == (513, True)


def recovery_everything():
    from affidavit.query.tree import EVERYTHING

    return EVERYTHING


def test_signed_entries_that_are_lost_stop_the_log_until_it_goes_on_under_a_new_origin(home):
    with AuditLog.open(home) as log:
        fill(log, 3)
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 2)
        old = log.pin()
    restore(home, kept)
    with pytest.raises(IntegrityError, match="has 3 entries, but 5 were signed") as refused:
        AuditLog.open(home)
    assert "affidavit log continue --stream main" in refused.value.hint
    with AuditLog.open(home, check=False) as log:
        recovery.continue_under_new_origin(log, "main")
    with AuditLog.open(home) as log:
        pin = log.pin()
        assert (pin.size, pin.origin != old.origin) == (0, True)
        assert log.record("a.b").index == 0
        assert {one["origin"] for one in log.trust()["logs"]} >= {old.origin, pin.origin}
        assert log.tenant.log("main").folder.endswith("/main.1")


def test_another_history_of_the_same_length_is_refused(home):
    with AuditLog.open(home) as log:
        fill(log, 3)
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 2)
        log.pin()
    restore(home, kept)
    note = next((home / outside.FOLDER).glob("*.note"))
    signed = note.read_bytes()
    note.unlink()
    with AuditLog.open(home) as log:
        log.record_many([{"action": "other.story"}] * 2)
    note.write_bytes(signed)
    with pytest.raises(IntegrityError, match="are not the signed ones"):
        AuditLog.open(home)


def test_a_forged_outside_checkpoint_is_named(home):
    with AuditLog.open(home) as log:
        fill(log, 3)
        log.pin()
    note = next((home / outside.FOLDER).glob("*.note"))
    note.write_bytes(note.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(IntegrityError, match="\\.note"):
        AuditLog.open(home)


def test_the_kept_checkpoint_never_goes_back(home):
    with AuditLog.open(home) as log:
        fill(log, 2)
        old = log.pin()
        fill(log, 2)
        new = log.pin()
        outside.keep(home, log.tenant.log("main"), old)
        assert outside.read(home, log.tenant.log("main")).size == new.size


def test_an_archive_with_a_gap_is_refused(home):
    with AuditLog.open(home) as log:
        fill(log, 10)
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 300)
        Worker(log).round(everything=True)
        log.pin()
        for name in log.archive.list(f"{log.tenant.log('main').folder}/records"):
            log.archive.delete(name)
    restore(home, kept)
    with pytest.raises(IntegrityError, match="lacks records of"):
        AuditLog.open(home)


@pytest.mark.parametrize("known", [True, False])
def test_an_archive_ahead_of_database_and_home_is_caught_up_with(home, known):
    """A whole home restored from a backup, or a new one beside an old database: the archive alone is newer."""
    with AuditLog.open(home) as log:
        fill(log, 300)
        log.pin()
    kept = home.with_name("backup")
    shutil.copytree(home, kept)
    with AuditLog.open(home) as log:
        fill(log, 300)
        assert Worker(log).round(everything=True).sealed == 512
    if not known:
        shutil.rmtree(kept / "checkpoints")
    shutil.copytree(home / "archive", kept / "archive")
    shutil.rmtree(home)
    with AuditLog.open(kept) as log:
        assert fsck(log, "main").size == 512
        assert log.record("a.b").index == 512


def test_an_archive_of_another_history_is_refused_and_nothing_is_deleted(home):
    with AuditLog.open(home) as log:
        fill(log, 10)
    kept = home.with_name("backup")
    shutil.copytree(home, kept)
    with AuditLog.open(home) as log:
        fill(log, 300)
        Worker(log).round(everything=True)
    with AuditLog.open(kept) as log:  # went on by itself, while its archive was away
        fill(log, 300)
        pin = log.pin()
    shutil.rmtree(kept / "checkpoints")
    shutil.copytree(home / "archive", kept / "archive")
    with pytest.raises(IntegrityError, match="another history"):
        AuditLog.open(kept)
    with AuditLog.open(kept, check=False) as log:
        assert log.pin() == pin
        assert fsck(log, "main").size == 310


def test_a_merge_after_the_backup_is_caught_up_with(home, monkeypatch):
    for module in ("sealer", "merger"):
        monkeypatch.setattr(f"affidavit.log.{module}.SEGMENT_ROWS", 512)
    with AuditLog.open(home) as log:
        fill(log, 256)
        Worker(log).round(everything=True)
        log.pin()
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 256)
        work = Worker(log).round(everything=True)
        assert (work.sealed, work.merged) == (256, 2)
        for name in log.archive.list(f"{log.tenant.log('main').folder}/records"):
            if name.endswith(".0.parquet"):
                log.archive.delete(name)  # as after the grace
        log.pin()
    restore(home, kept)
    with AuditLog.open(home) as log:
        assert fsck(log, "main").size == 512
        assert log.reader.count(recovery_everything(), [log.pin()]) == (512, True)


def test_an_ended_log_is_still_read_and_proven_by_its_origin(home):
    from affidavit.log.proofs import prove

    with AuditLog.open(home) as log:
        fill(log, 300)
        Worker(log).round(everything=True)
        fill(log, 3)
        log.pin()
    kept = backup(home)
    with AuditLog.open(home) as log:
        fill(log, 2)
        old = log.pin()
    restore(home, kept)
    with AuditLog.open(home, check=False) as log:
        recovery.continue_under_new_origin(log, "main")
    with AuditLog.open(home) as log:
        pin = log.pin(old.origin)
        assert (pin.origin, pin.size) == (old.origin, 303), "its last checkpoint that its entries reach"
        assert log.reader.count(recovery_everything(), [pin]) == (303, True)
        assert sum(batch.num_rows for batch in log.reader.rows(recovery_everything(), [pin])) == 303
        assert prove(log, old.origin, 299)["size"] == 303
        assert len(list(log.reader.entries(pin, 250, 303))) == 53
        assert fsck(log, old.origin).size == 303


@pytest.mark.parametrize("stream", ["main", "control"])
def test_going_on_anew_is_told_on_control_with_it_or_not_at_all(home, monkeypatch, stream):
    def fails(*_arguments):
        raise StorageError("the power went")

    with AuditLog.open(home) as log:
        fill(log, 3)
        old = log.tenant.log(stream).origin
        with monkeypatch.context() as cut:
            cut.setattr(Appender, "append", fails)
            with pytest.raises(StorageError, match="the power went"):
                recovery.continue_under_new_origin(log, stream)
        with AuditLog.open(home) as same:
            assert same.tenant.log(stream).origin == old
        _, new, _ = recovery.continue_under_new_origin(log, stream)
        with pytest.raises(Forbidden, match="has ended"):
            recovery.continue_under_new_origin(log, stream)
    with AuditLog.open(home) as log, capture_events(log, stream="control") as events:
        assert log.tenant.log(stream).origin == new.origin
        events._first = 0
        (event,) = events.where("log.continued")
        assert (event.fields["log.ended"], event.fields["log.begun"]) == (old, new.origin)
