"""Openings: the exported rows, one by one, each hashed to the commitment its entry carries.

`openings.ndjson` beside `salts.bin` and `hidden.bin`, read together in constant memory (SHAPES_MAX shapes).
docs/format.md, "Openings".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from struct import Struct
from typing import Any, Final, NamedTuple

from affidavit.commitment import HASH_BYTES, SALT_BYTES, shape_hash
from affidavit.errors import MalformedProof
from affidavit.verify import strict
from affidavit.verify.manifest import is_shadowing

LINE_BYTES_MAX: Final = 16 << 20
SHAPES_MAX: Final = 65_536
"""Shapes that rows may refer back to: the last ones defined."""
SHAPE_PATHS_MAX: Final = 4096
SHAPES_PATHS_MAX: Final = 1 << 21
"""Paths of all shapes that rows may refer back to."""
STATES: Final = frozenset("sjnme")
_INTEGER: Final = rb"(0|[1-9][0-9]{0,15})"
_ROW_RE: Final = re.compile(rb"\[" + _INTEGER + rb"," + _INTEGER + rb"," + _INTEGER + rb",(\[.*\])\]", re.DOTALL)
MASKED: Final = "m"
ERASED: Final = "e"


class Shape(NamedTuple):
    """The paths of a record, ascending, and how each is shown: open (s, j, n), masked (m) or erased (e).

    `head` is what is hashed before a record's commitments. `prefixes` are what is hashed before the salts of open
    fields, `split` parts the salts. Places: `valued_at` of fields with a value among all, `nulls` of nulls among the
    open ones, `json_at` of JSON among the values. `runs`: see `_runs`.
    """

    number: int
    paths: tuple[str, ...]
    state: str
    opened: int
    hidden: int
    valued: int
    erased: tuple[str, ...]
    head: bytes
    prefixes: tuple[bytes, ...]
    split: Callable[[bytes], tuple[bytes, ...]]
    valued_at: tuple[int, ...]
    nulls: tuple[int, ...]
    json_at: tuple[int, ...]
    runs: tuple[tuple[bool, int, int], ...]


class Row(NamedTuple):
    """One exported row, of index `at` in log `k`. `values` in path order, None where there is none.

    `c` is the record commitment that its openings give.
    """

    k: int
    at: int
    shape: Shape
    values: list[str | None]
    c: bytes


class Hasher:
    """Makes each row's commitment of its openings: salts and hidden commitments are read along."""

    def __init__(self, salts: Iterable[bytes], hidden: Iterable[bytes]) -> None:
        self._salts = strict.Bytes(salts, "salts.bin")
        self._hidden = strict.Bytes(hidden, "hidden.bin")

    def commitment(self, shape: Shape, given: list[str]) -> bytes:
        """The commitment of the next row, whose values in path order are these."""
        for place in shape.json_at:
            strict.check_json_value(given[place])
        salted = shape.split(self._salts.take(SALT_BYTES * shape.opened))
        gone = self._hidden.take(HASH_BYTES * shape.hidden)
        raw = [text.encode() for text in given]
        for place in shape.nulls:
            raw.insert(place, b"")
        parts = zip(shape.prefixes, salted, raw, strict=True)
        hashes = [sha256(prefix + salt + value).digest() for prefix, salt, value in parts]
        if not gone:
            return sha256(shape.head + b"".join(hashes)).digest()
        pieces = [shape.head]
        for covered, start, end in shape.runs:
            pieces.append(gone[start:end] if covered else b"".join(hashes[start:end]))
        return sha256(b"".join(pieces)).digest()

    def end(self) -> None:
        """Refuse what is left over."""
        self._salts.end()
        self._hidden.end()


class Told:
    """The same, made elsewhere: commitments are taken as they come."""

    def __init__(self, commitments: Iterator[bytes]) -> None:
        self._commitments = commitments

    def commitment(self, _shape: Shape, _given: list[str]) -> bytes:
        """The commitment of the next row."""
        found = next(self._commitments, None)
        if found is None:
            raise MalformedProof("openings.ndjson has more rows in one reading than in another")
        return found

    def end(self) -> None:
        """Wait for the end elsewhere."""
        if next(self._commitments, None) is not None:
            raise MalformedProof("openings.ndjson has fewer rows in one reading than in another")


def read_rows(lines: Iterable[bytes], hasher: Hasher | Told) -> Iterator[Row]:
    """Every exported row in data order. MalformedProof where anything is not in form, missing or left over."""
    shapes: dict[int, Shape] = {}
    count = paths = 0
    for number, line in enumerate(lines, 1):
        found = _ROW_RE.fullmatch(line)
        if found is not None:
            k, index, at = int(found[1]), int(found[2]), int(found[3])
            shape = shapes.get(at)
            if shape is None:
                raise MalformedProof(f"openings.ndjson:{number}: shape {at} is not defined")
            given = strict.load_texts(found[4], "openings.ndjson")
            if len(given) != shape.valued:
                raise MalformedProof(f"openings.ndjson:{number}: shape {at} needs a list of {shape.valued} values")
            c = hasher.commitment(shape, given)
            values: list[str | None] = [None] * len(shape.paths)
            for place, text in zip(shape.valued_at, given, strict=True):
                values[place] = text
            yield Row(k, index, shape, values, c)
            continue
        what = f"openings.ndjson:{number}"
        if not line.startswith(b"{"):
            raise MalformedProof(f"{what} is not [k,index,shape,values], plain integers and a list, nor a shape")
        shapes[count] = _shape(strict.load_json(line, what), count, what)
        paths += len(shapes[count].paths)
        count += 1
        if len(shapes) > SHAPES_MAX:
            paths -= len(shapes.pop(count - 1 - SHAPES_MAX).paths)
        if paths > SHAPES_PATHS_MAX:
            raise MalformedProof(f"{what}: shapes of more than {SHAPES_PATHS_MAX} paths together")
    hasher.end()


def _shape(value: dict[str, Any], number: int, what: str) -> Shape:
    strict.keys(value, ("paths", "state"), what)
    paths, state = value["paths"], value["state"]
    strict.array(paths, what, SHAPE_PATHS_MAX)
    if not all(isinstance(path, str) for path in paths):
        raise MalformedProof(f"{what}: a path is no text")
    if not isinstance(state, str) or len(state) != len(paths) or not STATES.issuperset(state):
        raise MalformedProof(f"{what}: state is not one of s j n m e a path")
    head = b"\x03" + shape_hash(paths)
    for path in paths:
        if is_shadowing(path):
            raise MalformedProof(f"{what}: a field has the name {path!r} of a public key or virtual column")
    erased = tuple(path for path, letter in zip(paths, state, strict=True) if letter == ERASED)
    opened = [n for n, letter in enumerate(state) if letter not in "me"]
    valued = [n for n in opened if state[n] != "n"]
    return Shape(
        number,
        tuple(paths),
        state,
        len(opened),
        len(state) - len(opened),
        len(valued),
        erased,
        head,
        tuple(b"\x02" + bytes([len(paths[n])]) + paths[n].encode() + state[n].encode() for n in opened),
        Struct(f"{SALT_BYTES}s" * len(opened)).unpack,
        tuple(valued),
        tuple(rank for rank, n in enumerate(opened) if state[n] == "n"),
        tuple(rank for rank, n in enumerate(valued) if state[n] == "j"),
        tuple(_runs(state)),
    )


def _runs(state: str) -> Iterator[tuple[bool, int, int]]:
    """Runs of hidden and open fields in turn: from which byte to which of the hidden ones, or which open ones."""
    opened = covered = 0
    for is_hidden, letters in groupby(state, lambda letter: letter in "me"):
        count = len(list(letters))
        if is_hidden:
            yield True, covered, covered + HASH_BYTES * count
            covered += HASH_BYTES * count
        else:
            yield False, opened, opened + count
            opened += count
