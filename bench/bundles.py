"""Bundles: made, verified in one process and in two, verified by the page in a browser; their size."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, Final

from affidavit.export import ExportSpec, run_export
from affidavit.export.rows import CHECK
from affidavit.log.audit_log import AuditLog
from affidavit.log.worker import Worker
from affidavit.query.tree import eq
from affidavit.verify import verify_bundle
from affidavit.verify.page import PAGE
from affidavit.verify.page import __file__ as page_package
from bench.events import lines
from bench.figures import Row, Sizes, in_process
from bench.ingest import record

TITLE: Final = "Bundles"
TIMES: Final = 4
"""Events of a bundle, to those of other subjects: a second process takes a quarter of a second to begin."""
PERSON: Final = "u17"
"""One of 400 members of staff."""
HTML: Final = Path(page_package).with_name("verify.html")
WAIT_MS_MAX: Final = 600_000


def measure(sizes: Sizes) -> list[Row]:
    """All rows of the subject."""
    with tempfile.TemporaryDirectory(prefix="affidavit-bench-") as name:
        folder = Path(name)
        with AuditLog.open(folder / "home") as log:
            record(log, lines(TIMES * sizes.events))
            Worker(log).round(everything=True)
            trust = log.trust()
        home, path, small = str(folder / "home"), folder / "bundle.zip", folder / "rows.zip"
        made = [in_process("bundles:make", home=home, out=str(path), processes=n) for n in (1, 2)]
        checked = [in_process("bundles:check", path=str(path), trust=trust, processes=n) for n in (1, 2)]
        few = in_process("bundles:make", home=home, out=str(small), processes=1, actor=PERSON)
        rows = made[0]["rows"]
        return [
            *_rates("Bundle made, without its own check", made, rows, 50_000),
            Row("The same, its own check included, two processes", rows / made[1]["whole"], "rows/s"),
            Row("Peak memory of making it, first process", made[1]["rss_mib"], "MiB"),
            *_rates("Bundle verified", checked, rows, 45_000),
            Row("Peak memory of verifying it, first process", checked[1]["rss_mib"], "MiB"),
            *_page(path, trust, folder, rows),
            Row("Bundle a row", path.stat().st_size / rows, "bytes", high=500, note="full evidence"),
            Row(
                "Bundle a row of one person's acts", _own_bytes(small) / few["rows"], "bytes", high=1024,
                note=f"evidence of rows alone, {few['rows']:,} of {rows:,}; the verifier page apart",
            ),
        ]  # fmt: skip


def _rates(name: str, found: list[dict[str, Any]], rows: int, low: float) -> list[Row]:
    one, two = found
    return [
        Row(f"{name}, one process", rows / one["seconds"], "rows/s", note=f"{_cpu(one, rows)} µs of processor a row"),
        Row(
            f"{name}, two processes", rows / two["seconds"], "rows/s", one["seconds"] / two["seconds"], "one process",
            low=low, note=f"{_cpu(two, rows)} µs of processor a row",
        ),
    ]  # fmt: skip


def _cpu(found: dict[str, Any], rows: int) -> str:
    return f"{found['cpu'] / rows * 1e6:.0f}"


def _own_bytes(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return path.stat().st_size - archive.getinfo(PAGE).compress_size


def _spent() -> float:
    """Processor seconds of this process and of those that ended."""
    return sum(os.times()[:4])


def make(home: str, out: str, processes: int, actor: str = "") -> dict[str, float]:
    """In a process of its own: a bundle of everything, or of what one person did. `whole` has its own check in it."""
    spec = ExportSpec(query=eq("actor.id", actor), evidence="rows") if actor else ExportSpec(evidence="full")
    made: list[float] = []

    def progress(stage: str, _done: int, _total: int | None) -> None:
        if stage == CHECK and not made:
            made.extend((time.perf_counter(), _spent()))

    with AuditLog.open(home, check=False) as log:
        cpu, begin = _spent(), time.perf_counter()
        result = run_export(log, spec, Path(out), bundle=True, progress=progress, processes=processes)
        whole = time.perf_counter() - begin
    return {"rows": result.rows, "seconds": made[0] - begin, "cpu": made[1] - cpu, "whole": whole}


def check(path: str, trust: dict[str, Any], processes: int) -> dict[str, float]:
    """In a process of its own: verify a bundle. Raises where it does not hold."""
    cpu, begin = _spent(), time.perf_counter()
    result = verify_bundle(path, trust, processes=processes)
    took = time.perf_counter() - begin
    if not result.ok:
        raise SystemExit(f"the bundle does not verify: {result.verdicts}")
    return {"seconds": took, "cpu": _spent() - cpu}


def _page(path: Path, trust: dict[str, Any], folder: Path, rows: int) -> list[Row]:
    """The page in Chromium; nothing where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if program is None:
        return []
    trusted = folder / "trust.json"
    trusted.write_text(json.dumps(trust), encoding="utf-8")
    cpu = _spent()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS_MAX)
        page.goto(HTML.as_uri())
        page.get_by_label("Bundle").set_input_files(path)
        page.get_by_label("Trust file").set_input_files(trusted)
        begin = time.perf_counter()
        page.get_by_role("button", name="Verify").click()
        page.locator("#result").wait_for(state="visible")
        took = time.perf_counter() - begin
        said = page.locator("#status").inner_text()
        browser.close()
    if "AUTHENTIC: PASS" not in said or "FAIL" in said:
        raise SystemExit(f"the page says: {said}")
    note = f"{(_spent() - cpu) / rows * 1e6:.0f} µs of processor a row, the browser's start included"
    return [Row("Bundle verified by the page in Chromium, two workers", rows / took, "rows/s", low=20_000, note=note)]
