"""Preparing imports: parse items and compute their commitments, here or in processes of their own.

The library stays in the caller's process; only the command line asks for others, for spawning needs an importable
main module.
"""

from __future__ import annotations

import gc
import marshal
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final, Protocol
from uuid import UUID

from affidavit.commitment import SEED_BYTES
from affidavit.errors import InvalidEvent
from affidavit.interchange import FORMATS, Item
from affidavit.log.journal import Prepared
from affidavit.log.preparation import Recipe
from affidavit.record import Record

PROCESSES_MAX: Final = 2  # more would wait for the one that sequences
BATCHES_A_PROCESS: Final = 2  # one being prepared, one waiting
COLLECT_AFTER: Final = 200_000  # objects made and not let go
Answer = Prepared | InvalidEvent


class Preparer(Protocol):
    """Answers each item in order: ready, or why not. `ahead`: how many batches are worth beginning at a time."""

    ahead: int

    def submit(self, items: Sequence[Item]) -> Callable[[], list[Answer]]:
        """Begin. What comes back waits for the answers, one an item; it is called once."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


def prepare_items(format: str, recipe: Recipe, items: Sequence[Item]) -> list[Answer]:
    """Parse, flatten, commit."""
    parse, answers = FORMATS[format].parse, list[Answer]()
    seeds = os.urandom(SEED_BYTES * len(items))  # one call to the system, not one an item
    for at, item in enumerate(items):
        try:
            answers.append(recipe.prepare(parse(item), seeds[at * SEED_BYTES : (at + 1) * SEED_BYTES]))
        except InvalidEvent as error:
            answers.append(error)
    return answers


class Here:
    """Prepares when asked, in this thread."""

    ahead = 1

    def __init__(self, format: str, recipe: Recipe) -> None:
        self._format = format
        self._recipe = recipe

    def submit(self, items: Sequence[Item]) -> Callable[[], list[Answer]]:
        """The answers are ready."""
        answers = prepare_items(self._format, self._recipe, items)
        return lambda: answers

    def close(self) -> None:
        """Nothing to let go."""


class Elsewhere:
    """Prepares in processes of their own, while this one sequences what is ready."""

    def __init__(self, format: str, recipe: Recipe) -> None:
        processes = min(PROCESSES_MAX, os.cpu_count() or 1)
        self.ahead = processes * BATCHES_A_PROCESS
        self._log_id = recipe.log_id
        self._pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (format, recipe))

    def submit(self, items: Sequence[Item]) -> Callable[[], list[Answer]]:
        """The answers, when a process has sent them."""
        packed = self._pool.submit(_go, items)
        return lambda: unpack(self._log_id, packed.result())

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(wait=True, cancel_futures=True)


_task: list[tuple[str, Recipe]] = []


def _begin(format: str, recipe: Recipe) -> None:
    gc.set_threshold(COLLECT_AFTER)  # a batch is let go whole; looking through it again and again finds nothing
    _task[:] = [(format, recipe)]


def _go(items: Sequence[Item]) -> bytes:
    return pack(prepare_items(*_task[0], items))


def pack(answers: Sequence[Answer]) -> bytes:
    """What sequencing needs of each answer: the fields as they will be stored, not taken apart once more.

    marshal, not pickle: a quarter of its time. Both ends are this very program.
    """
    packed: list[tuple[object, ...]] = []
    for answer in answers:
        if isinstance(answer, InvalidEvent):
            packed.append((answer.message, answer.hint, answer.field))
        else:
            action, at_us, outcome, event_id, given, _, tags, _, secrets = answer.record
            record = action, at_us, outcome, event_id.bytes, given, tags, secrets
            packed.append((record, answer.seed, answer.c, answer.fields, answer.digest))
    return marshal.dumps(packed)


def unpack(log_id: int, packed: bytes) -> list[Answer]:
    """The answers of `pack`; their records have tags, but neither paths nor values."""
    answers: list[Answer] = []
    for one in marshal.loads(packed):  # noqa: S302  from a process of ours
        if len(one) == 3:
            message, hint, field = one
            answers.append(InvalidEvent(message, hint, field=field))
        else:
            (action, at_us, outcome, event_id, given, tags, secrets), seed, c, fields, digest = one
            record = Record(action, at_us, outcome, UUID(bytes=event_id), given, (), tags, (), secrets)
            answers.append(Prepared(log_id, record, seed, c, fields, digest))
    return answers
