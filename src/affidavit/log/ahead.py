"""Ahead: what comes next is made in another thread while what came before is worked on. Knows nothing of audit.

Engine, Arrow and hashes let go of Python's lock, so two stages of a pipeline use two processors.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The same items, in order, one of them made ahead. MUST be closed, or read to its end.

    All of `items` runs in one other thread, its closing too; what it raises is raised here. Items are never None.
    """
    with ThreadPoolExecutor(1, "affidavit-ahead") as other:
        try:
            coming = other.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = other.submit(next, items, None)
                yield item
        finally:
            other.submit(items.close).result()
