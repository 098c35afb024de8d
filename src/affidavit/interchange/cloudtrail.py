"""AWS CloudTrail: `{"Records":[…]}` documents, bare lists and one record a line.

Field by field in docs/reference/import.md; source: the CloudTrail user guide, "CloudTrail record contents"
and "CloudTrail userIdentity element". Nothing of a record is dropped: what has no place in an event is in its
details.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from affidavit.errors import AffidavitError, InvalidEvent, InvalidRequest
from affidavit.event import ACTION_BYTES_MAX, EVENT_BYTES_MAX, Actor, Event, Outcome, Source, check_event
from affidavit.interchange import cloudtrail_resource as resource
from affidavit.interchange.document import DOCUMENT_BYTES_MAX, Truncated, records
from affidavit.interchange.source import BATCH_ITEMS, Batch, Item, Origin, group, made_id, screen
from affidavit.interchange.stream import CHUNK_BYTES, LONG_BYTES_KEPT, Stream, lines
from affidavit.record import snake

NAME: Final = "cloudtrail"
_PEEK_BYTES: Final = EVENT_BYTES_MAX + 1
_PEEK_LINES: Final = 10
_KEY_CHARS_MAX: Final = 128  # longer texts are not cached

# --- files --------------------------------------------------------------------------------------------------

_DOCUMENT: Final = re.compile(rb'\[|\{\s*(?:\Z|"Records")')
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def batches(path: Path, label: str = "", batch_size: int = BATCH_ITEMS) -> Iterator[Batch]:
    """Read the records of `path` (gzip or not). Records a line are read in constant memory, a document up to
    DOCUMENT_BYTES_MAX decompressed. A digest file, which holds no events, gives none.

    Raises InvalidRequest for damaged or too much content and a bad label, StorageError where the file can't
    be read.
    """
    stream = Stream(path)
    origin = Origin.of(NAME, label, path)
    return group(path, origin, stream, _items(stream, origin), batch_size)


def _items(stream: Stream, origin: Origin) -> Iterator[Item]:
    chunks = stream.chunks()
    head = bytearray()
    damage = _fill(head, chunks, _PEEK_BYTES)
    if _is_lines(head):
        for number, raw, size in lines(_again(head, damage, chunks)):
            yield Item(number, raw, origin, size)
        return
    damage = damage or _fill(head, chunks, DOCUMENT_BYTES_MAX + 1)
    if len(head) > DOCUMENT_BYTES_MAX:
        raise InvalidRequest(
            f"{stream.path}: one document of more than {DOCUMENT_BYTES_MAX} bytes",
            "Write one record a line: jq -c '.Records[]'",
        )
    try:
        for number, raw in enumerate(records(head, "Records"), 1):
            if number == 1 and _is_digest(raw):
                return
            if len(raw) > EVENT_BYTES_MAX:
                yield Item(number, raw[:LONG_BYTES_KEPT], origin, len(raw))
            else:
                yield Item(number, raw, origin)
    except Truncated as error:
        raise damage or InvalidRequest(
            f"{stream.path}: ends inside what begins at byte {error.offset}",
            "What came before it is good; fetch the file again",
        ) from None
    if damage:
        raise damage


def _fill(head: bytearray, chunks: Iterator[bytes], size: int) -> AffidavitError | None:
    """Read on until `head` has `size` bytes or the file ends; an error on the way is for later."""
    try:
        while len(head) < size and (chunk := next(chunks, None)) is not None:
            head += chunk
    except AffidavitError as error:
        return error
    return None


def _again(head: bytearray, damage: AffidavitError | None, rest: Iterator[bytes]) -> Iterator[bytes]:
    """What was read ahead, in chunks, and then the rest or what came in its stead."""
    for at in range(0, len(head), CHUNK_BYTES):
        yield bytes(head[at : at + CHUNK_BYTES])
    if damage:
        raise damage
    yield from rest


def _is_lines(head: bytearray) -> bool:
    """Whether the file is one record a line: one of its first lines is a record whole."""
    found = (line.strip() for line in bytes(head).split(b"\n", _PEEK_LINES * 2)[: _PEEK_LINES * 2])
    for number, line in enumerate(line for line in found if line):
        try:
            fields = _fields.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if number == 0 and _DOCUMENT.match(line):
                return False
            continue
        return "Records" not in fields and "eventVersion" in fields
    return False


def _is_digest(raw: bytes) -> bool:
    """A trail's bucket keeps signed digests beside the logs: lists of files and hashes."""
    if b'"digestStartTime"' not in raw:
        return False
    try:
        fields = _fields.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return "digestStartTime" in fields and "logFiles" in fields and "eventVersion" not in fields


# --- records ------------------------------------------------------------------------------------------------

_decode: Final = msgspec.json.Decoder().decode
_UUID_CHARS: Final = 36
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DENIED: Final = re.compile(r"(?:Client\.|Server\.)?(?:Vpce)?(?:AccessDenied|Unauthorized)")
# Reports by a service, not requests: they have no error code to leave out.
_SILENT: Final = frozenset({"AwsServiceEvent", "AwsConsoleSignIn", "AwsCloudTrailInsight"})
_RESULTS: Final[dict[Any, Outcome]] = {"Success": "success", "Failure": "failure"}

_DETAILS: Final = {
    "additionalEventData": "additional",
    "eventCategory": "event_category",
    "eventType": "event_type",
    "eventVersion": "event_version",
    "readOnly": "read_only",
    "resources": "resources",
    "awsRegion": "region",
    "errorCode": "error_code",
    "managementEvent": "management",
    "recipientAccountId": "account",
    "requestID": "request_id",
    "requestParameters": "request",
    "responseElements": "response",
    "serviceEventDetails": "service_event",
    "sharedEventID": "shared_event_id",
    "tlsDetails": "tls",
    "userIdentity": "identity",
}


def parse(item: Item) -> Event:
    """The event of a record; a record without eventID gets a made id. Raises InvalidEvent naming the field in
    the record's own spelling, nothing else.
    """
    screen(item)
    try:
        record = _decode(item.raw)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidEvent(f"record: {error}", "A record is one JSON object") from None
    except RecursionError:
        raise InvalidEvent("nested too deeply", "At most 64 levels") from None
    if not isinstance(record, dict):
        raise InvalidEvent(f"record is {type(record).__name__}, not an object")
    take = record.pop
    insight = record.get("insightDetails")
    if insight is not None and "eventName" not in record:
        service, action = _insight(insight)
    else:
        service, action = _action(
            _text(take("eventSource", None), "eventSource"), _text(take("eventName", None), "eventName")
        )
    at, event_id = _time(take("eventTime", None)), take("eventID", None)
    request, response = record.get("requestParameters"), record.get("responseElements")
    code = _optional(record.get("errorCode"), "errorCode")
    message = _optional(take("errorMessage", None), "errorMessage")
    outcome = _outcome(action[1], record, code, message)
    actor = _actor(record)
    source = _source(
        _optional(take("sourceIPAddress", None), "sourceIPAddress"), _optional(take("userAgent", None), "userAgent")
    )
    event = Event(
        action=action[0],
        id=made_id(item, named=False) if event_id is None else _id(event_id),
        at=at,
        outcome=outcome,
        status_detail=code,
        message=message,
        actor=actor,
        source=source,
        target=service[1],
        resource=resource.find(service[0], record.get("resources"), request, response),
        details=_details(record),
    )
    check_event(event)
    return event


def _text(value: Any, field: str) -> str:
    if isinstance(value, str) and value:
        return value
    if value is None or value == "":
        raise InvalidEvent(f"{field} is missing", "Every CloudTrail record has it", field=field)
    raise InvalidEvent(f"{field} is {type(value).__name__}, not text", field=field)


def _optional(value: Any, field: str) -> str | None:
    """Text or None; the empty text says nothing, and is None."""
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidEvent(f"{field} is {type(value).__name__}, not text", field=field)


def _time(value: Any) -> datetime:
    text = _text(value, "eventTime")
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise InvalidEvent(
            f"eventTime {text[:40]!r} is no time", "RFC 3339: 2023-07-10T11:45:00Z", field="eventTime"
        ) from None
    if at.tzinfo is None:
        raise InvalidEvent(
            f"eventTime {text[:40]!r} has no offset", "RFC 3339: 2023-07-10T11:45:00Z", field="eventTime"
        )
    if at < _EPOCH:
        raise InvalidEvent(f"eventTime {text[:40]!r} lies before 1970", field="eventTime")
    return at


def _id(value: Any) -> UUID:
    if isinstance(value, str) and len(value) == _UUID_CHARS:
        with suppress(msgspec.ValidationError):
            return msgspec.convert(value, UUID)
    raise InvalidEvent(f"eventID {str(value)[:60]!r} is no UUID", "Check the file", field="eventID")


def _action(event_source: str, event_name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """(service, event source) and (action, event name)."""
    if len(event_source) > _KEY_CHARS_MAX or len(event_name) > _KEY_CHARS_MAX:
        field = "eventName" if len(event_name) > _KEY_CHARS_MAX else "eventSource"
        raise InvalidEvent(f"{field} is longer than {_KEY_CHARS_MAX} characters", field=field)
    service, action = _cached_action(event_source, event_name)
    return (service, event_source), (action, event_name)


_NO_WORD: Final = re.compile(r"[^a-z0-9_-]+")


@lru_cache(maxsize=4096)
def _cached_action(event_source: str, event_name: str) -> tuple[str, str]:
    host = event_source.lower().removesuffix(".cn").removesuffix(".amazonaws.com")
    service, name = _NO_WORD.sub("-", host).strip("-"), snake(event_name)
    for word, field in ((service, "eventSource"), (name, "eventName")):
        if not word:
            raise InvalidEvent(f"{field} holds no letter or digit of ASCII", field=field)
    action = f"aws.{service}.{name}"
    if len(action) > ACTION_BYTES_MAX:
        raise InvalidEvent(
            f"eventName makes an action of {len(action)} bytes, at most {ACTION_BYTES_MAX}", field="eventName"
        )
    return service, action


def _insight(insight: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """An Insights event has neither source nor name: it observes how often others came."""
    state = insight.get("state") if isinstance(insight, dict) else None
    if state not in ("Start", "End"):
        raise InvalidEvent("insightDetails.state is neither Start nor End", field="insightDetails.state")
    return _action("cloudtrail.amazonaws.com", f"Insight{state}")


def _outcome(name: str, record: dict[str, Any], code: str | None, message: str | None) -> Outcome:
    if code is not None:
        return "denied" if _DENIED.match(code) else "failure"
    # Sign-in events tell their result under their own name: {"ConsoleLogin": "Failure"}.
    for field in ("responseElements", "serviceEventDetails"):
        result = record.get(field)
        if isinstance(result, dict) and isinstance(told := result.get(name), str) and told in _RESULTS:
            return _RESULTS[told]
    if message is not None:
        return "failure"
    kind = record.get("eventType")
    return "unknown" if isinstance(kind, str) and kind in _SILENT else "success"


def _actor(record: dict[str, Any]) -> Actor | None:
    """The actor, leaving in `record` what of the identity it doesn't hold."""
    identity = record.get("userIdentity")
    if identity is None:
        return None
    if not isinstance(identity, dict):
        raise InvalidEvent(f"userIdentity is {type(identity).__name__}, not an object", field="userIdentity")
    take = identity.pop
    name = _optional(take("userName", None), "userIdentity.userName")
    session = _optional(take("accessKeyId", None), "userIdentity.accessKeyId")
    kind = _optional(identity.get("type"), "userIdentity.type")
    arn = _optional(take("arn", None), "userIdentity.arn")
    principal = _optional(identity.get("principalId"), "userIdentity.principalId")
    service = _optional(identity.get("invokedBy"), "userIdentity.invokedBy")
    person = None
    if (behalf := identity.get("onBehalfOf")) is not None:
        where = "userIdentity.onBehalfOf"
        person = _optional(_object(behalf, where).get("userId"), f"{where}.userId")
    roles, mfa = _session(identity.get("sessionContext"))
    if mfa is None and isinstance(extra := record.get("additionalEventData"), dict):
        mfa = _flag(extra.get("MFAUsed"))
    chosen = (
        arn or principal or person or service or name or _optional(identity.get("accountId"), "userIdentity.accountId")
    )
    return Actor(
        id=chosen,
        type=_snaked(kind) if kind else None,
        name=name,
        roles=roles,
        is_privileged=True if kind == "Root" else None,
        is_service=True if kind == "AWSService" or (service and not (arn or principal)) else None,
        session=session,
        mfa=mfa,
        on_behalf_of=person if person != chosen else None,
    )


def _object(value: Any, field: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise InvalidEvent(f"{field} is {type(value).__name__}, not an object", field=field)


def _session(context: Any) -> tuple[tuple[str, ...] | None, bool | None]:
    """(roles, mfa) of a session: the role it was issued for, and whether a second factor was used."""
    if context is None:
        return None, None
    where = "userIdentity.sessionContext"
    context = _object(context, where)
    roles = mfa = None
    if (attributes := context.get("attributes")) is not None:
        mfa = _flag(_object(attributes, f"{where}.attributes").get("mfaAuthenticated"))
    issuer = context.get("sessionIssuer") or {}
    if _object(issuer, f"{where}.sessionIssuer").get("type") == "Role":
        role = _optional(issuer.get("userName"), f"{where}.sessionIssuer.userName")
        roles = (role,) if role else None
    return roles, mfa


def _flag(value: Any) -> bool | None:
    if value is True or value is False:
        return value
    return _FLAGS.get(value) if isinstance(value, str) else None


_FLAGS: Final = {"true": True, "false": False, "Yes": True, "No": False}


def _snaked(text: str) -> str | None:
    return _cached_snake(text) if len(text) <= _KEY_CHARS_MAX else None


@lru_cache(maxsize=1024)
def _cached_snake(text: str) -> str | None:
    return snake(text) or None


def _source(address: str | None, user_agent: str | None) -> Source | None:
    if address is None:
        return Source(user_agent=user_agent) if user_agent else None
    if len(address) <= _KEY_CHARS_MAX and _is_ip(address):
        return Source(ip=address, user_agent=user_agent)
    return Source(app=address, user_agent=user_agent)


@lru_cache(maxsize=4096)
def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _details(record: dict[str, Any]) -> dict[str, Any]:
    """What is left of a record and says something, under our names; others in snake_case."""
    details: dict[str, Any] = {}
    for key, value in record.items():
        if value or value == 0:  # false and 0 say something; null, "", {} and [] don't
            name = _DETAILS.get(key) or _snaked(key) or key
            while name in details:
                name += "_"
            details[name] = value
    return details
