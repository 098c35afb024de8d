"""The worker: rounds over all tenants, checkpoints outside and inside the archive, keys that rotate."""

import threading

import pytest

from affidavit.log import checkpoints, outside, registry
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.worker import Worker
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.note import VerifierKey


def fill(log, count):
    log.record_many([{"action": "a.b"}] * count)


def test_a_round_seals_every_tenant_and_publishes(log, open_log):
    registry.create_tenant(log.database, log.keys, "north", "UTC")
    with AuditLog.open(log.home, tenant="north", database=log.settings.database) as north:
        fill(north, 300)
        fill(log, 600)
        work = Worker(log).round(everything=True)
        assert (work.sealed, work.errors) == (256 + 512, [])
        for one, size in ((log, 512), (north, 256)):
            info = one.tenant.log("main")
            assert outside.read_archived(one.archive, info).size == size
            assert outside.read(one.home, info).size == (600 if one is log else 300)
            fsck(one, "main")
        mine = set(log.archive.list(log.tenant.id))
        assert mine
        assert not mine & set(log.archive.list(north.tenant.id)), "no file in common"


def test_checkpoints_come_at_most_every_interval(open_log):
    log = open_log(checkpoint_interval_s=3600.0)
    worker = Worker(log)
    fill(log, 1)
    assert worker.round().published >= 1
    fill(log, 1)
    assert worker.round().published == 0, "changed, but too soon"
    quick = Worker(open_log(checkpoint_interval_s=0.1))
    assert quick.round().published >= 1


def test_an_error_of_one_log_does_not_keep_the_others_waiting(log, monkeypatch):
    from affidavit.errors import StorageError

    fill(log, 256)
    pin = checkpoints.pin

    def fail(database, keys, info):
        if info.stream == "access":
            raise StorageError("no answer")
        return pin(database, keys, info)

    monkeypatch.setattr(checkpoints, "pin", fail)
    work = Worker(log).round(everything=True)
    assert work.sealed == 256
    assert [error.partition(":")[0] for error in work.errors] == ["default/access"]


def test_run_ends_when_told(log):
    stop, heard = threading.Event(), []
    fill(log, 256)
    worker = Worker(log)
    worker.policy = worker.policy.__class__(0, 72)

    def report(work):
        heard.append(work)
        stop.set()

    thread = threading.Thread(target=worker.run, args=(stop, report))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert heard[0].sealed == 256


def test_rotation_both_keys_sign_the_size_where_one_takes_over(log):
    fill(log, 3)
    old_key = VerifierKey.parse(log.tenant.log("main").keys[-1].vkey)
    origin = log.pin().origin
    made = checkpoints.rotate_key(log, "main")
    new_key = VerifierKey.parse(made.vkey)
    between = log.pin().note
    assert open_checkpoint(between, origin, [old_key]).checkpoint.size == 3
    assert open_checkpoint(between, origin, [new_key]).checkpoint.size == 3
    fill(log, 1)
    after = log.pin().note
    assert open_checkpoint(after, origin, [new_key]).checkpoint.size == 4
    with pytest.raises(Exception, match="sign"):
        open_checkpoint(after, origin, [old_key])
    keys = next(one["keys"] for one in log.trust()["logs"] if one["origin"] == origin)
    assert [(key["from_size"], key["to_size"]) for key in keys] == [(0, 3), (3, None)]
    with AuditLog.open(log.home, database=log.settings.database) as again:
        assert again.pin().size == 4
        fsck(again, "main")
