"""k-anonymity of an export, on request: of the table as its reader would get it, before it is made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from affidavit.commitment import format_time
from affidavit.errors import InvalidRequest
from affidavit.event import new_id
from affidavit.export.rows import Rows
from affidavit.export.run import record_preview
from affidavit.export.spec import ExportSpec
from affidavit.masking.kanonymity import K_DEFAULT, KAnonymity, check

ANONYMITY_ROWS_MAX: Final = 2_000_000
"""Rows looked at: their chosen cells are held in memory at once."""


def anonymity(
    log: Any, spec: ExportSpec, labels: Sequence[str], *, k: int = K_DEFAULT, sensitive: str | None = None
) -> KAnonymity:
    """The groups of the export's rows over the columns called `labels`, masked. Recorded as `export.previewed`.

    Raises InvalidRequest for labels that are no columns, and for more than ANONYMITY_ROWS_MAX rows.
    """
    rows = Rows(log, spec, str(new_id()), year=int(format_time(time.time_ns() // 1000)[:4]))
    count, exact = rows.count(ANONYMITY_ROWS_MAX + 1)
    if not exact or count > ANONYMITY_ROWS_MAX:
        raise InvalidRequest(
            f"k-anonymity of more than {ANONYMITY_ROWS_MAX:,} rows", "Ask for a shorter period, or fewer users"
        )
    names = [column.label for column in spec.columns]
    wanted = list(dict.fromkeys([*labels, *([] if sensitive is None else [sensitive])]))
    if missing := [label for label in wanted if label not in names]:
        raise InvalidRequest(f"k-anonymity: no column {missing[0][:80]!r}", f"There are: {', '.join(names)}")
    places = {label: names.index(label) for label in wanted}
    parts = [[cells[at].values for at in places.values()] for cells in rows.cells()]
    joined = [pa.chunked_array([part[i] for part in parts], pa.string()) for i in range(len(places))]
    table = pa.table(dict(zip(places, joined, strict=True)))
    found = check(table, list(labels), k=k, sensitive=sensitive)
    record_preview(log, rows, 0)
    return found
