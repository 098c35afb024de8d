"""Overrides: masks that a tenant's configuration puts over every profile but `internal`. They only ever mask more.

A key is a class (`ip`) or a path (`actor.email`, `change.*`), its value a mask. Of a field's two masks, the profile's
and the override's, the one that shows less is taken, by the order of `STRENGTH`; where they are of equal strength the
profile's stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from affidavit.errors import InvalidRequest
from affidavit.masking.forms import FORMS
from affidavit.masking.masks import MASK_NAMES, Form, Mask, Own, read_mask
from affidavit.masking.profiles import Profile, is_pattern, most_literal, owners_of
from affidavit.paths import CLASSES, PUBLIC_KEYS, Path

OVERRIDES_MAX: Final = 256
UNTOUCHED: Final = "internal"
"""The profile for the organisation itself: overrides leave it alone."""
SUFFIX: Final = "+configuration"
"""What the name of a profile under overrides ends with, in events and manifests."""
_PARTS: Final = 20
STRENGTH: Final[Mapping[str, int]] = {
    "keep": 0,
    "replace": 10,
    **dict.fromkeys(FORMS, _PARTS),
    "year": 25,
    "token": 30,
    "vault": 30,
    "type": 40,
    "remove": 50,
}


@dataclass(frozen=True, slots=True)
class Overrides:
    """Checked overrides by class and by path pattern. Empty by default."""

    classes: Mapping[str, Any] = field(default_factory=dict)
    paths: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.classes or self.paths)

    def over(self, profile: Profile) -> Profile:
        """The profile with these masks over its own. Once is enough: again changes nothing."""
        if not self or profile.name == UNTOUCHED or profile.more == self:
            return profile
        return replace(profile, name=base_name(profile.name) + SUFFIX, more=self, _masks={})

    def __call__(self, path: Path, found: Mask) -> Mask:
        """The mask of one field, which the profile shows by `found`."""
        spec = self._spec(path)
        if spec is None or path.name in PUBLIC_KEYS:
            return found
        return stronger(found, read_mask(spec, path.cls, owners_of(path), where=f"configuration: {path.name}"))

    def _spec(self, path: Path) -> Any:
        best = most_literal(self.paths, path.name)
        return self.paths[best] if best is not None else self.classes.get(path.cls)


def base_name(name: str) -> str:
    """The name that a profile has without overrides.

    >>> base_name("auditor+configuration"), base_name("auditor")
    ('auditor', 'auditor')
    """
    return name.removesuffix(SUFFIX)


def read_overrides(table: Any) -> Overrides:
    """Overrides from {class or path: mask}. Raises InvalidRequest naming key, value and what is allowed."""
    if not isinstance(table, Mapping):
        raise InvalidRequest(
            f"masking: {str(table)[:80]!r} is no table", 'Write {"ip": "remove", "actor.name": "token"}'
        )
    if len(table) > OVERRIDES_MAX:
        raise InvalidRequest(f"masking: {len(table)} fields, at most {OVERRIDES_MAX}", "Name classes instead of paths")
    classes: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for key, spec in table.items():
        where = f"masking: {str(key)[:80]}"
        if key == "none" or key in PUBLIC_KEYS:
            raise InvalidRequest(f"{where} can't be masked", "The log's entries show times, action and outcome")
        if not isinstance(key, str) or not (key in CLASSES or is_pattern(key)):
            raise InvalidRequest(f"{where!r} is no class and no path", f"Classes: {', '.join(CLASSES[1:])}")
        _check(spec, key, where)
        (classes if key in CLASSES else paths)[key] = spec
    return Overrides(classes, paths)


def _check(spec: Any, key: str, where: str) -> None:
    """Every reader but one sees it so: what shows more to some, or nothing less to any, is no override."""
    name = read_mask(spec, key if key in CLASSES else "free", where=where).name
    if name in {"keep", "own"}:
        allowed = ", ".join(one for one in MASK_NAMES if one not in {"keep", "own"})
        raise InvalidRequest(f"{where}: mask {name!r} hides nothing more", f"Allowed: {allowed}")


def stronger(found: Mask, other: Mask) -> Mask:
    """Of two masks the one that shows less. A person's own values stay their own, and are shown by no more than both.

    >>> stronger(read_mask("keep", "ip"), read_mask("ip", "ip")).name
    'ip'
    >>> stronger(read_mask("token", "ip"), read_mask("ip", "ip")).name
    'token'
    """
    if isinstance(found, Own):
        if other.name == "remove":
            return other
        return replace(found, inner=stronger(found.inner, other))
    if found.name == other.name and isinstance(found, Form) and isinstance(other, Form):
        return Form(found.form, _fewest(dict(found.options), dict(other.options)))
    return other if STRENGTH[other.name] > STRENGTH[found.name] else found


def _fewest(mine: dict[str, int], other: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Options count what is shown, so the least of each shows least. Years get theirs when they are bound."""
    return tuple((key, min(value, other.get(key, value))) for key, value in mine.items())
