"""Checkpoints: one note a size, kept, and never signed over a changed log."""

import pytest
from sqlalchemy import insert, select, update

from affidavit.errors import IntegrityError, StorageError
from affidavit.log.checkpoints import newest, rotate_key
from affidavit.log.journal import Appender
from affidavit.log.schema import checkpoints, journal, logs
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import Frontier
from affidavit.tlog.note import VerifierKey


def verified(log, pin):
    keys = [VerifierKey.parse(key.vkey) for key in log.tenant.log(pin.stream).keys]
    return open_checkpoint(pin.note, pin.origin, keys).checkpoint


def test_a_pin_is_signed_by_the_logs_key_and_covers_all_so_far(log):
    frontier = Frontier()
    for size in range(5):
        pin = log.pin()
        checkpoint = verified(log, pin)
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (pin.origin, size, frontier.root())
        assert (pin.size, pin.root) == (size, frontier.root())
        frontier.extend([log.record("a").leaf])


def test_pinning_again_gives_the_same_note_and_writes_nothing(log):
    log.record("a")
    assert log.pin() == log.pin()
    with log.database.read() as connection:
        assert len(connection.execute(select(checkpoints)).all()) == 1
    log.record("b")
    assert log.pin().size == 2
    size, note, _ = newest(log.database, log.tenant.log("main"))
    assert (size, note) == (2, log.pin().note)


def test_nothing_pinned(log):
    assert newest(log.database, log.tenant.log("main")) is None


def test_streams_have_pins_of_their_own(log):
    log.record("a")
    assert [log.pin(stream).size for stream in ("main", "access", "control")] == [1, 0, 0]
    assert len({log.pin(stream).origin for stream in ("main", "access", "control")}) == 3


@pytest.mark.parametrize("note", [b"x", b"", b"\xff", None])
def test_a_kept_checkpoint_that_does_not_agree_is_not_used(log, note):
    log.record("a")
    pin = log.pin()
    if note is None:
        log.record("b")
        note = log.pin().note.replace(b"\n2\n", b"\n1\n")
        with log.database.write() as connection:
            connection.execute(update(logs).where(logs.c.id == pin.log_id).values(size=1, frontier=pin.root))
    with log.database.write() as connection:
        where = (checkpoints.c.log_id == pin.log_id, checkpoints.c.size == 1)
        connection.execute(update(checkpoints).where(*where).values(note=note))
    with pytest.raises(IntegrityError, match="size 1"):
        log.pin()


def test_two_processes_pinning_one_size_do_not_meet(log):
    log.record("a")
    pin = log.pin()
    with log.database.write() as connection:
        row = connection.execute(select(checkpoints)).one()
        connection.execute(checkpoints.delete())
        connection.execute(insert(checkpoints).values(**row._mapping))
    assert log.pin() == pin
    with log.database.read() as connection:
        assert len(connection.execute(select(journal.c.idx)).all()) == 1


def test_a_process_that_did_not_rotate_goes_on_pinning(open_log):
    old = open_log()
    old.record("a")
    old.pin()
    new = open_log()
    rotate_key(new, "main")
    fresh = open_log()
    fresh.record("a")
    fresh.pin()
    old.record("a")
    assert old.pin().size == 3


@pytest.mark.sqlite
def test_a_checkpoint_that_can_not_be_kept_is_told(log):
    log.record("a")
    (log.home / "checkpoints").write_text("in the way")
    with pytest.raises(StorageError, match="checkpoint"):
        log.pin()


@pytest.mark.parametrize("stream", ["main", "control"])
def test_a_rotation_is_told_on_control_with_it_or_not_at_all(log, control_events, monkeypatch, stream):
    before = log.trust()

    def fails(*_arguments):
        raise StorageError("the power went")

    with monkeypatch.context() as cut:
        cut.setattr(Appender, "append", fails)
        with pytest.raises(StorageError, match="the power went"):
            rotate_key(log, stream)
    assert log.trust() == before
    made = rotate_key(log, stream)
    (event,) = control_events
    assert event.action == "key.rotated"
    told = (event.fields["key.origin"], event.fields["key.vkey"], event.fields["key.from_size"])
    assert told == (log.tenant.log(stream).origin, made.vkey, made.from_size)
    keys = next(one["keys"] for one in log.trust()["logs"] if one["origin"] == told[0])
    assert [key["vkey"] for key in keys][-1] == made.vkey
