import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import MalformedProof
from affidavit.tlog import EMPTY_ROOT, Frontier, leaf_hash, root_of
from affidavit.tlog.merkle import SIZE_MAX, tree_root_from_subtrees
from tests.tlog.naive import leaves_of, mth

TREES = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "trees.json").read_text())
LEAVES = leaves_of(700)


def test_published_roots_at_every_size():
    # The inputs and roots that Certificate Transparency's implementations share.
    hashes = [leaf_hash(bytes.fromhex(data)) for data in TREES["leaves"]]
    assert [root_of(hashes[:size]).hex() for size in range(len(hashes) + 1)] == TREES["roots"]


def test_the_empty_tree():
    assert Frontier().root() == EMPTY_ROOT == mth([])
    assert Frontier().to_bytes() == b""


@given(st.lists(st.integers(0, 90), max_size=7))
def test_any_batches_give_the_root_and_frontier_of_single_appends(batches):
    by_batch, one_by_one = Frontier(), Frontier()
    for batch in batches:
        leaves = LEAVES[by_batch.size : by_batch.size + batch]
        by_batch.extend(leaves)
        for leaf in leaves:
            one_by_one.append(leaf)
    assert by_batch == one_by_one
    assert by_batch.root() == one_by_one.root() == mth(LEAVES[: sum(batches)])


@given(st.integers(0, 300), st.integers(0, 300))
def test_extending_names_every_node_that_became_complete(old, more):
    frontier = Frontier()
    frontier.extend(LEAVES[:old])
    seen = {
        (run.level, run.first + offset): node
        for run in frontier.extend_with_nodes(LEAVES[old : old + more])
        for offset, node in enumerate(run.hashes)
    }
    new = old + more
    expected = {
        (level, index): mth(LEAVES[index << level : (index + 1) << level])
        for level in range(new.bit_length())
        for index in range(old >> level, new >> level)
    }
    assert seen == expected


@given(st.integers(0, 700))
def test_a_frontier_survives_storage(size):
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    stored = Frontier.from_bytes(size, frontier.to_bytes())
    assert stored == frontier
    assert stored.root() == root_of(LEAVES[:size])
    assert len(stored.nodes) == size.bit_count()


def test_a_copy_grows_alone():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    twin = frontier.copy()
    twin.append(LEAVES[5])
    assert frontier.root() == mth(LEAVES[:5])
    assert twin.root() == mth(LEAVES[:6])


@pytest.mark.parametrize(
    ("size", "data"),
    [(-1, b""), (0, bytes(32)), (1, b""), (1, bytes(31)), (3, bytes(32)), (SIZE_MAX + 1, bytes(32))],
)
def test_a_frontier_of_the_wrong_length_is_refused(size, data):
    with pytest.raises(MalformedProof):
        Frontier.from_bytes(size, data)


def test_a_root_from_complete_subtrees():
    subtrees = [(2, mth(LEAVES[:4])), (0, LEAVES[4]), (0, LEAVES[5]), (1, mth(LEAVES[6:8])), (0, LEAVES[8])]
    assert tree_root_from_subtrees(subtrees) == mth(LEAVES[:9])


def test_a_subtree_where_none_can_begin_is_refused():
    with pytest.raises(MalformedProof, match="level 1 can't begin at leaf 1"):
        tree_root_from_subtrees([(0, LEAVES[0]), (1, LEAVES[1])])


def test_a_frontier_is_equal_only_to_frontiers():
    assert Frontier() != 0
    assert "size=0" in repr(Frontier())
