"""The page in the package is the one that verifier/ builds, and bundles carry it."""

from __future__ import annotations

from pathlib import Path

from affidavit.verify.page import html

BUILT = Path(__file__).resolve().parents[2] / "verifier" / "dist" / "verify.html"


def test_the_packaged_page_is_the_built_one():
    """Where it is not: `make page`."""
    assert html() == BUILT.read_bytes()
