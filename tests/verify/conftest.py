"""Verify what a builder made: `check(builder)` gives the Result."""

from __future__ import annotations

import pytest

from affidavit.verify import verify_bundle


@pytest.fixture
def check(tmp_path):
    def check(builder, trust=None, data=None):
        path = tmp_path / "bundle.zip"
        path.write_bytes(builder.zip() if data is None else data)
        return verify_bundle(path, builder.trust() if trust is None else trust)

    return check
