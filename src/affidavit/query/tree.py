"""Query: a frozen tree of conditions, and its JSON form.

The tree says *what* is asked. `evaluate` answers it over one record, `sql` over a relation, `language` reads
and writes it as text. Operands are text: a number is written as its JSON text and compares as a number with
numbers (docs/reference/query.md). JSON Schema: `schema.json` beside this module.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from affidavit.errors import InvalidQuery
from affidavit.paths import OWN_GROUPS, PATH_BYTES_MAX, PATHS, PUBLIC_KEYS, DeclaredFields, lookup
from affidavit.query.address import network

QUERY_DEPTH_MAX: Final = 32  # levels of all, any, not
QUERY_NODES_MAX: Final = 20_000  # groups and conditions
QUERY_LIST_MAX: Final = 1_000_000  # values of one `in`
QUERY_VALUE_BYTES_MAX: Final = 8_192  # one operand, UTF-8
QUERY_GLOB_STARS_MAX: Final = 16  # stars of one glob

ORDERED: Final = frozenset({"lt", "le", "gt", "ge"})
ONE_VALUE: Final = frozenset({"eq", "prefix", "glob", "contains", "cidr"}) | ORDERED
OPERATORS: Final = ONE_VALUE | {"in", "exists"}

TIME_RE: Final = re.compile(
    r"(?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z\Z",
    re.ASCII,
)
TOKEN_RE: Final = re.compile(r"tk_[a-z2-7]{26}\Z")
_NUMBER_RE: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
DETAILS_RE: Final = re.compile(r"details(?:\.[A-Za-z0-9_-]+)+\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of its parts. No parts: `all` is true, `any` is false."""

    op: str
    of: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where its part is false, false where true, unknown where unknown."""

    of: Query


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition on one path: `value` for one operand, `values` for `in`.

    `tokens` stand in the place of operands on a field that is masked for the reader; such a condition is
    unknown to whoever evaluates it over clear values.
    """

    op: str
    path: str
    value: str = ""
    values: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


Query: TypeAlias = Group | Not | Leaf

EVERYTHING: Final = Group("all", ())
NOTHING: Final = Group("any", ())


def all_of(*parts: Query) -> Query:
    """Conjunction; one part is itself."""
    return parts[0] if len(parts) == 1 else Group("all", parts)


def any_of(*parts: Query) -> Query:
    """Disjunction; one part is itself."""
    return parts[0] if len(parts) == 1 else Group("any", parts)


def eq(path: str, value: str) -> Leaf:
    """`path` has exactly this value."""
    return Leaf("eq", path, value)


def is_in(path: str, values: Iterable[str]) -> Leaf:
    """`path` has one of these values."""
    return Leaf("in", path, values=tuple(values))


def leaves(query: Query) -> Iterator[Leaf]:
    """Every condition, left to right."""
    if isinstance(query, Leaf):
        yield query
    elif isinstance(query, Not):
        yield from leaves(query.of)
    else:
        for part in query.of:
            yield from leaves(part)


def depth_of(query: Query) -> int:
    """Levels of groups, negations and conditions; one for a single condition."""
    if isinstance(query, Leaf):
        return 1
    parts = (query.of,) if isinstance(query, Not) else query.of
    return 1 + max(map(depth_of, parts), default=0)


def paths_of(query: Query) -> frozenset[str]:
    """The paths a query reads: what a reader must be allowed to see."""
    return frozenset(leaf.path for leaf in leaves(query))


def is_public(query: Query) -> bool:
    """Whether only public keys are asked, so that completeness can be proven over all entries."""
    return paths_of(query) <= PUBLIC_KEYS.keys()


def replace_leaves(query: Query, change: Callable[[Leaf], Query]) -> Query:
    """The same tree with every condition put through `change`."""
    if isinstance(query, Leaf):
        return change(query)
    if isinstance(query, Not):
        return Not(replace_leaves(query.of, change))
    return Group(query.op, tuple(replace_leaves(part, change) for part in query.of))


def with_tokens(query: Query, tokens: Callable[[str, tuple[str, ...]], Sequence[str] | None]) -> Query:
    """Put tokens in the place of operands: `tokens(path, values)` gives one each, None where `path` stays clear."""

    def change(leaf: Leaf) -> Leaf:
        values = leaf.values if leaf.op == "in" else (leaf.value,)
        found = None if leaf.tokens or leaf.op == "exists" else tokens(leaf.path, values)
        return replace(leaf, value="", values=(), tokens=tuple(found)) if found else leaf

    return replace_leaves(query, change)


def number(text: str) -> float | None:
    """`text` as the IEEE 754 double it denotes in JSON; None where it is no JSON number or not finite."""
    if len(text) > QUERY_VALUE_BYTES_MAX or not _NUMBER_RE.match(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def is_path(name: str, declared: DeclaredFields | None = None) -> bool:
    """Whether a query may name this path: every path of the table, and anything inside `details`."""
    if lookup(name, declared) is not None:
        return True
    return len(name) <= PATH_BYTES_MAX and DETAILS_RE.match(name) is not None


def check_path(name: str, declared: DeclaredFields | None = None, *, column: int = 0, more: Iterable[str] = ()) -> None:
    """Raise InvalidQuery offering the nearest field where `name` is no path. `more` are offered too."""
    if is_path(name, declared):
        return
    known = [
        *PATHS,
        *PUBLIC_KEYS,
        *more,
        *(f"details.{field}" for field in (declared.fields if declared else ())),
    ]
    near = difflib.get_close_matches(name[:PATH_BYTES_MAX], known, 1, 0.6)
    hint = f"Did you mean {near[0]}?" if near else "See docs/reference/events.md; quote text that holds a sign like :"
    if not near and name in OWN_GROUPS:
        hint = f"Name a field of the group: {name}.…"
    raise InvalidQuery(f"unknown field {name[:PATH_BYTES_MAX]!r}", hint, column=column)


def check_leaf(leaf: Leaf, declared: DeclaredFields | None = None, *, column: int = 0) -> Leaf:
    """Return `leaf`, or raise InvalidQuery naming what is wrong with its path or operands."""
    check_path(leaf.path, declared, column=column)
    operands = leaf.values if leaf.op == "in" else (leaf.value,)
    if len(operands) > QUERY_LIST_MAX or len(leaf.tokens) > QUERY_LIST_MAX:
        raise InvalidQuery(
            f"{leaf.path}: {max(len(operands), len(leaf.tokens))} values, at most {QUERY_LIST_MAX}",
            "Split the list",
            column=column,
        )
    for token in leaf.tokens:
        if not TOKEN_RE.match(token):
            raise InvalidQuery(
                f"{leaf.path}: {token[:40]!r} is no token",
                "A token is tk_ and 26 base32 characters",
                column=column,
            )
    for value in operands:
        _check_value(leaf, value, column)
    if leaf.tokens:
        if leaf.path in PUBLIC_KEYS:
            raise InvalidQuery(f"{leaf.path} is public and has no tokens", "Give the value", column=column)
        return leaf
    if leaf.op == "glob" and leaf.value.count("*") > QUERY_GLOB_STARS_MAX:
        raise InvalidQuery(
            f"{leaf.path}: {leaf.value.count('*')} stars, at most {QUERY_GLOB_STARS_MAX}",
            "Use contains, or fewer stars",
            column=column,
        )
    if leaf.op == "cidr" and network(leaf.value) is None:
        raise InvalidQuery(
            f"{leaf.path}: {leaf.value[:60]!r} is no network",
            "Write 10.0.0.0/8 or 2001:db8::/32",
            column=column,
        )
    return leaf


def _check_value(leaf: Leaf, value: str, column: int) -> None:
    if len(value) > QUERY_VALUE_BYTES_MAX or not _sound(value):
        raise InvalidQuery(
            f"{leaf.path}: a value that is too long, or holds NUL or a lone surrogate",
            f"At most {QUERY_VALUE_BYTES_MAX} bytes of well-formed text",
            column=column,
        )
    if leaf.tokens or leaf.path not in ("at", "t") or leaf.op not in ORDERED | {"eq", "in"}:
        return
    if not TIME_RE.match(value) or not _real_date(value):
        raise InvalidQuery(
            f"{leaf.path}: {value[:40]!r} is no time of the log",
            "Write UTC with six decimals: 2026-10-01T00:00:00.000000Z",
            column=column,
        )


def _sound(value: str) -> bool:
    try:
        return len(value.encode()) <= QUERY_VALUE_BYTES_MAX and "\x00" not in value
    except UnicodeEncodeError:
        return False


def _real_date(value: str) -> bool:
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    if month == 2:
        return day <= (29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


# --- JSON ---

_KEYS: Final = {
    "eq": {"value"},
    "prefix": {"value"},
    "glob": {"value"},
    "contains": {"value"},
    "cidr": {"value"},
    "lt": {"value"},
    "le": {"value"},
    "gt": {"value"},
    "ge": {"value"},
    "in": {"values"},
    "exists": set[str](),
}


def to_json(query: Query) -> dict[str, Any]:
    """The tree as JSON objects; operands are strings."""
    if isinstance(query, Group):
        return {"op": query.op, "of": [to_json(part) for part in query.of]}
    if isinstance(query, Not):
        return {"op": "not", "of": to_json(query.of)}
    out: dict[str, Any] = {"op": query.op, "path": query.path}
    if query.op == "in":
        out["tokens" if query.tokens else "values"] = list(query.tokens or query.values)
    elif query.tokens:
        out["token"] = query.tokens[0]
    elif query.op != "exists":
        out["value"] = query.value
    return out


def from_json(obj: Any, declared: DeclaredFields | None = None) -> Query:
    """Read a tree of decoded JSON strictly: unknown operators, keys and paths are refused.

    Numbers and booleans are taken as operands and kept as their JSON text. Raises InvalidQuery, which names
    the place as a JSON Pointer.
    """
    return _Reader(declared).node(obj, "", 1)


class _Reader:
    __slots__ = ("declared", "nodes")

    def __init__(self, declared: DeclaredFields | None) -> None:
        self.declared = declared
        self.nodes = 0

    def node(self, obj: Any, where: str, depth: int) -> Query:
        self.nodes += 1
        if self.nodes > QUERY_NODES_MAX:
            raise InvalidQuery(f"query of more than {QUERY_NODES_MAX} conditions", "Use `in` for lists")
        if depth > QUERY_DEPTH_MAX:
            raise InvalidQuery(f"query nested deeper than {QUERY_DEPTH_MAX} levels", "Flatten it")
        if not isinstance(obj, Mapping):
            raise InvalidQuery(
                f"query at {where or '/'}: {type(obj).__name__} is no condition",
                'Write {"op": "eq", "path": "actor.id", "value": "u1"}',
            )
        op = obj.get("op")
        if op in ("all", "any"):
            parts = self.only(obj, where, {"of"})["of"]
            if not isinstance(parts, list):
                raise InvalidQuery(f"query at {where}/of: no list", "Give a list of conditions")
            return Group(op, tuple(self.node(part, f"{where}/of/{i}", depth + 1) for i, part in enumerate(parts)))
        if op == "not":
            return Not(self.node(self.only(obj, where, {"of"})["of"], f"{where}/of", depth + 1))
        if not isinstance(op, str) or op not in OPERATORS:
            near = difflib.get_close_matches(str(op)[:20], [*OPERATORS, "all", "any", "not"], 1)
            raise InvalidQuery(
                f"query at {where}/op: unknown operator {str(op)[:60]!r}",
                f"Did you mean {near[0]}?" if near else f"Operators: all, any, not, {', '.join(sorted(OPERATORS))}",
            )
        return self.leaf(obj, op, where)

    def leaf(self, obj: Mapping[str, Any], op: str, where: str) -> Leaf:
        keys = _KEYS[op]
        if keys and f"token{'s' if op == 'in' else ''}" in obj:
            keys = {"tokens"} if op == "in" else {"token"}
        self.only(obj, where, {"path"} | keys)
        path = obj["path"]
        if not isinstance(path, str):
            raise InvalidQuery(f"query at {where}/path: {type(path).__name__} is no path", "Give text: actor.id")
        leaf = Leaf(op, path)
        for key in keys:
            if key in ("values", "tokens"):
                items = obj[key]
                if not isinstance(items, list):
                    raise InvalidQuery(f"query at {where}/{key}: no list", "Give a list of values")
                if len(items) > QUERY_LIST_MAX:
                    raise InvalidQuery(
                        f"query at {where}/{key}: {len(items)} values, at most {QUERY_LIST_MAX}",
                        "Split the list",
                    )
                if key == "tokens" and not items:
                    raise InvalidQuery(f"query at {where}/tokens: empty", 'Write "values": [] for no value')
                texts = tuple([_text(item, f"{where}/{key}") for item in items])
                leaf = replace(leaf, values=texts) if key == "values" else replace(leaf, tokens=texts)
            else:
                text = _text(obj[key], f"{where}/{key}")
                leaf = replace(leaf, value=text) if key == "value" else replace(leaf, tokens=(text,))
        try:
            return check_leaf(leaf, self.declared)
        except InvalidQuery as error:
            raise InvalidQuery(f"query at {where or '/'}: {error.message}", error.hint) from None

    def only(self, obj: Mapping[str, Any], where: str, keys: set[str]) -> Mapping[str, Any]:
        given, wanted = set(obj), {"op"} | keys
        if given != wanted:
            wrong = sorted(map(str, given - wanted)) or sorted(wanted - given)
            what = "unknown" if given - wanted else "missing"
            raise InvalidQuery(
                f"query at {where or '/'}: {what} key {wrong[0][:60]!r}",
                f"Keys of {obj.get('op')!s}: {', '.join(sorted(wanted))}",
            )
        return obj


def _text(item: Any, where: str) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int) and abs(item) < 2**63:
        return str(item)
    if isinstance(item, float) and math.isfinite(item):
        return repr(item)
    raise InvalidQuery(f"query at {where}: {type(item).__name__} is no value", "Give text, a number or a boolean")
