"""Any bytes in the place of any part: a verdict or a refusal, never another exception, and bounded memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affidavit.commitment import parse_entry
from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.verify import load_trust, verify_bundle
from affidavit.verify.entries import EPOCH, public_of, read_entries
from affidavit.verify.manifest import parse_manifest
from affidavit.verify.own import TABLE, read_own
from affidavit.verify.policy import parse_policy
from affidavit.verify.strict import load_json, load_texts
from tests.verify.builder import Builder, compact, grade_event, pack
from tests.verify.purging import Purging

FAST = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SLOW = settings(FAST, max_examples=60)
GOOD = Builder(events=3)
FILES = GOOD.files()
MANIFEST, TRUST = json.loads(FILES["manifest.json"]), GOOD.trust()
GAP = Purging().builder()
GAP_TRUST, GAP_FILES = GAP.trust(), GAP.files()

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 70), st.sampled_from([2**53, -(2**63), 10**30, 1.5, 1e300]),
    st.text(max_size=6), st.sampled_from(["", "main", "\x00", "tk_", "2026-10-01T00:00:00.000000Z", "a.b", "0" * 64]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value, way=()):
    """Every place in a JSON value."""
    yield way
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*way, key))
    elif isinstance(value, list):
        for n in range(len(value)):
            yield from places(value[n], (*way, n))


@st.composite
def spoiled(draw, value):
    """The value with something else in one place, or a key more or less."""
    way = draw(st.sampled_from(sorted(places(value), key=repr)))
    fresh = json.loads(json.dumps(value))
    if not way:
        return draw(ANYTHING)
    holder = fresh
    for step in way[:-1]:
        holder = holder[step]
    action = draw(st.integers(0, 3))
    if action == 0 and isinstance(holder, dict):
        del holder[way[-1]]
    elif action == 1 and isinstance(holder, dict):
        holder[draw(st.text(max_size=4))] = draw(ANYTHING)
    elif action == 1:
        holder.insert(way[-1], draw(ANYTHING))
    else:
        holder[way[-1]] = draw(ANYTHING)
    return fresh


@FAST
@given(spoiled(MANIFEST))
def test_manifests(value):
    try:
        parse_manifest(json.dumps(value).encode())
    except MalformedProof:
        return


@FAST
@given(spoiled(TRUST))
def test_trust_files(value):
    try:
        load_trust(value)
    except InvalidRequest:
        return


@FAST
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_json(data):
    for load in (load_json, load_texts):
        try:
            load(data, "x")
        except MalformedProof:
            continue


@FAST
@given(st.lists(st.text(max_size=30) | ANYTHING, max_size=4), ANYTHING)
def test_policies(lines, quorum):
    try:
        parse_policy(lines, quorum)
    except MalformedProof:
        return


@FAST
@given(st.sampled_from(sorted(TABLE)), st.data())
def test_own_events(action, data):
    paths = sorted(TABLE[action])
    text = st.text(max_size=20) | ANYTHING.map(json.dumps)
    fields = data.draw(st.dictionaries(st.sampled_from(paths), st.tuples(st.sampled_from("sjn"), text)))
    try:
        read_own(action, fields, frozenset(paths), "x")
    except MalformedProof:
        return


ENTRY = grade_event(3).seal().entry


@FAST
@given(st.integers(0, len(ENTRY) - 1), st.integers(0, 4), st.binary(max_size=4) | st.sampled_from([b".", b"-", b"Z9"]))
def test_entries_are_read_the_same_together_and_alone(at, cut, more):
    data = ENTRY[:at] + more + ENTRY[at + cut :]
    together = read_entries([ENTRY, data], EPOCH)
    try:
        parse_entry(data)
    except MalformedProof:
        assert together is None
        return
    if public_of(data).t < public_of(ENTRY).t:
        assert together is None
        return
    assert together == [public_of(ENTRY), public_of(data)]


@FAST
@given(
    st.lists(st.sampled_from([ENTRY, ENTRY + b"\n", b"\n", b"", ENTRY + b"\n" + ENTRY, b"x"]), min_size=1, max_size=5)
)
def test_no_batch_is_taken_in_which_one_is_no_entry(pieces):
    assert (read_entries(pieces, EPOCH) is None) == any(piece != ENTRY for piece in pieces)


def only_verdicts(path, data, trust):
    path.write_bytes(data)
    result = verify_bundle(path, trust)
    assert {str(verdict.status) for verdict in result.verdicts.values()} <= {"PASS", "FAIL", "NOT PROVEN"}
    return result


@SLOW
@given(st.data())
def test_json_of_bundles(tmp_path, data):
    """The operator attests to whatever it is: the form is all that stands between it and the verifier."""
    builder = Builder(events=3)
    name = data.draw(st.sampled_from(["manifest.json", "openings.ndjson", "attestation.json"]))

    def edit(files):
        line, *rest = files[name].split(b"\n")
        files[name] = b"\n".join([compact(data.draw(spoiled(json.loads(line)))), *rest])

    if name == "openings.ndjson":
        builder.edit_files = edit
    else:
        builder.late = edit
    only_verdicts(tmp_path / "b.zip", builder.zip(), builder.trust())


@SLOW
@given(st.data())
def test_supporting_events(tmp_path, data):
    builder = Purging().builder()
    n = data.draw(st.integers(0, len(builder.support) - 1))
    builder.support[n] = data.draw(spoiled(builder.support[n]))
    only_verdicts(tmp_path / "b.zip", builder.zip(), builder.trust())


@SLOW
@given(st.sampled_from(sorted(GAP_FILES)), st.binary(max_size=60))
def test_files_of_any_bytes(tmp_path, name, content):
    result = only_verdicts(tmp_path / "b.zip", pack(GAP_FILES | {name: content}), GAP_TRUST)
    assert not result.ok or content == GAP_FILES[name]


@SLOW
@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail))
def test_zips_of_any_bytes(tmp_path, data):
    assert not only_verdicts(tmp_path / "b.zip", data, TRUST).ok
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(data), 0, 0)
    assert not only_verdicts(tmp_path / "b.zip", data + end, TRUST).ok


MEMORY_MAX = 320 << 20
BOMB_BYTES = 352 << 20
_CHECK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from affidavit.verify import verify_bundle
result = verify_bundle(sys.argv[1], sys.argv[2])
assert not result.ok
"""


def bomb(name, size, claimed=None):
    """A good bundle with one member that unpacks to `size` bytes of zeros, by its headers to `claimed`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for other, data in FILES.items():
            info = zipfile.ZipInfo(other)
            info.create_system = 0
            info.compress_type = 0 if other in ("salts.bin", "hidden.bin") else zipfile.ZIP_DEFLATED
            if other != name:
                archive.writestr(info, data)
            else:
                with archive.open(info, "w") as member:
                    for _ in range(size >> 20):
                        member.write(bytes(1 << 20))
            info.external_attr = 0
    data = out.getvalue()
    if claimed is not None:
        data = data.replace(struct.pack("<L", size), struct.pack("<L", claimed))
    return data


@pytest.mark.parametrize(
    ("name", "claimed"),
    [("data.csv", None), ("openings.ndjson", None), ("manifest.json", 1000), ("entries.0.bin", 1000)],
)
def test_bombs_take_no_memory(tmp_path, name, claimed):
    if not sys.platform.startswith("linux"):
        pytest.skip("address space is limited on Linux")
    (tmp_path / "b.zip").write_bytes(bomb(name, BOMB_BYTES, claimed))
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    subprocess.run(
        [sys.executable, "-c", _CHECK.format(limit=MEMORY_MAX), str(tmp_path / "b.zip"), str(tmp_path / "trust.json")],
        check=True, timeout=120,
    )  # fmt: skip


def test_nested_zips_are_bytes(tmp_path):
    assert not only_verdicts(tmp_path / "b.zip", pack(FILES | {"data.csv": pack(FILES)}), TRUST).ok
