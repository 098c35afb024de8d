import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog import EMPTY_ROOT, range_proof, subtree_hash, verify_range_proof
from affidavit.tlog.proof import decode_range_proof, encode_range_proof, union_of_ranges
from tests.tlog.naive import leaves_of, mth, range_walk

LEAVES = leaves_of(2**13 + 77)
CASES = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "range_proofs.json").read_text())


def subtree(start: int, end: int) -> bytes:
    return mth(LEAVES[start:end])


def leaves_in(ranges):
    return [LEAVES[index] for start, end in ranges for index in range(start, end)]


@st.composite
def questions(draw):
    size = draw(st.integers(0, 120))
    borders = sorted(draw(st.sets(st.integers(0, size), max_size=10)))
    ranges = list(zip(borders[0::2], borders[1::2], strict=False))
    if draw(st.booleans()):  # ranges that touch are still disjoint
        ranges = list(itertools.pairwise(borders))
    cuts = sorted(draw(st.sets(st.integers(1, size - 1), max_size=5))) if size > 1 else []
    return size, ranges, cuts


@given(questions())
def test_the_walk_is_the_one_the_format_states(question):
    size, ranges, cuts = question
    included = {index for start, end in ranges for index in range(start, end)}
    proof = list(range_proof(size, ranges, cuts, subtree))
    assert proof == range_walk(LEAVES[:size], included, set(cuts))
    root, roots = verify_range_proof(size, ranges, leaves_in(ranges), cuts, proof)
    assert root == mth(LEAVES[:size])
    assert roots == {cut: mth(LEAVES[:cut]) for cut in cuts}


@given(questions(), st.data())
def test_whatever_is_missing_or_left_over_is_refused(question, data):
    size, ranges, cuts = question
    proof, leaves = list(range_proof(size, ranges, cuts, subtree)), leaves_in(ranges)
    for bad_leaves, bad_proof in (
        ([*leaves, LEAVES[0]], proof),
        (leaves, [*proof, LEAVES[0]]),
        (leaves[:-1], proof) if leaves else (leaves, [*proof, LEAVES[0]]),
        (leaves, proof[:-1]) if proof else ([*leaves, LEAVES[0]], proof),
        (leaves, [*proof[:-1], proof[-1][:31]]) if proof else ([*leaves, LEAVES[0]], proof),
        ([*leaves[:-1], b""], proof) if leaves else ([b""], proof),
    ):
        with pytest.raises(MalformedProof):
            verify_range_proof(size, ranges, bad_leaves, cuts, bad_proof)
    if proof:
        changed = data.draw(st.integers(0, len(proof) - 1))
        other = [*proof[:changed], bytes(32), *proof[changed + 1 :]]
        assert verify_range_proof(size, ranges, leaves, cuts, other)[0] != mth(LEAVES[:size])
    if leaves:
        changed = data.draw(st.integers(0, len(leaves) - 1))
        other = [*leaves[:changed], bytes(32), *leaves[changed + 1 :]]
        assert verify_range_proof(size, ranges, other, cuts, proof)[0] != mth(LEAVES[:size])


def test_more_leaves_than_are_hashed_at_once():
    size, ranges, cuts = len(LEAVES), [(3, 8000), (8100, len(LEAVES))], [4096, 4099, 8050]
    get_node = lambda level, index: mth(LEAVES[index << level : (index + 1) << level])  # noqa: E731
    proof = list(range_proof(size, ranges, cuts, lambda start, end: subtree_hash(get_node, start, end)))
    root, roots = verify_range_proof(size, ranges, iter(leaves_in(ranges)), cuts, iter(proof))
    assert root == mth(LEAVES)
    assert roots == {cut: mth(LEAVES[:cut]) for cut in cuts}


def test_the_ends_of_the_scale():
    assert list(range_proof(0, [], [], subtree)) == []
    assert verify_range_proof(0, [], [], [], []) == (EMPTY_ROOT, {})
    assert list(range_proof(7, [(0, 7)], [], subtree)) == []
    assert list(range_proof(7, [(0, 7)], [3], subtree)) == []
    assert list(range_proof(7, [], [], subtree)) == [mth(LEAVES[:7])]
    assert list(range_proof(7, [(6, 7)], [], subtree)) == [mth(LEAVES[:4]), mth(LEAVES[4:6])]


def test_a_tree_of_the_largest_size_needs_few_steps():
    asked: list[tuple[int, int]] = []
    proof = range_proof(2**63 - 1, [(12345, 12346)], [2**40], lambda i, j: asked.append((i, j)) or bytes(32))
    assert len(list(proof)) < 2 * 64
    assert asked[0][0] == 0
    assert asked[-1][1] == 2**63 - 1
    assert all(left[1] in {right[0], 12345} for left, right in itertools.pairwise(asked))


@pytest.mark.parametrize(
    ("size", "ranges", "cuts"),
    [
        (-1, [], []),
        (2**63, [], []),
        (5, [(1, 1)], []),
        (5, [(2, 1)], []),
        (5, [(-1, 1)], []),
        (5, [(4, 6)], []),
        (5, [(2, 3), (0, 1)], []),
        (5, [(0, 3), (2, 4)], []),
        (5, [], [0]),
        (5, [], [5]),
        (5, [], [2, 2]),
        (5, [], [3, 2]),
        (0, [], [0]),
    ],
)
def test_a_question_not_in_form(size, ranges, cuts):
    with pytest.raises(InvalidRequest):
        range_proof(size, ranges, cuts, subtree)
    with pytest.raises(MalformedProof):
        verify_range_proof(size, ranges, [], cuts, [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden(case):
    ranges = [tuple(pair) for pair in case["ranges"]]
    nodes = [bytes.fromhex(line) for line in case["proof"]]
    if case["error"]:
        with pytest.raises(MalformedProof):
            verify_range_proof(case["size"], ranges, leaves_in(ranges), case["cuts"], nodes)
        return
    assert list(range_proof(case["size"], ranges, case["cuts"], subtree)) == nodes
    root, roots = verify_range_proof(case["size"], ranges, leaves_in(ranges), case["cuts"], nodes)
    assert root.hex() == case["root"]
    assert {str(cut): value.hex() for cut, value in roots.items()} == case["cut_roots"]


def test_the_text_of_a_proof():
    text = b"".join(encode_range_proof(LEAVES[:3]))
    assert text == b"".join(leaf.hex().encode() + b"\n" for leaf in LEAVES[:3])
    assert list(decode_range_proof(text)) == LEAVES[:3]
    assert list(decode_range_proof(b"")) == []


@pytest.mark.parametrize(
    "text",
    [
        b"\n",
        b"0" * 64,
        b"0" * 63 + b"\n",
        b"0" * 65 + b"\n",
        b"A" * 64 + b"\n",
        b"0" * 62 + b"  \n",
        b"0" * 64 + b"\r\n",
        b"0" * 64 + b"\n\n",
        b"\xef\xbb\xbf" + b"0" * 61 + b"\n",
    ],
)
def test_text_that_is_not_a_proof(text):
    with pytest.raises(MalformedProof, match=r"Line [12] of the range proof"):
        list(decode_range_proof(text))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8))
def test_a_union_holds_the_same_leaves_and_is_in_form(pairs):
    ranges = [(start, start + width) for start, width in pairs]
    union = union_of_ranges(ranges)
    held = [index for start, end in union for index in range(start, end)]
    assert held == sorted({index for start, end in ranges for index in range(start, end)})
    assert all(left[1] < right[0] for left, right in itertools.pairwise(union))


def test_a_union_of_nothing_and_of_an_empty_range():
    assert union_of_ranges([]) == []
    with pytest.raises(InvalidRequest):
        union_of_ranges([(3, 3)])
