"""Sealing and merging: what is read stays the same, what is stored is checked, a crash anywhere changes nothing."""

import gzip
import itertools

import pytest
from sqlalchemy import select, update

from affidavit.errors import IntegrityError
from affidavit.log import merger, sealer
from affidavit.log.catalogue import list_segments
from affidavit.log.fsck import fsck
from affidavit.log.leases import Lease
from affidavit.log.merger import merge, remove_replaced
from affidavit.log.order import Key
from affidavit.log.proofs import prove
from affidavit.log.schema import event_ids, journal
from affidavit.log.sealer import SealPolicy, seal
from affidavit.query.tree import EVERYTHING, Leaf, eq
from affidavit.tlog.tiles import TILE_WIDTH, Tile, TileReader, decode_bundle, decode_tile

POLICY = SealPolicy(age_s=3600, dedupe_window_h=72)
QUERIES = (
    EVERYTHING,
    eq("actor.id", "u3"),
    eq("action", "grade.updated"),
    eq("change.before.grade", "B"),
    eq("details.note", "n5"),
    Leaf("ge", "at", "2024-03-02T00:00:00.000000Z"),
    Leaf("cidr", "source.ip", "10.0.0.0/28"),
    eq("actor.roles", "teacher"),
)


def event(n):
    made = {
        "action": ("data.read", "grade.updated", "auth.login")[n % 3],
        "at": f"2024-03-{1 + n % 5:02d}T{n % 24:02d}:00:00Z",
        "actor": {"id": f"u{n % 7}", "roles": ["teacher"] if n % 2 else ["clerk", "teacher"]},
        "resource": f"record:{n}",
        "source": {"ip": f"10.0.0.{n % 64}"},
        "details": {"note": f"n{n % 9}", "deep": {"list": [n, None, "ü"]}},
    }
    if n % 5 == 0:
        made["change"] = {"before": {"grade": "B", "old": None}, "after": {"grade": "A", "count": n}}
    return made


def fill(log, count, start=0):
    receipts = log.record_many([event(n) for n in range(start, start + count)])
    assert all(hasattr(receipt, "index") for receipt in receipts)
    return receipts


def read(log, query=EVERYTHING, **options):
    batches = log.reader.rows(query, [log.pin()], **options)
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def do_seal(log, *, everything=True, at_point=lambda _name: None, stream="main"):
    return seal(log.database, log.archive, log.tenant.log(stream), POLICY, everything=everything, at_point=at_point)


def do_merge(log, **options):
    return merge(log.database, log.archive, log.tenant.log("main"), **options)


def catalogue(log):
    with log.database.read() as connection:
        return list_segments(connection, log.tenant.log("main").id)


@pytest.fixture
def small_segments(monkeypatch):
    """Segments of 512 entries and merged ones of 2,048, so that tests need no millions."""
    monkeypatch.setattr(sealer, "SEGMENT_ROWS", 512)
    monkeypatch.setattr(merger, "SEGMENT_ROWS", 512)
    monkeypatch.setattr(merger, "MERGED_ROWS", 2048)


def test_reads_proofs_and_the_tree_are_the_same_before_and_after(log):
    fill(log, 700)
    before = [read(log, query) for query in QUERIES]
    assert all(before), "every query must find something, or it shows nothing"
    pin, proofs = log.pin(), [prove(log, "main", index) for index in (0, 255, 256, 511, 512, 699)]
    opened = [log.opened("main", index) for index in (0, 5, 300, 650)]
    assert do_seal(log) == 512
    assert [read(log, query) for query in QUERIES] == before
    assert [prove(log, "main", index) for index in (0, 255, 256, 511, 512, 699)] == proofs
    assert [log.opened("main", index) for index in (0, 5, 300, 650)] == opened
    assert log.pin().root == pin.root
    assert log.tree("main").subtree_hash(0, pin.size) == pin.root
    assert fsck(log, "main").root == pin.root


def test_only_what_lies_in_the_archive_leaves_the_journal(log):
    fill(log, 600)
    do_seal(log)
    with log.database.read() as connection:
        left = connection.execute(select(journal.c.idx).where(journal.c.log_id == log.tenant.log("main").id)).scalars()
        assert list(left) == list(range(512, 600))
    assert [(one.first, one.end) for one in catalogue(log)] == [(0, 512)]


def test_new_entries_wait_for_size_or_age(log, small_segments):
    fill(log, 300)
    assert do_seal(log, everything=False) == 0, "neither full nor old"
    fill(log, 300, 300)
    assert do_seal(log, everything=False) == 512, "a full segment"
    assert seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(0, 72)) == 0, "88 fill no tile"
    fill(log, 200, 600)
    assert seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(0, 72)) == 256, "old, whole tiles only"


def test_the_archive_is_a_tlog_tiles_log(log):
    fill(log, 600)
    do_seal(log)
    pin, folder = log.pin(), log.tenant.log("main").folder
    for bundle in (0, 1):
        raw = log.archive.get(f"{folder}/log/{Tile(-1, bundle).path}")
        entries = decode_bundle(gzip.decompress(raw), TILE_WIDTH)
        assert entries == list(log.entries("main").read(bundle * 256, bundle * 256 + 256))
    tiles = TileReader(512, lambda tile: log.archive.get(f"{folder}/log/{tile.path}"))
    assert tiles.get_node(8, 1) == log.tree("main").node(8, 1)
    assert len(decode_tile(log.archive.get(f"{folder}/log/tile/0/000"))) == 256
    assert pin.size == 600


def test_level_one_tiles_are_written_when_full(log):
    """65,536 leaves under one tile of level 1, grown over several seals."""
    batch = [{"action": "a.b"}] * 4096
    for _ in range(15):
        log.record_many(batch)
    assert do_seal(log) == 61_440
    for _ in range(2):
        log.record_many(batch)
    assert do_seal(log, everything=False) == 4096
    folder = log.tenant.log("main").folder
    row = decode_tile(log.archive.get(f"{folder}/log/tile/1/000"))
    assert row == [log.tree("main").node(8, at) for at in range(256)]
    assert fsck(log, "main").size == 69_632


@pytest.mark.parametrize("column", ["fields", "action", "leaf", "c", "seed"])
def test_a_journal_that_was_changed_is_not_sealed_away(log, column):
    fill(log, 300)
    with log.database.write() as connection:
        row = connection.execute(select(journal).where(journal.c.idx == 7)).first()
        value = getattr(row, column)
        changed = (
            value.replace("u0", "uX").replace("data", "dato").replace("grade", "grabe")
            if isinstance(value, str)
            else bytes([value[0] ^ 1]) + value[1:]
        )
        assert changed != value
        connection.execute(update(journal).where(journal.c.idx == 7).values({column: changed}))
    with pytest.raises(IntegrityError):
        do_seal(log)
    with log.database.read() as connection:
        assert len(connection.execute(select(journal.c.idx)).all()) >= 300, "nothing was deleted"


POINTS = ("segment written", "tiles written", "checked", "in transaction", "listed")


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_leaves_the_old_state_or_the_new(log, point):
    fill(log, 600)
    before, root = read(log), log.pin().root

    def crash(name):
        if name == point:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_seal(log, at_point=crash)
    assert read(log) == before
    fsck(log, "main")
    assert do_seal(log) == (0 if point == "listed" else 512)
    assert read(log) == before
    assert fsck(log, "main").root == root
    assert len(catalogue(log)) == 1


@pytest.mark.parametrize("kind", ["records", "tile/entries", "tile/0"])
def test_a_damaged_file_is_noticed_before_the_journal_goes(log, monkeypatch, kind):
    fill(log, 300)
    put = log.archive.put

    def flip(name, data):
        middle = len(data) // 2
        put(name, data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if kind in name else data)

    monkeypatch.setattr(log.archive, "put", flip)
    with pytest.raises(IntegrityError):
        do_seal(log)
    monkeypatch.undo()
    assert do_seal(log) == 256
    fsck(log, "main")


def test_small_segments_become_one_and_reads_stay(log, small_segments):
    for at in range(8):
        fill(log, 256, at * 256)
        do_seal(log)
    before = [read(log, query) for query in QUERIES]
    assert len(catalogue(log)) == 8
    replaced = [one.name for one in catalogue(log)]
    assert do_merge(log) == 8 + 4, "pairs into four of 512, these into one of 2,048"
    assert [(one.first, one.end, one.generation) for one in catalogue(log)] == [(0, 2048, 2)]
    assert [read(log, query) for query in QUERIES] == before
    fsck(log, "main")
    assert all(log.archive.get(name) for name in replaced), "readers may still be at them"
    assert remove_replaced(log.database, log.archive) == 0
    later = 10**18
    assert remove_replaced(log.database, log.archive, now_us=later) == 12
    assert log.archive.list(f"{log.tenant.log('main').folder}/records") == [catalogue(log)[0].name]
    assert [read(log, query) for query in QUERIES] == before


@pytest.mark.parametrize("point", ["merged written", "in merge transaction", "merged listed"])
def test_a_crash_while_merging_changes_nothing(log, small_segments, point):
    for at in range(2):
        fill(log, 256, at * 256)
        do_seal(log)
    before = read(log)

    def crash(name):
        if name == point:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_merge(log, at_point=crash)
    assert read(log) == before
    do_merge(log)
    assert [(one.first, one.end) for one in catalogue(log)] == [(0, 512)]
    assert read(log) == before
    fsck(log, "main")


def test_one_sealer_at_a_time(log):
    fill(log, 300)
    other = Lease(log.database, f"seal/{log.tenant.log('main').id}")
    assert other.take()
    assert do_seal(log) == 0
    other.release()
    assert do_seal(log) == 256


def test_ids_are_remembered_for_their_window_and_then_forgotten(log):
    receipt = log.record("a.b", id="018f0000-0000-7000-8000-000000000001")
    fill(log, 300)
    do_seal(log)
    assert log.record("a.b", id=str(receipt.id)).duplicate, "sealed, but still within 72 h"
    fill(log, 256, 300)
    assert seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(0, -1), everything=True) == 256
    with log.database.read() as connection:
        assert connection.execute(select(event_ids.c.idx).where(event_ids.c.idx < 512)).all() == []


@pytest.mark.parametrize("descending", [False, True])
def test_pages_follow_each_other_over_segments_and_tail(log, small_segments, descending):
    for at in range(5):
        fill(log, 256, at * 256)
        do_seal(log, everything=at < 4)
    for query in QUERIES[:4]:
        whole = read(log, query, descending=descending)
        assert sorted(whole, key=lambda row: (row[2], row[0], row[1]), reverse=descending) == whole
        paged, after = [], None
        while page := read(log, query, descending=descending, limit=100, after=after):
            paged += page
            after = Key(page[-1][2], page[-1][0], page[-1][1])
        assert paged == whole


def test_a_read_that_began_before_a_seal_sees_neither_loss_nor_double(log):
    fill(log, 600)
    rows = log.reader.rows(EVERYTHING, [log.pin()], batch_rows=50)
    first = next(rows)
    assert do_seal(log) == 512
    indexes = list(itertools.chain(first.column("idx").to_pylist(), *(b.column("idx").to_pylist() for b in rows)))
    assert sorted(indexes) == list(range(600))


def test_segments_that_cannot_match_are_not_opened(log, small_segments):
    fill(log, 512)
    do_seal(log)
    log.record_many([{"action": "late.one", "at": "2024-06-01T00:00:00Z", "actor": f"z{n}"} for n in range(512)])
    do_seal(log)
    first, second = catalogue(log)
    log.archive.delete(first.name)
    assert len(read(log, Leaf("ge", "at", "2024-05-01T00:00:00.000000Z"))) == 512
    assert len(read(log, eq("action", "late.one"))) == 512, "pruned by its list of actions"
    log.archive.delete(second.name)
    with pytest.raises(Exception, match=r"late|read|No files|parquet"):
        read(log, eq("action", "late.one"))
