"""Chosen fields of records as columns, in place of whole records: what a file is made of that carries no openings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from affidavit.log.columns import known_column
from affidavit.paths import PATHS, PUBLIC_KEYS

KEYS: Final = ("k", "idx", "at_us")
_PUBLIC: Final = {"t": "t_us", "action": "action", "outcome": "outcome"}
OTHER: Final = "other"
OTHER_TAGS: Final = "other_tags"
"""Where fields outside the table of paths are: a JSON object, with one tag letter a field. More may be in it."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The columns KEYS, the public ones asked for, one of each path of the table, named by it, and where `others`
    OTHER and OTHER_TAGS.

    A value is its text, null where the field is absent or an explicit null.
    """

    public: tuple[str, ...]
    paths: tuple[str, ...]
    others: bool

    @classmethod
    def of(cls, paths: Iterable[str]) -> Projection:
        """What shows these paths."""
        wanted = set(paths)
        public = tuple(column for path, column in _PUBLIC.items() if path in wanted)
        others = bool(wanted - PATHS.keys() - PUBLIC_KEYS.keys())
        return cls(public, tuple(sorted(wanted & PATHS.keys())), others)

    @property
    def names(self) -> list[str]:
        """Of the columns, in order."""
        return [*KEYS, *self.public, *self.paths, *((OTHER, OTHER_TAGS) if self.others else ())]

    def of_segment(self, held: frozenset[str]) -> str:
        """The select list but for k, of segments that hold these paths at all."""
        parts = ["idx", "epoch_us(occurred_at) AS at_us"]
        parts += ["epoch_us(recorded_at) AS t_us" if name == "t_us" else name for name in self.public]
        parts += [
            f'{known_column(path) if path in held else "CAST(NULL AS VARCHAR)"} AS "{path}"' for path in self.paths
        ]
        return ", ".join([*parts, *((OTHER, OTHER_TAGS) if self.others else ())])

    def of_journal(self) -> str:
        """The select list but for k, of the journal's rows. DuckDB takes the object apart once for all paths."""
        parts = ["idx", "at_us", *self.public]
        if self.paths:
            # Paths of the table are our own words, so they can stand in SQL text.
            pointers = ", ".join(f"'$.\"{path}\"'" for path in self.paths)
            each = f"json_extract_string(fields, [{pointers}])"
            parts += [f'{each}[{at}] AS "{path}"' for at, path in enumerate(self.paths, 1)]
        if self.others:
            parts += [f"fields AS {OTHER}", f"tags AS {OTHER_TAGS}"]
        return ", ".join(parts)
