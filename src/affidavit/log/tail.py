"""The tail by stretches: which of the journal's rows can hold times of a window, without reading them.

Rows of the journal never move and their times never change, so the times of a full stretch are looked up once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from affidavit.log.schema import journal

STRETCH_ROWS: Final = 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows [first, end) of a journal, all with times from `low` to `high`, microseconds."""

    first: int
    end: int
    low: int
    high: int

    @property
    def rows(self) -> int:
        """How many."""
        return self.end - self.first

    def meets(self, low: int | None, high: int | None) -> bool:
        """Whether it can hold times of [low, high); None is open."""
        return (low is None or self.high >= low) and (high is None or self.low < high)


class Tails:
    """The stretches of every log's tail. Thread-safe; holds two times for each 1,024 rows, and no values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[int, dict[int, tuple[int, int]]] = {}  # log id: {number of a full stretch: its times}

    def stretches(self, connection: Connection, log_id: int, sealed: int, size: int) -> list[Stretch]:
        """Those of [sealed, size), by index."""
        if sealed >= size:
            return []
        numbers = range(sealed // STRETCH_ROWS, (size - 1) // STRETCH_ROWS + 1)
        with self._lock:
            times = dict(self._times.get(log_id, {}))
        missing = next((number for number in numbers if number not in times), None)
        if missing is not None:
            times |= _look_up(connection, log_id, max(missing * STRETCH_ROWS, sealed), size)
        with self._lock:
            self._times[log_id] = {
                number: times[number]
                for number in numbers
                if number in times and number * STRETCH_ROWS >= sealed and (number + 1) * STRETCH_ROWS <= size
            }
        return [
            Stretch(max(number * STRETCH_ROWS, sealed), min((number + 1) * STRETCH_ROWS, size), *times[number])
            for number in numbers
            if number in times
        ]


def _look_up(connection: Connection, log_id: int, first: int, size: int) -> dict[int, tuple[int, int]]:
    number = journal.c.idx // STRETCH_ROWS
    rows = connection.execute(
        select(number, func.min(journal.c.at_us), func.max(journal.c.at_us))
        .where(journal.c.log_id == log_id, journal.c.idx >= first, journal.c.idx < size)
        .group_by(number)
    )
    return {int(row[0]): (row[1], row[2]) for row in rows}


def runs(stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
    """Adjacent stretches joined: [first, end) each."""
    found: list[tuple[int, int]] = []
    for one in stretches:
        if found and found[-1][1] == one.first:
            found[-1] = (found[-1][0], one.end)
        else:
            found.append((one.first, one.end))
    return found
