"""Reports: each one over an estate, to JSON and on paper, and what a process takes for it."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from affidavit.estate.estate import load as load_estate
from affidavit.estate.plan import ZONE
from affidavit.log.audit_log import AuditLog
from affidavit.log.worker import Worker
from affidavit.reports.asked import Asked
from affidavit.reports.library import load
from affidavit.reports.render import render
from affidavit.reports.runner import run_report
from bench.figures import Row, Sizes, in_process, number

TITLE: Final = "Reports"
PERSONS: Final = {"F1": "st-1001", "G2": "cu-2001", "H1": "pt-3001"}
SEAL_EVERY: Final = 65_536
YEAR_DAYS: Final = 365
ALL_FROM_EVENTS: Final = 100_000
"""Over fewer only two reports are run: whether it runs, not how fast."""
JSON_S_MAX: Final = 5
PDF_S_MAX: Final = 15
MEMORY_MIB_MAX: Final = 1024


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject, over a log of `sizes.exported` events and a year."""
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as name:
        home = Path(name) / "home"
        _fill(home, sizes.exported)
        rows = []
        every = list(load().reports)
        for report in every if sizes.exported >= ALL_FROM_EVENTS else every[:2]:
            found = in_process("reports:run", home=str(home), name=report)
            about = f"{found['events']:,} of over {sizes.exported:,} events; {number(found['cpu'])} s of processor"
            rows.append(Row(f"{report} to JSON", found["json"], "s", high=JSON_S_MAX, note=about))
            rows.append(Row(f"{report} to PDF", found["json"] + found["pdf"], "s", high=PDF_S_MAX))
            rows.append(Row(f"{report}, peak memory", found["rss_mib"], "MiB", high=MEMORY_MIB_MAX))
        return rows


def _fill(home: Path, count: int) -> None:
    """An estate of so many events, sealed as it grows."""
    sealed = 0
    with AuditLog.open(home, zone=ZONE) as log:
        worker = Worker(log)

        def seal(recorded: int) -> None:
            nonlocal sealed
            if recorded - sealed >= SEAL_EVERY:
                worker.round()
                sealed = recorded

        load_estate(log, datetime.now(UTC), count, progress=seal)


def run(home: str, name: str) -> dict[str, Any]:
    """In a process of its own: one report over a year, then its PDF. Seconds of both, and of the processor for JSON."""
    given = {"subject": PERSONS[name]} if name in PERSONS else {}
    start = f"{datetime.now(UTC) - timedelta(days=YEAR_DAYS):%Y-%m-%d}"
    with AuditLog.open(home, check=False) as log:
        begin, spent = time.perf_counter(), time.process_time()
        finished = run_report(log, load(), Asked(name, start=start, zone=ZONE, parameters=given))
        took, spent = time.perf_counter() - begin, time.process_time() - spent
        begin = time.perf_counter()
        render(finished.result, "pdf")
        pdf = time.perf_counter() - begin
    return {"json": took, "cpu": spent, "pdf": pdf, "events": finished.result.counts.in_period}
