"""Helpers for the tests of applications that record: a log that lasts for one block, and what was recorded in it.

>>> with temporary_log() as log, capture_events(log) as events:
...     receipt = log.record("grade.updated", actor="u1", resource="enrollment:17")
...     events.actions, events[0].fields["resource.type"]
(['grade.updated'], 'enrollment')
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import msgspec
from sqlalchemy import select

from affidavit.commitment import parse_entry
from affidavit.log.audit_log import AuditLog, Opened
from affidavit.log.registry import MAIN
from affidavit.log.schema import logs
from affidavit.paths import JSON


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """One event as it was recorded. `fields` by path: text as str, null as None, the rest decoded from its JSON."""

    index: int
    action: str
    outcome: str
    at_us: int
    t_us: int
    fields: dict[str, Any]


class CapturedEvents(Sequence[CapturedEvent]):
    """What a stream of a log took up since it began to be watched, whoever recorded it; read anew at each look.

    Buffered events are waited for. Events in it are in the log's order.
    """

    def __init__(self, log: AuditLog, stream: str) -> None:
        self._log = log
        self._stream = stream
        self._first = self._size()
        self._last: int | None = None

    @property
    def actions(self) -> list[str]:
        """The actions alone, in order."""
        return [event.action for event in self]

    def where(self, action: str) -> list[CapturedEvent]:
        """The events of one action."""
        return [event for event in self if event.action == action]

    def stop(self) -> None:
        """Take no more events up."""
        if self._last is None:
            self._last = self._size()

    def _size(self) -> int:
        self._log.flush()
        with self._log.database.read() as connection:
            log_id = self._log.tenant.log(self._stream).id
            return int(connection.execute(select(logs.c.size).where(logs.c.id == log_id)).scalar_one())

    def __len__(self) -> int:
        return (self._size() if self._last is None else self._last) - self._first

    @overload
    def __getitem__(self, at: int) -> CapturedEvent: ...
    @overload
    def __getitem__(self, at: slice) -> list[CapturedEvent]: ...
    def __getitem__(self, at: int | slice) -> CapturedEvent | list[CapturedEvent]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        index = self._first + range(len(self))[at]
        return _captured(index, self._log.opened(self._stream, index))


def _captured(index: int, opened: Opened) -> CapturedEvent:
    entry = parse_entry(opened.entry)
    fields = {
        path: msgspec.json.decode(value) if tag == JSON and value is not None else value
        for path, tag, value in zip(opened.paths, opened.tags, opened.values, strict=True)
    }
    return CapturedEvent(index, entry.action, entry.outcome, entry.at_us, entry.t_us, fields)


@contextmanager
def capture_events(log: AuditLog, *, stream: str = MAIN) -> Iterator[CapturedEvents]:
    """Watch a stream for the length of the block; the events stay readable after it while the log is open."""
    events = CapturedEvents(log, stream)
    try:
        yield events
    finally:
        events.stop()


@contextmanager
def temporary_log(**settings: Any) -> Iterator[AuditLog]:
    """A real log in a temporary folder, removed at the end of the block. `settings` as for `AuditLog.open`."""
    with (
        tempfile.TemporaryDirectory(prefix="affidavit-") as folder,
        AuditLog.open(Path(folder, "home"), **settings) as log,
    ):
        yield log
