"""A stored log: sealing beside ingest, first pages, needles and proofs over archive and tail, disk and fsck."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from affidavit.log.audit_log import AuditLog
from affidavit.log.checkpoints import size_of
from affidavit.log.fsck import fsck
from affidavit.log.proofs import prove
from affidavit.log.sealer import SEGMENT_ROWS
from affidavit.log.status import status
from affidavit.log.worker import Worker
from affidavit.query.tree import EVERYTHING, Query, eq
from affidavit.tlog.tiles import TILE_WIDTH
from bench.events import COMMON, NEEDLE, write_lines
from bench.figures import Row, Sizes, finish, in_process, number, seconds, spent, start

TITLE: Final = "A stored log"
PAGE_ROWS: Final = 50
"""A page of the viewer."""
PROOFS: Final = 100
SEALER_PAUSE_S: Final = 0.2


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject. The log is as long as `sizes.stored`, its tail almost a whole segment."""
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as folder:
        home = str(Path(folder) / "home")
        rows = _fill(Path(folder) / "events.jsonl", home, sizes)
        rows += _read(home, sizes)
        return rows + _whole(home)


def _fill(file: Path, home: str, sizes: Sizes) -> list[Row]:
    """Import while another process seals."""
    write_lines(file, sizes.stored)
    AuditLog.open(home).close()
    sealer = start("stored:seal_until", home=home, size=sizes.stored)
    ingest = in_process("ingest:import_file", home=home, file=str(file))
    with AuditLog.open(home, check=False) as log:
        backlog = _unsealed(log)
    file.unlink()
    sealing = finish(sealer)
    with AuditLog.open(home, check=False) as log:
        tail = _unsealed(log)
    rate = sizes.stored / ingest["seconds"]
    seal_rate = sealing["sealed"] / max(sealing["busy_seconds"], 1e-9)
    return [
        Row("Ingest while another process seals", rate, "events/s"),
        Row("Sealing, while it works", seal_rate, "events/s", seal_rate / rate, "that ingest", low=1, of_ratio=True),
        Row("Full segments not sealed yet when ingest ends", backlog // SEGMENT_ROWS, "segments", high=2),
        Row("Peak memory of the sealer", sealing["rss_mib"], "MiB", high=500),
        Row("Tail left in the journal for what follows", tail, "events"),
    ]


def seal_until(home: str, size: int) -> dict[str, float]:
    """In a process of its own: seal full segments as they come, until all but the tail of `size` is sealed.

    Of a log too small for one, whole tiles are sealed.
    """
    small = size < SEGMENT_ROWS
    wanted = size // TILE_WIDTH * TILE_WIDTH if small else size // SEGMENT_ROWS * SEGMENT_ROWS
    sealed, busy = 0, 0.0
    with AuditLog.open(home, check=False) as log:
        worker = Worker(log)
        while sealed < wanted:
            begin = time.perf_counter()
            done = worker.round(everything=small).sealed
            if done:
                sealed += done
                busy += time.perf_counter() - begin
            else:
                time.sleep(SEALER_PAUSE_S)
    return {"sealed": sealed, "busy_seconds": busy}


def _unsealed(log: AuditLog) -> int:
    main = status(log)["logs"]["main"]
    return int(main["size"] - main["sealed"])


def _read(home: str, sizes: Sizes) -> list[Row]:
    found = in_process("stored:read", home=home, repeats=max(3, sizes.repeats * 3))

    def row(name: str, key: str, high: float | None = None, also: str = "") -> Row:
        wall, cpu = found[key]
        return Row(name, wall, "ms", high=high, note=f"{also}{number(cpu)} ms of processor")

    return [
        row("First page of a common filter, oldest first", "first", 100),
        row("First page of a common filter, newest first", "newest", 100),
        row("First page of everything, newest first", "all", 100),
        row("The same from a process that has just begun", "cold", also="newest first; "),
        row("A needle: all events about one subject", "needle", 1_000, f"{found['hits']} found; "),
        row("Count of a common filter", "count"),
        row("Inclusion proof, checked, checkpoint signed", "proof", 10),
        Row("Peak memory of these reads", found["rss_mib"], "MiB", high=900),
    ]


def read(home: str, repeats: int) -> dict[str, Any]:
    """In a process of its own: pages, needles and proofs, medians in milliseconds."""
    common, needle = eq("action", COMMON), eq("subject.id", NEEDLE.partition(":")[2])
    with AuditLog.open(home, check=False) as log:
        pins = [log.pin()]
        size = size_of(log.database, log.tenant.log("main"))

        def page(query: Query, *, limit: int | None = PAGE_ROWS, descending: bool = False) -> int:
            return sum(batch.num_rows for batch in log.reader.rows(query, pins, limit=limit, descending=descending))

        cold = _median_ms(lambda: page(common, descending=True), 1)
        hits = page(needle, limit=None)
        numbers = iter(range(0, size, max(1, size // PROOFS)))
        prove(log, "main", 0)
        return {
            "cold": cold,
            "first": _median_ms(lambda: page(common), repeats),
            "newest": _median_ms(lambda: page(common, descending=True), repeats),
            "all": _median_ms(lambda: page(EVERYTHING, descending=True), repeats),
            "needle": _median_ms(lambda: page(needle, limit=None), repeats),
            "hits": hits,
            "count": _median_ms(lambda: log.reader.count(common, pins), repeats),
            "proof": _median_ms(lambda: prove(log, "main", next(numbers)), PROOFS),
        }


def _median_ms(work: Callable[[], Any], repeats: int) -> list[float]:
    """Medians of wall and processor time."""
    return [statistics.median(one) * 1000 for one in zip(*(spent(work) for _ in range(repeats)), strict=True)]


def _whole(home: str) -> list[Row]:
    """Check everything, then have all of it sealed and weighed."""
    checked = in_process("stored:check", home=home)
    weighed = in_process("stored:weigh", home=home)
    size = weighed["size"]
    parts = f"{weighed['records'] / size:.0f} records, {weighed['log'] / size:.0f} log, {weighed['ids'] / size:.0f} ids"
    return [
        Row(
            "fsck of all of it, in two processes",
            checked["seconds"],
            "s",
            high=60 * max(1.0, size / 1_000_000),
            note=f"{size:,} events",
        ),
        Row("Peak memory of fsck's first process", checked["rss_mib"], "MiB", high=500),
        Row(
            "On disk a sealed event, all included",
            (weighed["archive"] + weighed["database"]) / size,
            "bytes",
            high=200,
            note=f"blocks of all files and the database's used pages; {parts}",
        ),
        Row(
            "The same once its id is older than 72 h",
            (weighed["archive"] + weighed["database"] - weighed["ids"]) / size,
            "bytes",
            high=200,
        ),
    ]


def check(home: str) -> dict[str, float]:
    """In a process of its own: fsck as `affidavit log fsck` runs it."""
    with AuditLog.open(home, check=False) as log:
        return {"seconds": seconds(lambda: fsck(log, "main", processes=2))}


def weigh(home: str) -> dict[str, float]:
    """In a process of its own: seal and merge what can be, then count blocks of files and used pages by table."""
    with AuditLog.open(home, check=False) as log:
        while Worker(log).round(everything=True).sealed:
            pass
        size = status(log)["logs"]["main"]["sealed"]
        with log.database.engine.connect() as connection:
            one = connection.exec_driver_sql
            page = one("PRAGMA page_size").scalar_one()
            used = page * (one("PRAGMA page_count").scalar_one() - one("PRAGMA freelist_count").scalar_one())
            ids = page * one("SELECT count(*) FROM dbstat WHERE name = 'event_ids'").scalar_one()
        root = Path(home) / "archive"
    kept = {"records": 0, "log": 0}
    for file in root.rglob("*"):
        if file.is_file():
            kept["log" if "log" in file.relative_to(root).parts else "records"] += file.stat().st_blocks * 512
    return {"size": size, "archive": sum(kept.values()), **kept, "database": used, "ids": ids}
