"""Query → text of the query language, such that reading it back asks the same. Pure."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final

from affidavit.errors import InvalidQuery
from affidavit.paths import DeclaredFields
from affidavit.query.conditions import TEXT_PATHS, Meaning
from affidavit.query.language import QUERY_TEXT_CHARS_MAX, parse
from affidavit.query.tree import Group, Leaf, Not, Query

_BARE_RE: Final = re.compile(r"[A-Za-z0-9_./@+][A-Za-z0-9_./@+:-]*\Z", re.ASCII)
_SIGNS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def to_text(query: Query, declared: DeclaredFields | None = None, *, text_paths: tuple[str, ...] = TEXT_PATHS) -> str:
    """The text form of a query, with times in UTC.

    Raises InvalidQuery where there is none: a prefix or glob that holds spaces or quotes, a network on a field
    that holds no addresses, a comparison of a number field with text, tokens with other than `eq` and `in`.
    """
    return _Renderer(declared or DeclaredFields(), text_paths).whole(query)


class _Renderer:
    def __init__(self, declared: DeclaredFields, text_paths: tuple[str, ...]) -> None:
        self.declared = declared
        self.text_paths = text_paths
        self.meaning = Meaning(declared, UTC, text_paths)

    def whole(self, query: Query) -> str:
        """Outermost: needs no parentheses."""
        text = self.node(query)
        bare = isinstance(query, Group) and len(query.of) > 1 and text.startswith("(")
        return text[1:-1] if bare else text

    def node(self, query: Query) -> str:
        if isinstance(query, Not):
            return f"-{self.node(query.of)}"
        if isinstance(query, Leaf):
            return self.leaf(query)
        if not query.of:
            return "*" if query.op == "all" else "-*"
        first = query.of[0]
        if isinstance(first, Leaf) and first.op == "contains" and query == self.meaning.free_text(first.value):
            return quote(first.value)
        parts = [self.node(part) for part in query.of]
        word = " " if query.op == "all" else " OR "
        return parts[0] if len(parts) == 1 else f"({word.join(parts)})"

    def leaf(self, leaf: Leaf) -> str:
        path = leaf.path
        if leaf.op == "exists":
            return f"{path}:*"
        if leaf.op == "in" and not leaf.tokens:
            return self.listed(leaf)
        if leaf.tokens:
            if leaf.op == "eq" or (leaf.op == "in" and len(leaf.tokens) == 1):
                return f"{path}:{leaf.tokens[0]}"
            if leaf.op == "in":
                return f"{path}:({','.join(leaf.tokens)})"
            raise _no_text(leaf)
        if leaf.op in _SIGNS:
            text = f"{path}{_SIGNS[leaf.op]}{leaf.value if _BARE_RE.match(leaf.value) else quote(leaf.value)}"
            if path in ("at", "t"):
                return text  # `<=` and `>` come back as the next microsecond's `<` and `>=`
            return self.proven(text, leaf)
        if leaf.op == "contains":
            return f"{path}~{quote(leaf.value)}"
        if leaf.op == "prefix":
            return self.proven(f"{path}:{leaf.value}*", leaf)
        if leaf.op in ("glob", "cidr"):
            return self.proven(f"{path}:{leaf.value}", leaf)
        return self.equal(leaf)

    def equal(self, leaf: Leaf) -> str:
        quoted = quote(leaf.value)
        shapes = [f":{leaf.value}"] if _BARE_RE.match(leaf.value) else []
        for shape in (*shapes, f":{quoted}", f"={quoted}"):
            if self.reads_as(leaf.path + shape, leaf):
                return leaf.path + shape
        raise _no_text(leaf)

    def listed(self, leaf: Leaf) -> str:
        if not leaf.values:
            return "-*"
        if sum(map(len, leaf.values)) + len(leaf.values) > QUERY_TEXT_CHARS_MAX:
            raise InvalidQuery(
                f"{leaf.path}: {len(leaf.values)} values are too long for the text form", "Use the JSON form"
            )
        single = [Leaf("eq", leaf.path, value) for value in leaf.values]
        if len(single) == 1:
            return self.equal(single[0])
        values = [self.equal(one)[len(leaf.path) + 1 :] for one in single]
        return f"{leaf.path}:({','.join(values)})"

    def reads_as(self, text: str, leaf: Leaf) -> bool:
        try:
            return parse(text, self.declared, text_paths=self.text_paths) == leaf
        except InvalidQuery:
            return False

    def proven(self, text: str, leaf: Leaf) -> str:
        if not self.reads_as(text, leaf):
            raise _no_text(leaf)
        return text


def quote(text: str) -> str:
    """A quoted value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _no_text(leaf: Leaf) -> InvalidQuery:
    return InvalidQuery(f"{leaf.op} on {leaf.path} with {leaf.value[:60]!r} has no text form", "Use the JSON form")
