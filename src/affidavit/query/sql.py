"""Query → DuckDB SQL. Every operand is a parameter; the physical layout is the reader's, through `Columns`.

A row's truth equals the evaluator's over the same record with nothing hidden (a property test compares them).
In the text a false condition may be NULL where WHERE sees no difference; a condition under `not` never is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from affidavit.errors import InvalidQuery
from affidavit.paths import JSON, OWN_GROUPS, PATH_BYTES_MAX, PATHS, PUBLIC_KEYS
from affidavit.query import sql_address
from affidavit.query.address import network
from affidavit.query.tree import DETAILS_RE, ORDERED, Group, Leaf, Not, Query, number

IN_LIST_MAX: Final = 64  # longer lists become a hash join
_UPPER: Final = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
_LOWER: Final = "'abcdefghijklmnopqrstuvwxyz'"
_SIGNS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "="}


class Columns(Protocol):
    """Where a relation keeps each path. Expressions are trusted SQL: MUST NOT hold text of a query.

    A path's value is a string (tag `s`) or a JSON text (tag `j`); a relation may keep both for one path.
    """

    def column(self, path: str) -> str | None:
        """VARCHAR: the string at `path`; NULL when absent, null, or JSON. None: never a string here.

        Public keys MUST be the text of the entry, never NULL.
        """
        ...

    def raw(self, path: str) -> str | None:
        """JSON or VARCHAR: the JSON text at `path` as stored; NULL otherwise. None: never JSON here.

        For an undeclared `details.<a>.<b>` MUST be what `inside(<details>, path)` gives.
        """
        ...

    def address(self, path: str) -> str | None:
        """BLOB: the address at `path` as 16 sortable bytes, IPv4 mapped into IPv6, without a zone.

        NULL where it is none. None: not kept here.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sql:
    """A boolean SQL expression with `?` for each of `parameters`, in order."""

    text: str
    parameters: tuple[Any, ...]


def inside(details: str, path: str) -> str:
    """Expression for the JSON value of `details.<a>.<b>` in the JSON expression `details`."""
    if not DETAILS_RE.match(path):
        raise InvalidQuery(f"{path[:PATH_BYTES_MAX]!r} is no path inside details", "Write details.<key>")
    steps = "".join(f'."{key}"' for key in path.split(".")[1:])
    return f"json_extract({details}, '${steps}')"


def to_sql(query: Query, columns: Columns, token: Callable[[str], str] | None = None) -> Sql:
    """The WHERE expression of a query.

    `token(path)` gives the expression of a masked field's token; without it conditions by token raise
    InvalidQuery.
    """
    writer = _Writer(columns, token)
    return Sql(writer.node(query, negated=False), tuple(writer.parameters))


class _Writer:
    """Writes left to right, so that parameters come in the order of their `?`."""

    def __init__(self, columns: Columns, token: Callable[[str], str] | None) -> None:
        self.columns = columns
        self.token = token
        self.parameters: list[Any] = []

    def bind(self, value: Any) -> str:
        self.parameters.append(value)
        return "?"

    def node(self, query: Query, *, negated: bool) -> str:
        if isinstance(query, Not):
            return f"(NOT {self.node(query.of, negated=True)})"
        if isinstance(query, Group):
            if not query.of:
                return "true" if query.op == "all" else "false"
            word = " AND " if query.op == "all" else " OR "
            return f"({word.join([self.node(part, negated=negated) for part in query.of])})"
        text = self.leaf(query)
        # Inside NOT a NULL would stay NULL, and absent must become true.
        return f"coalesce({text}, false)" if negated and query.path not in PUBLIC_KEYS else f"({text})"

    def leaf(self, leaf: Leaf) -> str:
        if leaf.op == "in" and not leaf.values and not leaf.tokens:
            return "false"
        if leaf.tokens:
            if self.token is None:
                raise InvalidQuery(
                    f"{leaf.path}: asked by token, which needs the key of a view",
                    "Ask by value, or through a view that masks this field",
                )
            if leaf.op not in ("eq", "in"):
                raise InvalidQuery(f"{leaf.path}: {leaf.op} can't be asked by token", "Use eq or in")
            return self.one_of(self.token(leaf.path), leaf.tokens)
        kinds = _kinds(leaf.path)
        column = self.columns.column(leaf.path) if "s" in kinds else None
        raw = self.columns.raw(leaf.path) if JSON in kinds else None
        key = self.columns.address(leaf.path) if leaf.op == "cidr" else None
        if key is not None and column is not None:
            return self.on_address(key, column, leaf)
        texts = [] if column is None else [self.on_text(column, leaf)]
        if raw is not None:
            texts.append(self.on_json(raw, leaf))
        return " OR ".join(f"({text})" for text in texts) if len(texts) > 1 else "".join(texts) or "false"

    def on_text(self, x: str, leaf: Leaf) -> str:
        """The condition on a string expression."""
        op, value = leaf.op, leaf.value
        if op == "exists":
            return f"{x} IS NOT NULL"
        if op == "in":
            return self.one_of(x, leaf.values)
        if op in _SIGNS:
            return f"{x} {_SIGNS[op]} {self.bind(value)}"
        if op == "prefix":
            return f"starts_with({x}, {self.bind(value)})"
        if op == "contains":
            folded = value.translate({upper: upper + 32 for upper in range(65, 91)})
            return f"contains(translate({x}, {_UPPER}, {_LOWER}), {self.bind(folded)})"
        if op == "cidr":
            first, last = cast("tuple[str, str]", network(value))
            return sql_address.within(x, self.bind(first), self.bind(last))
        return self.glob(x, value)

    def on_address(self, key: str, x: str, leaf: Leaf) -> str:
        """A network as a range of sortable addresses, which statistics of columns can use."""
        first, last = cast("tuple[str, str]", network(leaf.value))
        ends = [self.bind(sql_address.key(end)) for end in (first, last)]
        return f"{key} >= {ends[0]} AND {key} <= {ends[1]} AND {sql_address.exact(key, x, short=len(first) == 8)}"

    def one_of(self, x: str, values: tuple[str, ...]) -> str:
        distinct = list(dict.fromkeys(values))
        if len(distinct) <= IN_LIST_MAX:
            return f"{x} IN ({', '.join([self.bind(value) for value in distinct])})"
        return f"{x} IN (SELECT unnest({self.bind(distinct)}::VARCHAR[]))"

    def glob(self, x: str, pattern: str) -> str:
        first, *pieces = pattern.split("*")
        if not pieces:
            return f"{x} = {self.bind(first)}"
        if pieces == [""]:
            return f"starts_with({x}, {self.bind(first)})"
        # RE2 is linear in the text; LIKE backtracks.
        escaped = ".*".join(_escape(piece) for piece in (first, *pieces))
        return f"regexp_full_match({x}, {self.bind(escaped)}, 's')"

    def on_json(self, raw: str, leaf: Leaf) -> str:
        """The condition on a JSON expression: on the value, or on any element of a list."""
        if leaf.op == "exists":
            return f"json_type({raw}) <> 'NULL'"
        one = self.element(raw, leaf)
        if leaf.op == "in" and len(leaf.values) > IN_LIST_MAX:
            elements = f"(SELECT unnest(json_extract({raw}, '$[*]')::JSON[]) AS e)"
            some = f"EXISTS (SELECT 1 FROM {elements} WHERE {self.element('e', leaf)})"
        else:
            some = f"len(list_filter(json_extract({raw}, '$[*]')::JSON[], lambda e: {self.element('e', leaf)})) > 0"
        cases = f"{one} ELSE CASE json_type({raw}) WHEN 'ARRAY' THEN {some}"
        if leaf.op == "contains" and not leaf.path.startswith("details."):
            cases += f" WHEN 'OBJECT' THEN {self.on_text(f'({raw})::VARCHAR', leaf)}"
        return f"CASE WHEN json_type({raw}) NOT IN ('ARRAY', 'OBJECT') THEN {cases} END END"

    def element(self, e: str, leaf: Leaf) -> str:
        """The condition on one JSON value that is no list. `CASE` keeps each kind to its own conversion."""
        text = f"json_extract_string({e}, '$')"
        kinds = "'VARCHAR', 'BOOLEAN'" if leaf.op in ("eq", "in") else "'VARCHAR'"
        out = f"CASE WHEN json_type({e}) IN ({kinds}) THEN {self.on_text(text, leaf)}"
        numbers = self.on_number(f"TRY_CAST({text} AS DOUBLE)", leaf)
        if numbers:
            out += f" WHEN json_type({e}) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN {numbers}"
        return f"{out} ELSE false END"

    def on_number(self, x: str, leaf: Leaf) -> str:
        if leaf.op == "in":
            numbers = list(dict.fromkeys(found for found in map(number, leaf.values) if found is not None))
            if len(numbers) > IN_LIST_MAX:
                return f"{x} IN (SELECT unnest({self.bind(numbers)}::DOUBLE[]))"
            return f"{x} IN ({', '.join([self.bind(value) for value in numbers])})" if numbers else ""
        wanted = number(leaf.value) if leaf.op == "eq" or leaf.op in ORDERED else None
        if wanted is None:
            return ""
        return f"isfinite({x}) AND {x} {_SIGNS[leaf.op]} {self.bind(wanted)}"


def _kinds(path: str) -> str:
    """Which tags the format allows for a path: `s`, `j`, or both where columns are free."""
    if path in PUBLIC_KEYS:
        return "s"
    found = PATHS.get(path)
    if found is not None:
        return found.tag
    return "s" + JSON if path.startswith(("change.", "details.")) or path.partition(".")[0] in OWN_GROUPS else "s"


def _escape(piece: str) -> str:
    """A literal for RE2, which takes an escaped ASCII punctuation sign as itself."""
    return "".join(
        f"\\{c}" if c.isascii() and not c.isalnum() and c != "_" and c.isprintable() and c != " " else c for c in piece
    )
