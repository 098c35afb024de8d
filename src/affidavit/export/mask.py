"""Mask: from selected values to the cells of the file's columns, by the masking profile of its reader. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cells import TIMES, underlying
from affidavit.export.formats.text import Cells
from affidavit.export.select import Values, resource_column
from affidavit.export.spec import RESOURCE, Column, ExportSpec, InvalidSpec
from affidavit.export.zones import ZoneTable
from affidavit.masking.forms import FORMS
from affidavit.masking.masks import Mask, Own, Vault
from affidavit.masking.profiles import Profile, builtin
from affidavit.masking.tally import Tally
from affidavit.masking.tokens import Tokenizer, TokenKeys
from affidavit.paths import JSON, PUBLIC_KEYS, STRING, Path, lookup
from affidavit.query.tree import Query, with_tokens

KEEP: Final = "keep"
_PLAIN: Final = frozenset({"token", "vault", "type", *FORMS})
"""Masks whose cells' grammar has no character that a format quotes or escapes, and no formula's first."""


class MaskKeys(Protocol):
    """Where token keys come from: `log.keys`."""

    def mask_key(self, scope: str, cls: str) -> bytes:
        """The 32-byte key of one field class in one scope."""


@dataclass(frozen=True, slots=True)
class ScopeKeys(TokenKeys):
    """The token keys of one scope, from the log's own keys; `used` collects the classes asked for."""

    source: MaskKeys | None = field(default=None, repr=False)
    used: dict[str, str] = field(default_factory=dict, repr=False)

    def tokenizer(self, cls: str) -> Tokenizer:
        """The tokenizer of one class; the same one each time."""
        if cls not in self._made:
            if self.source is None:
                raise ValueError("no source of keys")
            self._made[cls] = Tokenizer(self.source.mask_key(self.scope, cls))
            self.used[cls] = self._made[cls].commitment
        return self._made[cls]


class _Masked(NamedTuple):
    column: Column
    mask: Mask


class Masker:
    """The columns of one export, masked batch by batch. `masked` counts the values shown masked so far, `tally` what
    was replaced in free text.
    """

    def __init__(self, spec: ExportSpec, keys: MaskKeys, scope: str, zone: ZoneTable, year: int, vault: Vault) -> None:
        self.keys = ScopeKeys(b"", scope, source=keys)
        self.tally = Tally()
        profile = spec.profile if isinstance(spec.profile, Profile) else builtin(spec.profile)
        self.profile = profile.bind(keys=self.keys, vault=vault, ids=spec.subject_ids, year=year, tally=self.tally)
        self.masked = 0
        self._spec = spec
        self._zone = zone
        self._columns = [_Masked(column, self.mask_of(column.path)) for column in spec.columns]
        if spec.subject_ids is None and any(isinstance(mask, Own) for _, mask in self._columns):
            raise InvalidSpec(
                f"profile {self.profile.name} shows one person's own values, and nobody is named",
                "Name their ids: --subject ID",
                field="subject_ids",
            )

    @property
    def paths(self) -> frozenset[str]:
        """Every path a batch must have selected."""
        shown = {column.path for column in self._spec.columns}
        return frozenset(shown.union(*(mask.needs for _, mask in self._columns)))

    @property
    def open_paths(self) -> frozenset[str]:
        """The fields the reader sees as they are: those of kept columns. All others stay hidden."""
        kept = [column.path for column, mask in self._columns if mask.name == KEEP]
        return frozenset(name for path in kept for name in underlying(path))

    def opened(self, rows: Values) -> list[tuple[frozenset[str], list[bool]]]:
        """Fields the reader sees in some rows alone (their own, under the profile `subject`), and in which."""
        found = []
        for column, mask in self._columns:
            if isinstance(mask, Own) and mask.inner.name == KEEP and underlying(column.path):
                seen = mask.opened(self._values(column, rows).values, self._needed(mask, rows))
                found.append((frozenset(underlying(column.path)), pc.fill_null(seen, False).to_pylist()))
        return found

    def manifest_columns(self) -> list[dict[str, Any]]:
        """Label, path and mask of each column."""
        return [{"label": column.label, "path": column.path, "mask": mask.spec()} for column, mask in self._columns]

    def manifest_tokens(self) -> list[dict[str, str]]:
        """Class and key commitment of every key that made a token."""
        return [{"class": cls, "key_commitment": key} for cls, key in sorted(self.keys.used.items())]

    def cells(self, rows: Values) -> list[Cells]:
        """The columns of these rows, as the file's reader sees them."""
        return [self._cells(column, mask, rows) for column, mask in self._columns]

    def query(self, query: Query) -> Query:
        """The query as the reader may see it: values of masked fields as tokens.

        The period stays in clear whatever masks times: every file states it, and it is no value of a record. Raises
        InvalidSpec for a condition on another masked public key: those have no tokens.
        """

        def tokens(path: str, values: tuple[str, ...]) -> list[str] | None:
            found = self._path(path)
            if path in TIMES or self.profile.mask_for(found).name == KEEP:
                return None
            if path in PUBLIC_KEYS:
                raise InvalidSpec(
                    f"query: {path} is masked in this file ({self.profile.mask_for(found).name}), and asking for it "
                    "would tell it",
                    "Leave the condition out, or choose a profile that shows it",
                    field="query",
                )
            # As a column: a list may have a million values.
            column = self.keys.tokenizer(found.cls).column(pa.array(values, pa.string()), found.tag)
            made: list[str] = column.to_pylist()
            return made

        return with_tokens(query, tokens)

    def mask_of(self, path: str) -> Mask:
        """How this reader sees a path; the virtual `resource` as its more masked half."""
        if path == RESOURCE:
            masks = [self.profile.mask_for(self._path(name)) for name in ("resource.id", "resource.type")]
            return next((mask for mask in masks if mask.name != KEEP), masks[0])
        return self.profile.mask_for(self._path(path))

    def _path(self, name: str) -> Path:
        # What is inside `details` and undeclared has no entry of its own; it may be anything.
        return lookup(name, self._spec.declared) or Path(name, JSON, "free")

    def _values(self, column: Column, rows: Values) -> Cells:
        if column.path in TIMES:
            render = self._zone.render if column.path == "at" else self._zone.render_any
            return Cells(render(rows.times(column.path)), plain=True, us=rows.times(column.path))
        if column.path == RESOURCE:
            kind, name = (rows.column(path).values for path in underlying(RESOURCE))
            return Cells(resource_column(kind, name))
        return rows.column(column.path)

    def _needed(self, mask: Mask, rows: Values) -> dict[str, Any] | None:
        return {path: rows.column(path).values for path in mask.needs} or None

    def _cells(self, column: Column, mask: Mask, rows: Values) -> Cells:
        found = self._values(column, rows)
        if mask.name == KEEP:
            return found
        needed = self._needed(mask, rows)
        self.masked += len(found.values) - found.values.null_count
        masked = mask.column(found.values, _tags(found), needed)
        if not isinstance(mask, Own):
            return Cells(masked, plain=mask.name in _PLAIN)
        shown = pc.and_(pc.is_valid(found.values), pc.fill_null(mask.opened(found.values, needed), False))
        self.masked -= pc.sum(shown).as_py() or 0
        if found.json is False:
            return Cells(masked)
        return Cells(masked, pc.and_(shown, found.json))  # one's own JSON is shown as JSON


def _tags(cells: Cells) -> Any:
    if isinstance(cells.json, bool):
        return JSON if cells.json else STRING
    return pc.if_else(cells.json, JSON, STRING)
