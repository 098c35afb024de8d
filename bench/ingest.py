"""Ingest: from JSON bytes to durable, beside a bare program that keeps the same events in one SQLite table."""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from affidavit.event import decode_event
from affidavit.log.audit_log import AuditLog
from affidavit.log.importer import import_files
from bench.events import events, lines, write_lines
from bench.figures import Row, Sizes, in_process, interleaved, peak_rss_mib, seconds, spent

TITLE: Final = "Ingest"
BATCH: Final = 1_000
THREADS: Final = 32
IMPORTED_MAX: Final = 1_000_000
_INSERT: Final = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?)"


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject."""
    raw = lines(sizes.events)
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as folder:
        against = _against_bare(raw, Path(folder), sizes)
        return [*against, *_calls(Path(folder), sizes), *_import(Path(folder), sizes, against[0].figure)]


def _against_bare(raw: Sequence[bytes], folder: Path, sizes: Sizes) -> list[Row]:
    names = iter(range(1_000))
    cpu: dict[str, list[float]] = {"bare": [], "ours": []}

    def kept(name: str, found: tuple[float, float]) -> float:
        cpu[name].append(found[1] / len(raw) * 1e6)
        return found[0]

    bare_s, ours_s = interleaved(
        [
            lambda: kept("bare", spent(lambda: bare(raw, folder / f"bare{next(names)}.db"))),
            lambda: kept("ours", _ours(raw, folder / f"ours{next(names)}")),
        ],
        sizes.repeats,
    )
    bare_rate, rate = len(raw) / bare_s, len(raw) / ours_s
    bare_cpu, ours_cpu = (statistics.median(one) for one in cpu.values())
    return [
        Row("Bare: decode JSON, insert into SQLite, no evidence", bare_rate, "events/s"),
        Row(
            "Affidavit in one process: the same events, committed, in the tree, durable",
            rate,
            "events/s",
            rate / bare_rate,
            "bare",
            low=0.2,
            of_ratio=True,
        ),
        Row("Bare: processor time an event", bare_cpu, "µs"),
        Row("Affidavit: processor time an event", ours_cpu, "µs", bare_cpu / ours_cpu, "bare's speed"),
    ]


def bare(raw: Iterable[bytes], path: Path) -> None:
    """What a plain program does: decode, insert into a table with one index, a commit each thousand, as durable."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE events (n INTEGER PRIMARY KEY, at TEXT, action TEXT, actor TEXT, resource TEXT, "
        "subject TEXT, ip TEXT, body TEXT)"
    )
    connection.execute("CREATE INDEX events_at ON events (at)")
    number = 0
    left = iter(raw)
    while part := list(islice(left, BATCH)):
        rows = []
        for line in part:
            event = json.loads(line)
            number += 1
            rows.append(
                (
                    number,
                    event["at"],
                    event["action"],
                    event["actor"]["id"],
                    event["resource"],
                    event["subject"],
                    event["source"]["ip"],
                    line.decode(),
                )
            )
        connection.execute("BEGIN")
        connection.executemany(_INSERT, rows)
        connection.execute("COMMIT")
    connection.close()


def _ours(raw: Sequence[bytes], home: Path) -> tuple[float, float]:
    with AuditLog.open(home) as log:
        return spent(lambda: record(log, raw))


def record(log: AuditLog, raw: Sequence[bytes]) -> None:
    """Decode and record in batches of a thousand; the next is prepared while the last is being committed."""
    waiting: list[Any] = []
    for first in range(0, len(raw), BATCH):
        batch = [decode_event(line) for line in raw[first : first + BATCH]]
        waiting.append(log.submit_many(batch, checked=True))
        if len(waiting) > 2:
            waiting.pop(0).result()
    for future in waiting:
        future.result()


def _calls(folder: Path, sizes: Sizes) -> list[Row]:
    """`record()`, one durable event a call, from many threads and from one."""
    made = list(events(sizes.calls))
    with AuditLog.open(folder / "calls") as log:
        many = len(made) / seconds(lambda: _threads(log.record, made))
        one = made[: max(50, len(made) // 40)]
        alone = len(one) / seconds(lambda: [log.record({**event, "id": None}) for event in one])
    return [
        Row(f"record() from {THREADS} threads, each call durable", many, "events/s", low=3_000),
        Row("record() from one thread, each call durable", alone, "events/s"),
    ]


def _threads(call: Callable[[Any], object], items: Sequence[Any]) -> None:
    def work(number: int) -> None:
        for item in items[number::THREADS]:
            call(item)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _import(folder: Path, sizes: Sizes, bare_rate: float) -> list[Row]:
    count = min(sizes.stored, IMPORTED_MAX)
    file = folder / "events.jsonl"
    write_lines(file, count)
    found = in_process("ingest:import_file", home=str(folder / "imported"), file=str(file))
    return [
        Row(
            f"`affidavit import`, two more processes preparing: {count:,} events of a JSONL file",
            count / found["seconds"],
            "events/s",
            count / found["seconds"] / bare_rate,
            "bare",
            low=0.2,
            of_ratio=True,
        ),
        Row("Peak memory of the import", found["rss_mib"], "MiB", high=500),
        Row(
            "Peak memory after all of it, to that after a tenth",
            found["rss_mib"] / found["early_mib"],
            "×",
            high=1.25,
            note="flat",
        ),
    ]


def import_file(home: str, file: str) -> dict[str, float]:
    """In a process of its own: the whole import, and the peak of memory at a tenth of it."""
    early: list[float] = []

    def watch(_file: str, done: int, total: int, _result: Any) -> None:
        if not early and done * 10 >= total:
            early.append(peak_rss_mib())

    with AuditLog.open(home) as log:
        took = seconds(lambda: import_files(log, [file], "jsonl", progress=watch, elsewhere=True))
    return {"seconds": took, "early_mib": early[0]}
