"""The reference names everything the language has, and its examples are read as they are printed."""

import json
import re
from pathlib import Path

import pytest

from affidavit.query import tree
from affidavit.query.conditions import OPERATORS, SHORT_NAMES, TEXT_PATHS
from affidavit.query.language import QUERY_TEXT_CHARS_MAX, parse
from affidavit.query.tree import from_json

PAGE = (Path(__file__).parents[2] / "docs/reference/query.md").read_text("utf-8")
FENCES = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)


def test_examples_are_read():
    kinds = [kind for kind, _ in FENCES]
    assert kinds == ["", "json"]
    assert parse(FENCES[0][1]) is not None
    assert from_json(json.loads(FENCES[1][1])) is not None


@pytest.mark.parametrize("example", re.findall(r"`((?:at|t|actor|ip|resource|subject)(?:[:=~]|[<>]=?)[^`…]+)`", PAGE))
def test_inline_examples_are_read(example):
    assert parse(example) is not None


def test_every_name_is_listed():
    for short, path in SHORT_NAMES.items():
        assert re.search(rf"`{short}`(, `user`)? \| `{re.escape(path)}`", PAGE) or (short, path) == ("user", "actor.id")
    for name in (*TEXT_PATHS, *tree.OPERATORS, "all", "any", "not"):
        assert f"`{name}`" in PAGE, name
    for operator in OPERATORS:
        assert f"field{operator}" in PAGE or f"`{operator}`" in PAGE, operator


def test_limits_are_stated():
    for limit in (
        QUERY_TEXT_CHARS_MAX,
        tree.QUERY_DEPTH_MAX,
        tree.QUERY_NODES_MAX,
        tree.QUERY_LIST_MAX,
        tree.QUERY_VALUE_BYTES_MAX,
        tree.QUERY_GLOB_STARS_MAX,
    ):
        assert f"{limit:,}" in PAGE
