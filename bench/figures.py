"""Figures: how they are measured, and how they are shown."""

from __future__ import annotations

import importlib
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: events of most subjects, of the stored log, rows of exported files, `record()` calls,
    repeats of each.
    """

    events: int
    stored: int
    exported: int
    calls: int
    repeats: int


QUICK: Final = Sizes(events=1_000, stored=3_000, exported=3_000, calls=100, repeats=1)
# Stored logs end 500 short of a full segment: their tail is as long as a tail gets.
FULL: Final = Sizes(events=50_000, stored=16 * 65_536 - 500, exported=1_000_000, calls=6_000, repeats=5)
LARGE: Final = Sizes(events=50_000, stored=153 * 65_536 - 500, exported=1_000_000, calls=6_000, repeats=5)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `ratio` is to the baseline named, `low` and `high` are what it must reach (of the ratio, where
    `of_ratio`), and `note` says what was measured.
    """

    name: str
    figure: float
    unit: str
    ratio: float | None = None
    baseline: str = ""
    low: float | None = None
    high: float | None = None
    of_ratio: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        value = self.ratio if self.of_ratio else self.figure
        if value is None or (self.low is None and self.high is None):
            return None
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def target(self) -> str:
        """The target in words."""
        what = "ratio " if self.of_ratio else ""
        if self.low is not None:
            return f"{what}≥ {number(self.low)}"
        return "" if self.high is None else f"{what}≤ {number(self.high)}"


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| figure | value | unit | ratio to baseline | target |", "|---|--:|---|---|---|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{number(row.ratio)} of {row.baseline}"
        mark = {None: "", True: " ✓", False: " ✗ missed"}[row.reached]
        name = f"{row.name} ({row.note})" if row.note else row.name
        lines.append(f"| {name} | {number(row.figure)} | {row.unit} | {ratio} | {row.target}{mark} |")
    return "\n".join(lines)


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def spent(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor seconds of one call, all threads counted: the second says what a busy machine hides."""
    begin = time.process_time()
    wall = seconds(work)
    return wall, time.process_time() - begin


def interleaved(works: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """The median of each of several measurements, taken in turns so that a noisy minute hits all alike."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for one, work in zip(found, works, strict=True):
            one.append(work())
    return [statistics.median(one) for one in found]


def peak_rss_mib() -> float:
    """The largest resident size of this process so far. On Linux from /proc: getrusage counts who started it too."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    except OSError:
        found = None
    if found is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(found[1]) / 1024


def in_process(function: str, **arguments: Any) -> dict[str, Any]:
    """Call `module:function` of this package in a fresh process; its result and `rss_mib`, its peak resident size."""
    command = [sys.executable, "-m", "bench.figures", function, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def start(function: str, **arguments: Any) -> subprocess.Popen[bytes]:
    """The same without waiting for it."""
    command = [sys.executable, "-m", "bench.figures", function, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The result of what `start` began."""
    out, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return dict(json.loads(out))


def _main() -> None:
    name, arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    result = getattr(importlib.import_module(f"bench.{module}"), function)(**json.loads(arguments)) or {}
    print(json.dumps({**result, "rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    _main()
