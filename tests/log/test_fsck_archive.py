"""A flipped bit, a lost or swapped file anywhere in the archive is found by fsck, and named."""

import re
from hashlib import sha256

import pyarrow as pa
import pytest
from sqlalchemy import delete, select, update

from affidavit.errors import AffidavitError, IntegrityError
from affidavit.log.catalogue import list_segments
from affidavit.log.fsck import fsck
from affidavit.log.schema import journal, logs, segments
from affidavit.log.worker import Worker


@pytest.fixture
def sealed(log):
    """1,024 entries in two segments, 40 in the journal, checkpoints in between."""
    for count in (300, 212, 512):
        log.record_many([{"action": "a.b", "actor": f"u{n}", "at": "2024-03-01T00:00:00Z"} for n in range(count)])
        log.pin()
        if count != 300:
            Worker(log).round(everything=True)
    log.record_many([{"action": "c.d"}] * 40)
    assert fsck(log, "main").checkpoints >= 3
    return log


def folder(log):
    return log.tenant.log("main").folder


def found(log):
    """What fsck says, or nothing."""
    try:
        fsck(log, "main")
    except IntegrityError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("records/", "records.*SHA-256"),
        ("log/tile/entries/001", "entries/001"),
        ("log/tile/0/002", "tile/0/002"),
        ("log/tile/entries/003", "entries/003"),
    ],
)
def test_every_flipped_bit_is_found(sealed, kind, named):
    name = next(name for name in sealed.archive.list(folder(sealed)) if kind in name)
    good = sealed.archive.get(name)
    step = max(1, len(good) // 12)
    for at in range(len(good) // 10, len(good), step):
        sealed.archive.put(name, good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])
        assert re.search(named, found(sealed)), f"byte {at} of {name}: {found(sealed)}"
    sealed.archive.put(name, good)
    fsck(sealed, "main")


def test_flipped_values_in_a_segment_are_found(sealed):
    """Not a byte of the file, but a value, written as a perfect file again."""
    from affidavit.log.segment import read_parquet, to_parquet

    name = next(name for name in sealed.archive.list(f"{folder(sealed)}/records"))
    table = read_parquet(sealed.archive.get(name), name)
    for column, value in (("actor_id", "somebody"), ("action", "x.y"), ("seed", b"\0" * 32), ("idx", 9)):
        values = table.column(column).to_pylist()
        values[5] = value
        index = table.schema.get_field_index(column)
        field = table.schema.field(index)
        changed = table.set_column(index, field, pa.array(values, field.type))
        data = to_parquet(changed)
        sealed.archive.put(name, data)
        with pytest.raises(IntegrityError, match="its SHA-256"):
            fsck(sealed, "main")
        with sealed.database.write() as connection:  # and the catalogue changed with it
            connection.execute(update(segments).where(segments.c.first == 0).values(sha256=sha256(data).digest()))
        with pytest.raises(IntegrityError, match="entry 5"):
            fsck(sealed, "main")


@pytest.mark.parametrize("kind", ["records/", "log/tile/entries/001", "log/tile/0/002"])
def test_a_lost_file_is_named(sealed, kind):
    name = next(name for name in sealed.archive.list(folder(sealed)) if kind in name)
    sealed.archive.delete(name)
    with pytest.raises(AffidavitError, match=kind.rpartition("/")[2] or "records"):
        fsck(sealed, "main")


def test_swapped_bundles_are_found(sealed):
    names = [f"{folder(sealed)}/log/tile/entries/{at:03d}" for at in (0, 1)]
    first, second = (sealed.archive.get(name) for name in names)
    sealed.archive.put(names[0], second)
    sealed.archive.put(names[1], first)
    with pytest.raises(IntegrityError):
        fsck(sealed, "main")


def test_a_segment_off_the_catalogue_is_found(sealed):
    with sealed.database.write() as connection:
        connection.execute(delete(segments).where(segments.c.first == 0))
    with pytest.raises(IntegrityError, match="entry 0 is in no segment"):
        fsck(sealed, "main")


def test_a_log_whose_end_was_cut_off_is_found_from_an_older_checkpoint(sealed):
    """The journal's tail removed and the head set back, as if it had never been."""
    info = sealed.tenant.log("main")
    sealed.pin()
    with sealed.database.write() as connection:
        connection.execute(delete(journal).where(journal.c.log_id == info.id))
        sealed_to = connection.execute(select(logs.c.sealed).where(logs.c.id == info.id)).scalar_one()
        frontier = sealed.tree("main").frontier(sealed_to).to_bytes()
        connection.execute(update(logs).where(logs.c.id == info.id).values(size=sealed_to, frontier=frontier))
    with pytest.raises(IntegrityError, match="checkpoint of size 1064 was signed, but the log ends at 1024"):
        fsck(sealed, "main")


def test_two_processes_give_the_same_answer(sealed):
    with sealed.database.read() as connection:
        assert len(list_segments(connection, sealed.tenant.log("main").id)) == 2
    assert fsck(sealed, "main", processes=2) == fsck(sealed, "main")
