"""The worker: seals, merges, publishes checkpoints and tidies up, for every tenant of a home, until told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from affidavit.errors import AffidavitError
from affidavit.log import checkpoints, outside, registry
from affidavit.log.audit_log import AuditLog
from affidavit.log.merger import merge, remove_replaced
from affidavit.log.registry import LogInfo
from affidavit.log.sealer import SealPolicy, seal

PAUSE_S: Final = 1.0
PAUSE_AFTER_ERROR_S: Final = 5.0


@dataclass(slots=True)
class Work:
    """What one round did."""

    sealed: int = 0
    merged: int = 0
    published: int = 0
    removed: int = 0
    errors: list[str] = field(default_factory=list)


class Worker:
    """Rounds of work over one home. Several workers may run: leases keep them apart."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._published: dict[int, tuple[int, float]] = {}
        self.policy = SealPolicy(log.settings.seal_age_s, log.settings.dedupe_window_h)

    def round(self, *, everything: bool = False) -> Work:
        """Do what is due once. An error of one log does not keep the others waiting."""
        work = Work()
        database, archive = self._log.database, self._log.archive
        for name in registry.list_tenants(database):
            for info in registry.find_tenant(database, name).logs.values():
                try:
                    self._publish(info, work)
                    sealed = seal(database, archive, info, self.policy, everything=everything)
                    work.sealed += sealed
                    if sealed:
                        checkpoints.publish_archived(database, archive, self._log.keys, info)
                    work.merged += merge(database, archive, info)
                except AffidavitError as error:
                    work.errors.append(f"{name}/{info.stream}: {error}")
        try:
            work.removed = remove_replaced(database, archive)
        except AffidavitError as error:
            work.errors.append(str(error))
        return work

    def _publish(self, info: LogInfo, work: Work) -> None:
        """Sign what changed, at most every `checkpoint_interval_s`."""
        size, when = self._published.get(info.id, (-1, 0.0))
        now = time.monotonic()
        if (
            now - when < self._log.settings.checkpoint_interval_s
            or checkpoints.size_of(self._log.database, info) == size
        ):
            return
        pin = checkpoints.pin(self._log.database, self._log.keys, info)
        outside.keep(self._log.home, info, pin)
        self._published[info.id] = (pin.size, now)
        work.published += 1

    def run(self, stop: threading.Event, report: Callable[[Work], None]) -> None:
        """Rounds until `stop` is set; `report` hears of every round that did something or failed."""
        while not stop.is_set():
            work = self.round()
            if work.sealed or work.merged or work.removed or work.errors:
                report(work)
            stop.wait(PAUSE_AFTER_ERROR_S if work.errors else PAUSE_S)
