"""Document: one JSON text that holds many records, `{"Records":[…]}` or `[…]`, taken apart undecoded.

A sound document is split by the JSON decoder. A damaged one is split by its brackets alone, so that one bad
record is refused alone and a text that ends too early still gives what came before. Pure; no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

DOCUMENT_BYTES_MAX: Final = 256 << 20  # decompressed; a document is held in memory whole
_SPACE: Final = b" \t\r\n,"
# A string, or a bracket, or the quote of a string that never ends.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_BEGIN: Final = re.compile(rb"\S")
_objects: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_arrays: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Truncated(Exception):
    """The text ends inside a value that begins at byte `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def records(data: bytes | bytearray, key: str) -> Iterator[bytes]:
    """Yield the records of a document: of an array, of the array under `key`, or the object itself without
    one.

    Several texts one after another are read as one document. What stands where a record should and is none is
    yielded as it is, to be refused by whoever parses it. Raises Truncated after the last whole record.
    """
    first = _BEGIN.search(data)
    if first is None:
        return
    try:
        if first[0] == b"[":
            found = _arrays.decode(data)
        else:
            fields = _objects.decode(data)
            if key not in fields:
                yield bytes(data).strip()
                return
            found = _arrays.decode(fields[key])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _split(data, key)
        return
    for raw in found:
        yield bytes(raw)


def _split(data: bytes | bytearray, key: str) -> Iterator[bytes]:
    quoted = b'"' + key.encode() + b'"'
    depth = 0
    value = 0  # where the top-level value began
    level = -1  # depth at which records begin; -1 while the value has shown no array of them
    begin = edge = 0  # where the record began; where the last thing yielded ended
    seen = False  # the value had its array: it is no record itself
    name, name_end = b"", 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        at = token.start()
        if mark == b'"':
            raise Truncated(begin if depth > level >= 0 else value)
        if len(mark) > 1:
            if depth == 1:
                name, name_end = bytes(mark), token.end()
            continue
        if mark in b"{[":
            if depth == 0:
                yield from _gap(data, edge, at)
                value, seen, level, edge = at, mark == b"[", 1 if mark == b"[" else -1, token.end()
            elif (depth, level, mark, name) == (1, -1, b"[", quoted) and data[name_end:at].strip() == b":":
                level, seen, edge = 2, True, token.end()
            elif depth == level:
                yield from _gap(data, edge, at)
                begin = at
            depth += 1
            continue
        if depth == 0:
            continue  # a bracket too many: part of the next gap
        depth -= 1
        if depth == level:
            yield bytes(data[begin : token.end()])
            edge = token.end()
        elif depth == level - 1 and level > 0:
            yield from _gap(data, edge, at)
            level, edge = -1, token.end()
        if depth == 0:
            if not seen:
                yield bytes(data[value : token.end()])
            level, edge = -1, token.end()
    if depth:
        raise Truncated(begin if depth > level >= 0 else value)
    yield from _gap(data, edge, len(data))


def _gap(data: bytes | bytearray, start: int, end: int) -> Iterator[bytes]:
    if gap := bytes(data[start:end]).strip(_SPACE):
        yield gap
