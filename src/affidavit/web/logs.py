"""Logs: what one application serves. One tenant's log; or every tenant's of a home, each opened when somebody asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Final

import anyio
from anyio.to_thread import run_sync

from affidavit.errors import Busy, NotFound
from affidavit.log import registry
from affidavit.log.audit_log import AuditLog
from affidavit.web.courier import Courier

OPEN_MAX: Final = 32
"""Tenants whose logs are open at once beside the first; of more, the one longest unused is closed."""
RETRY_AFTER_S: Final = 5.0


@dataclass(slots=True)
class Served:
    """One open log, and who hands events over to it."""

    log: AuditLog
    couriers: dict[str, Courier] = field(default_factory=dict)
    users: int = 0


class Logs:
    """The logs of one application, over `first`, which stays the caller's to close.

    With `every` those of every tenant in the same home, in so far as a principal of theirs asks: nothing else names a
    tenant. Lives on one loop, but for `names`. Whoever made it calls `close`.
    """

    def __init__(self, first: AuditLog, *, every: bool = False) -> None:
        self.first = Served(first)
        self.every = every
        self._others: OrderedDict[str, Served] = OrderedDict()
        self._opening = anyio.Lock()

    @asynccontextmanager
    async def using(self, tenant: str) -> AsyncIterator[Served]:
        """The tenant's log for the block, in which it is not closed.

        Raises NotFound for a tenant that there is not or that is not served, Busy where OPEN_MAX others are in use.
        """
        served = await self._take(tenant)
        served.users += 1
        try:
            yield served
        finally:
            served.users -= 1

    async def _take(self, tenant: str) -> Served:
        if tenant == self.first.log.tenant.name:
            return self.first
        if not self.every:
            raise NotFound(f"tenant {tenant[:80]!r} is not served here", "Ask the server of that tenant")
        found = self._others.get(tenant)
        if found is None:
            async with self._opening:  # one at a time, and nobody opens what another has just opened
                found = self._others.get(tenant)
                if found is None:
                    await self._make_room()
                    found = self._others[tenant] = Served(await run_sync(partial(_open, self.first.log, tenant)))
        self._others.move_to_end(tenant)
        return found

    async def _make_room(self) -> None:
        if len(self._others) < OPEN_MAX:
            return
        name = next((name for name, one in self._others.items() if not one.users), None)
        if name is None:
            raise Busy(
                f"{OPEN_MAX} tenants are being served at this moment", "Try again soon", retry_after_s=RETRY_AFTER_S
            )
        await run_sync(self._others.pop(name).log.close)

    def names(self) -> list[str]:
        """The tenants somebody can sign in to, sorted. Reads the database."""
        return registry.list_tenants(self.first.log.database) if self.every else [self.first.log.tenant.name]

    def close(self) -> None:
        """Close what was opened here. When nobody asks any more."""
        while self._others:
            self._others.popitem()[1].log.close()


def _open(first: AuditLog, tenant: str) -> AuditLog:
    return AuditLog.open(first.home, tenant=tenant, create=False, **asdict(first.settings))
