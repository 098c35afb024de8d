"""Three-valued truth, case by case as the format says."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.query.evaluate import HIDDEN, evaluate
from affidavit.query.tree import EVERYTHING, NOTHING, Group, Leaf, Not, all_of, any_of, from_json, leaves

PUBLIC = {
    "action": "auth.login",
    "at": "2026-10-01T00:00:00.000000Z",
    "outcome": "success",
    "t": "2026-10-01T00:00:01.000000Z",
}
VECTORS = json.loads((Path(__file__).parent.parent / "vectors/query/truth.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["name"])
def test_vector(vector):
    """The same file is for any other verifier."""
    fields = vector.get("fields", {})
    if fields is not None:
        fields = {path: HIDDEN if cell == "hidden" else tuple(cell) for path, cell in fields.items()}
    assert evaluate(from_json(vector["query"]), VECTORS["public"], fields) is vector["truth"]


def test_vectors_use_every_operator_and_every_truth():
    used = {leaf.op for vector in VECTORS["vectors"] for leaf in leaves(from_json(vector["query"]))}
    assert used == {"eq", "in", "prefix", "glob", "contains", "cidr", "lt", "le", "gt", "ge", "exists"}
    assert {vector["truth"] for vector in VECTORS["vectors"]} == {True, False, None}


truths = st.sampled_from([True, False, None])
LEAF = {True: EVERYTHING, False: NOTHING, None: Leaf("eq", "actor.id", "x")}


@given(st.lists(truths, max_size=4))
def test_groups_are_kleene(parts):
    trees = tuple(LEAF[part] for part in parts)
    hidden = {"actor.id": HIDDEN}
    known_all = False if False in parts else None if None in parts else True
    known_any = True if True in parts else None if None in parts else False
    assert evaluate(Group("all", trees), PUBLIC, hidden) is known_all
    assert evaluate(Group("any", trees), PUBLIC, hidden) is known_any
    assert evaluate(Not(Group("any", trees)), PUBLIC, hidden) is (None if known_any is None else not known_any)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_glob_is_the_regular_expression_of_its_pieces(pattern, text):
    import re

    wanted = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
    assert evaluate(Leaf("glob", "action", pattern), {"action": text}, {}) is wanted


def test_hiding_more_never_turns_a_truth_over():
    query = any_of(all_of(Leaf("eq", "actor.id", "u1"), Leaf("eq", "outcome", "success")), Leaf("exists", "subject.id"))
    fields = {"actor.id": ("s", "u1"), "subject.id": ("s", "9")}
    known = evaluate(query, PUBLIC, fields)
    for path in fields:
        assert evaluate(query, PUBLIC, fields | {path: HIDDEN}) in (known, None)
    assert evaluate(query, PUBLIC, None) is None


def test_a_condition_by_token_compiles_whatever_its_operator():
    """A manifest may say anything: `cidr` by token on a key of details once broke the verifier."""
    for op in ("eq", "cidr", "glob", "contains", "lt", "prefix"):
        query = from_json({"op": op, "path": "details.x", "token": "tk_" + "a" * 26})
        assert evaluate(query, {}, {"details": ("j", '{"x":"10.0.0.1"}')}) is None
        assert evaluate(query, {}, {}) is False
