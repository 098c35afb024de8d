"""From record to commitment, entry and leaf: the bytes of docs/format.md. Pure; no I/O, no clock.

Field commitment, shape and record commitment are SHA-256 with the domain bytes 02, 04 and 03; salts come from one
secret seed a record by SHAKE-128. An entry is one canonical JSON line, and its leaf hash RFC 6962's.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256, shake_128
from struct import Struct
from typing import Final, NamedTuple

from affidavit.errors import MalformedProof
from affidavit.event import ACTION_BYTES_MAX, ACTION_RE, OUTCOMES
from affidavit.paths import PATH_BYTES_MAX, PATH_RE

SALT_BYTES: Final = 16
SEED_BYTES: Final = 32
HASH_BYTES: Final = 32
CLOCK_SKEW_US_MAX: Final = 300_000_000  # `at` may lie this far after `t`, microseconds
ENTRY_BYTES_MAX: Final = 512
PATHS_CACHED_MAX: Final = 128  # records of more paths are worked out each time, so that nobody can fill the memory
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US_MAX: Final = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z


def field_commitment(path: str, tag: str, salt: bytes, value: bytes) -> bytes:
    """SHA-256(02 ‖ u8(len path) ‖ path ‖ tag ‖ salt ‖ value): 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise MalformedProof(f"salt of {len(salt)} bytes for {path}, not {SALT_BYTES}")
    if tag not in ("s", "j", "n") or (tag == "n" and value):
        raise MalformedProof(f"tag {tag!r} with {len(value)} bytes for {path}")
    return sha256(field_prefix(path, tag) + salt + value).digest()


@lru_cache(maxsize=8192)
def field_prefix(path: str, tag: str) -> bytes:
    """What is hashed before a field's salt: 02 ‖ u8(len path) ‖ path ‖ tag. MalformedProof for what is no path."""
    if len(path) > PATH_BYTES_MAX or not PATH_RE.match(path):
        raise MalformedProof(f"path {path[:140]!r} is malformed")
    raw = path.encode()
    return b"\x02" + bytes([len(raw)]) + raw + tag.encode()


def shape_hash(paths: Sequence[str]) -> bytes:
    """SHA-256(04 ‖ path_1 ‖ 0A ‖ …), paths strictly ascending by byte."""
    known = tuple(paths)
    return _shape(known) if len(known) <= PATHS_CACHED_MAX else _shape.__wrapped__(known)


@lru_cache(maxsize=2048)
def _shape(paths: tuple[str, ...]) -> bytes:
    previous = ""
    for path in paths:
        if path <= previous:
            raise MalformedProof(f"paths not strictly ascending at {path!r}")
        field_prefix(path, "s")
        previous = path
    return sha256(b"\x04" + "".join(path + "\n" for path in paths).encode()).digest()


def record_commitment(paths: Sequence[str], commitments: Sequence[bytes]) -> bytes:
    """SHA-256(03 ‖ shape ‖ c_1 ‖ … ‖ c_n): what the entry carries as `c`."""
    if len(paths) != len(commitments):
        raise MalformedProof(f"{len(commitments)} commitments for {len(paths)} paths")
    for path, c in zip(paths, commitments, strict=True):
        if len(c) != HASH_BYTES:
            raise MalformedProof(f"commitment of {len(c)} bytes for {path}, not {HASH_BYTES}")
    return sha256(b"\x03" + shape_hash(paths) + b"".join(commitments)).digest()


def derive_salts(seed: bytes, count: int) -> bytes:
    """SHAKE-128(seed).digest(16·count): the salts in path order, joined."""
    return shake_128(seed).digest(SALT_BYTES * count)


class _Frame(NamedTuple):
    """What all records of one shape and the same tags have in common."""

    head: bytes
    prefixes: tuple[bytes, ...]
    split: Callable[[bytes], tuple[bytes, ...]]  # joined salts into single ones


@lru_cache(maxsize=2048)
def _frame(paths: tuple[str, ...], tags: str) -> _Frame:
    prefixes = tuple(field_prefix(path, tag) for path, tag in zip(paths, tags, strict=True))
    return _Frame(b"\x03" + shape_hash(paths), prefixes, Struct(f"{SALT_BYTES}s" * len(paths)).unpack)


def commit_record(paths: tuple[str, ...], tags: str, values: Sequence[str | None], seed: bytes) -> bytes:
    """The record commitment `c` of all fields under the salts of `seed`. The hot path of recording."""
    frame = _frame if len(paths) <= PATHS_CACHED_MAX else _frame.__wrapped__
    head, prefixes, split = frame(paths, tags)
    salts = split(shake_128(seed).digest(SALT_BYTES * len(paths)))
    texts = [value or "" for value in values]
    hashes = [
        sha256(prefix + salt + text.encode()).digest()
        for prefix, salt, text in zip(prefixes, salts, texts, strict=True)
    ]
    return sha256(head + b"".join(hashes)).digest()


# --- times -----------------------------------------------------------------------------------------------------

TIME_RE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z")


_TWO: Final = tuple(f"{number:02d}" for number in range(60))


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).isoformat()[:11]


def format_time(us: int) -> str:
    """Microseconds since 1970 as `YYYY-MM-DDThh:mm:ss.ffffffZ`. Raises ValueError outside 1970-9999."""
    if not 0 <= us <= _US_MAX:
        raise ValueError(f"{us} µs lies outside the years 1970-9999")
    seconds, rest = divmod(us, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_day(days)}{_TWO[hour]}:{_TWO[minute]}:{_TWO[second]}.{rest:06d}Z"


@lru_cache(maxsize=4096)
def _parse_day(text: str) -> int:
    """Seconds since 1970 of a day's beginning. Raises ValueError where there is no such day from 1970 on."""
    days = (date.fromisoformat(text) - _EPOCH.date()).days
    if days < 0:
        raise ValueError("before 1970")
    return days * 86_400


def parse_time(text: str) -> int:
    """The inverse of `format_time`, strictly: a real date of 1970-9999, no second 60."""
    if not TIME_RE.match(text):
        raise MalformedProof(f"time {text[:40]!r} is not YYYY-MM-DDThh:mm:ss.ffffffZ")
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    try:
        day = _parse_day(text[:10])
    except ValueError:
        day = -1
    if day < 0 or hour > 23 or minute > 59 or second > 59:
        raise MalformedProof(f"time {text!r} is no real date of 1970-9999")
    return (day + hour * 3_600 + minute * 60 + second) * 1_000_000 + int(text[20:26])


# --- base64url -------------------------------------------------------------------------------------------------


_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")  # what was + or / already is found by encoding again


def encode_hash(value: bytes) -> str:
    """32 bytes as 43 base64url characters, unpadded."""
    return binascii.b2a_base64(value, newline=False).translate(_URLSAFE, b"=").decode()


def encode_hashes(values: Sequence[bytes]) -> str:
    """`encode_hash` of each and an `A` behind it, joined: for comparing many at once. Each MUST have 32 bytes."""
    joined = b"".join([value + b"\x00" for value in values])  # 33 bytes are 44 characters, the last of them A
    return binascii.b2a_base64(joined, newline=False).translate(_URLSAFE).decode()


def decode_hash(text: str) -> bytes:
    """The inverse: exactly 43 characters, spare bits zero."""
    if len(text) == 43 and text.isascii():
        try:
            value = binascii.a2b_base64(text.encode().translate(_STANDARD) + b"=", strict_mode=True)
        except binascii.Error:
            value = b""
        if len(value) == HASH_BYTES and encode_hash(value) == text:
            return value
    raise MalformedProof(f"hash {text[:60]!r} is not 43 base64url characters with zero spare bits")


# --- entries ---------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """The public line of one event: times in microseconds, `c` the record commitment of 32 bytes."""

    action: str
    at_us: int
    c: bytes
    outcome: str
    t_us: int


def entry_bytes(action: str, at: str, c: bytes, outcome: str, t: str) -> bytes:
    """The entry's one and only encoding. `at` and `t` as format_time gives them; inputs are trusted."""
    return f'{{"action":"{action}","at":"{at}","c":"{encode_hash(c)}","outcome":"{outcome}","t":"{t}","v":1}}'.encode()


_ENTRY_RE: Final = re.compile(
    rb'\{"action":"([a-z0-9_.-]+)","at":"([0-9TZ:.-]{27})","c":"([A-Za-z0-9_-]{43})",'
    rb'"outcome":"([a-z]+)","t":"([0-9TZ:.-]{27})","v":1\}'
)


def parse_entry(data: bytes) -> Entry:
    """Parse an entry strictly. Raises MalformedProof where a single byte is not as it must be."""
    match = _ENTRY_RE.fullmatch(data) if len(data) <= ENTRY_BYTES_MAX else None
    if match is None:
        raise MalformedProof(f"entry {data[:80]!r} is not in form")
    action, at, c, outcome, t = (group.decode() for group in match.groups())
    if len(action) > ACTION_BYTES_MAX or not ACTION_RE.match(action):
        raise MalformedProof(f"action {action[:140]!r} is malformed")
    if outcome not in OUTCOMES:
        raise MalformedProof(f"outcome {outcome!r} is none of {', '.join(OUTCOMES)}")
    entry = Entry(action, parse_time(at), decode_hash(c), outcome, parse_time(t))
    if entry.at_us > entry.t_us + CLOCK_SKEW_US_MAX:
        raise MalformedProof(f"at {at} lies more than 300 s after t {t}")
    return entry
