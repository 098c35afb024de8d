"""ZoneTable: the offsets a file's times are shown with, found as rows come, for the manifest to list. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.commitment import format_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US: Final = 1_000_000
_SKEW_S: Final = 300  # the log's time of an event may lie this far before its own
_STEP_S: Final = 12 * 3600  # no zone changed twice within it since 1970
_TEXT: Final = len("YYYY-MM-DDThh:mm:ss.ffffff")
_LAST_S: Final = 253_402_300_799  # 9999-12-31T23:59:59Z


class ZoneTable:
    """Offset of a zone over the period of rows given in time order. Offsets are whole minutes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._at: list[int] = []  # seconds since 1970 at which an offset begins to hold
        self._offsets: list[int] = []  # seconds
        self._known_to = 0

    def extend(self, first_us: int, last_us: int) -> None:
        """Know every change up to `last_us`. Periods come in ascending order."""
        first, last = first_us // _SECOND_US, last_us // _SECOND_US
        if not self._at:
            first = max(first - _SKEW_S, 0)
            self._at, self._offsets, self._known_to = [0], [self._offset(first)], first
        while self._known_to < last:
            step = min(self._known_to + _STEP_S, last)
            offset = self._offset(step)
            if offset != self._offsets[-1]:
                # In this order: a writer may read the pairs in another thread.
                self._offsets.append(offset)
                self._at.append(self._change(self._known_to, step))
            self._known_to = step

    def _offset(self, second: int) -> int:
        if self.name == "UTC":
            return 0
        # The last day of year 9999 has no local time east of UTC; a day earlier has the same offset.
        moment = _EPOCH + timedelta(seconds=min(second, _LAST_S - 86_400))
        offset = moment.astimezone(self._zone).utcoffset() or timedelta()
        seconds = offset // timedelta(seconds=1)
        return seconds // 60 * 60

    def _change(self, low: int, high: int) -> int:
        before = self._offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def transitions(self) -> list[dict[str, Any]]:
        """The manifest's list: the offset in force before everything, then each change."""
        if not self._at:
            self.extend(0, 0)
        return [
            {"at": format_time(at * _SECOND_US), "offset_s": offset}
            for at, offset in zip(self._at, self._offsets, strict=False)
        ]

    def render(self, times: Any) -> Any:
        """An int64 array of ascending microseconds as `YYYY-MM-DDThh:mm:ss.ffffff±hh:mm`, `Z` for offset 0."""
        if not len(times):
            return pa.array([], pa.string())
        bounds = pc.min_max(times).as_py()
        self.extend(bounds["min"], bounds["max"])
        return self._rendered(times, bounds["min"], bounds["max"])

    def render_any(self, times: Any) -> Any:
        """The same for times in any order (the log's own `t`), by the changes known and found for these."""
        if not len(times):
            return pa.array([], pa.string())
        order = pc.sort_indices(times)
        rendered = self.render(times.take(order))
        return rendered.take(pc.sort_indices(order))

    def _rendered(self, times: Any, low: int, high: int) -> Any:
        first = bisect_right(self._at, low // _SECOND_US) - 1
        last = bisect_right(self._at, high // _SECOND_US) - 1
        if first == last:
            return _with_offset(times, self._offsets[first])
        parts, start = [], 0
        values = times.to_pylist()
        for index in range(first, last + 1):
            end = len(values) if index == last else bisect_right(values, self._at[index + 1] * _SECOND_US - 1)
            parts.append(_with_offset(times.slice(start, end - start), self._offsets[index]))
            start = end
        return pa.concat_arrays(parts)


def _with_offset(times: Any, offset: int) -> Any:
    local = pc.add(times, offset * _SECOND_US).cast(pa.timestamp("us")).cast(pa.string())
    sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
    suffix = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" if offset else "Z"
    # Every text has as many characters, and a slice costs less than a join.
    return pc.binary_replace_slice(pc.binary_replace_slice(local, 10, 11, "T"), _TEXT, _TEXT, suffix)
