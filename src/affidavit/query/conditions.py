"""What a term of the query language means: field, operator and values to a condition. Pure.

Short names, references ("record:17"), wildcards, ranges, networks, times; each by the kind of its field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from affidavit.errors import InvalidQuery
from affidavit.event import split_reference
from affidavit.paths import PUBLIC_KEYS, DeclaredFields, lookup
from affidavit.query.address import address
from affidavit.query.period import looks_like_time, period
from affidavit.query.tree import (
    NOTHING,
    TOKEN_RE,
    Leaf,
    Query,
    all_of,
    any_of,
    check_leaf,
    check_path,
    is_in,
    number,
)

# Short names, beside the paths themselves.
SHORT_NAMES: Final = {
    "actor": "actor.id",
    "app": "source.app",
    "category": "data_categories",
    "control": "controls",
    "count": "record_count",
    "device": "source.device",
    "geo": "source.geo",
    "incident": "case.incident_id",
    "ip": "source.ip",
    "justification": "basis.justification",
    "lawful_basis": "basis.lawful_basis",
    "mfa": "actor.mfa",
    "owner": "resource.owner",
    "purpose": "basis.purpose",
    "recipient": "disclosure.recipient.name",
    "request": "case.request_id",
    "resource": "resource.id",
    "role": "actor.roles",
    "session": "actor.session",
    "subject": "subject.id",
    "ticket": "basis.ticket",
    "time": "at",
    "user": "actor.id",
    "user_agent": "source.user_agent",
}
# Short names whose value may be "type:id", split as the event model splits it.
REFERENCES: Final = {"actor": "actor", "user": "actor", "resource": "resource", "subject": "subject"}

# Where free text is looked for, beside declared text fields.
TEXT_PATHS: Final = (
    "action", "message", "status_detail", "target",
    "actor.id", "actor.name", "actor.on_behalf_of",
    "resource.id", "resource.name", "resource.type",
    "subject.id", "subject.name",
    "basis.consent_ref", "basis.justification", "basis.purpose", "basis.ticket",
    "disclosure.description", "disclosure.recipient.name",
    "change.back_out", "case.incident_id", "case.request_id",
    "details",
)  # fmt: skip
OPERATORS: Final = (">=", "<=", ":", "=", ">", "<", "~")  # the longer first
_COMPARE: Final = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a term: its text, whether it was quoted (then it is literal), its column from 1."""

    text: str
    quoted: bool
    column: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What terms mean here: declared fields, the zone of times without offset, where free text looks."""

    declared: DeclaredFields = field(default_factory=DeclaredFields)
    zone: tzinfo = UTC
    text_paths: tuple[str, ...] = TEXT_PATHS

    def free_text(self, text: str) -> Query:
        """Any of the text fields contains `text`."""
        paths = dict.fromkeys(self.text_paths)
        if "details" in paths:
            named = (f.path.name for f in self.declared.fields.values() if f.type == "string")
            paths |= dict.fromkeys(named)
        return any_of(*(Leaf("contains", path, text) for path in paths))

    def term(self, name: str, op: str, values: list[Value], *, listed: bool, column: int) -> Query:
        """The condition `name op values`; `listed` where they stood in parentheses."""
        path = SHORT_NAMES.get(name, name)
        check_path(path, self.declared, column=column, more=SHORT_NAMES)
        if listed and op in _COMPARE:
            raise InvalidQuery(f"{op} takes no list", f"Write {name}{op}value", column=values[0].column)
        parts = [self.condition(name, path, op, value) for value in values]
        if len(parts) > 1:
            same = [part for part in parts if isinstance(part, Leaf) and part.op == "eq" and part.path == path]
            tokens = [token for part in same for token in part.tokens]
            if len(same) == len(parts) and len(tokens) in (0, len(parts)):
                return Leaf("in", path, tokens=tuple(tokens)) if tokens else is_in(path, [p.value for p in same])
        return any_of(*parts)

    def condition(self, name: str, path: str, op: str, value: Value) -> Query:
        """The condition for one value."""
        if op in (":", "=") and name in REFERENCES and not (value.text == "*" and not value.quoted):
            kind, key = split_reference(value.text)
            if kind is not None:
                of_kind = Leaf("eq", f"{REFERENCES[name]}.type", kind)
                return all_of(of_kind, self.single(path, op, Value(key, value.quoted, value.column)))
        return self.single(path, op, value)

    def single(self, path: str, op: str, value: Value) -> Query:
        """The condition of one path."""
        text, column = value.text, value.column
        if op == "~":
            return self.checked(Leaf("contains", path, text), column)
        literal = value.quoted or op == "="
        if not literal and TOKEN_RE.match(text) and path not in PUBLIC_KEYS and op == ":":
            return self.checked(Leaf("eq", path, tokens=(text,)), column)
        if path in ("at", "t"):
            return self.at(path, op, value)
        found = lookup(path, self.declared)
        if not literal and text == "*" and op == ":":
            return Leaf("exists", path)
        if not literal and op == ":":
            between = self.between(path, value, ends_are_known=found is not None and found.number)
            if between is not None:
                return between
        if found is not None and found.number and number(text) is None:
            raise InvalidQuery(
                f"{path}: {text[:60]!r} is no number", f"Write {path}>=10 or {path}:10..20", column=column
            )
        if op in _COMPARE:
            return self.checked(Leaf(_COMPARE[op], path, text), column)
        if literal:
            return self.checked(Leaf("eq", path, text), column)
        return self.checked(_pattern(path, text, is_ip=found is not None and found.cls == "ip"), column)

    def between(self, path: str, value: Value, *, ends_are_known: bool) -> Query | None:
        """`lo..hi`, both in it; None where this is no range. A number field may leave one end open."""
        lo, dots, hi = value.text.partition("..")
        if not dots:
            return None
        numbers = (not lo or number(lo) is not None) and (not hi or number(hi) is not None)
        if ends_are_known:
            if not numbers or not (lo or hi):
                raise InvalidQuery(
                    f"{path}: {value.text[:60]!r} is no range of numbers",
                    f"Write {path}:10..20",
                    column=value.column,
                )
        elif not (lo and hi and (numbers or (looks_like_time(lo) and looks_like_time(hi)))):
            return None
        first, last = number(lo), number(hi)
        if lo and hi and (first > last if first is not None and last is not None else lo > hi):
            raise _backwards(path, value)
        ends = ([Leaf("ge", path, lo)] if lo else []) + ([Leaf("le", path, hi)] if hi else [])
        return all_of(*ends)

    def at(self, path: str, op: str, value: Value) -> Query:
        """A condition on a time: a date or coarser time is the whole stretch."""
        if value.text == "*" and op == ":" and not value.quoted:
            return Leaf("exists", path)
        if op == ":" and not value.quoted and ".." in value.text:
            lo, _, hi = value.text.partition("..")
            if not (lo or hi):
                raise InvalidQuery(
                    f"{path}: a range without ends",
                    f"Write {path}:2026-10-01..2026-10-31",
                    column=value.column,
                )
            first = period(lo, self.zone, column=value.column) if lo else None
            last = period(hi, self.zone, column=value.column + len(lo) + 2) if hi else None
            if first and last and first.start > last.start:
                raise _backwards(path, value)
            return _stretch(path, first.start if first else None, last.end if last else None)
        found = period(value.text, self.zone, column=value.column)
        if op == ">=":
            return Leaf("ge", path, found.start)
        if op == "<":
            return Leaf("lt", path, found.start)
        if op == "<=":
            return _stretch(path, None, found.end)
        if op == ">":
            return NOTHING if found.end is None else Leaf("ge", path, found.end)
        if found.instant:
            return Leaf("eq", path, found.start)
        return _stretch(path, found.start, found.end)

    def checked(self, leaf: Leaf, column: int) -> Leaf:
        """The leaf, or InvalidQuery at this column."""
        return check_leaf(leaf, self.declared, column=column)


def _stretch(path: str, start: str | None, end: str | None) -> Query:
    since = [Leaf("ge", path, start)] if start is not None else []
    until = [Leaf("lt", path, end)] if end is not None else []
    return all_of(*since, *until)


def _backwards(path: str, value: Value) -> InvalidQuery:
    return InvalidQuery(
        f"{path}: the range {value.text[:100]!r} runs backwards",
        "Write the lower end first",
        column=value.column,
    )


def _pattern(path: str, text: str, *, is_ip: bool) -> Leaf:
    """A bare value: with `*` a pattern, on an address field a network."""
    if "*" in text:
        if text.count("*") == 1 and text.endswith("*"):
            return Leaf("prefix", path, text[:-1])
        return Leaf("glob", path, text)
    if is_ip and ("/" in text or (":" in text and address(text) is not None)):
        return Leaf("cidr", path, text)
    return Leaf("eq", path, text)
