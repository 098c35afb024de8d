"""Masks: how one field is shown to one reader, for a value and for a whole Arrow column.

Values are a field's text: the string of tag `s`, or the JSON text of tag `j`. Cells are text or None
(empty). A mask made from a profile is *unbound* where it needs a key, a vault or a subject; it can be
described and parsed then, but not applied (`InvalidRequest`): `bound` gives the one that can.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.errors import InvalidRequest
from affidavit.masking import detectors, forms
from affidavit.masking.forms import FORMS, Cell
from affidavit.masking.tally import Tally
from affidavit.masking.tokens import Tokenizer, TokenKeys, map_distinct
from affidavit.paths import CLASSES, JSON, STRING

_Thing = TypeVar("_Thing")
Row = Mapping[str, str | None]
NO_ROW: Final[Row] = {}


class Vault(Protocol):
    """Where random tokens and their values are kept, so that who may can turn them back."""

    def get_or_create(self, cls: str, value: str) -> str:
        """The vault token of a value of one class.

        MUST return the same token for the same class and value for ever after it returned once, also across
        processes; MUST have made it durable before returning; MUST make it with `tokens.vault_token` from
        fresh randomness; MUST NOT derive it from the value.
        """

    def get_or_create_many(self, cls: str, values: Sequence[str]) -> list[str]:
        """`get_or_create` of each, in order."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What masks need at run time: `ids` and `own_values` are the subject's, `year` that of the export.

    `tally` hears of what columns of free text had replaced.
    """

    keys: TokenKeys | None = None
    vault: Vault | None = None
    ids: frozenset[str] | None = None
    own_values: frozenset[str] = frozenset()
    year: int | None = None
    tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class Mask(ABC):
    """One mask. `name` is what profiles and manifests call it."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def label(self) -> str:
        """What a column head says about the mask; empty where values are shown as they are."""

    def cell(self, value: str | None, tag: str = STRING, row: Row = NO_ROW) -> Cell:
        """The cell of one value; None for None. `row` holds the values of the paths in `needs`."""
        return None if value is None else self._cell(value, tag, row)

    def spec(self) -> dict[str, Any]:
        """The mask in JSON, as manifests carry it; `read_mask` and `forms.parses` read it."""
        return {"mask": self.name}

    def parse(self, cell: Cell) -> bool:
        """Whether `cell` may stand where a field is masked by this mask. Never, for `keep`."""
        return forms.parses(self.spec(), cell)

    @property
    def needs(self) -> tuple[str, ...]:
        """Paths whose values decide row by row; `column` gets their columns, `cell` their values."""
        return ()

    def bound(self, _binding: Binding) -> Mask:
        """This mask with what it needs at run time."""
        return self

    def opened(self, values: Any, _rows: Mapping[str, Any] | None = None) -> pa.Array:
        """Boolean column: where the cell is the value itself, and the field can be opened in the evidence."""
        return pa.repeat(pa.scalar(value=False), len(values))

    def column(self, values: Any, tags: Any = STRING, rows: Mapping[str, Any] | None = None) -> pa.Array:
        """`cell` for a string column: one of the same length. `tags` is one tag, or a column of them."""
        if isinstance(tags, str):
            return self._column(values, tags, rows)
        values, tags = _array(values), _array(tags)
        both = (STRING, JSON)
        return pc.coalesce(*(self._column(_where(pc.equal(tags, tag), values), tag, rows) for tag in both))

    def _column(self, values: pa.Array, tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        return map_distinct(values, lambda value: self._cell(value, tag, NO_ROW))

    @abstractmethod
    def _cell(self, value: str, tag: str, row: Row) -> Cell:
        """The cell of a value that is there."""


@dataclass(frozen=True, slots=True)
class Keep(Mask):
    """The value as it is."""

    name: ClassVar[str] = "keep"
    label: ClassVar[str] = ""

    def _cell(self, value: str, _tag: str, _row: Row) -> Cell:
        return value

    def opened(self, values: Any, _rows: Mapping[str, Any] | None = None) -> pa.Array:
        """Everywhere."""
        return pa.repeat(pa.scalar(value=True), len(values))

    def _column(self, values: pa.Array, _tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        return _array(values)


@dataclass(frozen=True, slots=True)
class Remove(Mask):
    """Nothing."""

    name: ClassVar[str] = "remove"
    label: ClassVar[str] = "removed"

    def _cell(self, _value: str, _tag: str, _row: Row) -> Cell:
        return None

    def _column(self, values: pa.Array, _tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        return pa.nulls(len(values), pa.string())


@dataclass(frozen=True, slots=True)
class Token(Mask):
    """A keyed token of the class's key: equal values look equal, in this scope and nowhere else."""

    cls: str
    tokenizer: Tokenizer | None = field(default=None, compare=False, repr=False)
    name: ClassVar[str] = "token"
    label: ClassVar[str] = "token"

    def spec(self) -> dict[str, Any]:
        """With the class, whose key it is."""
        return {"mask": self.name, "class": self.cls}

    def bound(self, binding: Binding) -> Token:
        """With the class's tokenizer."""
        return self if binding.keys is None else replace(self, tokenizer=binding.keys.tokenizer(self.cls))

    def _cell(self, value: str, tag: str, _row: Row) -> Cell:
        return self._tokenizer().token(value, tag)

    def _column(self, values: pa.Array, tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        return self._tokenizer().column(values, tag)

    def _tokenizer(self) -> Tokenizer:
        return _present(self.tokenizer, "token", "keys")


@dataclass(frozen=True, slots=True)
class VaultToken(Mask):
    """A random token that only the vault turns back."""

    cls: str
    vault: Vault | None = field(default=None, compare=False, repr=False)
    name: ClassVar[str] = "vault"
    label: ClassVar[str] = "vault token"

    def spec(self) -> dict[str, Any]:
        """With the class, whose vault tokens these are."""
        return {"mask": self.name, "class": self.cls}

    def bound(self, binding: Binding) -> VaultToken:
        """With the vault."""
        return self if binding.vault is None else replace(self, vault=binding.vault)

    def _cell(self, value: str, _tag: str, _row: Row) -> Cell:
        return self._vault().get_or_create(self.cls, value)

    def _column(self, values: pa.Array, _tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        distinct = pc.drop_null(pc.unique(_array(values))).to_pylist()
        made = dict(zip(distinct, self._vault().get_or_create_many(self.cls, distinct), strict=True))
        return map_distinct(values, made.get)

    def _vault(self) -> Vault:
        return _present(self.vault, "vault", "vault")


@dataclass(frozen=True, slots=True)
class Type(Mask):
    """Only which class of value is there, as `[government_id]` (11 CCR 7024(d) for identity documents)."""

    cls: str
    name: ClassVar[str] = "type"
    label: ClassVar[str] = "type only"

    def spec(self) -> dict[str, Any]:
        """With the class, which is what cells show."""
        return {"mask": self.name, "class": self.cls}

    def _cell(self, _value: str, _tag: str, _row: Row) -> Cell:
        return f"[{self.cls}]"


@dataclass(frozen=True, slots=True)
class Replace(Mask):
    """Free text with detected identifiers replaced; JSON in its strings, numbers and keys."""

    keep: frozenset[str] = frozenset()
    tally: Tally | None = field(default=None, compare=False, repr=False)
    name: ClassVar[str] = "replace"
    label: ClassVar[str] = "identifiers replaced"

    def bound(self, binding: Binding) -> Replace:
        """With the subject's own values, which stay, and where to count the others."""
        return Replace(binding.own_values, binding.tally)

    def _cell(self, value: str, tag: str, _row: Row) -> Cell:
        return self._search(value, tag)[0]

    def _column(self, values: Any, tag: str, _rows: Mapping[str, Any] | None) -> pa.Array:
        coded = _array(values).dictionary_encode()
        searched = [("", {}) if value is None else self._search(value, tag) for value in coded.dictionary.to_pylist()]
        if self.tally is not None and any(found for _, found in searched):
            counted = pc.value_counts(coded.indices)
            for at, cells in zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True):
                if at is not None:
                    self.tally.add(searched[at][1], cells)
        return pc.take(pa.array([shown for shown, _ in searched], pa.string()), coded.indices)

    def _search(self, value: str, tag: str) -> tuple[str, dict[str, int]]:
        search = detectors.replace_json if tag == JSON else detectors.replace
        return search(value, self.keep)


@dataclass(frozen=True, slots=True)
class Form(Mask):
    """A mask that is a function of the value alone (`forms.FORMS`).

    JSON strings and numbers count as their text; lists and objects give an empty cell.
    """

    form: str
    options: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:  # type: ignore[override]
        """The form's name."""
        return self.form

    @property
    def label(self) -> str:
        """The form's label with its options."""
        return FORMS[self.form].label.format(**dict(self.options))

    def spec(self) -> dict[str, Any]:
        """With the options."""
        return {"mask": self.form, **dict(self.options)}

    def bound(self, binding: Binding) -> Form:
        """Years get the year against which ages are reckoned."""
        return Form("year", (("as_of", binding.year),)) if self.form == "year" and binding.year else self

    def _cell(self, value: str, tag: str, _row: Row) -> Cell:
        text = _scalar_text(value) if tag == JSON else value
        if self.form == "year" and not self.options:
            raise InvalidRequest("mask year is not bound to a year", "Bind the profile: profile.bind(year=…)")
        return None if text is None else FORMS[self.form].apply(text, **dict(self.options))

    def _column(self, values: Any, tag: str, rows: Mapping[str, Any] | None) -> pa.Array:
        whole = FORMS[self.form].column
        if whole is None or tag == JSON:
            return Mask._column(self, values, tag, rows)  # noqa: SLF001
        array = _array(values)
        there = pc.drop_null(array)
        shown = whole(there, **dict(self.options))
        if not array.null_count:
            return shown
        return pc.replace_with_mask(array, pc.is_valid(array), shown)


@dataclass(frozen=True, slots=True)
class Own(Mask):
    """The subject's own values by `inner`, everybody else's removed.

    A row's value is the subject's where the first of `owners` that is present in the row is one of the
    subject's ids. Without owners the value itself must be.
    """

    owners: tuple[str, ...]
    inner: Mask
    ids: frozenset[str] | None = field(default=None, compare=False, repr=False)
    name: ClassVar[str] = "own"

    @property
    def label(self) -> str:
        """Own only, and how."""
        return f"own only, {self.inner.label}" if self.inner.label else "own only"

    @property
    def needs(self) -> tuple[str, ...]:
        """The owners."""
        return self.owners

    def spec(self) -> dict[str, Any]:
        """With owners and inner mask; never with the subject's ids."""
        return {"mask": self.name, "owners": list(self.owners), "inner": self.inner.spec()}

    def bound(self, binding: Binding) -> Own:
        """With the subject's ids."""
        return replace(self, inner=self.inner.bound(binding), ids=binding.ids)

    def _cell(self, value: str, tag: str, row: Row) -> Cell:
        ids = _present(self.ids, "own", "ids")
        for path in self.owners:
            if path not in row:
                raise InvalidRequest(f"mask own: the row lacks {path}", f"Give the values of {self.owners}")
        owner = next((row[p] for p in self.owners if row[p] is not None), None) if self.owners else value
        return self.inner.cell(value, tag, row) if owner in ids else None

    def opened(self, values: Any, rows: Mapping[str, Any] | None = None) -> pa.Array:
        """On the subject's own rows, where the inner mask opens."""
        return pc.and_(self.inner.opened(values, rows), self._own(_array(values), rows))

    def _own(self, values: pa.Array, rows: Mapping[str, Any] | None) -> pa.Array:
        ids = _present(self.ids, "own", "ids")
        missing = [path for path in self.owners if rows is None or path not in rows]
        if missing:
            raise InvalidRequest(f"mask own: the rows lack {missing[0]}", f"Give the columns {self.owners}")
        owner = pc.coalesce(*(_array((rows or {})[path]) for path in self.owners)) if self.owners else values
        return pc.is_in(owner.cast(pa.string()), value_set=pa.array(sorted(ids), pa.string()))

    def _column(self, values: pa.Array, tag: str, rows: Mapping[str, Any] | None) -> pa.Array:
        values = _array(values)
        own = _where(self._own(values, rows), values)
        return self.inner.column(own, tag, rows)


def read_mask(spec: Any, cls: str, owners: tuple[str, ...] = (), *, where: str = "mask") -> Mask:
    """A mask for a field of class `cls` from its short form `"token"` or table `{"mask": "last", "n": 4}`.

    Raises InvalidRequest beginning with `where` and naming key, value and what is allowed.
    """
    table = {"mask": spec} if isinstance(spec, str) else spec
    if not isinstance(table, Mapping) or table.get("mask") not in MASK_NAMES:
        shown = table.get("mask") if isinstance(table, Mapping) else table
        raise InvalidRequest(f"{where}: mask {shown!r}", f"Allowed: {', '.join(MASK_NAMES)}")
    name = str(table["mask"])
    allowed = _OPTIONS.get(name, tuple(FORMS[name].options) if name in FORMS else ())
    for key in table:
        if key != "mask" and key not in allowed:
            hint = f"Allowed for {name}: {', '.join(allowed) or 'none'}"
            raise InvalidRequest(f"{where}: unknown key {key!r}", hint)
    if name in FORMS:
        given = ((key, _whole(table, key, where)) for key in FORMS[name].options)
        return Form(name, tuple((key, value) for key, value in given if value is not None))
    if name == "own":
        inner = read_mask(table.get("inner", "keep"), cls, owners, where=f"{where}: inner")
        if isinstance(inner, Own):
            raise InvalidRequest(f"{where}: own inside own", "Give another inner mask")
        listed = table.get("owners", owners)
        if not isinstance(listed, list | tuple) or not all(isinstance(path, str) for path in listed):
            raise InvalidRequest(f"{where}: owners = {listed!r}", "Allowed: a list of paths")
        return Own(tuple(listed), inner)
    if name in _BY_CLASS:
        of = table.get("class", cls)
        if of not in CLASSES:
            raise InvalidRequest(f"{where}: class = {of!r}", f"Allowed: {', '.join(CLASSES)}")
        return _BY_CLASS[name](of)
    return _PLAIN[name]


_PLAIN: Final[Mapping[str, Mask]] = {"keep": Keep(), "remove": Remove(), "replace": Replace()}
_BY_CLASS: Final[Mapping[str, Callable[[str], Mask]]] = {"token": Token, "vault": VaultToken, "type": Type}
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "own": ("inner", "owners"),
    "token": ("class",),
    "vault": ("class",),
    "type": ("class",),
}
MASK_NAMES: Final = (*_PLAIN, *_BY_CLASS, "own", *FORMS)


def _whole(table: Mapping[str, Any], key: str, where: str) -> int | None:
    default, least, greatest = FORMS[str(table["mask"])].options[key]
    if key not in table:
        return default
    value = table[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= greatest:
        raise InvalidRequest(f"{where}: {key} = {value!r}", f"Allowed: whole numbers {least} to {greatest}")
    return value


def _present(thing: _Thing | None, mask: str, what: str) -> _Thing:
    if thing is None:
        raise InvalidRequest(f"mask {mask} is not bound to {what}", f"Call profile.bind({what}=…)")
    return thing


def _array(values: Any) -> Any:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array


def _where(condition: Any, values: Any) -> Any:
    return pc.if_else(condition, values, pa.scalar(None, values.type))


def _scalar_text(text: str) -> str | None:
    try:
        value = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None
