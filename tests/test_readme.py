"""The code in README.md runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"


def blocks():
    text = README.read_text("utf-8")
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield pytest.param(match[1], id=f"line {text.count(chr(10), 0, match.start()) + 1}")


def test_readme_has_code():
    assert list(blocks())


@pytest.mark.parametrize("code", blocks())
def test_readme_code_runs(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
