"""The golden bundles, good and bad: the verdicts are those that tests/vectors/bundles/expected.json demands.

`python -m tests.vectors.bundles.make` makes them. The other verifier's tests read the same files.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from affidavit.errors import InvalidRequest
from affidavit.verify import verify_bundle

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "bundles"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_golden(name):
    case = EXPECTED[name]
    if "rfc3161" in case.get("needs", ()):
        pytest.importorskip("rfc3161_client")
    if "parquet" in case.get("needs", ()):
        pytest.importorskip("pyarrow")
    if case.get("refused"):
        with pytest.raises(InvalidRequest):
            verify_bundle(FOLDER / name, FOLDER / case["trust"])
        return
    result = verify_bundle(FOLDER / name, FOLDER / case["trust"])
    found = {verdict.name: str(verdict.status) for verdict in result.verdicts.values()}
    assert found == case["verdicts"], result.to_json()["verdicts"]
    assert result.ok == name.startswith("good-")


def test_every_bundle_has_its_verdicts():
    assert {path.name for path in FOLDER.glob("*.zip")} == set(EXPECTED)
    assert len(EXPECTED) > 70
