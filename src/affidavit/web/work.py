"""Work: how the async edge calls the sync core, and how much of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

import anyio
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.types import Scope

from affidavit.errors import Busy
from affidavit.log.audit_log import AuditLog
from affidavit.settings import Settings
from affidavit.web.intake import Held
from affidavit.web.limits import Rates
from affidavit.web.logs import Logs, Served

QUERIES_AT_ONCE_MAX: Final = 4  # each may use `query_memory_mib`; more wait
EXPORTS_AT_ONCE_MAX: Final = 8  # downloads in progress; more are refused
UNPACKING_AT_ONCE_MAX: Final = 2  # large bodies of events taken apart in threads; more wait
LISTENERS_MAX: Final = 64  # clients that are sent news: the live tail, an export's progress
LOOKING_AT_ONCE_MAX: Final = 2  # of them, at the same moment
HASHING_AT_ONCE_MAX: Final = 1
ASKING_AT_ONCE_MAX: Final = 4  # of an OpenID Connect provider, which may not answer
LISTEN_AGAIN_S: Final = 30.0
RETRY_AFTER_S: Final = 5.0
LOG_KEY: Final = "affidavit.log"
T = TypeVar("T")


class Work:
    """The bounds of one application."""

    def __init__(self, settings: Settings) -> None:
        self.held = Held()
        self.rates = Rates(settings.client_events_per_s)
        self._unpacking = anyio.CapacityLimiter(UNPACKING_AT_ONCE_MAX)
        self._queries = anyio.CapacityLimiter(QUERIES_AT_ONCE_MAX)
        self._exports = 0
        self._hashing = anyio.CapacityLimiter(HASHING_AT_ONCE_MAX)
        self._asking = anyio.CapacityLimiter(ASKING_AT_ONCE_MAX)
        self._looking = anyio.CapacityLimiter(LOOKING_AT_ONCE_MAX)
        self.listeners = 0
        self.listeners_refused = 0
        self.closing = False  # the server stops: whoever listens is to be let go

    async def query(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a blocking query in a thread, in its turn. It is not interrupted; the loop stays free."""
        return await run_sync(partial(call, *arguments), limiter=self._queries)

    async def glance(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for short calls, which wait behind no query: status and health."""
        return await run_sync(partial(call, *arguments))

    async def unpack(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for large bodies of events, which wait behind each other alone."""
        return await run_sync(partial(call, *arguments), limiter=self._unpacking)

    async def hash(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for passwords, whose checking takes long on purpose: it must keep nothing else waiting."""
        return await run_sync(partial(call, *arguments), limiter=self._hashing)

    async def ask(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for what asks a server elsewhere: while that is slow, nothing else waits."""
        return await run_sync(partial(call, *arguments), limiter=self._asking)

    async def look(self, call: Callable[..., T]) -> T:
        """The same for those who follow something: they wait behind each other alone."""
        return await run_sync(call, limiter=self._looking)

    @contextmanager
    def listening(self) -> Iterator[Callable[[], None]]:
        """Hold a listener's place for the block; as `exporting`. Raises Busy when there are too many."""
        if self.listeners >= LISTENERS_MAX:
            self.listeners_refused += 1
            raise Busy(
                f"{self.listeners} listeners are connected, at most {LISTENERS_MAX}",
                "Try again later, or search instead",
                retry_after_s=LISTEN_AGAIN_S,
            )
        self.listeners += 1
        done = _once(self._listened)
        try:
            yield done
        except BaseException:
            done()
            raise

    def _listened(self) -> None:
        self.listeners -= 1

    def take_export(self) -> None:
        """Count one more download. Raises Busy when there are too many. Call it on the loop."""
        if self._exports >= EXPORTS_AT_ONCE_MAX:
            raise Busy(
                f"{self._exports} exports are being downloaded, at most {EXPORTS_AT_ONCE_MAX} at once",
                "Try again when one is done",
                retry_after_s=RETRY_AFTER_S,
            )
        self._exports += 1

    def give_export(self) -> None:
        """One download less."""
        self._exports -= 1

    @contextmanager
    def exporting(self) -> Iterator[Callable[[], None]]:
        """Hold a download's place for the block; it is given back there only if the block raises.

        What the block gets gives it back, and must be called after it; again it does nothing.
        """
        self.take_export()
        done = _once(self.give_export)
        try:
            yield done
        except BaseException:
            done()
            raise


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The same call, of which all but the first do nothing: a place given back twice would be another's."""
    calls = iter((call,))

    def done() -> None:
        for first in calls:
            first()

    return done


def log_of(request: Request) -> AuditLog:
    """The log of whoever asks: the principal's tenant's, else the one this application serves first."""
    return served_of(request.scope, request.app.state.logs).log


def served_of(scope: Scope, logs: Logs) -> Served:
    """The same with what stands beside it."""
    found: Served | None = scope.get(LOG_KEY)
    return logs.first if found is None else found


def work_of(request: Request) -> Work:
    """The bounds of this application."""
    work: Work = request.app.state.work
    return work
