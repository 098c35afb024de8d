"""The bench runs: a figure nobody can reproduce is none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.events import events, lines
from bench.figures import Row, number, table

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments):
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("subject", ["ingest", "export", "stored", "reports", "service"])
def test_a_subject_runs_and_gives_figures(subject):
    done = run("--quick", subject)
    assert done.returncode == 0, done.stderr
    figures = re.findall(r"^\| .+? \| ([0-9][0-9.,e+-]*) \| \S+ \|", done.stdout, re.MULTILINE)
    assert len(figures) >= 4
    assert all(float(figure.replace(",", "")) >= 0 for figure in figures)


def test_an_unknown_subject_is_refused():
    done = run("--quick", "nothing")
    assert done.returncode == 2
    assert "no subject 'nothing'" in done.stderr


def test_the_same_seed_gives_the_same_events():
    assert lines(100) == lines(100) != lines(100, seed=1)
    assert len({event["id"] for event in events(1000)}) == 1000


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("a", 5, "ms", high=10), True),
        (Row("a", 11, "ms", high=10), False),
        (Row("a", 9, "events/s", low=10), False),
        (Row("a", 1, "events/s", 0.3, "bare", low=0.2, of_ratio=True), True),
        (Row("a", 9, "events/s", 0.1, "bare", low=0.2, of_ratio=True), False),
        (Row("a", 1, "ms"), None),
    ],
)
def test_a_target_is_told_reached_or_missed(row, reached):
    assert row.reached is reached
    assert ("✓" in table([row]), "missed" in table([row])) == (reached is True, reached is False)


@pytest.mark.parametrize(("value", "shown"), [(0.15449, "0.154"), (12345.6, "12,300"), (999.4, "999"), (2, "2")])
def test_numbers_show_three_digits(value, shown):
    assert number(value) == shown
