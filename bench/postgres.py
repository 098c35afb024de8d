"""PostgreSQL beside SQLite: the same batches, both durable. Needs the tests' server; without it, says so."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from affidavit.log.audit_log import AuditLog
from bench.events import lines
from bench.figures import Row, Sizes, interleaved, seconds
from bench.ingest import record

TITLE: Final = "PostgreSQL"


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject; none where there is no server to start."""
    try:
        from tests.servers import postgres
    except ImportError as error:
        print(f"PostgreSQL left out: {error}")
        return []
    raw = lines(sizes.events)
    names = iter(range(1_000))
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as name, postgres() as server:
        folder = Path(name)

        def on_postgres() -> float:
            with server.database() as url, AuditLog.open(folder / f"p{next(names)}", database=url) as log:
                return seconds(lambda: record(log, raw))

        def on_sqlite() -> float:
            with AuditLog.open(folder / f"s{next(names)}") as log:
                return seconds(lambda: record(log, raw))

        sqlite_s, postgres_s = interleaved([on_sqlite, on_postgres], sizes.repeats)
    rate = len(raw) / postgres_s
    return [
        Row("Batches on SQLite", len(raw) / sqlite_s, "events/s"),
        Row("Batches on PostgreSQL", rate, "events/s", sqlite_s / postgres_s, "SQLite", low=0.5, of_ratio=True),
    ]
