"""Strict reading: JSON, lines and runs of bytes in which nothing is left to taste.

Whatever is not exactly in form raises MalformedProof with what was read and where. docs/format.md, "Text".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from affidavit.errors import MalformedProof

INTEGER_MAX: Final = 2**53 - 1
JSON_DEPTH_MAX: Final = 64
_INTEGER_RE: Final = re.compile(r"(?:0|-?[1-9][0-9]{0,15})\Z")
_HEX_RE: Final = re.compile(r"[0-9a-f]*\Z")
_CACHED_BYTES_MAX: Final = 256


def _integer(text: str) -> int:
    if not _INTEGER_RE.match(text) or abs(int(text)) > INTEGER_MAX:
        raise MalformedProof(f"number {text[:40]!r} is not a plain integer up to 2^53-1")
    return int(text)


def _no_fraction(text: str) -> Any:
    raise MalformedProof(f"number {text[:40]!r} is not a plain integer")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MalformedProof(f"number {text[:40]!r} is not finite")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedProof(f"JSON key {twice[:60]!r} is there twice")
    return found


_plain: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction
)
_texts: Final = msgspec.json.Decoder(list[str]).decode
_value: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_finite, parse_float=_finite, parse_constant=_no_fraction
)


def decode_text(data: bytes, what: str) -> str:
    """UTF-8 without byte order mark, or MalformedProof."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedProof(f"{what} is not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise MalformedProof(f"{what} begins with a byte order mark")
    return text


def load_json(data: bytes, what: str) -> Any:
    """JSON with unique keys, plain integers, whole characters and at most JSON_DEPTH_MAX levels."""
    return _load(_plain, decode_text(data, what), what)


def load_texts(data: bytes, what: str) -> list[str]:
    """A JSON list of strings; the fast way for rows."""
    try:
        return _texts(data)
    except (msgspec.MsgspecError, UnicodeError):
        pass  # for the slow way to say what is wrong
    value = _load(_plain, decode_text(data, what), what)
    if type(value) is not list or not all(type(item) is str for item in value):
        raise MalformedProof(f"{what}: a value is no text")
    return value


def load_compact(data: bytes, what: str) -> Any:
    """JSON written in its one shortest form: no white space, no escape that is not needed."""
    value = load_json(data, what)
    if json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() != data:
        raise MalformedProof(f"{what} is not written compactly")
    return value


@lru_cache(maxsize=4096)
def _check_short(text: str) -> None:
    _load(_value, text, "a j value")


def check_json_value(text: str) -> None:
    """Refuse the text of a `j` field that is no JSON: double keys, numbers that are not finite, too deep."""
    if len(text) <= _CACHED_BYTES_MAX:
        _check_short(text)
    else:
        _load(_value, text, "a j value")


def _load(decoder: json.JSONDecoder, text: str, what: str) -> Any:
    try:
        value = decoder.decode(text)
        if "\\u" in text:  # only an escape can bring in half a character
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedProof(f"{what} has a lone surrogate") from None
    except RecursionError:
        raise MalformedProof(f"{what} is nested deeper than {JSON_DEPTH_MAX}") from None
    except ValueError as error:
        raise MalformedProof(f"{what} is not JSON: {error}") from None
    if (text.count("[") + text.count("{")) > JSON_DEPTH_MAX and _depth(value) > JSON_DEPTH_MAX:
        raise MalformedProof(f"{what} is nested deeper than {JSON_DEPTH_MAX}")
    return value


def _depth(value: Any) -> int:
    """Levels of lists and objects, counted without recursion."""
    depth, level = 0, [value]
    while level:
        containers = [item for item in level if isinstance(item, dict | list)]
        depth += bool(containers)
        level = [part for item in containers for part in (item.values() if isinstance(item, dict) else item)]
    return depth


def keys(obj: Any, wanted: Iterable[str], what: str, optional: Iterable[str] = ()) -> Mapping[str, Any]:
    """`obj`, which must be an object with exactly these keys."""
    if not isinstance(obj, dict):
        raise MalformedProof(f"{what} is {type(obj).__name__}, not an object")
    must = set(wanted)
    wrong = sorted(must - set(obj)) or sorted(set(obj) - must - set(optional))
    if wrong:
        raise MalformedProof(f"{what}: key {wrong[0][:60]!r} is {'missing' if wrong[0] in must else 'unknown'}")
    return obj


def text(value: Any, what: str, bytes_max: int, *, empty: bool = False) -> str:
    """A string of at most `bytes_max` bytes, not empty unless allowed."""
    if not isinstance(value, str) or len(value.encode()) > bytes_max or (not value and not empty):
        raise MalformedProof(f"{what}: {str(value)[:60]!r} is not text of 1 to {bytes_max} bytes")
    return value


def integer(value: Any, what: str, *, signed: bool = False) -> int:
    """A plain integer, not below 0 unless `signed`; booleans are none."""
    if type(value) is not int or (value < 0 and not signed):
        raise MalformedProof(f"{what}: {str(value)[:60]!r} is not a plain integer")
    return value


def array(value: Any, what: str, items_max: int) -> list[Any]:
    """A list of at most `items_max` items."""
    if not isinstance(value, list) or len(value) > items_max:
        raise MalformedProof(f"{what} is not a list of at most {items_max}")
    return value


def unhex(value: Any, what: str, size: int) -> bytes:
    """Exactly `size` bytes as lower-case hex."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX_RE.match(value):
        raise MalformedProof(f"{what}: {str(value)[:80]!r} is not {2 * size} lower-case hex digits")
    return bytes.fromhex(value)


def lines(chunks: Iterable[bytes], what: str, bytes_max: int) -> Iterator[bytes]:
    """The lines of a stream, without their LF. Each must end in one, and have at most `bytes_max` bytes."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > bytes_max or any(len(line) > bytes_max for line in whole):
            raise MalformedProof(f"{what} has a line of more than {bytes_max} bytes")
        yield from whole
    if rest:
        raise MalformedProof(f"{what} does not end in a newline")


class Bytes:
    """A stream read in exact pieces."""

    def __init__(self, chunks: Iterable[bytes], what: str) -> None:
        self._chunks = iter(chunks)
        self._what = what
        self._data = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes, or MalformedProof where the stream ends before."""
        while len(self._data) - self._at < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise MalformedProof(f"{self._what} ends too early")
            self._data, self._at = self._data[self._at :] + chunk, 0
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def hold(self, size: int) -> bytes | None:
        """The next `size` bytes, which are not taken yet; None where the stream ends before."""
        parts, have = [self._data[self._at :]], len(self._data) - self._at
        while have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        self._data, self._at = b"".join(parts), 0
        return self._data[:size] if have >= size else None

    def end(self) -> None:
        """Refuse what is left over."""
        if self._at < len(self._data) or next(self._chunks, b""):
            raise MalformedProof(f"{self._what} has bytes left over")
        for chunk in self._chunks:
            if chunk:
                raise MalformedProof(f"{self._what} has bytes left over")
