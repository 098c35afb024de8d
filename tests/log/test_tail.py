"""The tail by stretches: no row is missed or shown twice, however late events came."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from affidavit.log import tail
from affidavit.log.order import Key
from affidavit.log.sealer import SealPolicy, seal
from affidavit.log.tail import Stretch, Tails, runs
from affidavit.query.tree import EVERYTHING

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(tail, "STRETCH_ROWS", 64)
    monkeypatch.setattr("affidavit.log.reader.FIRST_WINDOW_ROWS", 100)


def add(log, count, seed):
    dice = random.Random(seed)
    made = [
        {"action": "grade.read", "at": BEGIN + timedelta(seconds=dice.randrange(count * 10) if n % 7 else n * 10)}
        for n in range(count)
    ]
    log.record_many(made)


def paged(log, *, descending):
    """Every key, a page of 37 at a time."""
    found, after, pins = [], None, [log.pin()]
    while True:
        batches = log.reader.rows(EVERYTHING, pins, limit=37, after=after, descending=descending)
        page = [
            key for b in batches for key in zip(*(b.column(c).to_pylist() for c in ("at_us", "k", "idx")), strict=True)
        ]
        if not page:
            return found
        found += page
        after = Key(*page[-1])


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_show_every_row_once_and_in_order(log, sealed, descending):
    add(log, 700, seed=1)
    if sealed:
        seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(1e9, 72), everything=True)
    add(log, 150, seed=2)
    found = paged(log, descending=descending)
    assert found == sorted(found, reverse=descending)
    assert sorted(index for _, _, index in found) == list(range(850))


def test_what_comes_between_two_reads_is_seen(log):
    add(log, 100, seed=3)
    assert len(paged(log, descending=True)) == 100
    add(log, 30, seed=4)
    assert len(paged(log, descending=True)) == 130


def test_stretches_cover_the_tail_and_hold_its_times(log):
    add(log, 200, seed=5)
    tails, log_id = Tails(), log.tenant.log("main").id
    for _ in range(2):  # looked up, then known
        with log.database.read() as connection:
            found = tails.stretches(connection, log_id, 0, 200)
            later = tails.stretches(connection, log_id, 128, 190)
        assert runs(found) == [(0, 200)]
        assert runs(later) == [(128, 190)]
        assert [one.rows for one in found] == [64, 64, 64, 8]
    with log.database.read() as connection:
        assert tails.stretches(connection, log_id, 200, 200) == []


def test_a_stretch_knows_what_it_can_hold():
    one = Stretch(0, 64, 10, 20)
    assert one.meets(None, None)
    assert one.meets(20, None)
    assert one.meets(None, 11)
    assert not one.meets(21, None)
    assert not one.meets(None, 10)


def test_adjacent_stretches_are_read_at_once():
    assert runs([Stretch(0, 4, 1, 1), Stretch(4, 8, 1, 1), Stretch(12, 16, 1, 1)]) == [(0, 8), (12, 16)]
