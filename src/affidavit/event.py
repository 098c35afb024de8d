"""Event: what the application says happened. Validated structs, decoded strictly.

Only `action` is required. Every group and field is documented in docs/reference/events.md; the path each field
gets in a record is in `affidavit.paths`.
"""

from __future__ import annotations

import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

import msgspec

from affidavit.errors import InvalidEvent

EVENT_BYTES_MAX: Final = 1 << 20
ACTION_BYTES_MAX: Final = 128
ACTION_RE: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\Z")
YEAR_MIN: Final = 1970
Outcome = Literal["success", "failure", "denied", "unknown"]
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
Severity = Literal["info", "low", "medium", "high", "critical"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_END: Final = datetime.max.replace(tzinfo=UTC)

# A left side that names a URI scheme is no resource type: "arn:aws:s3:::b" is one bare id.
URI_SCHEMES: Final = frozenset(
    {
        "arn",
        "data",
        "did",
        "file",
        "ftp",
        "gs",
        "http",
        "https",
        "mailto",
        "s3",
        "sftp",
        "ssh",
        "tel",
        "urn",
        "ws",
        "wss",
    }
)
_TYPE_RE: Final = re.compile(r"[a-z][a-z0-9_-]*\Z")


# gc=False: frozen structs of JSON values form no cycles, and tracking them costs more than decoding them.
class _Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of all groups: frozen, strict."""


class Actor(_Group, frozen=True):
    """Who did it."""

    id: str | None = None
    type: str | None = None
    name: str | None = None
    roles: tuple[str, ...] | None = None
    is_privileged: bool | None = None
    is_service: bool | None = None
    session: str | None = None
    mfa: bool | None = None
    on_behalf_of: str | None = None


class Source(_Group, frozen=True):
    """Where the act came from."""

    ip: str | None = None
    device: str | None = None
    user_agent: str | None = None
    geo: str | None = None
    app: str | None = None
    request_id: str | None = None


class Resource(_Group, frozen=True):
    """What was acted on."""

    type: str | None = None
    id: str | None = None
    name: str | None = None
    owner: str | None = None


class Subject(_Group, frozen=True):
    """Whose data it was."""

    id: str | None = None
    type: str | None = None
    name: str | None = None
    relationship: str | None = None


class Basis(_Group, frozen=True):
    """Why it was allowed."""

    purpose: str | None = None
    lawful_basis: str | None = None
    legitimate_interest: str | None = None
    justification: str | None = None
    ticket: str | None = None
    consent_ref: str | None = None
    exemption_code: str | None = None


class Recipient(_Group, frozen=True):
    """Who received a disclosure."""

    name: str | None = None
    type: str | None = None
    address: str | None = None
    country: str | None = None


class Party(_Group, frozen=True):
    """An additional party of a disclosure and its interest (34 CFR 99.32(b))."""

    name: str
    interest: str | None = None


class Disclosure(_Group, frozen=True):
    """A disclosure to somebody outside."""

    recipient: Recipient | None = None
    additional_parties: tuple[Party, ...] | None = None
    description: str | None = None
    method: str | None = None
    redisclosure_notice: bool | None = None
    threat: str | None = None


class Change(_Group, frozen=True):
    """What changed, column by column, and who asked, approved and tested."""

    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    requested_by: str | None = None
    approved_by: str | None = None
    tested_by: str | None = None
    back_out: str | None = None


class Case(_Group, frozen=True):
    """The subject request or incident the event belongs to. Times as RFC 3339 text."""

    request_id: str | None = None
    right: str | None = None
    received_at: str | None = None
    due_at: str | None = None
    closed_at: str | None = None
    outcome: str | None = None
    denial_basis: str | None = None
    incident_id: str | None = None
    aware_at: str | None = None
    discovered_at: str | None = None


class Event(_Group, frozen=True):
    """One event. `at` is when it happened by the producer's clock (offset required); the log adds its own time."""

    action: str
    id: UUID | None = None
    at: datetime | None = None
    outcome: Outcome = "success"
    status_detail: str | None = None
    severity: Severity | None = None
    message: str | None = None
    actor: Actor | str | None = None
    source: Source | None = None
    target: str | None = None
    resource: Resource | str | None = None
    record_count: int | None = None
    data_categories: tuple[str, ...] | None = None
    classification: str | None = None
    subject: Subject | str | None = None
    basis: Basis | None = None
    disclosure: Disclosure | None = None
    change: Change | None = None
    case: Case | None = None
    controls: tuple[str, ...] | None = None
    retention_class: str | None = None
    legal_hold: bool | None = None
    details: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Event)
_KEPT: Final = (datetime, UUID, bytes)  # not turned into text on the way: a time in a text field is a mistake


def decode_event(data: bytes | str) -> Event:
    """Decode one JSON event strictly: unknown fields, wrong types and naive times are refused.

    Raises InvalidEvent naming the field. At most EVENT_BYTES_MAX bytes.
    """
    if len(data) > EVENT_BYTES_MAX:
        raise InvalidEvent(f"event of {len(data)} bytes, at most {EVENT_BYTES_MAX}", "Keep large payloads elsewhere")
    try:
        event = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _surrogate(data) or _invalid(error) from None
    check_event(event)
    return event


def _surrogate(data: bytes | str) -> InvalidEvent | None:
    """The error for an escaped lone surrogate, naming its field; the decoder only says that input is bad."""
    text = data if isinstance(data, str) else data.decode(errors="replace")
    if "\\ud" not in text.lower():
        return None
    try:
        pending: list[tuple[str, Any]] = [("", json.loads(text))]
    except (ValueError, RecursionError):
        return None
    while pending:
        where, value = pending.pop()
        if isinstance(value, dict):
            pending += [(f"{where}.{key}".lstrip("."), item) for key, item in value.items()]
            pending += [(where, key) for key in value]
        elif isinstance(value, list):
            pending += [(where, item) for item in value]
        elif isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            return InvalidEvent(f"{where or 'event'} holds a lone surrogate", "Send well-formed Unicode", field=where)
    return None


def convert_event(value: Any) -> Event:
    """The same from Python objects: an Event, or dicts, lists, str, datetime, UUID, groups made by hand.

    Structs don't check what they are made of, so whatever comes is taken apart and checked whole.
    """
    try:
        event = msgspec.convert(msgspec.to_builtins(value, builtin_types=_KEPT), Event)
    except (msgspec.ValidationError, RecursionError, UnicodeError, TypeError) as error:
        raise _invalid(error) from None
    check_event(event)
    return event


def check_event(event: Event) -> None:
    """Check what the types don't say: the action's form and the time's zone and year. The types must hold."""
    action = event.action
    if not ACTION_RE.match(action):
        raise InvalidEvent(
            f"action {action[:140]!r} is malformed",
            "Lower-case words of letters, digits, _ and -, joined by dots: grade.updated",
            field="action",
        )
    if len(action) > ACTION_BYTES_MAX:
        raise InvalidEvent(f"action of {len(action)} bytes, at most {ACTION_BYTES_MAX}", field="action")
    at = event.at
    if at is not None:
        if at.tzinfo is None:
            raise InvalidEvent(
                f"at {at.isoformat()!r} has no offset", "Give one: 2026-10-01T12:00:00+02:00", field="at"
            )
        if at.year <= YEAR_MIN and at < _EPOCH:
            raise InvalidEvent(f"at {at.isoformat()!r} lies before 1970", field="at")
        if at.year == _END.year and at > _END:
            raise InvalidEvent(f"at {at.isoformat()!r} lies after 9999 in UTC", field="at")


_WHERE_RE: Final = re.compile(r" - at (?:`key` in )?`\$(.*)`\Z", re.DOTALL)
_INDEX_RE: Final = re.compile(r"\[[^\]]*\]")


def _invalid(error: Exception) -> InvalidEvent:
    if isinstance(error, RecursionError):
        return InvalidEvent("nested too deeply", "At most 64 levels")
    text = str(error)
    found = _WHERE_RE.search(text)
    message, where = (text[: found.start()], found[1]) if found else (text, "")
    field = _INDEX_RE.sub("", where).lstrip(".")
    unknown = re.match(r"Object contains unknown field `(.*)`", message, re.DOTALL)
    if unknown:
        field = f"{field}.{unknown[1]}".lstrip(".")
        return InvalidEvent(f"unknown field {field[:200]!r}", "Put fields of your own under details", field=field)
    hint = "Give an offset: 2026-10-01T12:00:00+02:00" if "RFC3339" in message else ""
    return InvalidEvent(f"{field or 'event'}: {message}", hint, field=field)


def split_reference(text: str) -> tuple[str | None, str]:
    """Split "type:id" at the first colon; a bare id or a URI has no type.

    >>> split_reference("enrollment:17"), split_reference("arn:aws:s3:::b"), split_reference("/admin")
    (('enrollment', '17'), (None, 'arn:aws:s3:::b'), (None, '/admin'))
    """
    left, colon, right = text.partition(":")
    if colon and right and _TYPE_RE.match(left) and left not in URI_SCHEMES:
        return left, right
    return None, text


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def new_id(now_ns: int | None = None) -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 of sub-milliseconds, 62 random."""
    now = time.time_ns() if now_ns is None else now_ns
    ms, rest = divmod(now, 1_000_000)
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=ms << 80 | 7 << 76 | (rest * 4096 // 1_000_000) << 64 | 2 << 62 | random)
