"""How the command line reads queries, and points at what is wrong in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from affidavit.errors import InvalidQuery, InvalidRequest
from affidavit.masking.profiles import Profile, builtin, from_toml
from affidavit.query.bounds import bounds
from affidavit.query.tree import EVERYTHING, Group, Query, all_of

SHOWN_CHARS: Final = 100
NEVER: Final = "This can't match anything: its conditions contradict each other"


@contextmanager
def pointing(text: str) -> Iterator[None]:
    """Where the block finds the query `text` wrong, show its line with a caret below the place."""
    try:
        yield
    except InvalidQuery as error:
        if error.column:
            error.add_note(caret(text, error.column))
        raise


def caret(text: str, column: int) -> str:
    """The stretch of `text` around a column (from 1), and a caret below it."""
    at = min(max(column - 1, 0), len(text))
    start = max(0, at - SHOWN_CHARS // 2)
    end = start + SHOWN_CHARS
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shown = [char if char.isprintable() else " " for char in text[start:end]]
    width = sum(_width(char) for char in shown[: at - start]) + len(before)
    return f"  {before}{''.join(shown)}{after}\n  {' ' * width}^"


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def both(*queries: Query) -> Query:
    """All of these: one flat group, whose conditions on times then bound the evidence."""
    flat: list[Query] = []
    for query in queries:
        flat += query.of if isinstance(query, Group) and query.op == "all" else (query,)
    return all_of(*flat) if flat else EVERYTHING


def read_profile(name: str) -> Profile:
    """A masking profile by name, or from a TOML file. Raises InvalidRequest and NotFound naming it."""
    if not name.endswith(".toml"):
        return builtin(name)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"profile {name}: {error}", "Name a readable file of UTF-8") from None
    return from_toml(text, source=name)


def never(query: Query) -> bool:
    """Whether a query contradicts itself, as far as public keys tell."""
    found = bounds(query)
    return found.never or found.at.empty or found.t.empty
