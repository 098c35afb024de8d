"""Limits: how many events a second one client may send. Kept in this process alone; pure but for the clock given."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

BURST_S: Final = 2.0
"""How much of a client's rate may come at once."""
CLIENTS_MAX: Final = 10_000
"""Remembered; of more, those longest silent are forgotten."""


class Rates:
    """One allowance a client: refilled at `per_s`, at most BURST_S of it; a batch may overdraw it once."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: str, now_s: float) -> float:
        """Seconds until `client` may send again; 0 where it may now."""
        if not self._per_s:
            return 0.0
        left = self._refilled(client, now_s)
        return 0.0 if left > 0 else math.ceil(-left / self._per_s * 1000 + 1) / 1000

    def spend(self, client: str, events: int, now_s: float) -> None:
        """Count what was sent."""
        if not self._per_s:
            return
        self._left[client] = (self._refilled(client, now_s) - events, now_s)
        self._left.move_to_end(client)
        if len(self._left) > CLIENTS_MAX:
            self._left.popitem(last=False)

    def _refilled(self, client: str, now_s: float) -> float:
        full = self._per_s * BURST_S
        left, then_s = self._left.get(client, (full, now_s))
        return min(full, left + (now_s - then_s) * self._per_s)
