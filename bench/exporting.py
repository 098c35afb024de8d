"""Exports: data files beside DuckDB's COPY and a plain loop, bundles made and verified."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, Final

from affidavit.export import Column, ExportSpec, run_export
from affidavit.log.audit_log import AuditLog
from affidavit.log.catalogue import list_segments
from affidavit.log.worker import Worker
from affidavit.verify import verify_bundle
from bench.events import lines
from bench.figures import Row, Sizes, in_process, interleaved, seconds
from bench.ingest import bare, record

TITLE: Final = "Export"
CLEAR: Final = ("at", "action", "actor.id", "resource.id", "subject.id", "source.ip")


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject, over a log that is sealed as far as it can be."""
    raw = lines(sizes.events)
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as name:
        folder = Path(name)
        bare(raw, folder / "bare.db")
        with AuditLog.open(folder / "home") as log:
            record(log, raw)
            Worker(log).round(everything=True)
            return [*_files(log, folder, sizes), *_bundle(log, folder, len(raw))]


def _files(log: AuditLog, folder: Path, sizes: Sizes) -> list[Row]:
    clear = ExportSpec(columns=tuple(Column(path, path) for path in CLEAR), profile="internal", evidence="none")
    masked = ExportSpec(evidence="none")
    rows = sizes.events
    ours_s, masked_s, copy_s, loop_s = interleaved(
        [
            lambda: seconds(lambda: run_export(log, clear, folder / "clear.csv", bundle=False)),
            lambda: seconds(lambda: run_export(log, masked, folder / "masked.csv", bundle=False)),
            lambda: seconds(lambda: _copy(log, folder / "copy.csv")),
            lambda: seconds(lambda: _loop(folder / "bare.db", folder / "loop.csv")),
        ],
        sizes.repeats,
    )
    size = (folder / "clear.csv").stat().st_size
    return [
        Row("DuckDB: COPY of six clear columns to CSV, unsorted", rows / copy_s, "rows/s"),
        Row("Plain loop: sqlite3 to csv.writer, six columns", rows / loop_s, "rows/s"),
        Row("Affidavit: the same six columns, ordered, hashed", rows / ours_s, "rows/s", loop_s / ours_s, "plain loop"),
        Row("The same to DuckDB's COPY", rows / ours_s, "rows/s", copy_s / ours_s, "COPY"),
        Row("Affidavit: the form's four columns, ids as tokens", rows / masked_s, "rows/s"),
        Row("Bytes of the CSV a row", size / rows, "bytes"),
    ]


def _copy(log: AuditLog, out: Path) -> None:
    """DuckDB writes the segments' columns. An engine of its own: ours may not write."""
    import duckdb

    with log.database.read() as connection:
        names = [log.archive.locate(one.name) for one in list_segments(connection, log.tenant.log("main").id)]
    columns = "occurred_at, action, actor_id, resource_id, subject_id, source_ip"
    with duckdb.connect(config={"threads": log.settings.query_threads}) as engine:
        engine.execute(f"COPY (SELECT {columns} FROM read_parquet({names!r})) TO '{out}' (FORMAT csv, HEADER)")


def _loop(source: Path, out: Path) -> None:
    """What a plain program does: rows of the bare table through csv.writer."""
    connection = sqlite3.connect(source)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(CLEAR)
        writer.writerows(connection.execute("SELECT at, action, actor, resource, subject, ip FROM events ORDER BY at"))
    connection.close()


def _bundle(log: AuditLog, folder: Path, rows: int) -> list[Row]:
    path = folder / "bundle.zip"
    trust = log.trust()
    log.close()
    made = in_process("exporting:make", home=str(folder / "home"), out=str(path))
    checked = in_process("exporting:check", path=str(path), trust=trust)
    return [
        Row("Bundle made, its own check included", made["rows"] / made["seconds"], "rows/s"),
        Row("Peak memory of making it", made["rss_mib"], "MiB"),
        Row("Bundle verified", made["rows"] / checked["seconds"], "rows/s"),
        Row("Peak memory of verifying it", checked["rss_mib"], "MiB"),
        Row("Bundle a row, evidence included", path.stat().st_size / rows, "bytes", note="full evidence"),
    ]


def make(home: str, out: str) -> dict[str, float]:
    """In a process of its own: a bundle of everything with full evidence."""
    with AuditLog.open(home, check=False) as log:
        results: list[Any] = []
        took = seconds(lambda: results.append(run_export(log, ExportSpec(evidence="full"), Path(out), bundle=True)))
    return {"rows": results[0].rows, "seconds": took}


def check(path: str, trust: dict[str, Any]) -> dict[str, float]:
    """In a process of its own: verify a bundle. Raises where it does not hold."""
    results: list[Any] = []
    took = seconds(lambda: results.append(verify_bundle(path, trust)))
    if not results[0].ok:
        raise SystemExit(f"the bundle does not verify: {results[0].verdicts}")
    return {"seconds": took}
