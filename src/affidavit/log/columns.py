"""Where the journal keeps each path, as DuckDB expressions over `fields` (JSON text) and `tags`.

Paths of the table have a fixed tag; columns of a change and declared fields may be text or JSON, so their tag is
looked up by position.
"""

from __future__ import annotations

from affidavit.paths import JSON, OWN_GROUPS, PATHS, PUBLIC_KEYS, STRING, DeclaredFields
from affidavit.query.sql import inside

_PUBLIC = {
    "action": "action",
    "outcome": "outcome",
    "at": "strftime(make_timestamp(at_us), '%Y-%m-%dT%H:%M:%S.%fZ')",
    "t": "strftime(make_timestamp(t_us), '%Y-%m-%dT%H:%M:%S.%fZ')",
}


class JournalColumns:
    """`query.sql.Columns` over a relation with the journal's columns."""

    def __init__(self, declared: DeclaredFields) -> None:
        self._declared = declared

    def column(self, path: str) -> str | None:
        """The string at a path."""
        if path in PUBLIC_KEYS:
            return _PUBLIC[path]
        return self._value(path, STRING)

    def raw(self, path: str) -> str | None:
        """The JSON text at a path."""
        if path in PUBLIC_KEYS:
            return None
        group, _, rest = path.partition(".")
        if group == "details" and rest and rest not in self._declared.fields:
            return inside(_text("details"), path)
        return self._value(path, JSON)

    def _value(self, path: str, tag: str) -> str | None:
        known = PATHS.get(path)
        if known is not None:
            return _text(path) if known.tag == tag else None
        group, _, rest = path.partition(".")
        if group == "details" and rest not in self._declared.fields:
            return None
        if group in OWN_GROUPS:
            return _text(path) if tag == STRING else None
        position = f"list_position(json_keys(fields), '{path}')"
        return f"CASE WHEN substring(tags, CAST({position} AS BIGINT), 1) = '{tag}' THEN {_text(path)} END"


def _text(path: str) -> str:
    # A path holds [a-z0-9_.] only (checked when the query was made), so it can stand in SQL text.
    return f"json_extract_string(fields, '$.\"{path}\"')"
