"""ExportSpec as JSON: how a run keeps what was asked, and reads it back strictly. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, get_type_hints

import msgspec

from affidavit.errors import AffidavitError
from affidavit.export.spec import Column, ExportSpec, InvalidSpec
from affidavit.masking.masks import read_mask
from affidavit.masking.profiles import Profile
from affidavit.paths import CLASSES, DeclaredFields
from affidavit.query.tree import from_json, to_json
from affidavit.ready import ready


def spec_to_json(spec: ExportSpec) -> dict[str, Any]:
    """Every field of the spec as JSON values. `spec_from_json` gives an equal spec back."""
    return {one.name: _WRITE.get(one.name, _same)(getattr(spec, one.name)) for one in fields(spec)}


def spec_from_json(obj: Any) -> ExportSpec:
    """Read a spec strictly. Raises InvalidSpec naming the key: unknown, or of the wrong kind.

    What is not given has its default: a run asked of an older release may lack a field.
    """
    if not isinstance(obj, dict):
        raise InvalidSpec(f"an export spec is an object, not {type(obj).__name__}")
    known = {one.name for one in fields(ExportSpec)}
    for key in sorted(set(obj) - known):
        raise InvalidSpec(f"{key[:80]}: no field of an export", f"There are {', '.join(sorted(known))}", field=key[:80])
    declared = _read("declared", _declared, obj.get("declared"))
    values = {key: _read(key, _reader(key, declared), value) for key, value in obj.items() if key != "declared"}
    return ExportSpec(declared=declared, **values)


def _reader(key: str, declared: DeclaredFields | None) -> Callable[[Any], Any]:
    if key == "query":
        return lambda value: from_json(value, declared)
    kind = _TYPES[key]
    return _READ.get(key) or (lambda value: msgspec.convert(value, kind, strict=True))


def _read(key: str, reader: Callable[[Any], Any], value: Any) -> Any:
    try:
        return reader(value)
    except InvalidSpec:
        raise
    except AffidavitError as error:
        raise InvalidSpec(f"{key}: {error.message}", error.hint, field=key) from None
    except msgspec.ValidationError as error:
        raise InvalidSpec(f"{key}: {error}", "Write it as `exports show --json` does", field=key) from None


def _same(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _columns(value: Any) -> tuple[Column, ...]:
    return tuple(Column(label, path) for label, path in msgspec.convert(value, list[tuple[str, str]]))


def _profile_to_json(profile: str | Profile) -> Any:
    if isinstance(profile, str):
        return profile
    table = {key: getattr(profile, key) for key in _Profile.__struct_fields__}
    return {**table, "classes": dict(profile.classes), "paths": dict(profile.paths)}


@ready
class _Profile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    note: str
    classes: dict[str, Any]
    paths: dict[str, Any]
    tokens: str
    small_cells: int


def _profile(value: Any) -> str | Profile:
    if isinstance(value, str):
        return value
    found = msgspec.convert(value, _Profile)
    if set(found.classes) != set(CLASSES):
        raise InvalidSpec("profile: not a mask for every class", f"Classes are {', '.join(CLASSES)}", field="profile")
    for where, mask in (*found.classes.items(), *found.paths.items()):
        read_mask(mask, where if where in CLASSES else "none", where=f"profile: {where}")
    return Profile(**msgspec.structs.asdict(found))


def _subject_ids(value: Any) -> frozenset[str] | None:
    return None if value is None else frozenset(msgspec.convert(value, list[str]))


def _declared(value: Any) -> DeclaredFields | None:
    return None if value is None else DeclaredFields.from_tables(value)


_TYPES: Final = get_type_hints(ExportSpec)
_WRITE: Final[dict[str, Callable[[Any], Any]]] = {
    "query": to_json,
    "columns": lambda columns: [[column.label, column.path] for column in columns],
    "profile": _profile_to_json,
    "subject_ids": lambda ids: None if ids is None else sorted(ids),
    "declared": lambda declared: None if declared is None else declared.to_tables(),
}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "columns": _columns,
    "profile": _profile,
    "subject_ids": _subject_ids,
}
