"""The request context: nested, per thread, per asyncio task, and what it fills in."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest

from affidavit import Actor, Source, acting
from affidavit.context import Context, current
from affidavit.errors import InvalidRequest


def test_blocks_nest_and_end():
    with acting(actor="u1", ip="10.0.0.1") as outer:
        with acting(actor="u2") as inner:
            assert current() is inner
            assert (inner.actor, inner.ip) == ("u2", "10.0.0.1")
        assert current() is outer
    assert current() == Context()


def test_a_block_ends_when_it_fails():
    with pytest.raises(ZeroDivisionError), acting(actor="u1"):
        1 / 0  # noqa: B018
    assert current() == Context()


def test_unknown_keys_are_named():
    with pytest.raises(InvalidRequest, match="usr"), acting(usr="u1"):
        pass


@pytest.mark.parametrize("value", [7, None, b"u1", ["u1"]])
def test_values_are_text(value):
    with pytest.raises(InvalidRequest, match="actor"), acting(actor=value):
        pass
    assert current() == Context()


def test_threads_begin_empty_and_can_be_given_a_context():
    with acting(actor="u1"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(current).result() == Context()
        assert pool.submit(contextvars.copy_context().run, current).result().actor == "u1"


def test_asyncio_tasks_keep_theirs_apart():
    async def request(name):
        with acting(actor=name):
            await asyncio.sleep(0)
            seen = [current().actor]
            await asyncio.sleep(0)
            return [*seen, current().actor, (await asyncio.to_thread(current)).actor]

    async def main():
        return await asyncio.gather(*(request(f"u{n}") for n in range(20)))

    assert asyncio.run(main()) == [[f"u{n}"] * 3 for n in range(20)]
    assert current() == Context()


def fields(log, index):
    opened = log.opened("main", index)
    return dict(zip(opened.paths, opened.values, strict=True))


def test_events_are_filled_where_they_are_silent(log):
    with acting(actor="u1", actor_type="user", ip="10.0.0.1", user_agent="ua", request_id="r1"):
        log.record("a")
        log.record("b", actor=Actor(id="u2"), source=Source(ip="192.0.2.1"))
    log.record("c")
    found = [fields(log, n) for n in range(3)]
    for one in found:
        one.pop("id")
    assert found == [
        {
            "actor.id": "u1",
            "actor.type": "user",
            "source.ip": "10.0.0.1",
            "source.request_id": "r1",
            "source.user_agent": "ua",
        },
        {"actor.id": "u2", "source.ip": "192.0.2.1", "source.request_id": "r1", "source.user_agent": "ua"},
        {},
    ]
