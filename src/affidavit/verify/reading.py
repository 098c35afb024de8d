"""The data file, read forward as it is compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

CELL_BYTES_MAX: Final = 16 << 20
AHEAD_BYTES_MAX: Final = 8 << 20
"""Of rows looked at together."""
_LOOK_AHEAD: Final = 1 << 16


class Mismatch(Exception):
    """The data file is not what the evidence gives. Never leaves this package."""


class Reader:
    """The data file, read forward."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._data = b""
        self._at = 0

    def expect(self, text: str, what: str) -> None:
        """The next bytes must be these."""
        wanted = text.encode()
        if not self._data.startswith(wanted, self._at):
            while len(self._data) - self._at < len(wanted) and self._more():
                pass
            if not self._data.startswith(wanted, self._at):
                raise Mismatch(f"{what} is not what the evidence gives")
        self._at += len(wanted)

    def cell(self, pattern: re.Pattern[bytes], what: str) -> str:
        """The next cell, as it stands."""
        ahead = _LOOK_AHEAD
        while True:
            while len(self._data) - self._at < ahead and self._more():
                pass
            found = pattern.match(self._data, self._at)
            if found is not None and found.end() < len(self._data):
                break
            if len(self._data) - self._at < ahead or ahead > CELL_BYTES_MAX:
                raise Mismatch(f"{what} holds no cell")
            ahead *= 4
        self._at = found.end()
        try:
            return found[0].decode()
        except UnicodeDecodeError:
            raise Mismatch(f"{what} is not UTF-8") from None

    def lines(self, count: int, end: bytes) -> list[bytes] | None:
        """The next lines, without their `end`, for `skip`; None where there are not so many within AHEAD_BYTES_MAX."""
        found = self._data.count(end, self._at)
        while found < count and len(self._data) - self._at < AHEAD_BYTES_MAX and self._more():
            found = self._data.count(end, self._at)
        if found < count:
            return None
        return self._data[self._at :].split(end, count)[:count]

    def skip(self, size: int) -> None:
        """Go on behind so many bytes, which `lines` gave."""
        self._at += size

    def end(self) -> None:
        """Nothing may be left."""
        if not self.at_end():
            raise Mismatch("the data file goes on after its last row")

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._data) and not self._more()

    def drain(self) -> None:
        """Read the rest for its hash."""
        for _ in self._chunks:
            pass

    def _more(self) -> bool:
        for chunk in self._chunks:
            if chunk:
                self._data, self._at = self._data[self._at :] + chunk, 0
                return True
        return False
