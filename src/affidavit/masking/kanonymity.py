"""k-anonymity of a table, on request: how small the groups are that share all quasi-identifiers.

A table is k-anonymous over chosen columns if every combination of their values that occurs, occurs at least
k times (Sweeney 2002). That is a warning, not a proof: nothing is said about columns that were not chosen,
or what a reader knows besides. Where all of a group share one sensitive value, belonging to it tells that
value: so the least number of distinct sensitive values in a group (l-diversity, Machanavajjhala 2007) is
reported with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.errors import InvalidRequest

K_DEFAULT: Final = 11


@dataclass(frozen=True, slots=True)
class KAnonymity:
    """What was found. Counts are of rows, `groups` of groups; `smallest` is 0 for a table without rows.

    `diversity` is the least number of distinct sensitive values in a group; None where no such column was
    named.
    """

    k: int
    columns: tuple[str, ...]
    rows: int
    groups: int
    smallest: int
    rows_under_k: int
    groups_under_k: int
    diversity: int | None = None

    @property
    def holds(self) -> bool:
        """Whether no row is in a group smaller than k."""
        return self.rows_under_k == 0


def check(table: Any, columns: Sequence[str], *, k: int = K_DEFAULT, sensitive: str | None = None) -> KAnonymity:
    """The groups of an Arrow table over `columns`, an empty cell being a value like others.

    Check the table as the reader gets it, masked. Raises InvalidRequest for no columns, unknown ones, or k
    < 1.
    """
    if not columns or k < 1:
        raise InvalidRequest(f"k-anonymity: k = {k}, {len(columns)} columns", "Give k ≥ 1 and a column")
    for name in (*columns, *([sensitive] if sensitive is not None else [])):
        if name not in table.column_names:
            raise InvalidRequest(f"k-anonymity: no column {name!r}", f"There are: {', '.join(table.column_names)}")
    keys = list(dict.fromkeys(columns))
    wanted: list[Any] = [([], "count_all")]
    if sensitive is not None:
        wanted.append((sensitive, "count_distinct", pc.CountOptions(mode="all")))
    grouped = pa.table({name: table[name] for name in {*keys, *([sensitive] if sensitive else [])}})
    found = grouped.group_by(keys).aggregate(wanted)
    sizes = found["count_all"]
    under = pc.filter(sizes, pc.less(sizes, k))
    return KAnonymity(
        k=k,
        columns=tuple(keys),
        rows=table.num_rows,
        groups=found.num_rows,
        smallest=pc.min(sizes).as_py() or 0,
        rows_under_k=pc.sum(under).as_py() or 0,
        groups_under_k=len(under),
        diversity=None if sensitive is None else pc.min(found[f"{sensitive}_count_distinct"]).as_py() or 0,
    )
