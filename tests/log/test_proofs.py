"""Proofs of single entries: a stranger can check them from the text alone."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affidavit.errors import MalformedProof, NotFound
from affidavit.log.proofs import prove
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.note import VerifierKey
from affidavit.tlog.proof import verify_inclusion


def checked(log, proof):
    """What a stranger does: note by key, entry to leaf, leaf to root."""
    keys = [VerifierKey.parse(key.vkey) for key in log.tenant.log(proof["stream"]).keys]
    checkpoint = open_checkpoint(proof["checkpoint"].encode(), proof["origin"], keys).checkpoint
    leaf = leaf_hash(proof["entry"].encode())
    assert base64.b64encode(leaf).decode() == proof["leaf"]
    assert base64.b64encode(checkpoint.root).decode() == proof["root"]
    nodes = [base64.b64decode(node) for node in proof["proof"]]
    verify_inclusion(checkpoint.size, proof["index"], leaf, nodes, checkpoint.root)
    return checkpoint.size


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_every_entry_of_small_logs(log, size):
    log.record_many([{"action": f"a{n}"} for n in range(size)])
    for index in range(size):
        assert checked(log, prove(log, "main", index)) == size


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 599))
def test_entries_of_a_growing_log(log, index):
    if index % 7 == 0 or log.pin().size <= index:
        log.record_many([{"action": "a"}] * max(index + 1 - log.pin().size, 3))
    assert checked(log, prove(log, "main", index)) > index


def test_a_proof_holds_for_no_other_entry(log):
    log.record_many([{"action": "a"}, {"action": "b"}, {"action": "c"}])
    proof = prove(log, "main", 1)
    for changes in ({"index": 0}, {"index": 2}, {"proof": proof["proof"][::-1]}, {"proof": proof["proof"][:-1]}):
        with pytest.raises(MalformedProof):
            checked(log, {**proof, **changes})


@pytest.mark.parametrize("index", [0, 1, -1, 2**40])
def test_there_is_no_such_index(log, index):
    if index == 0:
        with pytest.raises(NotFound, match="0 entries"):
            prove(log, "main", 0)
    log.record("a")
    if index:
        for refused in (lambda: prove(log, "main", index), lambda: log.opened("main", index)):
            with pytest.raises(NotFound, match=f"index {index}"):
                refused()


def test_streams(log):
    log.record_own("report.viewed", {"view.id": "x"})
    assert checked(log, prove(log, "access", 0)) == 1
    with pytest.raises(NotFound):
        prove(log, "main", 0)
