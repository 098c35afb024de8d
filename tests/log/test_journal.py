"""Sequencing: ids, time, and the two clocks."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from affidavit.commitment import CLOCK_SKEW_US_MAX, format_time, parse_entry
from affidavit.errors import DuplicateId, InvalidEvent
from affidavit.log.journal import prepare
from affidavit.paths import DeclaredFields
from affidavit.record import flatten

ID = uuid4()


def test_a_repeat_gives_the_first_index(log, size):
    first = log.record("a", id=ID, actor="u1", at="2026-01-01T00:00:00Z")
    log.record("b")
    again = log.record({"action": "a", "id": str(ID), "actor": "u1", "at": "2026-01-01T01:00:00+01:00"})
    assert (again.index, again.id, again.duplicate, again.leaf) == (first.index, ID, True, b"")
    assert size() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"action": "b", "actor": "u1"},
        {"action": "a", "actor": "u2"},
        {"action": "a", "actor": "u1", "outcome": "denied"},
        {"action": "a", "actor": "u1", "at": "2026-01-01T00:00:00Z"},
        {"action": "a", "actor": "u1", "message": ""},
        {"action": "a"},
    ],
)
def test_a_clash_is_refused(log, size, other):
    log.record("a", id=ID, actor="u1")
    with pytest.raises(DuplicateId, match="index 0") as caught:
        log.record({**other, "id": ID})
    assert caught.value.field == "id"
    assert size() == 1


def test_repeats_and_clashes_within_a_batch(log, size):
    answers = log.record_many(
        [{"action": "a", "id": ID}, {"action": "a", "id": ID}, {"action": "b", "id": ID}, {"action": "c"}]
    )
    assert [answers[0].index, answers[1].index, answers[3].index] == [0, 0, 1]
    assert [answers[0].duplicate, answers[1].duplicate] == [False, True]
    assert isinstance(answers[2], DuplicateId)
    assert size() == 2


def test_an_id_we_made_is_known_when_it_comes_back(log):
    made = log.record("a", actor="u1")
    again = log.record("a", actor="u1", id=made.id)
    assert (again.index, again.duplicate) == (made.index, True)


def test_ids_are_per_stream_and_racing_callers_get_one_index(log, size):
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: log.record("a", id=ID), range(40)))
    assert {receipt.index for receipt in receipts} == {0}
    assert [receipt.duplicate for receipt in receipts].count(False) == 1
    assert size() == 1


def test_many_given_ids_at_once(log):
    """More ids than one statement has places for."""
    events = [{"action": "a", "id": UUID(int=n)} for n in range(2500)]
    assert [answer.index for answer in log.record_many(events)] == list(range(2500))
    assert all(answer.duplicate for answer in log.record_many(events))


def test_t_never_runs_backwards(log, clock, clean):
    times = [clock.now]
    for step in (1_000_000, -5_000_000, 0, 4_000_000, 2_000_000, -60_000_000):
        clock.now += step
        times.append(log.record("a").t_us)
    found = [parse_entry(log.opened("main", n).entry).t_us for n in range(6)]
    assert found == times[1:]
    assert all(a <= b for a, b in itertools.pairwise(found))
    assert found[0] == found[1] == found[2] == times[0] + 1_000_000
    assert clean()["main"].size == 6


def test_an_event_without_a_time_has_the_logs(log, clock):
    log.record("a")
    clock.now -= 3_600_000_000
    log.record("b")
    for n in range(2):
        entry = parse_entry(log.opened("main", n).entry)
        assert entry.at_us == entry.t_us


def test_at_may_lie_300_seconds_ahead(log, clock, size):
    edge = clock.now + CLOCK_SKEW_US_MAX
    assert log.record("a", at=format_time(edge)).index == 0
    with pytest.raises(InvalidEvent, match="300 s") as caught:
        log.record("b", at=format_time(edge + 1))
    assert caught.value.field == "at"
    for at in ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59"):
        with pytest.raises(InvalidEvent) as caught:
            log.record("c", at=at)
        assert caught.value.field == "at"
    assert log.record("d", at="1970-01-01T00:00:00Z").index == 1
    assert size() == 2


def test_a_refused_event_leaves_its_id_free(log, clock):
    with pytest.raises(InvalidEvent):
        log.record("a", id=ID, at=format_time(clock.now + CLOCK_SKEW_US_MAX + 1))
    assert log.record("a", id=ID).index == 0


def test_secrets_are_counted(log, counted):
    assert log.record("a", details={"password": "x", "pin": 1}).secrets == 2
    log.record("a", change={"after": {"secret": "y"}})
    log.record("a")
    assert counted("secrets_stripped") == 3


def test_secrets_can_be_refused(open_log):
    log = open_log(secrets="refuse")
    with pytest.raises(InvalidEvent) as caught:
        log.record("a", details={"password": "x"})
    assert caught.value.field == "details.password"
    assert "'x'" not in str(caught.value)


def test_seeds_are_never_shared(log):
    log.record_many([{"action": "a"}] * 50)
    assert len({log.opened("main", n).seed for n in range(50)}) == 50


def test_a_short_seed_is_a_bug():
    from affidavit.event import Event

    with pytest.raises(ValueError, match="16 bytes"):
        prepare(1, flatten(Event(action="a"), DeclaredFields()), bytes(16), b"k")


def test_the_same_event_sent_again_by_another_request_is_a_repeat(log):
    from affidavit.context import acting

    event = {"action": "a.b", "id": "018f0000-0000-7000-8000-0000000000aa", "resource": "r:1"}
    with acting(actor="u1", ip="10.0.0.1", request_id="one"):
        first = log.record(event)
    with acting(actor="u1", ip="10.0.0.2", request_id="two", user_agent="x"):
        again = log.record(event)
    assert (again.index, again.duplicate) == (first.index, True)
    with pytest.raises(DuplicateId), acting(request_id="three"):
        log.record({**event, "resource": "r:2"})
