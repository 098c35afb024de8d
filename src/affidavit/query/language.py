"""The query language: text → Query. Pure; linear in the length of the text. Grammar: docs/reference/query.md.

query  = all ("OR" all)*
all    = not (["AND"] not)*
not    = ("NOT" | "-") not | term
term   = "(" query ")" | "*" | field operator values | text
values = value | "(" value ("," value)* ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Final

from affidavit.errors import InvalidQuery
from affidavit.paths import PATH_BYTES_MAX, DeclaredFields
from affidavit.query.conditions import OPERATORS, TEXT_PATHS, Meaning, Value
from affidavit.query.period import zone_named
from affidavit.query.tree import (
    EVERYTHING,
    QUERY_DEPTH_MAX,
    QUERY_NODES_MAX,
    Group,
    Leaf,
    Not,
    Query,
    all_of,
    any_of,
    depth_of,
    leaves,
)

QUERY_TEXT_CHARS_MAX: Final = 65_536
SAVED: Final = "saved"  # saved:name stands for a saved query
_NAME_RE: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_.-]{{0,{PATH_BYTES_MAX}}}", re.ASCII)
_BARE_END: Final = frozenset('()"')


def parse(
    text: str,
    declared: DeclaredFields | None = None,
    zone: tzinfo | str = UTC,
    *,
    text_paths: tuple[str, ...] = TEXT_PATHS,
    saved: Callable[[str], str] | None = None,
) -> Query:
    """Read a query. Nothing at all, and `*`, ask for everything.

    `zone`: of times without an offset. `text_paths`: where free text is looked for; leave out what the reader
    may not see in clear. `saved` gives the text of a saved query, for `saved:name`; it raises InvalidQuery for an
    unknown one. Raises InvalidQuery with the column (from 1, in characters) and nothing else.
    """
    if len(text) > QUERY_TEXT_CHARS_MAX:
        raise InvalidQuery(
            f"query of {len(text)} characters, at most {QUERY_TEXT_CHARS_MAX}",
            "Use the JSON form for long lists",
            column=QUERY_TEXT_CHARS_MAX,
        )
    where = zone_named(zone) if isinstance(zone, str) else zone
    parser = _Parser(text, Meaning(declared or DeclaredFields(), where, text_paths), saved)
    query = parser.query(1)
    if saved is not None and depth_of(query) > QUERY_DEPTH_MAX:  # a saved query is nested in its own right
        raise InvalidQuery("nested too deeply", f"At most {QUERY_DEPTH_MAX} levels", column=1)
    if parser.at < len(text):
        raise InvalidQuery("a ) without its (", 'Remove it, or quote it: ")"', column=parser.at + 1)
    return query


def _all(parts: list[Query]) -> Query:
    """One group; what a term adds as a group of `all` (a day, a reference) is taken apart."""
    flat: list[Query] = []
    for part in parts:
        flat += part.of if isinstance(part, Group) and part.op == "all" else (part,)
    return all_of(*flat)


class _Parser:
    __slots__ = ("at", "meaning", "nodes", "saved", "text")

    def __init__(self, text: str, meaning: Meaning, saved: Callable[[str], str] | None) -> None:
        self.saved = saved
        self.text = text
        self.meaning = meaning
        self.at = 0
        self.nodes = 0

    # --- grammar ---

    def query(self, depth: int) -> Query:
        # A term may add three levels of its own: a list of references.
        if depth > QUERY_DEPTH_MAX - 3:
            raise InvalidQuery("nested too deeply", f"At most {QUERY_DEPTH_MAX} levels", column=self.at + 1)
        if self.ended():
            return EVERYTHING
        parts = [self.all(depth)]
        while self.word("OR"):
            parts.append(self.all(depth))
        return any_of(*parts)

    def all(self, depth: int) -> Query:
        parts = [self.negation(depth + 1)]
        while not self.ended() and not self.peek("OR"):
            self.word("AND")
            parts.append(self.negation(depth + 1))
        return _all(parts)

    def negation(self, depth: int) -> Query:
        if depth > QUERY_DEPTH_MAX - 3:
            raise InvalidQuery("nested too deeply", f"At most {QUERY_DEPTH_MAX} levels", column=self.at + 1)
        if self.word("NOT"):
            return Not(self.negation(depth + 1))
        if self.text.startswith("-", self.at):
            self.at += 1
            if self.text[self.at : self.at + 1].isspace():
                raise InvalidQuery("a - that stands alone", 'Write -outcome:success, or quote it: "-"', column=self.at)
            return Not(self.negation(depth + 1))
        return self.term(depth)

    def term(self, depth: int) -> Query:
        start = self.at
        if self.ended() or self.peek("OR") or self.peek("AND"):
            raise InvalidQuery(
                "a condition is missing here",
                "Write one, like actor:u1; quote OR, AND, NOT as text",
                column=start + 1,
            )
        if self.text[start] == "(":
            self.at += 1
            if self.ended():
                raise InvalidQuery("empty parentheses", "Write a condition between them", column=start + 1)
            inner = self.query(depth + 1)
            if not self.text.startswith(")", self.at):
                raise InvalidQuery("a ( without its )", "Close it", column=start + 1)
            self.at += 1
            return inner
        name = _NAME_RE.match(self.text, start)
        if name is not None:
            op = next((op for op in OPERATORS if self.text.startswith(op, name.end())), "")
            if op:
                self.at = name.end() + len(op)
                return self.counted(self.field(name[0], op, start + 1))
        value = self.value("")
        if value.text == "*" and not value.quoted:
            return EVERYTHING
        return self.counted(self.free(value))

    def named(self, value: Value) -> Query:
        """The saved query of this name. It may name no other."""
        if self.saved is None:
            raise InvalidQuery("there are no saved queries here", "Write out what it says", column=value.column)
        try:
            found = parse(
                self.saved(value.text),
                self.meaning.declared,
                self.meaning.zone,
                text_paths=self.meaning.text_paths,
            )
        except InvalidQuery as error:
            raise InvalidQuery(f"saved:{value.text[:80]}: {error.message}", error.hint, column=value.column) from None
        self.nodes += sum(1 for _ in leaves(found))
        return found

    def field(self, name: str, op: str, column: int) -> Query:
        if name == SAVED and op == ":":
            return self.named(self.value("saved:"))
        if not self.text.startswith("(", self.at):
            return self.meaning.term(name, op, [self.value(f"{name}{op}")], listed=False, column=column)
        start = self.at
        values: list[Value] = []
        while not values or self.text.startswith(",", self.at):
            self.at += 1
            self.space()
            values.append(self.value(f"{name}{op}(", end=","))
            self.space()
        if not self.text.startswith(")", self.at):
            raise InvalidQuery("a list that is not closed", f"Write {name}{op}(a,b,c)", column=start + 1)
        self.at += 1
        return self.meaning.term(name, op, values, listed=True, column=column)

    def free(self, value: Value) -> Query:
        text = value.text
        if not value.quoted:
            if text.startswith(OPERATORS):
                raise InvalidQuery(
                    f"no field before {text[:2]!r}",
                    "Write at>=2026-10-01, without spaces",
                    column=value.column,
                )
            text = text.strip("*")
            if "*" in text:
                raise InvalidQuery(
                    "free text takes no * inside",
                    "Quote it, or name a field: message:a*b",
                    column=value.column,
                )
        if not text:
            raise InvalidQuery("empty text", "Write what to look for", column=value.column)
        self.meaning.checked(Leaf("contains", "message", text), value.column)
        return self.meaning.free_text(text)

    def counted(self, query: Query) -> Query:
        self.nodes += 1 + (len(query.of) if isinstance(query, Group) else 0)
        if self.nodes > QUERY_NODES_MAX // 4:
            raise InvalidQuery(
                f"more than {QUERY_NODES_MAX // 4} conditions", "Use lists: actor:(a,b,c)", column=self.at
            )
        return query

    # --- characters ---

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def ended(self) -> bool:
        """After spaces: nothing more in this group."""
        self.space()
        return self.at >= len(self.text) or self.text[self.at] == ")"

    def peek(self, word: str) -> bool:
        end = self.at + len(word)
        return self.text.startswith(word, self.at) and (
            end >= len(self.text) or self.text[end].isspace() or self.text[end] in _BARE_END
        )

    def word(self, word: str) -> bool:
        """Take a keyword and the spaces after it."""
        if not self.peek(word):
            return False
        self.at += len(word)
        self.space()
        return True

    def value(self, before: str, end: str = "") -> Value:
        """A quoted value, or a bare one up to a space, parenthesis or `end`."""
        start = self.at
        if self.text.startswith('"', start):
            return Value(self.quoted(), True, start + 1)
        while self.at < len(self.text):
            c = self.text[self.at]
            if c.isspace() or c in _BARE_END or c == end:
                break
            self.at += 1
        bare = self.text[start : self.at]
        if self.text.startswith(("(", '"'), self.at) and bare:
            raise InvalidQuery(
                f"{self.text[self.at]} inside a value", f'Quote the value: {before}"…"', column=self.at + 1
            )
        if not bare:
            raise InvalidQuery(
                f"no value after {before}" if before else "a value is missing",
                'Write one; "" is empty text, * is any value',
                column=start + 1,
            )
        return Value(bare, False, start + 1)

    def quoted(self) -> str:
        """A quoted text. A backslash escapes a quote or a backslash; before any other sign it is itself."""
        start = self.at
        out: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            c = self.text[self.at]
            self.at += 1
            if c == '"':
                return "".join(out)
            if c == "\\" and self.text.startswith(('"', "\\"), self.at):
                c = self.text[self.at]
                self.at += 1
            out.append(c)
        raise InvalidQuery("a quote that is not closed", 'End it with "', column=start + 1)
