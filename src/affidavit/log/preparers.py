"""Preparing imports: parse items and compute their commitments, here or in a process of its own.

The library stays in the caller's process; only the command line asks for another one, for spawning needs an
importable main module.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

from affidavit.commitment import SEED_BYTES
from affidavit.errors import InvalidEvent
from affidavit.interchange import FORMATS, Item
from affidavit.log.journal import Prepared
from affidavit.log.preparation import Recipe

Answer = Prepared | InvalidEvent


class Preparer(Protocol):
    """Answers each item in order: ready, or why not."""

    def submit(self, items: Sequence[Item]) -> Future[list[Answer]]:
        """Begin; the future's list has one answer an item."""
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

    def __init__(self, format: str, recipe: Recipe) -> None:
        self._format = format
        self._recipe = recipe

    def submit(self, items: Sequence[Item]) -> Future[list[Answer]]:
        """The answers, ready."""
        future: Future[list[Answer]] = Future()
        future.set_result(prepare_items(self._format, self._recipe, items))
        return future

    def close(self) -> None:
        """Nothing to let go."""


class Elsewhere:
    """Prepares in a process of its own, while this one sequences what is ready."""

    def __init__(self, format: str, recipe: Recipe) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (format, recipe))

    def submit(self, items: Sequence[Item]) -> Future[list[Answer]]:
        """The answers when they come."""
        return self._pool.submit(_go, items)

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown(wait=True, cancel_futures=True)


_task: list[tuple[str, Recipe]] = []


def _begin(format: str, recipe: Recipe) -> None:
    _task[:] = [(format, recipe)]


def _go(items: Sequence[Item]) -> list[Answer]:
    return prepare_items(*_task[0], items)
