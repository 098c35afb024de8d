"""Three-valued evaluation of a query over one record (FORMAT.md, verification step 4). Standard library only.

True, False, or None for unknown. A public key is always known. A committed field is known (open), absent, or
hidden: absent and null make a condition false, hidden makes it unknown. A list is true if any element is.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from affidavit.paths import PUBLIC_KEYS
from affidavit.query.address import network, within
from affidavit.query.tree import ORDERED, Group, Leaf, Not, Query, number

Cell: TypeAlias = tuple[str, str | None]


class Hidden:
    """Marks a field that the record has and the reader can't open."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "HIDDEN"


HIDDEN: Final = Hidden()
Fields: TypeAlias = Mapping[str, Cell | Hidden]
Evaluator: TypeAlias = Callable[[Mapping[str, Any], Fields | None], bool | None]

_FOLD: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ABSENT: Final = object()  # no value here: absent, null, or not inside `details`
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def evaluate(query: Query, public: Mapping[str, Any], fields: Fields | None) -> bool | None:
    """Evaluate once. For many records `compile` first."""
    return compile(query)(public, fields)


def compile(query: Query) -> Evaluator:  # noqa: A001  what `re` calls it too
    """Make a function of (public, fields) → True | False | None.

    `public` maps action, at, outcome, t to their text. `fields` maps each path of the record to (tag, value)
    or HIDDEN; a path not in it is absent. `fields=None` means that nothing of the record is known: every
    condition on it is unknown.
    """
    if isinstance(query, Leaf):
        return _leaf(query)
    if isinstance(query, Not):
        part = compile(query.of)

        def negated(public: Mapping[str, Any], fields: Fields | None) -> bool | None:
            truth = part(public, fields)
            return None if truth is None else not truth

        return negated
    return _group(query)


def _group(query: Group) -> Evaluator:
    parts = [compile(part) for part in query.of]
    decisive = query.op == "any"

    def joined(public: Mapping[str, Any], fields: Fields | None) -> bool | None:
        known = True
        for part in parts:
            truth = part(public, fields)
            if truth is decisive:
                return decisive
            known = known and truth is not None
        return (not decisive) if known else None

    return joined


def _leaf(leaf: Leaf) -> Evaluator:
    if leaf.op == "in" and not leaf.values and not leaf.tokens:
        return lambda _public, _fields: False
    if leaf.path in PUBLIC_KEYS:
        test = text_test(leaf)
        path = leaf.path

        def on_public(public: Mapping[str, Any], _fields: Fields | None) -> bool | None:
            value = public.get(path)
            return isinstance(value, str) and test(value)

        return on_public
    return _on_details(leaf) if leaf.path.startswith("details.") else _on_field(leaf)


def _on_field(leaf: Leaf) -> Evaluator:
    path, test, by_token = leaf.path, _cell_test(leaf), bool(leaf.tokens)

    def on_field(_public: Mapping[str, Any], fields: Fields | None) -> bool | None:
        if fields is None:
            return None
        cell = fields.get(path)
        if cell is None:
            return False
        if isinstance(cell, Hidden):
            return None
        tag, value = cell
        if tag == "n" or value is None:
            return False
        return None if by_token else test(tag, value)

    return on_field


def _on_details(leaf: Leaf) -> Evaluator:
    """A field inside `details`: a path of its own where declared, a key of the free object otherwise."""
    own, by_token = _on_field(leaf), bool(leaf.tokens)
    keys = leaf.path.split(".")[1:]
    test = json_test(leaf)

    def on_details(public: Mapping[str, Any], fields: Fields | None) -> bool | None:
        if fields is None or leaf.path in fields:
            return own(public, fields)
        cell = fields.get("details")
        if cell is None:
            return False
        if isinstance(cell, Hidden):
            return None
        tag, value = cell
        if tag != "j" or value is None:
            return False
        found = _decode(value)
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return False
        return None if by_token else test(found)

    return on_details


def _decode(text: str) -> Any:
    """JSON text with every number as a double; text that is no JSON matches nothing."""
    try:
        return json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return _ABSENT


def _cell_test(leaf: Leaf) -> Callable[[str, str], bool]:
    on_text, on_json = text_test(leaf), json_test(leaf)
    # An object's text as it is stored; not inside `details`, where a part has no stored text of its own.
    reads_objects = leaf.op == "contains" and not leaf.path.startswith("details.")

    def test(tag: str, value: str) -> bool:
        if tag == "s":
            return on_text(value)
        if reads_objects and value.lstrip(" \t\r\n").startswith("{"):
            return on_text(value)
        return on_json(_decode(value))

    return test


def json_test(leaf: Leaf) -> Callable[[Any], bool]:
    """The condition on one decoded JSON value: on itself, or on any element of a list."""
    if leaf.op == "exists":
        return lambda value: value is not None
    on_text, on_number = text_test(leaf), _number_test(leaf)
    booleans = leaf.op in ("eq", "in")

    def one(value: Any) -> bool:
        if isinstance(value, str):
            return on_text(value)
        if isinstance(value, float):
            return on_number(value)
        if isinstance(value, bool):
            return booleans and on_text("true" if value else "false")
        return False

    def test(value: Any) -> bool:
        return any(map(one, value)) if isinstance(value, list) else one(value)

    return test


def _number_test(leaf: Leaf) -> Callable[[float], bool]:
    """Numbers are IEEE 754 doubles; an operand that is no number, and an infinite value, match nothing."""
    if leaf.op == "eq" or leaf.op in ORDERED:
        wanted = number(leaf.value)
        if wanted is not None:
            compare: Callable[[Any, Any], bool] = _COMPARE.get(leaf.op, operator.eq)
            return lambda value: math.isfinite(value) and compare(value, wanted)
    elif leaf.op == "in":
        numbers = frozenset(found for found in map(number, leaf.values) if found is not None)
        return lambda value: value in numbers
    return lambda _value: False


def fold(text: str) -> str:
    """A to Z in lower case, and nothing else changed."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def text_test(leaf: Leaf) -> Callable[[str], bool]:
    """The condition on a string. Order is that of code points, which is the order of UTF-8 bytes."""
    op, value = leaf.op, leaf.value
    if leaf.tokens:
        return lambda _text: False  # never asked: a condition by token is unknown where the field is there
    if op == "exists":
        return lambda _text: True
    if op == "eq":
        return lambda text: text == value
    if op == "in":
        values = frozenset(leaf.values)
        return lambda text: text in values
    if op == "prefix":
        return lambda text: text.startswith(value)
    if op == "glob":
        return _glob_test(value)
    if op == "contains":
        folded = fold(value)
        return lambda text: folded in fold(text)
    if op == "cidr":
        first, last = cast("tuple[str, str]", network(value))
        return lambda text: within(text, first, last)
    compare = _COMPARE[op]
    return lambda text: compare(text, value)


def _glob_test(pattern: str) -> Callable[[str], bool]:
    """`*` is any run of characters, newlines too. Leftmost match of each piece: no backtracking."""
    first, *pieces = pattern.split("*")
    if not pieces:
        return lambda text: text == first
    *middle, last = pieces

    def test(text: str) -> bool:
        end = len(text) - len(last)
        if end < len(first) or not text.startswith(first) or not text.endswith(last):
            return False
        start = len(first)
        for piece in middle:
            found = text.find(piece, start, end)
            if found < 0:
                return False
            start = found + len(piece)
        return True

    return test
