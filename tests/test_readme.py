"""The code in README.md runs as it stands there, and does what the text around it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"

# What follows a block of README.md to see that it did what it is there for.
PROOFS = [
    "assert receipt.index == 0",
    """
from fastapi.testclient import TestClient
client = TestClient(app)
for index in (0, 1):
    assert client.put("/enrollments/17/grade?user=u1").json() == {"index": index}
assert client.get("/audit/api/v1/openapi.json").json()["info"]["title"] == "Affidavit"
log.close()
""",
]


def blocks(language):
    text = README.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_block_has_its_proof():
    assert len(blocks("python")) == len(PROOFS)


@pytest.mark.parametrize(("code", "proof"), [*zip(blocks("python"), PROOFS, strict=False)], ids=["record", "FastAPI"])
def test_readme_code_runs(code, proof, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}\n{proof}"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
