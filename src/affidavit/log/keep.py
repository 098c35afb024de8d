"""Keep: how long records are to be kept, as people write it: "30 days", "18 months", "7 years", "none". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from affidavit.errors import InvalidRequest
from affidavit.verify.own import DAYS_MAX, MONTHS_MAX, keep_until

FOR_EVER: Final = "none"
HINT: Final = 'Write "30 days", "18 months", "7 years", "1 year 6 months", or "none" for ever'
_UNITS: Final = {"year": (12, 0), "month": (1, 0), "week": (0, 7), "day": (0, 1)}
_PART_RE: Final = re.compile(r"([1-9][0-9]{0,5}) ?(year|month|week|day)s?(?: |\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keep:
    """So many calendar months and then so many days of 86,400 s, as docs/format.md has it; neither: for ever.

    >>> Keep.parse("7 years"), Keep.parse("1 year 2 weeks"), str(Keep(84)), str(Keep.parse("none"))
    (Keep(months=84, days=0), Keep(months=12, days=14), '7 years', 'none')
    """

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Keep:
        """Read what people write: units from the longest to the shortest. Raises InvalidRequest."""
        shown = " ".join(text.lower().split())
        if shown == FOR_EVER:
            return cls()
        months = days = at = 0
        units = list(_UNITS)
        while at < len(shown):
            part = _PART_RE.match(shown, at)
            if part is None or part[2] not in units:
                raise InvalidRequest(f"{text[:80]!r} is no period", HINT)
            del units[: units.index(part[2]) + 1]
            months += int(part[1]) * _UNITS[part[2]][0]
            days += int(part[1]) * _UNITS[part[2]][1]
            at = part.end()
        if not months and not days:
            raise InvalidRequest(f"{text[:80]!r} is no period", HINT)
        if months > MONTHS_MAX or days > DAYS_MAX:
            raise InvalidRequest(
                f"{text[:80]!r} is too long", f"At most {MONTHS_MAX // 12:,} years or {DAYS_MAX:,} days"
            )
        return cls(months, days)

    def until(self, t_us: int) -> int | None:
        """When what is of the time `t_us` has been kept, in microseconds; None: never."""
        return keep_until(t_us, self.months, self.days) if self.months or self.days else None

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = [_counted(years, "year"), _counted(months, "month"), _counted(self.days, "day")]
        return " ".join(part for part in parts if part) or FOR_EVER


def _counted(count: int, unit: str) -> str:
    return "" if not count else f"1 {unit}" if count == 1 else f"{count} {unit}s"
