"""The order of every answer, and places in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from affidavit.log.plan import Window


class Key(NamedTuple):
    """A row's place in the order: what a page begins after."""

    at_us: int
    k: int
    idx: int


class Order(NamedTuple):
    """By (at, k, index): from behind a key, ascending or descending."""

    after: Key | None = None
    descending: bool = False

    @property
    def by(self) -> str:
        """For ORDER BY."""
        return "at_us DESC, k DESC, idx DESC" if self.descending else "at_us, k, idx"

    @property
    def beyond(self) -> str:
        """The condition on what is behind the key."""
        if self.after is None:
            return "true"
        sign = "<" if self.descending else ">"
        return f"(at_us, k, idx) {sign} ({int(self.after.at_us)}, {int(self.after.k)}, {int(self.after.idx)})"

    def of(self, windows: Sequence[Window]) -> Iterator[Window]:
        """Windows, given ascending, in this order, without those wholly on the near side of the key."""
        return (one for one in (reversed(windows) if self.descending else windows) if not self._past(one))

    def _past(self, window: Window) -> bool:
        if self.after is None:
            return False
        if self.descending:
            return window.low is not None and window.low > self.after.at_us
        return window.high is not None and window.high <= self.after.at_us
