"""Work: how the async edge calls the sync core, and how much of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

import anyio
from anyio.to_thread import run_sync
from fastapi import Request

from affidavit.errors import Busy
from affidavit.log.audit_log import AuditLog
from affidavit.settings import Settings
from affidavit.web.intake import Held
from affidavit.web.limits import Rates

QUERIES_AT_ONCE_MAX: Final = 4  # each may use `query_memory_mib`; more wait
EXPORTS_AT_ONCE_MAX: Final = 8  # downloads in progress; more are refused
UNPACKING_AT_ONCE_MAX: Final = 2  # large bodies of events taken apart in threads; more wait
RETRY_AFTER_S: Final = 5.0
T = TypeVar("T")


class Work:
    """The bounds of one application."""

    def __init__(self, settings: Settings) -> None:
        self.held = Held()
        self.rates = Rates(settings.client_events_per_s)
        self._unpacking = anyio.CapacityLimiter(UNPACKING_AT_ONCE_MAX)
        self._queries = anyio.CapacityLimiter(QUERIES_AT_ONCE_MAX)
        self._exports = 0

    async def query(self, call: Callable[..., T], *arguments: object) -> T:
        """Run a blocking query in a thread, in its turn. It is not interrupted; the loop stays free."""
        return await run_sync(partial(call, *arguments), limiter=self._queries)

    async def glance(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for short calls, which wait behind no query: status and health."""
        return await run_sync(partial(call, *arguments))

    async def unpack(self, call: Callable[..., T], *arguments: object) -> T:
        """The same for large bodies of events, which wait behind each other alone."""
        return await run_sync(partial(call, *arguments), limiter=self._unpacking)

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

        What the block gets gives it back, and must be called once after it.
        """
        self.take_export()
        try:
            yield self.give_export
        except BaseException:
            self.give_export()
            raise


def log_of(request: Request) -> AuditLog:
    """The log this application serves."""
    log: AuditLog = request.app.state.log
    return log


def work_of(request: Request) -> Work:
    """The bounds of this application."""
    work: Work = request.app.state.work
    return work
