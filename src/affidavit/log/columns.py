"""Where each path is kept, as DuckDB expressions: in the journal's rows and in segments.

Paths of the table have a fixed tag; columns of a change and declared fields may be text or JSON, so their tag is
looked up by position among the tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from affidavit.errors import InvalidQuery
from affidavit.log.segment import BLOOM_PATHS, column_name
from affidavit.paths import JSON, OWN_GROUPS, PATH_BYTES_MAX, PATH_RE, PATHS, PUBLIC_KEYS, STRING, DeclaredFields
from affidavit.query.bounds import Bounds
from affidavit.query.sql import Columns, inside

_TIME: Final = "strftime(make_timestamp({}), '%Y-%m-%dT%H:%M:%S.%fZ')"
_JOURNAL: Final = {
    "action": "action",
    "outcome": "outcome",
    "at": _TIME.format("at_us"),
    "t": _TIME.format("t_us"),
}
_SEGMENT: Final = {
    "action": "action",
    "outcome": "outcome",
    "at": _TIME.format("epoch_us(occurred_at)"),
    "t": _TIME.format("epoch_us(recorded_at)"),
}


class JournalColumns:
    """`query.sql.Columns` over a relation with the journal's columns."""

    def __init__(self, declared: DeclaredFields) -> None:
        self._declared = declared

    def column(self, path: str) -> str | None:
        """The string at a path."""
        return _JOURNAL.get(path) or self._value(path, STRING)

    def raw(self, path: str) -> str | None:
        """The JSON text at a path."""
        if path in PUBLIC_KEYS:
            return None
        if _is_inside_details(path, self._declared):
            return inside(_text("fields", "details"), path)
        return self._value(path, JSON)

    def address(self, _path: str) -> str | None:
        """None: the journal keeps texts alone."""
        return None

    def fields(self, paths: Sequence[str]) -> str:
        """The select list idx, at_us, t_us, action, outcome and the texts of `paths` as f0, f1, …"""
        return ", ".join(["idx, at_us, t_us, action, outcome", *_texts(self, paths)])

    def _value(self, path: str, tag: str) -> str | None:
        known = PATHS.get(path)
        if known is not None:
            return _text("fields", path) if known.tag == tag else None
        if _is_inside_details(path, self._declared):
            return None
        return _with_undeclared(_tagged("fields", "tags", path, tag), _text("fields", "details"), path, tag)


class SegmentColumns:
    """`query.sql.Columns` over segments as Parquet holds them."""

    def __init__(self, declared: DeclaredFields) -> None:
        self._declared = declared

    def column(self, path: str) -> str | None:
        """The string at a path."""
        return _SEGMENT.get(path) or self._value(path, STRING)

    def raw(self, path: str) -> str | None:
        """The JSON text at a path."""
        if path in PUBLIC_KEYS:
            return None
        if _is_inside_details(path, self._declared):
            return inside("details", path)
        return self._value(path, JSON)

    def address(self, path: str) -> str | None:
        """The sortable address beside `source.ip`."""
        return "source_ip_key" if path == "source.ip" else None

    def fields(self, paths: Sequence[str]) -> str:
        """The select list idx, at_us, t_us, action, outcome and the texts of `paths` as f0, f1, …"""
        times = "epoch_us(occurred_at) AS at_us, epoch_us(recorded_at) AS t_us"
        return ", ".join([f"idx, {times}, action, outcome", *_texts(self, paths)])

    def _value(self, path: str, tag: str) -> str | None:
        known = PATHS.get(path)
        if known is not None:
            return known_column(path) if known.tag == tag else None
        if _is_inside_details(path, self._declared):
            return None
        return _with_undeclared(_tagged("other", "other_tags", path, tag), "details", path, tag)


def segment_row(paths: Iterable[str]) -> str:
    """The select list that turns a segment's row into a journal's: fields as JSON text, tags beside.

    `paths` are those the segments hold at all. Where `resort` is true, fields of `other` come last and out of order.
    """
    present = [path for path in PATHS if path in set(paths)]
    there = {path: f"CASE WHEN {column_name(path)} IS NOT NULL THEN" for path in present}
    pairs = [f"{there[p]} '\"{p}\":' || to_json({known_column(p)}) END" for p in present]
    tags = [f"{there[p]} '{PATHS[p].tag}' ELSE '' END" for p in present]
    rest = "CASE WHEN other IS NOT NULL THEN substring(other, 2, length(other) - 2) END"
    letters = ", ".join([*tags, "coalesce(other_tags, '')"])
    members = ", ".join([*pairs, rest])
    return (
        "idx, epoch_us(occurred_at) AS at_us, epoch_us(recorded_at) AS t_us, action, outcome, seed, "
        f"concat({letters}) AS tags, "
        f"'{{' || concat_ws(',', {members}) || '}}' AS fields, other IS NOT NULL AS resort"
    )


def segment_filters(low_us: int | None, high_us: int | None, end: int) -> str:
    """The window and the pinned size as plain conditions on columns, which Parquet statistics can use."""
    found = [f"idx < {int(end)}"]
    if low_us is not None:
        found.append(f"occurred_at >= make_timestamptz({int(low_us)})")
    if high_us is not None:
        found.append(f"occurred_at < make_timestamptz({int(high_us)})")
    return " AND ".join(found)


def equal_filters(bounds: Bounds) -> list[tuple[str, list[str]]]:
    """(column, values) that a matching row of a segment must have: what Bloom filters can use."""
    found = [
        (column_name(path), sorted(values))
        for path, values in bounds.equals
        if path in BLOOM_PATHS and path != "id" and len(values) <= _PUSHED_VALUES_MAX
    ]
    if bounds.actions is not None and not bounds.actions.prefixes and len(bounds.actions.exact) <= _PUSHED_VALUES_MAX:
        found.append(("action", sorted(bounds.actions.exact)))
    return found


_PUSHED_VALUES_MAX: Final = 64


def _is_free(path: str) -> bool:
    return path.startswith("details.")


def _texts(columns: Columns, paths: Sequence[str]) -> list[str]:
    found = []
    for at, path in enumerate(paths):
        text, raw = columns.column(path), columns.raw(path)
        texts = [] if text is None else [f"CAST({text} AS VARCHAR)"]
        if raw is not None:  # what is inside `details` may be a string of JSON
            texts.append(
                f"json_extract_string({raw}, '$')" if text is None and _is_free(path) else f"CAST({raw} AS VARCHAR)"
            )
        texts = texts or ["CAST(NULL AS VARCHAR)"]
        text = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
        found.append(f"{text} AS f{at}")
    return found


def _is_inside_details(path: str, declared: DeclaredFields) -> bool:
    group, _, rest = path.partition(".")
    return group == "details" and bool(rest) and rest not in declared.fields


def known_column(path: str) -> str:
    """The text of a path of the table, of a segment's row."""
    return "CAST(id AS VARCHAR)" if path == "id" else column_name(path)


def _text(fields: str, path: str) -> str:
    # A path holds [a-z0-9_.] only (checked when the query was made), so it can stand in SQL text.
    return f"json_extract_string({fields}, '$.\"{path}\"')"


def _tagged(fields: str, tags: str, path: str, tag: str) -> str | None:
    if not PATH_RE.match(path):
        raise InvalidQuery(f"{path[:PATH_BYTES_MAX]!r} is no path", "Write lower-case words joined by dots")
    if path.partition(".")[0] in OWN_GROUPS:
        return _text(fields, path) if tag == STRING else None
    position = f"list_position(json_keys({fields}), '{path}')"
    return f"CASE WHEN substring({tags}, CAST({position} AS BIGINT), 1) = '{tag}' THEN {_text(fields, path)} END"


def _with_undeclared(own: str | None, details: str, path: str, tag: str) -> str | None:
    """A declared field, or what records made before it was declared hold under its name inside `details`."""
    if own is None or path.partition(".")[0] != "details":
        return own
    earlier = inside(details, path)
    if tag == STRING:
        earlier = f"CASE WHEN json_type({earlier}) = 'VARCHAR' THEN json_extract_string({earlier}, '$') END"
        return f"coalesce({own}, {earlier})"
    return f"coalesce(CAST({own} AS VARCHAR), CAST({earlier} AS VARCHAR))"
