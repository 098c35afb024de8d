"""Leases: of several processes, one does a piece of work at a time; a killed one's lease ends by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from affidavit.errors import Busy
from affidavit.log.database import Database

LEASE_S: Final = 60.0


class Lease:
    """A held lease. Long work calls `renew` now and then."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name
        self.holder = f"{os.getpid()}-{os.urandom(6).hex()}"

    def take(self) -> bool:
        """Take or renew it. False where another holder's has not ended."""
        now_us = time.time_ns() // 1000
        with self._database.write() as connection:
            taken = connection.exec_driver_sql(
                self._database.sql(
                    "INSERT INTO leases (name, holder, until_us) VALUES (?, ?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us "
                    "WHERE leases.holder = excluded.holder OR leases.until_us < ?"
                ),
                (self.name, self.holder, now_us + int(LEASE_S * 1_000_000), now_us),
            )
            return taken.rowcount == 1

    def renew(self) -> None:
        """Go on holding it. Raises Busy where it was lost: the work MUST stop."""
        if not self.take():
            raise Busy(f"the lease {self.name} went to another process", "It goes on there")

    def release(self) -> None:
        """Give it up."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                self._database.sql("DELETE FROM leases WHERE name = ? AND holder = ?"), (self.name, self.holder)
            )


@contextmanager
def lease(database: Database, name: str) -> Iterator[Lease | None]:
    """The lease `name` for the block, or None where another process holds it."""
    one = Lease(database, name)
    if not one.take():
        yield None
        return
    try:
        yield one
    finally:
        one.release()
