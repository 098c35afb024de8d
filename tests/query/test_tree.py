"""The JSON form is strict, says where it is wrong, keeps its limits, and agrees with its schema."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import affidavit.query
from affidavit.errors import InvalidQuery
from affidavit.paths import DeclaredFields
from affidavit.query import tree
from affidavit.query.tree import (
    Group,
    Leaf,
    Not,
    all_of,
    from_json,
    is_public,
    number,
    paths_of,
    to_json,
    with_tokens,
)

TOKEN = "tk_abcdefghijklmnopqrstuvwxyz"
SCHEMA = json.loads((Path(affidavit.query.__file__).parent / "schema.json").read_text("utf-8"))
EQ = {"op": "eq", "path": "actor.id", "value": "u1"}


def nested(depth):
    query = EQ
    for _ in range(depth - 1):
        query = {"op": "not", "of": query}
    return query


GOOD = [
    EQ,
    {"op": "in", "path": "actor.id", "values": []},
    {"op": "in", "path": "actor.id", "tokens": [TOKEN]},
    {"op": "all", "of": [{"op": "not", "of": EQ}, {"op": "any", "of": []}]},
    {"op": "eq", "path": "actor.id", "token": TOKEN},
    {"op": "exists", "path": "details.Any-Key.b"},
    {"op": "cidr", "path": "source.ip", "value": "10.0.0.0/8"},
    {"op": "ge", "path": "at", "value": "2024-02-29T00:00:00.000000Z"},
    {"op": "eq", "path": "export.id", "value": "x"},
    nested(tree.QUERY_DEPTH_MAX),
    {"op": "eq", "path": "actor.id", "value": "é" * (tree.QUERY_VALUE_BYTES_MAX // 2)},
]


@pytest.mark.parametrize("obj", GOOD)
def test_round_trip(obj):
    assert to_json(from_json(obj)) == obj


@pytest.mark.parametrize(("value", "text"), [(10, "10"), (1.5, "1.5"), (True, "true"), (False, "false"), (-1, "-1")])
def test_numbers_and_booleans_are_kept_as_json_text(value, text):
    assert from_json({"op": "eq", "path": "record_count", "value": value}) == Leaf("eq", "record_count", text)


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        (None, "no condition"),
        ([], "no condition"),
        ({}, "unknown operator"),
        ({"op": "eqs", "path": "actor.id", "value": "x"}, "Did you mean eq"),
        ({"op": ["eq"]}, "unknown operator"),
        ({"op": "eq", "path": "actor.id"}, "missing key 'value'"),
        (EQ | {"extra": 1}, "unknown key 'extra'"),
        (EQ | {"token": TOKEN}, "unknown key 'value'"),
        ({"op": "eq", "path": "acto.id", "value": "x"}, "Did you mean actor.id"),
        ({"op": "eq", "path": "details", "value": ["x"]}, "list is no value"),
        ({"op": "eq", "path": 1, "value": "x"}, "no path"),
        ({"op": "eq", "path": "details.a b", "value": "x"}, "unknown field"),
        ({"op": "eq", "path": 'details."', "value": "x"}, "unknown field"),
        ({"op": "eq", "path": "details." + "a" * 128, "value": "x"}, "unknown field"),
        ({"op": "in", "path": "actor.id", "values": "x"}, "no list"),
        ({"op": "in", "path": "actor.id", "tokens": []}, "empty"),
        ({"op": "all", "of": EQ}, "no list"),
        ({"op": "all", "of": [EQ, {"op": "not", "of": [EQ]}]}, "/of/1/of"),
        ({"op": "eq", "path": "actor.id", "token": "tk_short"}, "no token"),
        ({"op": "eq", "path": "action", "token": TOKEN}, "public"),
        ({"op": "cidr", "path": "source.ip", "value": "10.0.0.0/255.0.0.0"}, "no network"),
        ({"op": "cidr", "path": "source.ip", "value": "10.0.0.0/08"}, "no network"),
        ({"op": "ge", "path": "at", "value": "2026-10-01"}, "no time"),
        ({"op": "ge", "path": "t", "value": "2026-02-29T00:00:00.000000Z"}, "no time"),
        ({"op": "in", "path": "at", "values": ["1969-12-31T00:00:00.000000Z"]}, "no time"),
        ({"op": "eq", "path": "actor.id", "value": "\ud800"}, "surrogate"),
        ({"op": "eq", "path": "actor.id", "value": "\0"}, "NUL"),
        ({"op": "eq", "path": "actor.id", "value": float("inf")}, "float is no value"),
        ({"op": "eq", "path": "actor.id", "value": "é" * (tree.QUERY_VALUE_BYTES_MAX // 2 + 1)}, "too long"),
        ({"op": "glob", "path": "actor.id", "value": "*" * (tree.QUERY_GLOB_STARS_MAX + 1)}, "stars"),
        (nested(tree.QUERY_DEPTH_MAX + 1), "deeper"),
        ({"op": "all", "of": [EQ] * tree.QUERY_NODES_MAX}, "conditions"),
        ({"op": "in", "path": "actor.id", "values": ["x"] * (tree.QUERY_LIST_MAX + 1)}, "values, at most"),
    ],
)
def test_refusals(obj, says):
    with pytest.raises(InvalidQuery) as caught:
        from_json(obj)
    assert says in str(caught.value)


def test_a_million_ids_are_read():
    query = from_json({"op": "in", "path": "actor.id", "values": [str(i) for i in range(tree.QUERY_LIST_MAX)]})
    assert len(query.values) == tree.QUERY_LIST_MAX


def test_declared_fields_are_offered():
    declared = DeclaredFields.from_tables({"grade": {"type": "number"}})
    with pytest.raises(InvalidQuery, match=r"Did you mean details\.grade"):
        from_json({"op": "exists", "path": "detail.grade"}, declared)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["eq", "all", "in"]),
    lambda v: (
        st.lists(v, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "of", "path", "value", "values", "token", "x"]), v, max_size=4)
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_query_or_invalid(obj):
    try:
        query = from_json(obj)
    except InvalidQuery:
        return
    assert from_json(to_json(query)) == query


def test_schema_states_the_same_operators_and_limits():
    defs = SCHEMA["$defs"]
    named = {defs["operator"]["enum"][i] for i in range(len(defs["operator"]["enum"]))}
    assert named == tree.ONE_VALUE
    assert defs["in"]["properties"]["values"]["maxItems"] == tree.QUERY_LIST_MAX
    assert defs["in_by_tokens"]["properties"]["tokens"]["maxItems"] == tree.QUERY_LIST_MAX
    assert defs["value"]["anyOf"][0]["maxLength"] == tree.QUERY_VALUE_BYTES_MAX
    assert f"Depth at most {tree.QUERY_DEPTH_MAX}, at most {tree.QUERY_NODES_MAX}" in SCHEMA["description"]
    assert defs["token"]["pattern"] == "^" + tree.TOKEN_RE.pattern.replace(r"\Z", "$")
    assert all(branch["additionalProperties"] is False for branch in defs.values() if branch.get("type") == "object")


def test_tokens_take_the_place_of_every_operand_on_a_masked_path():
    query = all_of(
        Leaf("eq", "actor.id", "u1"), Not(Leaf("in", "actor.id", values=("a", "b"))), Leaf("eq", "action", "x")
    )
    masked = with_tokens(query, lambda path, values: [TOKEN] * len(values) if path == "actor.id" else None)
    assert masked == all_of(
        Leaf("eq", "actor.id", tokens=(TOKEN,)),
        Not(Leaf("in", "actor.id", tokens=(TOKEN, TOKEN))),
        Leaf("eq", "action", "x"),
    )
    assert "u1" not in json.dumps(to_json(masked))
    assert from_json(to_json(masked)) == masked


def test_what_is_public():
    assert is_public(Group("all", (Leaf("eq", "action", "x"), Leaf("exists", "t"))))
    assert not is_public(Not(Leaf("eq", "actor.id", "x")))
    assert paths_of(Not(Leaf("eq", "actor.id", "x"))) == {"actor.id"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10.0),
        ("-0", 0.0),
        ("1e3", 1000.0),
        ("1E-2", 0.01),
        ("01", None),
        ("+1", None),
        ("1.", None),
        (".5", None),
        ("1e400", None),
        ("nan", None),
        (" 1", None),
        ("1\n", None),
        ("", None),
        ("٣", None),
        ("1_0", None),
    ],
)
def test_number(text, value):
    assert number(text) == value
