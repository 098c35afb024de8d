"""verifier/dist is what its sources give, byte for byte; unit tests pass; the lock names no registry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.verifier.second import node

FOLDER = Path(__file__).resolve().parents[2] / "verifier"


def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    if not (FOLDER / "node_modules").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("run `npm ci` in verifier/: in CI it must be built anew")
        pytest.skip("run `npm ci` in verifier/")
    return subprocess.run([node(), *args], cwd=FOLDER, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["verify.mjs", "verify.html"])
def test_dist_is_reproducible(tmp_path: Path, name: str) -> None:
    built = run("build.mjs", "--out", tmp_path)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / name).read_bytes() == (FOLDER / "dist" / name).read_bytes(), "run `npm run build` in verifier/"


def test_types() -> None:
    checked = run("node_modules/typescript/bin/tsc", "--noEmit")
    assert checked.returncode == 0, checked.stdout


def test_units() -> None:
    built = run("build.mjs", "--tests")
    assert built.returncode == 0, built.stderr
    names = sorted(path.name.replace(".ts", ".mjs") for path in (FOLDER / "test").glob("*.test.ts"))
    tested = run("--test", *[f"out/{name}" for name in names])
    assert tested.returncode == 0, tested.stdout


def test_the_lock_names_no_host() -> None:
    assert "http" not in (FOLDER / "package-lock.json").read_text().replace('"url": "https', "")
    assert "resolved" not in (FOLDER / "package-lock.json").read_text()
