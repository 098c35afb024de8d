"""Intake: the body of a request of events, within bounds, taken apart into single events that are still bytes.

What a body is: application/json (one event, or an array), NDJSON (one a line), CloudEvents (one, or a batch);
plain, gzip or deflate. No event is decoded here.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from affidavit.errors import Busy, InvalidEvent
from affidavit.event import EVENT_BYTES_MAX, Event, decode_event
from affidavit.interchange.cloudevents import decode_cloudevent
from affidavit.interchange.document import records

BODY_BYTES_MAX: Final = 16 << 20
"""Of one request, before and after decompression alike."""
EVENTS_MAX: Final = 10_000
"""In one request."""
HELD_BYTES_MAX: Final = 128 << 20
"""Of all requests being read at once; more are told to come again."""
BODY_STALL_S_MAX: Final = 20.0
"""A client that sends nothing of its body for so long is taken for gone."""
RETRY_AFTER_S: Final = 1.0
SMALL_BYTES: Final = 16 << 10
"""Up to here a body is taken apart on the loop: quicker than a thread's turn."""

JSON_TYPE: Final = "application/json"
LINES_TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
CLOUDEVENT_TYPE: Final = "application/cloudevents+json"
CLOUDEVENTS_TYPE: Final = "application/cloudevents-batch+json"
TYPES: Final = (JSON_TYPE, *LINES_TYPES, CLOUDEVENT_TYPE, CLOUDEVENTS_TYPE)
ENCODINGS: Final = ("gzip", "deflate")
_INFLATE_BYTES: Final = 256 << 10
_CHARSET_RE: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_arrays: Final = msgspec.json.Decoder(list[msgspec.Raw])
Decode = Callable[[bytes], Event]


class Kind(NamedTuple):
    """How a body is to be read: its media type, and its Content-Encoding or ""."""

    type: str
    encoding: str

    @property
    def decode(self) -> Decode:
        """What turns one of its items into an event."""
        return decode_cloudevent if self.type.startswith("application/cloudevents") else decode_event


class Items(NamedTuple):
    """The events of a body: (line or place from 1, bytes). `single`: the body is one event, not a list of one."""

    items: list[tuple[int, bytes]]
    single: bool


def kind_of(headers: Headers) -> Kind:
    """Raises HTTPException 415 naming what is taken."""
    given = headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    charset = _CHARSET_RE.search(given)
    if kind not in TYPES or (charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}):
        raise HTTPException(415, f"Content-Type {given[:80]!r} is not taken. Send one of {', '.join(TYPES)}, in UTF-8")
    encoding = headers.get("content-encoding", "").strip().lower().removeprefix("x-")
    if encoding in {"", "identity"}:
        return Kind(kind, "")
    if encoding not in ENCODINGS:
        detail = f"Content-Encoding {encoding[:80]!r} is not taken. Send {' or '.join(ENCODINGS)}, or none"
        raise HTTPException(415, detail, headers={"Accept-Encoding": ", ".join(ENCODINGS)})
    return Kind(kind, encoding)


class Held:
    """Counts the bytes of all bodies being read."""

    def __init__(self) -> None:
        self.bytes = 0

    @contextmanager
    def count(self) -> Iterator[Callable[[int], None]]:
        """What the block gets takes bytes for it, until its end. Raises Busy when there are too many."""
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if self.bytes > mine and self.bytes + size > HELD_BYTES_MAX:
                raise Busy(
                    f"bodies of {self.bytes} bytes are being read, at most {HELD_BYTES_MAX} at once",
                    "Send it again",
                    retry_after_s=RETRY_AFTER_S,
                )
            mine += size
            self.bytes += size

        try:
            yield take
        finally:
            self.bytes -= mine


async def read_body(receive: Receive, headers: Headers, take: Callable[[int], None]) -> bytes:
    """The whole body as it came. Raises HTTPException 413, 408 for a client that stalls, ClientDisconnect."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
        raise _too_large(f"{length[:20]} bytes")
    parts: list[bytes] = []
    size = 0
    while True:
        try:
            async with asyncio.timeout(BODY_STALL_S_MAX):
                message = await receive()
        except TimeoutError:
            detail = f"Nothing came of the body for {BODY_STALL_S_MAX:.0f} seconds"
            raise HTTPException(408, detail, headers={"Connection": "close"}) from None
        if message["type"] != "http.request":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_large("more")
        take(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def decompress(body: bytes, encoding: str) -> bytes:
    """The body without its Content-Encoding. Raises HTTPException 413 for a bomb, 400 for what is damaged."""
    parts: list[bytes] = []
    size = 0
    try:
        while body:
            decoder = zlib.decompressobj(_window(body, encoding))
            while not decoder.eof:
                part = decoder.decompress(body, _INFLATE_BYTES)
                body = decoder.unconsumed_tail
                if not part and not body and not decoder.eof:
                    raise HTTPException(400, f"The {encoding} data of the body ends too early")
                size += len(part)
                if size > BODY_BYTES_MAX:
                    raise _too_large("more, decompressed")
                parts.append(part)
            body = decoder.unused_data if encoding == "gzip" else _nothing_after(decoder.unused_data)
    except zlib.error as error:
        raise HTTPException(400, f"The body is no {encoding} data: {error}") from None
    return b"".join(parts)


def _window(body: bytes, encoding: str) -> int:
    """How zlib names the wrapper. HTTP's deflate is the zlib format; some send it without (RFC 9110 §8.4.1.2)."""
    if encoding == "gzip":
        return 31
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


def _nothing_after(rest: bytes) -> bytes:
    if rest:
        raise HTTPException(400, f"{len(rest)} bytes follow the deflate data of the body")
    return rest


def split(body: bytes, kind: Kind) -> Items:
    """Take a body apart. Raises HTTPException 400 for what is no JSON as a whole, 413 for too many events."""
    if kind.type in LINES_TYPES:
        lines = enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        return _bounded([(number, line) for number, raw in lines if (line := raw.strip(b" \t\r"))], single=False)
    first = body[:64].lstrip()[:1] or body.lstrip()[:1]
    if not first:
        raise HTTPException(400, "There is no body. Send an event as JSON")
    if kind.type == CLOUDEVENT_TYPE or (kind.type == JSON_TYPE and first != b"["):
        return Items([(1, body)], single=True)
    raws: Iterable[Any]
    try:
        raws = _arrays.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not _is_lenient_array(body):
            raise HTTPException(400, f"The body is no JSON array: {error}") from None
        raws = records(body, "")  # half characters in some event: that one is refused, alone
    return _bounded([(number, bytes(raw)) for number, raw in enumerate(raws, 1)], single=False)


def _is_lenient_array(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), list)
    except (ValueError, RecursionError):
        return False


def _bounded(items: list[tuple[int, bytes]], *, single: bool) -> Items:
    if len(items) > EVENTS_MAX:
        raise HTTPException(413, f"{len(items)} events, at most {EVENTS_MAX} in one request. Send several")
    return Items(items, single)


def is_json(raw: bytes) -> bool:
    """Whether bytes that gave no event are JSON all the same."""
    try:
        msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def decode(raw: bytes, decoder: Decode) -> Event:
    """One event. Raises InvalidEvent, also for what is not UTF-8, naming the byte."""
    if len(raw) <= EVENT_BYTES_MAX and not raw.isascii():
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            byte, at = raw[error.start], error.start + 1
            raise InvalidEvent(f"byte 0x{byte:02x} at position {at} is not UTF-8", "Send UTF-8") from None
    return decoder(raw)


def _too_large(size: str) -> HTTPException:
    return HTTPException(413, f"The body has {size}, at most {BODY_BYTES_MAX} bytes. Send it in parts")
