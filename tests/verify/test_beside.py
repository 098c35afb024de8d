"""Two processes find what one finds."""

from __future__ import annotations

import pytest

from affidavit.errors import StorageError
from affidavit.verify import bundle as verifier
from affidavit.verify.beside import Beside
from tests.verify.builder import Builder


@pytest.fixture
def both(tmp_path, monkeypatch):
    """The result of one process and of two."""
    monkeypatch.setattr(verifier, "PROCESSES_FROM_BYTES", 0)

    def both(builder):
        path = tmp_path / "bundle.zip"
        path.write_bytes(builder.zip())
        return [verifier.verify_bundle(path, builder.trust(), processes=n).to_json() for n in (1, 2)]

    return both


def forged(name, change):
    def edit(files):
        files[name] = change(files[name])

    return Builder(edit_files=edit)


def test_a_good_bundle(both):
    one, two = both(Builder(events=5000))
    assert one == two
    assert one["verdicts"]["VIEW MATCHES"]["status"] == "PASS"
    assert one["facts"]["rows"] == 5000


@pytest.mark.parametrize(
    "builder",
    [
        lambda: Builder(evidence="none"),
        lambda: Builder(events=0, wanted=lambda _: False),
        lambda: forged("salts.bin", lambda d: d[:-1]),
        lambda: forged("salts.bin", lambda d: d + b"x"),
        lambda: forged("salts.bin", lambda d: b"x" + d[1:]),
        lambda: forged("hidden.bin", lambda d: d + bytes(32)),
        lambda: forged("openings.ndjson", lambda d: d.replace(b'"-5"', b'"1e999"', 1)),
        lambda: forged("openings.ndjson", lambda d: d[:-1]),
        lambda: forged("openings.ndjson", lambda d: d.replace(b"[0,5,", b"[0,5,9", 1)),
    ],
)
def test_bad_ones_and_small_ones(both, builder):
    one, two = both(builder())
    assert {name: verdict["status"] for name, verdict in one["verdicts"].items()} == {
        name: verdict["status"] for name, verdict in two["verdicts"].items()
    }


def test_a_second_process_that_dies_is_no_verdict(tmp_path):
    path = tmp_path / "bundle.zip"
    path.write_bytes(Builder(events=9).zip())
    with Beside(path) as beside:
        beside._second._process.kill()
        beside._second._process.wait()
        with pytest.raises(StorageError, match="ended too early"):
            list(beside.commitments())
