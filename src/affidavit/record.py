"""Record: an event as kept. Flattens an Event into (path, tag, value) fields in path order, secrets taken out.

Field values are UTF-8 text and are stored as they will be hashed; `j` values are JSON text made here once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from affidavit.errors import InvalidEvent
from affidavit.event import EVENT_BYTES_MAX, Event, micros, new_id, split_reference
from affidavit.paths import JSON, NULL, PATH_BYTES_MAX, PATH_RE, PATHS, STRING, DeclaredFields, own_tag

DEPTH_MAX: Final = 64
COLUMNS_MAX: Final = 512
INTEGER_MAX: Final = 2**63 - 1

# Exact names after normalisation (lower case, separators dropped): a value under one is never kept.
SECRET_NAMES: Final = frozenset(
    """password passwd passphrase pwd secret secretkey clientsecret sharedsecret secretaccesskey sessiontoken
    accesstoken refreshtoken idtoken authtoken bearertoken apitoken apikey apisecret authorization cookie setcookie
    cvv cvv2 cvc cvc2 pin pinblock privatekey signingkey encryptionkey masterkey sshkey otp totpsecret mfacode
    securitycode trackdata track1 track2 credentials""".split()
)
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
_encode = msgspec.json.Encoder().encode
_name_cache: dict[str, bool] = {}
_NAME_CACHE_MAX: Final = 4096
_NAME_CHARS_CACHED_MAX: Final = 64


Field = tuple[str, str, str | None]  # path, tag, value


class Record(NamedTuple):
    """Fields of one event in path order. `values[i]` is None exactly where `tags[i]` is `n`.

    `given` says whether the caller chose the id (then it may be a repeat) or we made it.
    """

    action: str
    at_us: int | None
    outcome: str
    event_id: UUID
    given: bool
    paths: tuple[str, ...]
    tags: str
    values: tuple[str | None, ...]
    secrets: int


def is_secret(name: str) -> bool:
    """Whether a key of this name holds a secret: exact after lower-casing and dropping separators."""
    known = _name_cache.get(name)
    if known is None:
        known = _SEPARATORS.sub("", name.lower()) in SECRET_NAMES
        if len(_name_cache) < _NAME_CACHE_MAX and len(name) <= _NAME_CHARS_CACHED_MAX:
            _name_cache[name] = known
    return known


def flatten(
    event: Event, declared: DeclaredFields, own: dict[str, str] | None = None, *, refuse_secrets: bool = False
) -> Record:
    """Flatten `event`. `own` adds string fields of Affidavit's own groups.

    Raises InvalidEvent for values that can't be kept (NUL, lone surrogates, non-finite numbers, depth, size), and
    for secrets where `refuse_secrets` is set; otherwise secrets are left out and counted.
    """
    event_id = event.id or new_id()
    key: list[str] = ["", "id"]
    raw: list[Any] = [_builtins(event_id)]
    _top(event, key, raw)
    _groups(event, key, raw)
    secrets = 0
    if event.change is not None or event.details or own:
        more, secrets = _free(event, declared, own or {}, refuse_secrets=refuse_secrets)
        for path, tag, value in more:
            key += (_MADE, path, tag)
            raw.append(value)
    shape = _shape(tuple(key)) if len(key) <= _SHAPE_PARTS_CACHED_MAX else _shape.__wrapped__(tuple(key))
    for at, path in shape.encoded:
        try:
            raw[at] = _encode(raw[at]).decode()
        except (UnicodeError, OverflowError, ValueError) as error:
            raise InvalidEvent(f"{path}: {error}", "Send well-formed Unicode", field=path) from None
    values = shape.order(raw)
    _check_text(shape.paths, shape.tags, values)
    return Record(
        event.action,
        None if event.at is None else micros(event.at),
        event.outcome,
        event_id,
        event.id is not None,
        shape.paths,
        shape.tags,
        values,
        secrets,
    )


class _Shape(NamedTuple):
    """What is the same for all events that have the same fields: paths in order with tags, which value each gets,
    and which values are still to be written as JSON.
    """

    paths: tuple[str, ...]
    tags: str
    order: Callable[[list[Any]], tuple[Any, ...]]
    encoded: tuple[tuple[int, str], ...]


_MADE: Final = "="  # in a shape's key: path and tag follow, the value is text already
_SHAPES_MAX: Final = 2048
_SHAPE_PARTS_CACHED_MAX: Final = 400  # what callers send at will must not fill the memory


@lru_cache(maxsize=_SHAPES_MAX)
def _shape(key: tuple[str, ...]) -> _Shape:
    """The shape of a key: prefixes (empty, or ending in a dot), each with the names that follow it, in value order."""
    found: list[tuple[str, str, int]] = []
    encoded: list[tuple[int, str]] = []
    prefix = ""
    parts = iter(key)
    for part in parts:
        if part == _MADE:
            found.append((next(parts), next(parts), len(found)))
        elif not part or part.endswith("."):
            prefix = part
        else:
            path = prefix + part
            tag = PATHS[path].tag
            if tag == JSON:
                encoded.append((len(found), path))
            found.append((path, tag, len(found)))
    found.sort()
    paths, tags, order = zip(*found, strict=True)
    return _Shape(paths, "".join(tags), itemgetter(*order) if len(order) > 1 else tuple, tuple(encoded))


# In JSON text: an even number of backslashes, then \u0000.
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _check_text(paths: tuple[str, ...], tags: str, values: tuple[str | None, ...]) -> None:
    """Refuse NUL, lone surrogates and too many bytes; names the field. One pass in the common case."""
    joined = "".join([value for value in values if value] if NULL in tags else values)  # type: ignore[arg-type]
    if joined.isascii() and "\x00" not in joined and "\\u0000" not in joined:
        size = len(joined)
    else:
        size = 0
        for path, tag, value in zip(paths, tags, values, strict=True):
            if value is None:
                continue
            if "\x00" in value or (tag == JSON and _ESCAPED_NUL.search(value)):
                raise InvalidEvent(f"{path} holds a NUL character", "Remove it", field=path)
            try:
                size += len(value.encode())
            except UnicodeEncodeError:
                raise InvalidEvent(f"{path} holds a lone surrogate", "Send well-formed Unicode", field=path) from None
    if size > EVENT_BYTES_MAX:
        raise InvalidEvent(f"event of {size} bytes, at most {EVENT_BYTES_MAX}", "Keep large payloads elsewhere")


_builtins: Final = msgspec.to_builtins


def _reference(prefix: str, text: str, key: list[str], raw: list[Any]) -> None:
    kind, name = split_reference(text)
    key += (prefix, "id")
    raw.append(name)
    if kind is not None:
        key.append("type")
        raw.append(kind)


def _group(prefix: str, struct: msgspec.Struct, key: list[str], raw: list[Any]) -> None:
    """Add what a flat group holds."""
    held: dict[str, Any] = _builtins(struct)
    key.append(prefix)
    key += held
    raw += held.values()


def _top(event: Event, key: list[str], raw: list[Any]) -> None:
    """Add the fields of no group. The key stands at the empty prefix."""
    for name in _TOP:
        value = getattr(event, name)
        if value is not None:
            if name == "record_count" and not -INTEGER_MAX <= value <= INTEGER_MAX:
                raise InvalidEvent(f"record_count {value} does not fit 64 bits", field="record_count")
            key.append(name)
            raw.append(value)


_TOP: Final = (
    "classification",
    "controls",
    "data_categories",
    "legal_hold",
    "message",
    "record_count",
    "retention_class",
    "severity",
    "status_detail",
    "target",
)


def _groups(event: Event, key: list[str], raw: list[Any]) -> None:
    for prefix, one in (("actor.", event.actor), ("resource.", event.resource), ("subject.", event.subject)):
        if one is not None:
            if isinstance(one, str):
                _reference(prefix, one, key, raw)
            else:
                _group(prefix, one, key, raw)
    if event.source is not None:
        _group("source.", event.source, key, raw)
    if event.basis is not None:
        _group("basis.", event.basis, key, raw)
    if event.case is not None:
        _group("case.", event.case, key, raw)
    if event.disclosure is not None:
        recipient = event.disclosure.recipient
        _group("disclosure.", msgspec.structs.replace(event.disclosure, recipient=None), key, raw)
        if recipient is not None:
            _group("disclosure.recipient.", recipient, key, raw)


def _free(
    event: Event, declared: DeclaredFields, own: dict[str, str], *, refuse_secrets: bool
) -> tuple[list[Field], int]:
    """The fields of change, details and own groups, and how many secrets were left out."""
    out: list[Field] = []
    stripped = _Stripper()
    change = event.change
    if change is not None:
        out += [(f"change.{name}", STRING, value) for name in _CHANGE if (value := getattr(change, name)) is not None]
        _columns("change.before", change.before, out, stripped)
        _columns("change.after", change.after, out, stripped)
    if event.details:
        _details(event.details, declared, out, stripped)
    if stripped.count:
        if refuse_secrets:
            raise InvalidEvent(
                f"{stripped.first} holds a secret",
                "Leave it out, or set secrets = strip",
                field=stripped.first,
            )
        out.append(("secrets_stripped", JSON, str(stripped.count)))
    out += [(path, own_tag(path), value) for path, value in own.items()]
    return out, stripped.count


_CHANGE: Final = ("approved_by", "back_out", "requested_by", "tested_by")


class _Stripper:
    """Copies a JSON value without secrets, checking depth and numbers on the way."""

    __slots__ = ("count", "first")

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def secret(self, where: str) -> None:
        self.count += 1
        self.first = self.first or where

    def clean(self, value: Any, where: str, depth: int) -> Any:
        if isinstance(value, dict):
            if depth >= DEPTH_MAX:
                raise InvalidEvent(f"{where[:200]} is nested deeper than {DEPTH_MAX}", "Flatten it", field=where)
            kept: dict[str, Any] = {}
            for key, item in value.items():
                if not isinstance(key, str):
                    raise InvalidEvent(f"{where}: key {key!r} is no text", "Use text keys", field=where)
                if is_secret(key):
                    self.secret(f"{where}.{key}")
                else:
                    kept[key] = self.clean(item, f"{where}.{key}", depth + 1)
            return kept
        if isinstance(value, (list, tuple)):
            if depth >= DEPTH_MAX:
                raise InvalidEvent(f"{where[:200]} is nested deeper than {DEPTH_MAX}", "Flatten it", field=where)
            return [self.clean(item, where, depth + 1) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidEvent(f"{where}: {value} is no JSON number", "Send a finite number or text", field=where)
        if isinstance(value, str):
            if "\x00" in value:
                raise InvalidEvent(f"{where} holds a NUL character", "Remove it", field=where)
            return value
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.clean(_plain(value, where), where, depth)


def _plain(value: Any, where: str) -> Any:
    """An object of another type as JSON values: what it holds is looked through like everything else."""
    try:
        return msgspec.to_builtins(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent(f"{where}: {error}", "Send JSON values", field=where) from None


def _value(path: str, value: Any) -> Field:
    """One value as a field of its own: text is `s`, null is `n`, the rest `j`."""
    if value is None:
        return path, NULL, None
    if isinstance(value, str):
        return path, STRING, value
    try:
        return path, JSON, _encode(value).decode()
    except (UnicodeError, OverflowError, ValueError, TypeError, RecursionError) as error:
        raise InvalidEvent(f"{path}: {error}", "Send JSON values", field=path) from None


_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def snake(name: str) -> str:
    """A free key as a path component: camelCase and separators become snake_case. Empty where nothing is left.

    >>> snake("gradeValue"), snake("Grade Value"), snake("HTTPStatus"), snake("9lives")
    ('grade_value', 'grade_value', 'http_status', 'x9lives')
    """
    text = _OTHER.sub("_", _CAMEL.sub("_", name).lower()).strip("_")
    return f"x{text}" if text[:1].isdigit() else text


def _columns(group: str, columns: dict[str, Any] | None, out: list[Field], stripped: _Stripper) -> None:
    if not columns:
        return
    if len(columns) > COLUMNS_MAX:
        raise InvalidEvent(f"{group} has {len(columns)} columns, at most {COLUMNS_MAX}", field=group)
    seen: dict[str, str] = {}
    for key, value in columns.items():
        if is_secret(key):
            stripped.secret(f"{group}.{key}")
            continue
        name = snake(key)
        path = f"{group}.{name}"
        if not name or len(path) > PATH_BYTES_MAX or not PATH_RE.match(path):
            raise InvalidEvent(
                f"{group}: column {key[:140]!r} can't be a path", "Use letters, digits and _", field=group
            )
        if name in seen:
            raise InvalidEvent(
                f"{group}: columns {seen[name]!r} and {key!r} are the same path {path}",
                "Rename one",
                field=path,
            )
        seen[name] = key
        out.append(_value(path, stripped.clean(value, path, 1)))


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "date": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
}


def _details(details: dict[str, Any], declared: DeclaredFields, out: list[Field], stripped: _Stripper) -> None:
    free: dict[str, Any] = {}
    for key, value in details.items():
        if is_secret(key):
            stripped.secret(f"details.{key}")
            continue
        cleaned = stripped.clean(value, f"details.{key}", 1)
        known = declared.fields.get(key)
        if known is None:
            free[key] = cleaned
            continue
        if cleaned is not None and (
            not isinstance(cleaned, _KINDS[known.type]) or (known.type == "number" and isinstance(cleaned, bool))
        ):
            raise InvalidEvent(
                f"details.{key}: {type(value).__name__} given, declared as {known.type}",
                "Send the declared type, or change the declaration",
                field=f"details.{key}",
            )
        out.append(_value(f"details.{key}", cleaned))
    if free:
        out.append(_value("details", free))
