"""Courier: hands single events over to the recorder in groups, from the loop, and brings each its answer.

While a group is being committed the next one gathers: a thousand waiting requests cost one turn of the recorder's
thread, not a thousand.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final

from affidavit.context import acting
from affidavit.errors import AffidavitError, InvalidEvent, LoggingOff, StorageError
from affidavit.event import Event
from affidavit.log.audit_log import AuditLog
from affidavit.log.journal import Receipt

GROUP_MAX: Final = 256
NOBODY: Final = {"actor": "", "actor_type": "", "ip": "", "user_agent": "", "request_id": ""}
"""Who hands an event in is not who acted: the sender's address does not become the event's."""
_Results = list[Receipt | InvalidEvent]
_Waiting = tuple[Event, "asyncio.Future[Receipt]"]


class Courier:
    """One stream's. Lives on one loop; not thread-safe."""

    def __init__(self, log: AuditLog, stream: str) -> None:
        self._log = log
        self._stream = stream
        self._waiting: list[_Waiting] = []
        self._under_way = 0
        self._leaving = False

    async def send(self, event: Event) -> Receipt:
        """The receipt, once durable. Raises InvalidEvent, Busy, StorageError, LoggingOff. `event` MUST be checked."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, answer))
        self._call()
        return await answer

    def _call(self) -> None:
        """Depart at the end of this turn of the loop: what came in the same turn goes along."""
        if not self._under_way and not self._leaving:
            self._leaving = True
            asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        self._leaving = False
        group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
        self._submit(group)

    def _submit(self, group: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        try:
            with acting(**NOBODY):
                future = self._log.submit_many([event for event, _ in group], stream=self._stream, checked=True)
        except AffidavitError as error:
            _refuse(group, error)
            return
        self._under_way += 1
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(self._arrive, group, done))

    def _arrive(self, group: list[_Waiting], done: Future[_Results]) -> None:
        self._under_way -= 1
        error = done.exception()
        if error is None:
            for (_, answer), result in zip(group, done.result(), strict=True):
                if answer.done():
                    continue  # the client went
                if isinstance(result, InvalidEvent):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)
        elif isinstance(error, (StorageError, LoggingOff)) or len(group) == 1:
            _refuse(group, error)
        else:
            for one in group:  # one bad event must not fail its neighbours
                self._submit([one])
        if self._waiting:
            self._call()


def _refuse(group: list[_Waiting], error: BaseException) -> None:
    for _, answer in group:
        if not answer.done():
            answer.set_exception(error)
