"""The second verifier under Node, one process for many bundles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "verifier" / "dist" / "verify.mjs"
ANSWER_S_MAX = 600


def node() -> str:
    """Node's path, of a version that can run the program; else the test is skipped, in CI failed."""
    path = shutil.which("node")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Node.js: in CI both verifiers must run")
        pytest.skip("no Node.js")
    return path


class Second:
    """Bundles go in one after the other, and are verified meanwhile; `answers()` waits for all."""

    def __init__(self, folder: Path) -> None:
        self._out = folder / "answers.ndjson"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                [node(), str(PROGRAM), "--batch"], stdin=subprocess.PIPE, stdout=out, text=True
            )

    def verify(self, bundle: Path, trust: Path) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{bundle}\t{trust}\n")
        self._process.stdin.flush()

    def answers(self) -> list[dict[str, Any]]:
        self._process.communicate(timeout=ANSWER_S_MAX)
        assert self._process.returncode in (0, 8)
        return [json.loads(line) for line in self._out.read_text().splitlines()]

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def statuses(answer: dict[str, Any]) -> dict[str, str]:
    """Status by verdict; a trust file that was refused is `{"refused": …}`; anything else is a crash."""
    if "verdicts" in answer:
        return {name: verdict["status"] for name, verdict in answer["verdicts"].items()}
    assert answer["refused"] is True, answer
    return {"refused": "trust"}
