"""Exports: data files beside DuckDB's COPY and a plain loop."""

from __future__ import annotations

import csv
import resource
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from affidavit.commitment import format_time
from affidavit.event import micros
from affidavit.export import Column, ExportResult, ExportSpec, run_export
from affidavit.log.audit_log import AuditLog
from affidavit.log.catalogue import list_segments
from affidavit.log.segment import column_name
from affidavit.log.worker import Worker
from affidavit.masking.profiles import Profile, from_toml
from affidavit.query.tree import Leaf
from bench.events import BEGIN, PER_EVENT, write_lines
from bench.figures import Row, Sizes, in_process, interleaved, peak_rss_mib, seconds
from bench.ingest import bare

TITLE: Final = "Export"
CLEAR: Final = ("at", "action", "actor.id", "resource.id", "subject.id", "source.ip")
DISTINCT: Final = ("at", "action", "actor.id", "source.request_id", "subject.id", "source.ip")
"""With request ids in the place of resources: no two of them are equal."""
TOKENS: Final = """
name = "bench"
base = "auditor"
[paths]
"source.request_id" = { mask = "token", class = "device" }
"""
PDF_ROWS: Final = 100_000
PDF_S_MAX: Final = 10
PDF_MIB_MAX: Final = 700
MEMORY_MIB_MAX: Final = 1024
"""However many rows: what an export holds does not grow with them."""


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject, over logs that are sealed as far as they can be."""
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as name:
        folder = Path(name)
        return _files(folder / "files", sizes)


def _files(folder: Path, sizes: Sizes) -> list[Row]:
    """Data files of `sizes.exported` events."""
    folder.mkdir()
    events = folder / "events.jsonl"
    write_lines(events, sizes.exported)
    with events.open("rb") as lines_of:
        bare(lines_of, folder / "bare.db")
    home = folder / "home"
    AuditLog.open(home).close()
    in_process("ingest:import_file", home=str(home), file=str(events))
    events.unlink()
    with AuditLog.open(home, check=False) as log:
        while Worker(log).round(everything=True).sealed:
            pass
        rows = _rates(log, folder, sizes)
    peak = in_process("exporting:write", home=str(home), out=str(folder / "peak.csv"))
    paper = in_process("exporting:paper", home=str(home), out=str(folder / "paper.pdf"))
    note = f"{sizes.exported:,} rows"
    pages = f"{paper['rows']:,} rows attached, with full evidence, checked"
    rows += [
        Row("PDF of its first rows", paper["seconds"], "s", high=PDF_S_MAX, note=pages),
        Row("Peak memory of the largest process of it", paper["peak_mib"], "MiB", high=PDF_MIB_MAX),
    ]
    return [*rows, Row("Peak memory of the auditor's file", peak["rss_mib"], "MiB", high=MEMORY_MIB_MAX, note=note)]


def _rates(log: AuditLog, folder: Path, sizes: Sizes) -> list[Row]:
    rows = sizes.exported

    def ours(spec: ExportSpec) -> Callable[[], float]:
        return lambda: seconds(lambda: run_export(log, spec, folder / f"{spec.profile_name}.csv", bundle=False))

    clear_s, auditor_s, distinct_s, form_s, copy_s, copy_distinct_s, loop_s = interleaved(
        [
            ours(_spec(CLEAR, "internal")),
            ours(_spec(CLEAR, "auditor")),
            ours(_spec(DISTINCT, from_toml(TOKENS, source="bench"))),
            ours(ExportSpec(evidence="none")),
            lambda: seconds(lambda: _copy(log, CLEAR, folder / "copy.csv")),
            lambda: seconds(lambda: _copy(log, DISTINCT, folder / "copy.csv")),
            lambda: seconds(lambda: _loop(folder / "bare.db", folder / "loop.csv")),
        ],
        sizes.repeats,
    )
    size = (folder / "auditor.csv").stat().st_size

    def row(name: str, took: float, baseline: float, of: str, low: float | None = None) -> Row:
        return Row(name, rows / took, "rows/s", baseline / took, of, low=low, of_ratio=low is not None)

    return [
        Row("DuckDB: COPY of six clear columns to CSV, unsorted", rows / copy_s, "rows/s"),
        Row("Plain loop: sqlite3 to csv.writer, six columns", rows / loop_s, "rows/s"),
        row("Affidavit: the same six columns, ordered, hashed, no cell a formula", clear_s, loop_s, "plain loop"),
        row("The same to DuckDB's COPY", clear_s, copy_s, "COPY"),
        row("As auditors get them: subjects as tokens, addresses cut", auditor_s, copy_s, "COPY", 0.4),
        row("With request ids too as tokens, no two alike", distinct_s, copy_distinct_s, "COPY of the same", 0.15),
        row("The form's four columns, ids as tokens", form_s, copy_s, "COPY of six"),
        Row("Bytes of the auditor's CSV a row", size / rows, "bytes"),
    ]


def _spec(paths: Sequence[str], profile: str | Profile) -> ExportSpec:
    return ExportSpec(columns=tuple(Column(path, path) for path in paths), profile=profile, evidence="none")


def write(home: str, out: str) -> dict[str, float]:
    """In a process of its own: the auditor's file of everything."""
    with AuditLog.open(home, check=False) as log:
        return {"seconds": seconds(lambda: run_export(log, _spec(CLEAR, "auditor"), Path(out), bundle=False))}


def paper(home: str, out: str) -> dict[str, float]:
    """In a process of its own: a PDF of at most the first PDF_ROWS events, its evidence attached."""
    query = Leaf("lt", "at", format_time(micros(BEGIN + PDF_ROWS * PER_EVENT)))
    results: list[ExportResult] = []
    with AuditLog.open(home, check=False) as log:
        spec = ExportSpec(query=query, format="pdf", evidence="full")
        took = seconds(lambda: results.append(run_export(log, spec, Path(out), bundle=False)))
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"rows": results[0].rows, "seconds": took, "peak_mib": max(others, peak_rss_mib())}


def _copy(log: AuditLog, paths: Sequence[str], out: Path) -> None:
    """DuckDB writes the segments' columns. An engine of its own: ours may not write."""
    import duckdb

    with log.database.read() as connection:
        names = [log.archive.locate(one.name) for one in list_segments(connection, log.tenant.log("main").id)]
    columns = ", ".join("occurred_at" if path == "at" else column_name(path) for path in paths)
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
