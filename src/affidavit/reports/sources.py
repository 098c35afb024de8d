"""Sources beside events: registers, replayed from case events up to the pin, and reference data as of the run.

As tables for a report's SQL: `requests`, `incidents` and their `clocks`; `logs`; `people`, `relations`,
`sensitive_subjects`, `calendars`, `systems`. Times are TIMESTAMP in UTC; what is always valid reaches from year 1 to
year 10000.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cases.caseload import Caseload
from affidavit.cases.reference_data import tables
from affidavit.cases.registers import registers
from affidavit.commitment import format_time
from affidavit.log.checkpoints import Pin
from affidavit.log.registry import MAIN
from affidavit.query.tree import EVERYTHING, Query
from affidavit.reports.result import Reference
from affidavit.reports.workbench import Workbench

LOGS: Final = "logs"
CLOCKS: Final = "clocks"
_TIME: Final = pa.timestamp("us")


def add_registers(
    bench: Workbench, log: Any, wanted: Sequence[str], pins: Sequence[Pin], within: Query, now: datetime
) -> tuple[str, ...]:
    """Make the registers' tables, as the logs told them at their pinned sizes, and the clocks of cases at `now`.

    What has to be said of how they were counted.
    """
    if LOGS in wanted:
        bench.table(LOGS, _logs(log, pins))
    cases = [name for name in wanted if name != LOGS]
    if not cases:
        return ()
    pin = next((one for one in pins if one.stream == MAIN), None)
    found = registers(Caseload(log), now, pin, within)
    for name in (*cases, CLOCKS):
        bench.table(name, _with_refs(_with_moments(found.tables[name])))
    return found.notes


def _logs(log: Any, pins: Sequence[Pin]) -> pa.Table:
    """One row a log: its stream, entries, and when its oldest and newest event happened."""
    spans = [log.reader.span(EVERYTHING, [pin]) if pin.size else None for pin in pins]
    return pa.table(
        {
            "stream": [pin.stream for pin in pins],
            "entries": pa.array([pin.size for pin in pins], pa.int64()),
            "oldest_at": pa.array([span[0] if span else None for span in spans], pa.int64()).cast(_TIME),
            "newest_at": pa.array([span[1] if span else None for span in spans], pa.int64()).cast(_TIME),
        }
    )


def add_references(bench: Workbench, log: Any, wanted: Sequence[str], now: datetime) -> tuple[Reference, ...]:
    """Make the tables of reference data as they were known at `now`. What was never loaded is empty, and says so."""
    if not wanted:
        return ()
    known = tables(log, now)
    found = []
    for name in wanted:
        content = known.tables[name]
        load = known.loads.get(name)
        bench.table(name, _with_moments(content))
        found.append(
            Reference(
                name=name,
                rows=content.num_rows,
                version=str(load.version) if load else "",
                loaded=format_time(load.loaded_us) if load else "",
            )
        )
    return tuple(found)


def _with_moments(content: pa.Table) -> pa.Table:
    """With `received_at`, `valid_from` and the like as moments, in the place of microseconds and their text."""
    for name in [one for one in content.column_names if one.endswith("_us")]:
        moments = pc.cast(content.column(name), _TIME)
        stem = name.removesuffix("_us")
        place = content.column_names.index(name)
        content = content.set_column(place, stem if stem in content.column_names else f"{stem}_at", moments)
        if stem in content.column_names and content.column_names.index(stem) != place:
            content = content.remove_column(content.column_names.index(stem))
    return content


def _with_refs(content: pa.Table) -> pa.Table:
    """With the places of a case's events as `refs`."""
    listed = content.column("events").to_pylist()
    refs = pa.array([[f"{MAIN}/{index}" for index in places or ()] for places in listed], pa.list_(pa.string()))
    return content.set_column(content.column_names.index("events"), "refs", refs)
