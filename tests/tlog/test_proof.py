import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog import (
    consistency_proof,
    inclusion_proof,
    subtree_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.tlog.naive import consistency, leaves_of, mth, path

LEAVES = leaves_of(130)
PUBLISHED = Path(__file__).parents[3] / "shared" / "vectors" / "merkle"


def get_node(level: int, index: int) -> bytes:
    return mth(LEAVES[index << level : (index + 1) << level])


@given(st.data())
def test_inclusion_as_the_rfc_has_it(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(size, index, get_node)
    assert proof == path(index, LEAVES[:size])
    verify_inclusion(size, index, LEAVES[index], proof, mth(LEAVES[:size]))


@given(st.data())
def test_consistency_as_the_rfc_has_it(data):
    new = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, get_node)
    assert proof == consistency(old, LEAVES[:new])
    verify_consistency(old, new, proof, mth(LEAVES[:old]), mth(LEAVES[:new]))


def test_every_small_proof_and_no_other():
    # Each proof is accepted for its own sizes and index alone: swapping any of them is refused.
    for size in range(1, 9):
        root = mth(LEAVES[:size])
        for index in range(size):
            proof = path(index, LEAVES[:size])
            verify_inclusion(size, index, LEAVES[index], proof, root)
            for other in range(size):
                if other != index:
                    with pytest.raises(MalformedProof):
                        verify_inclusion(size, other, LEAVES[index], proof, root)
            with pytest.raises(MalformedProof, match="left over"):
                verify_inclusion(size, index, LEAVES[index], [*proof, LEAVES[0]], root)
            if proof:
                with pytest.raises(MalformedProof, match="too few"):
                    verify_inclusion(size, index, LEAVES[index], proof[:-1], root)
            old = index + 1
            steps = consistency(old, LEAVES[:size])
            verify_consistency(old, size, steps, mth(LEAVES[:old]), root)
            with pytest.raises(MalformedProof, match="left over" if old < size else "must be empty"):
                verify_consistency(old, size, [*steps, LEAVES[0]], mth(LEAVES[:old]), root)
            if steps:
                with pytest.raises(MalformedProof, match=r"too few|is empty"):
                    verify_consistency(old, size, steps[:-1], mth(LEAVES[:old]), root)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_changed_hash_is_named_by_the_root_it_misses(position):
    proof = consistency(6, LEAVES[:8])
    proof[position] = bytes(32)
    with pytest.raises(MalformedProof, match="does not give the root of the"):
        verify_consistency(6, 8, proof, mth(LEAVES[:6]), mth(LEAVES[:8]))


def test_a_hash_of_another_length_is_refused():
    with pytest.raises(MalformedProof, match="31 bytes, not 32"):
        verify_inclusion(2, 0, LEAVES[0], [LEAVES[1][:31]], mth(LEAVES[:2]))
    with pytest.raises(MalformedProof, match="33 bytes, not 32"):
        verify_consistency(1, 2, [LEAVES[1] + b"\0"], LEAVES[0], mth(LEAVES[:2]))


@pytest.mark.parametrize(("size", "index"), [(0, 0), (1, 1), (1, -1), (2**63, 0)])
def test_an_index_outside_the_tree(size, index):
    with pytest.raises(InvalidRequest):
        inclusion_proof(size, index, get_node)
    with pytest.raises(MalformedProof):
        verify_inclusion(size, index, LEAVES[0], [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (2, 1), (-1, 1)])
def test_sizes_without_a_consistency_proof(old, new):
    with pytest.raises(InvalidRequest):
        consistency_proof(old, new, get_node)
    with pytest.raises(MalformedProof):
        verify_consistency(old, new, [], LEAVES[0], LEAVES[0])


def test_subtrees_at_the_right_edge():
    assert subtree_hash(get_node, 96, 130 - 3) == mth(LEAVES[96:127])
    assert subtree_hash(get_node, 0, 130) == mth(LEAVES[:130])
    for start, end in ((1, 3), (0, 0), (4, 12), (-2, 0)):
        with pytest.raises(InvalidRequest):
            subtree_hash(get_node, start, end)


def published(kind: str) -> list[Path]:
    return sorted((PUBLISHED / kind).rglob("*.json"))


def unpack(case: dict, *names: str) -> list[bytes]:
    return [base64.b64decode(case[name] or "") for name in names]


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published vectors are not beside this checkout")
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_published_vectors(kind):
    verdicts = []
    for file in published(kind):
        case = json.loads(file.read_text())
        proof = [base64.b64decode(step) for step in case["proof"] or []]
        if kind == "inclusion":
            leaf, root = unpack(case, "leafHash", "root")
            hashes = [leaf, root, *proof]
            arguments = (case["treeSize"], case["leafIdx"], leaf, proof, root)
            verify = verify_inclusion
        else:
            old_root, new_root = unpack(case, "root1", "root2")
            hashes = [old_root, new_root, *proof]
            arguments = (case["size1"], case["size2"], proof, old_root, new_root)
            verify = verify_consistency
        # The publisher lets roots of any length be equal; here every hash has 32 bytes.
        refused = case["wantErr"] or any(len(value) != 32 for value in hashes)
        try:
            verify(*arguments)
        except MalformedProof:
            assert refused, file
        else:
            assert not refused, file
        verdicts.append(refused)
    assert len(verdicts) > 50
    assert verdicts.count(False) >= 3
