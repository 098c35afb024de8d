"""Ahead: the same items in order, whatever raises or stops, and nothing left running."""

import threading
from contextlib import closing

import pytest

from affidavit.log.ahead import ahead


def numbers(count, seen, error=None):
    try:
        for n in range(count):
            seen.append((n, threading.current_thread() is threading.main_thread()))
            yield n
        if error is not None:
            raise error
    finally:
        seen.append(("closed", threading.current_thread() is threading.main_thread()))


@pytest.mark.parametrize("count", [0, 1, 5])
def test_all_come_in_order_from_another_thread(count):
    seen = []
    assert list(ahead(numbers(count, seen))) == list(range(count))
    assert seen == [(n, False) for n in (*range(count), "closed")]


def test_what_is_raised_comes_after_what_came_before_it():
    seen, got = [], []
    with pytest.raises(OSError, match="disk"):
        got.extend(ahead(numbers(3, seen, OSError("disk"))))
    with closing(ahead(numbers(3, [], OSError("disk")))) as items:
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(OSError, match="disk"):
            next(items)


def test_who_stops_early_closes_the_source():
    seen = []
    items = ahead(numbers(1000, seen))
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert seen[-1] == ("closed", False)
    assert len(seen) <= 4, "one made ahead at most"
    assert not any(thread.name.startswith("affidavit-ahead") for thread in threading.enumerate())


def test_one_may_be_fed_by_another():
    seen = []
    assert list(ahead(n * 2 for n in ahead(numbers(50, seen)))) == list(range(0, 100, 2))
