"""Masking profiles: a mask for every class of field, exceptions for single paths, as TOML.

    name = "partners"
    title = "Partner universities"
    base = "auditor"                      # what is not said here is as there
    tokens = "log"                        # "export": no two files can be joined; "log": they can
    small_cells = 11                      # aggregates under this are suppressed; 0: exact

    [classes]
    ip = "remove"
    account = { mask = "last", n = 2 }

    [paths]                               # `*` is one part of a path, at the end any number
    "change.*.salary" = "remove"

Without `base` every class of `paths.CLASSES` must have its mask: nothing is shown because it was forgotten.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from affidavit.errors import InvalidRequest, NotFound
from affidavit.masking.masks import Binding, Mask, Vault, read_mask
from affidavit.masking.tally import Tally
from affidavit.masking.tokens import TokenKeys
from affidavit.paths import CLASSES, PATH_BYTES_MAX, PUBLIC_KEYS, Path

BUILTIN: Final = ("internal", "auditor", "subject", "public", "export")
TOKEN_SCOPES: Final = ("export", "log")
PROFILE_BYTES_MAX: Final = 65_536
SMALL_CELLS_MAX: Final = 1_000

_KEYS: Final = ("name", "title", "note", "base", "tokens", "small_cells", "classes", "paths")


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of masks. `classes` and `paths` hold mask specs; `bind` makes the masks usable.

    `more` gives a field's mask in the place of the one found: what a tenant's configuration masks beyond the profile.
    """

    name: str
    title: str
    note: str
    classes: Mapping[str, Any]
    paths: Mapping[str, Any]
    tokens: str = "export"
    small_cells: int = 0
    more: Callable[[Path, Mask], Mask] | None = None
    binding: Binding = field(default=Binding(), repr=False, compare=False)
    _masks: dict[Path, Mask] = field(default_factory=dict, repr=False, compare=False)

    def mask_for(self, path: Path) -> Mask:
        """The mask of one field: of the most literal matching entry of `paths`, else of its class."""
        found = self._masks.get(path)
        if found is None:
            mask = self._find(path) if self.more is None else self.more(path, self._find(path))
            found = self._masks[path] = mask.bound(self.binding)
        return found

    def bind(
        self,
        *,
        keys: TokenKeys | None = None,
        vault: Vault | None = None,
        ids: frozenset[str] | None = None,
        own_values: frozenset[str] = frozenset(),
        year: int | None = None,
        tally: Tally | None = None,
    ) -> Profile:
        """The profile ready to mask.

        `keys` for tokens, `vault` for vault tokens, `ids` the subject's identifiers and `own_values` their
        e-mail and the like (for `own`), `year` the year of the export (for grouping ages from 90), `tally`
        where replaced identifiers are counted.
        """
        return replace(self, binding=Binding(keys, vault, ids, own_values, year, tally), _masks={})

    @property
    def masks_entries(self) -> bool:
        """Whether times, action or outcome are masked. The log's entries show them: such an export can't carry any."""
        return any(self.mask_for(key).name != "keep" for key in PUBLIC_KEYS.values())

    def spec(self) -> dict[str, Any]:
        """The profile in JSON, as manifests carry it."""
        return {
            "name": self.name,
            "classes": dict(self.classes),
            "paths": dict(self.paths),
            "tokens": self.tokens,
            "small_cells": self.small_cells,
        }

    def _find(self, path: Path) -> Mask:
        best = most_literal(self.paths, path.name)
        found = self.classes[path.cls] if best is None else self.paths[best]
        return read_mask(found, path.cls, owners_of(path), where=f"profile {self.name}")


def owners_of(path: Path) -> tuple[str, ...]:
    """Which paths say whose value stands in `path`; none where the value itself is a person's id.

    An actor's and a source's values are the actor's; all others the data subject's, or the resource owner's
    where a row names no subject.
    """
    if path.cls in {"staff", "subject"}:
        return ()
    return ("actor.id",) if path.name.startswith(("actor.", "source.")) else ("subject.id", "resource.owner")


def matches(pattern: str, name: str) -> bool:
    """Whether a path is meant by a pattern: `*` is any one part, and at the end one or more."""
    wanted, parts = pattern.split("."), name.split(".")
    if wanted[-1] == "*" and len(parts) > len(wanted):
        parts = parts[: len(wanted)]
    return len(wanted) == len(parts) and all(w in {"*", p} for w, p in zip(wanted, parts, strict=True))


def most_literal(patterns: Iterable[str], name: str) -> str | None:
    """Of the patterns that mean a path the one with most parts that are no `*`; None where none does."""
    return max((pattern for pattern in patterns if matches(pattern, name)), key=_literal, default=None)


def is_pattern(text: str) -> bool:
    """Whether text has the form of a path, or of a pattern of paths."""
    parts = text.replace("*", "a").split(".")
    return len(text) <= PATH_BYTES_MAX and all(part.isidentifier() and part.islower() for part in parts)


@cache
def builtin(name: str) -> Profile:
    """One of the profiles that come with Affidavit (`BUILTIN`). Raises NotFound naming them."""
    if name not in BUILTIN:
        raise NotFound(f"no masking profile {name!r}", f"There are: {', '.join(BUILTIN)}")
    text = (files("affidavit.masking") / "profiles" / f"{name}.toml").read_text("utf-8")
    return _read(text, f"{name}.toml", builtin)


def from_toml(text: str, *, source: str, known: Callable[[str], Profile] = builtin) -> Profile:
    """A profile from TOML. `source` is what errors call the file; `known` finds bases by name.

    Raises InvalidRequest naming file, key, value and what is allowed; for the name of a built-in profile too, since
    files and events say which masks they were made under by name alone.
    """
    found = _read(text, source, known)
    if found.name in BUILTIN:
        raise InvalidRequest(
            f"{source}: name = {found.name!r} is a built-in profile", 'Choose another name; base = "…" may be that one'
        )
    return found


def _read(text: str, source: str, known: Callable[[str], Profile]) -> Profile:
    if len(text.encode()) > PROFILE_BYTES_MAX:
        raise InvalidRequest(f"{source}: over {PROFILE_BYTES_MAX} bytes", "Split it by `base`")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{source}: not TOML: {error}", "Check the file's syntax") from None
    for key in table:
        if key not in _KEYS:
            raise InvalidRequest(f"{source}: unknown key {key!r}", f"Allowed: {', '.join(_KEYS)}")
    name = _text(table, "name", source)
    if not name:
        raise InvalidRequest(f"{source}: no name", 'Write name = "…"')
    base = _base(table, source, known)
    classes = {**(base.classes if base else {}), **_table(table, "classes", source)}
    paths = {**(base.paths if base else {}), **_table(table, "paths", source)}
    _check(classes, paths, source)
    return Profile(
        name,
        _text(table, "title", source) or name,
        _text(table, "note", source),
        classes,
        paths,
        _scope(table.get("tokens", base.tokens if base else TOKEN_SCOPES[0]), source),
        _small_cells(table.get("small_cells", base.small_cells if base else 0), source),
    )


def _base(table: Mapping[str, Any], source: str, known: Callable[[str], Profile]) -> Profile | None:
    name = _text(table, "base", source)
    if not name:
        return None
    if name == table.get("name"):
        raise InvalidRequest(f"{source}: base = {name!r} is the profile itself", "Name another, or drop base")
    try:
        return known(name)
    except NotFound as error:
        raise InvalidRequest(f"{source}: base = {name!r}: {error.message}", error.hint) from None


def _check(classes: Mapping[str, Any], paths: Mapping[str, Any], source: str) -> None:
    for cls, mask in classes.items():
        if cls not in CLASSES:
            raise InvalidRequest(f"{source}: [classes] {cls!r} is no class", f"Allowed: {', '.join(CLASSES)}")
        read_mask(mask, cls, where=f"{source}: [classes] {cls}")
    missing = [cls for cls in CLASSES if cls not in classes]
    if missing:
        raise InvalidRequest(f"{source}: [classes] has no mask for {', '.join(missing)}", "Add it, or a base")
    for pattern, mask in paths.items():
        if not is_pattern(pattern):
            raise InvalidRequest(f"{source}: [paths] {pattern!r} is no path", 'Write "actor.id" or "change.*"')
        read_mask(mask, "none", where=f"{source}: [paths] {pattern}")


def _literal(pattern: str) -> tuple[int, int]:
    parts = pattern.split(".")
    return sum(part != "*" for part in parts), len(parts)


def _text(table: Mapping[str, Any], key: str, source: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InvalidRequest(f"{source}: {key} = {value!r}", "Allowed: text")
    return value


def _table(table: Mapping[str, Any], key: str, source: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise InvalidRequest(f"{source}: {key} is no table", f"Write [{key}]")
    return value


def _scope(value: Any, source: str) -> str:
    if value not in TOKEN_SCOPES:
        raise InvalidRequest(f"{source}: tokens = {value!r}", f"Allowed: {', '.join(TOKEN_SCOPES)}")
    return str(value)


def _small_cells(value: Any, source: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SMALL_CELLS_MAX:
        raise InvalidRequest(f"{source}: small_cells = {value!r}", f"Allowed: 0 to {SMALL_CELLS_MAX}")
    return value
