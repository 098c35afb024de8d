"""CloudEvents 1.0 in the JSON format (structured and batch): an envelope around one of our events, or around anything.

Where `data` is an object with `action`, it is an event of ours and decoded strictly; id, at and source.app come from
the envelope where it leaves them out. Otherwise `type` becomes the action, `subject` the resource, and `data` and
extension attributes the details. Source: CloudEvents 1.0.2, JSON Event Format 1.0.2.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec

from affidavit.errors import InvalidEvent
from affidavit.event import EVENT_BYTES_MAX, Event, convert_event

NAME: Final = "cloudevents"
VERSION: Final = "1.0"
_ID_DOMAIN: Final = b"affidavit/cloudevents/v1"
_CONTEXT: Final = frozenset(
    ("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data", "data_base64")
)
_TEXTS: Final = ("specversion", "id", "source", "type")
_NOT_IN_ACTIONS: Final = re.compile(r"[^a-z0-9_-]+")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def decode_cloudevent(raw: bytes) -> Event:
    """The event in one CloudEvent. Raises InvalidEvent naming the attribute or field.

    Its id is the envelope's where that is a UUID, else made of `source` and `id`, which together name a CloudEvent:
    the same one sent twice is recorded once.
    """
    if len(raw) > EVENT_BYTES_MAX:
        raise InvalidEvent(f"event of {len(raw)} bytes, at most {EVENT_BYTES_MAX}", "Keep large payloads elsewhere")
    try:
        found = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEvent(f"no CloudEvent: {error}", "Send one JSON object") from None
    for name in _TEXTS:
        value = found.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidEvent(f"{name} is missing or no text", "CloudEvents 1.0 requires it", field=name)
    if found["specversion"] != VERSION:
        raise InvalidEvent(f"specversion {found['specversion'][:20]!r}", f"Send {VERSION}", field="specversion")
    for name in ("time", "subject", "datacontenttype", "dataschema"):
        if found.get(name) is not None and not isinstance(found[name], str):
            raise InvalidEvent(f"{name} is no text", "Send text, or leave it out", field=name)
    data = found.get("data")
    event = dict(data) if isinstance(data, dict) and "action" in data else _foreign(found, data)
    event.setdefault("id", _id(found["source"], found["id"]))
    if found.get("time") is not None:
        event.setdefault("at", found["time"])
    source = event.setdefault("source", {})
    if isinstance(source, dict):
        source.setdefault("app", found["source"])
    return convert_event(event)


def _foreign(found: dict[str, Any], data: Any) -> dict[str, Any]:
    details = {name: value for name, value in found.items() if name not in _CONTEXT}
    for name in ("dataschema", "data_base64"):
        if found.get(name) is not None:
            details[name] = found[name]
    if isinstance(data, dict):
        details |= data
    elif data is not None:
        details["data"] = data
    event: dict[str, Any] = {"action": action_of(found["type"])}
    if details:
        event["details"] = details
    if found.get("subject"):
        event["resource"] = found["subject"]
    return event


def action_of(kind: str) -> str:
    """A CloudEvent's type as an action.

    >>> action_of("com.example.Order.created"), action_of("/orders//new order")
    ('com.example.order.created', 'orders-new-order')
    """
    parts = (_NOT_IN_ACTIONS.sub("-", part).strip("-") for part in kind.lower().split("."))
    return ".".join(part for part in parts if part)


def _id(source: str, name: str) -> UUID:
    try:
        found = UUID(name)
    except ValueError:
        pass
    else:
        if str(found) == name.lower():
            return found
    try:
        digest = sha256(b"\x00".join((_ID_DOMAIN, source.encode(), name.encode()))).digest()
    except UnicodeEncodeError:
        raise InvalidEvent("id holds a lone surrogate", "Send well-formed Unicode", field="id") from None
    value = int.from_bytes(digest[:16]) & ~(0xF << 76) | 8 << 76
    return UUID(int=value & ~(0x3 << 62) | 2 << 62)
