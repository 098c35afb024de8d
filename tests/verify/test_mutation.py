"""Any change of a good bundle: no crash, and whatever is still accepted has every file as it was."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affidavit.errors import MalformedProof
from affidavit.verify import verify_bundle
from affidavit.verify.archive import Archive
from affidavit.verify.verdict import Status
from tests.verify.builder import Builder, pack

GOOD = Builder(events=12)
FILES = GOOD.files()
DATA = pack(FILES)
TRUST = GOOD.trust()
SLOW = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def read(path):
    with Archive(path) as archive:
        return {name: b"".join(archive.chunks(name)) for name in archive.members}


def refused(path, data, trust=TRUST):
    """Refused, or accepted with every file the same: then only the compression differs."""
    path.write_bytes(data)
    result = verify_bundle(path, trust)
    if result.verdicts["AUTHENTIC"].status is Status.FAIL:
        assert not any(verdict.status is Status.PASS for verdict in result.verdicts.values())
        return
    assert read(path) == FILES


@SLOW
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 255)), min_size=1, max_size=3))
def test_changed_bytes(tmp_path, changes):
    data = bytearray(DATA)
    for at, by in changes:
        data[at] ^= by
    refused(tmp_path / "b.zip", bytes(data))


@SLOW
@given(st.integers(0, len(DATA)), st.integers(0, 40), st.binary(max_size=8))
def test_cut_and_inserted_bytes(tmp_path, at, cut, more):
    refused(tmp_path / "b.zip", DATA[:at] + more + DATA[at + cut :])


@SLOW
@given(st.sampled_from(sorted(FILES)), st.integers(0, 1 << 20), st.integers(0, 6), st.binary(max_size=4))
def test_changed_files(tmp_path, name, at, cut, more):
    data = FILES[name]
    at %= len(data) + 1
    changed = data[:at] + more + data[at + cut :]
    path = tmp_path / "b.zip"
    path.write_bytes(pack(FILES | {name: changed}))
    result = verify_bundle(path, TRUST)
    assert (result.verdicts["AUTHENTIC"].status is Status.FAIL) == (changed != data)


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("manifest.json", "README.txt")])
def test_every_file_survives_any_bytes_before_the_attestation(tmp_path, name):
    """The operator may attest to rubbish: parsers meet it with valid hashes around it."""
    dice = random.Random(name)
    for _ in range(25):
        builder = Builder(events=8)

        def spoil(files):
            data = bytearray(files.get(name, b""))
            for _ in range(dice.randint(1, 4)):
                if data:
                    data[dice.randrange(len(data))] = dice.choice(b'\x00"\\[]{},:019aeZ-\xff\n')
            files[name] = bytes(data)

        if name == "attestation.json" or name.startswith(("checkpoint", "proof")):
            builder.late = spoil
        else:
            builder.edit_files = spoil
        path = tmp_path / "b.zip"
        path.write_bytes(builder.zip())
        verify_bundle(path, builder.trust())


def test_the_unchanged_bundle_is_read_in_full(tmp_path):
    path = tmp_path / "b.zip"
    path.write_bytes(DATA)
    assert verify_bundle(path, TRUST).ok
    assert read(path) == FILES
    path.write_bytes(DATA[:-1])
    with pytest.raises(MalformedProof):
        read(path)
