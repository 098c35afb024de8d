"""`python -m bench`: measure, print, and with --write put the table into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench import bundles, exporting, ingest, postgres, reports, service, stored
from bench.figures import FULL, LARGE, QUICK, Row, Sizes, number, table

SUBJECTS: Final = {
    "ingest": ingest,
    "stored": stored,
    "postgres": postgres,
    "export": exporting,
    "bundles": bundles,
    "reports": reports,
    "service": service,
}
DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN: Final = "<!-- figures: python -m bench --write -->"
END: Final = "<!-- end of figures -->"


def main() -> None:
    """Measure what is asked for; ends with 0 whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures of this machine")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"any of {', '.join(SUBJECTS)}; default: all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    size.add_argument("--large", action="store_true", help="a stored log of 10 million events; hours")
    parser.add_argument(
        "--rows", type=int, metavar="N", help="of exported files: 10000000 for the check of flat memory"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{DOCUMENT.name}")
    asked = parser.parse_args()
    unknown = set(asked.subjects) - set(SUBJECTS)
    if unknown:
        parser.error(f"no subject {min(unknown)!r}: {', '.join(SUBJECTS)}")
    sizes = QUICK if asked.quick else LARGE if asked.large else FULL
    if asked.rows:
        sizes = replace(sizes, exported=asked.rows)
    text = _measured(asked.subjects or list(SUBJECTS), sizes)
    if asked.write:
        _write(text)


def _measured(names: list[str], sizes: Sizes) -> str:
    parts = [_machine(sizes)]
    print(parts[0], flush=True)
    for name in names:
        begin = time.monotonic()
        rows: list[Row] = SUBJECTS[name].measure(sizes)
        if rows:
            parts.append(f"### {SUBJECTS[name].TITLE}\n\n{table(rows)}")
            print(f"\n{parts[-1]}\n({time.monotonic() - begin:.0f} s)", flush=True)
    return "\n\n".join(parts)


def _machine(sizes: Sizes) -> str:
    """Where, when and with what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow", "msgspec", "sqlalchemy"))
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, load {load:.1f} at the beginning. "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}. "
        f"Sizes: {number(sizes.events)} events a repeat, {sizes.repeats} repeats, a stored log of "
        f"{sizes.stored:,} events, files of {sizes.exported:,} rows, {sizes.calls:,} single calls."
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _write(text: str) -> None:
    before = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
    print(f"\nWritten into {DOCUMENT.name}")


if __name__ == "__main__":
    main()
