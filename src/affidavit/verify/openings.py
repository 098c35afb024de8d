"""Openings: the exported rows, one by one, each hashed to the commitment its entry carries.

`openings.ndjson` beside `salts.bin` and `hidden.bin`, read together in constant memory (SHAPES_MAX shapes).
docs/format.md, "Openings".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import groupby, islice
from struct import Struct
from typing import Any, Final, NamedTuple, Protocol

import msgspec

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
ROWS_AT_ONCE: Final = 4096
BATCH_BYTES_MAX: Final = 1 << 20
"""Of lines read at once, or one longer line."""
BATCH_FIELDS_MAX: Final = 1 << 20
"""Of rows taken together: 32 MiB of hidden commitments. Larger records are taken one by one."""
_HEAD_RE: Final = re.compile(rb"^\[" + _INTEGER + rb"," + _INTEGER + rb"," + _INTEGER + rb",\[", re.MULTILINE)
_rows: Final = msgspec.json.Decoder(tuple[int, int, int, list[str]])
_ROW_RE: Final = re.compile(rb"\[" + _INTEGER + rb"," + _INTEGER + rb"," + _INTEGER + rb",(\[.*\])\]", re.DOTALL)
MASKED: Final = "m"
ERASED: Final = "e"


class Shape(NamedTuple):
    """The paths of a record, ascending, and how each is shown: open (s, j, n), masked (m) or erased (e).

    `head` is what is hashed before a record's commitments. `prefixes` are what is hashed before the salts of open
    fields, `split` parts the salts. Of every path `ranks` has the place of its value among the values, None where
    it has none. Places: `nulls` of nulls among the open fields, `json_at` of JSON among the values; `runs` see `_runs`.
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
    ranks: tuple[int | None, ...]
    nulls: tuple[int, ...]
    json_at: tuple[int, ...]
    runs: tuple[tuple[bool, int, int], ...]


class Row(NamedTuple):
    """One exported row, of index `at` in log `k`. `given` are its values in path order, as many as its shape has.

    `c` is the record commitment that its openings give.
    """

    k: int
    at: int
    shape: Shape
    given: Sequence[str]
    c: bytes

    def value(self, place: int) -> str | None:
        """The value at a place among the paths; None where it has none."""
        rank = self.shape.ranks[place]
        return None if rank is None else self.given[rank]


class Commitments(Protocol):
    """Gives each row's commitment, row after row."""

    def commitment(self, shape: Shape, given: Sequence[str]) -> bytes:
        """The commitment of the next row, whose values in path order are these."""

    def batch(self, shapes: Sequence[Shape], given: Sequence[Sequence[str]]) -> list[bytes] | None:
        """Those of the next rows; None, with nothing taken, where they can't be had without a finding."""

    def end(self) -> None:
        """Refuse what is left over."""


class Hasher:
    """Makes each row's commitment of its openings: salts and hidden commitments are read along."""

    def __init__(self, salts: Iterable[bytes], hidden: Iterable[bytes]) -> None:
        self._salts = strict.Bytes(salts, "salts.bin")
        self._hidden = strict.Bytes(hidden, "hidden.bin")

    def commitment(self, shape: Shape, given: Sequence[str]) -> bytes:
        """The commitment of the next row, whose values in path order are these."""
        for place in shape.json_at:
            strict.check_json_value(given[place])
        salts = self._salts.take(SALT_BYTES * shape.opened)
        return _commitment(shape, given, salts, self._hidden.take(HASH_BYTES * shape.hidden))

    def batch(self, shapes: Sequence[Shape], given: Sequence[Sequence[str]]) -> list[bytes] | None:
        """Those of the next rows; None, with nothing taken, where they can't be had without a finding."""
        salts = self._salts.hold(SALT_BYTES * sum(shape.opened for shape in shapes))
        hidden = self._hidden.hold(HASH_BYTES * sum(shape.hidden for shape in shapes))
        if salts is None or hidden is None:
            return None
        found: list[bytes] = []
        at = gone = 0
        try:
            for shape, values in zip(shapes, given, strict=True):
                for place in shape.json_at:
                    strict.check_json_value(values[place])
                end, until = at + SALT_BYTES * shape.opened, gone + HASH_BYTES * shape.hidden
                found.append(_commitment(shape, values, salts[at:end], hidden[gone:until]))
                at, gone = end, until
        except MalformedProof:
            return None
        self._salts.take(at)
        self._hidden.take(gone)
        return found

    def end(self) -> None:
        """Refuse what is left over."""
        self._salts.end()
        self._hidden.end()


def _commitment(shape: Shape, given: Sequence[str], salts: bytes, gone: bytes) -> bytes:
    """A record's commitment of its openings: values in path order, salts, hidden commitments."""
    raw = [text.encode() for text in given]
    for place in shape.nulls:
        raw.insert(place, b"")
    hashes = [
        sha256(prefix + salt + value).digest()
        for prefix, salt, value in zip(shape.prefixes, shape.split(salts), raw, strict=True)
    ]
    if not gone:
        return sha256(shape.head + b"".join(hashes)).digest()
    pieces = [gone[at:end] if covered else b"".join(hashes[at:end]) for covered, at, end in shape.runs]
    return sha256(shape.head + b"".join(pieces)).digest()


class Told:
    """The same, made elsewhere: commitments are taken as they come."""

    def __init__(self, commitments: Iterator[bytes]) -> None:
        self._commitments = commitments

    def commitment(self, _shape: Shape, _given: Sequence[str]) -> bytes:
        """The commitment of the next row."""
        found = next(self._commitments, None)
        if found is None:
            raise MalformedProof("openings.ndjson has more rows in one reading than in another")
        return found

    def batch(self, shapes: Sequence[Shape], _given: Sequence[Sequence[str]]) -> list[bytes] | None:
        """Those of the next rows; None, with nothing taken, where they can't be had without a finding."""
        found: list[bytes] = []
        try:
            for commitment in islice(self._commitments, len(shapes)):
                found.append(commitment)  # noqa: PERF402  what came before an error is kept
        except MalformedProof as error:
            self._commitments = _then(found, error)
            return None
        if len(found) < len(shapes):
            self._commitments = iter(found)
            return None
        return found

    def end(self) -> None:
        """Wait for the end elsewhere."""
        if next(self._commitments, None) is not None:
            raise MalformedProof("openings.ndjson has fewer rows in one reading than in another")


def _then(found: list[bytes], error: MalformedProof) -> Iterator[bytes]:
    yield from found
    raise error


class Openings:
    """`openings.ndjson`, read in stretches of rows between the lines that define shapes.

    `stretches` gives lines; each stretch MUST be read by `rows`, or by `batch` where that gives rows, before the next.
    """

    def __init__(self, lines: Iterable[bytes], commitments: Commitments) -> None:
        self._lines = lines
        self._commitments = commitments
        self._shapes: dict[int, Shape] = {}
        self._count = self._paths = 0
        self._number = 0  # of the line before the stretch

    def stretches(self) -> Iterator[list[bytes]]:
        """Lines that are no shapes, at most ROWS_AT_ONCE or BATCH_BYTES_MAX. Refuses what is left over at the end."""
        found: list[bytes] = []
        size = 0
        for line in self._lines:
            if line.startswith(b"{"):
                if found:
                    yield found
                    self._number += len(found)
                    found, size = [], 0
                self._number += 1
                self._define(line)
                continue
            found.append(line)
            size += len(line)
            if len(found) == ROWS_AT_ONCE or size >= BATCH_BYTES_MAX:
                yield found
                self._number += len(found)
                found, size = [], 0
        if found:
            yield found
        self._commitments.end()

    def batch(self, lines: Sequence[bytes]) -> list[Row] | None:
        """The rows of a stretch in which all is in form; None, with nothing read, where `rows` has to say more."""
        joined = b"\n".join(lines)
        if len(_HEAD_RE.findall(joined)) != len(lines) or joined.count(b"]]\n") + 1 != len(lines):
            return None
        try:
            found = _rows.decode_lines(joined)
        except (msgspec.MsgspecError, UnicodeError):
            return None
        if len(found) != len(lines) or not joined.endswith(b"]]"):
            return None
        shapes = [self._shapes.get(at) for _, _, at, _ in found]
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(shapes):
            return None
        if sum(len(shape.state) for shape in known) > BATCH_FIELDS_MAX:
            return None
        if any(len(given) != shape.valued for (_, _, _, given), shape in zip(found, known, strict=True)):
            return None
        cs = self._commitments.batch(known, [given for _, _, _, given in found])
        if cs is None:
            return None
        return [Row(k, at, shape, given, c) for (k, at, _, given), shape, c in zip(found, known, cs, strict=True)]

    def rows(self, lines: Sequence[bytes]) -> Iterator[Row]:
        """The rows of a stretch, one by one. MalformedProof where anything is not in form, or missing."""
        for number, line in enumerate(lines, self._number + 1):
            found = _ROW_RE.fullmatch(line)
            if found is None:
                raise MalformedProof(
                    f"openings.ndjson:{number} is not [k,index,shape,values], plain integers and a list, nor a shape"
                )
            k, index, at = int(found[1]), int(found[2]), int(found[3])
            shape = self._shapes.get(at)
            if shape is None:
                raise MalformedProof(f"openings.ndjson:{number}: shape {at} is not defined")
            given = strict.load_texts(found[4], "openings.ndjson")
            if len(given) != shape.valued:
                raise MalformedProof(f"openings.ndjson:{number}: shape {at} needs a list of {shape.valued} values")
            yield Row(k, index, shape, given, self._commitments.commitment(shape, given))

    def _define(self, line: bytes) -> None:
        what = f"openings.ndjson:{self._number}"
        if not line.endswith(b"}"):
            raise MalformedProof(f"{what} has something after its shape")
        shape = _shape(strict.load_json(line, what), self._count, what)
        self._shapes[self._count] = shape
        self._paths += len(shape.paths)
        self._count += 1
        if len(self._shapes) > SHAPES_MAX:
            self._paths -= len(self._shapes.pop(self._count - 1 - SHAPES_MAX).paths)
        if self._paths > SHAPES_PATHS_MAX:
            raise MalformedProof(f"{what}: shapes of more than {SHAPES_PATHS_MAX} paths together")


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
    places = {n: rank for rank, n in enumerate(valued)}
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
        tuple(places.get(n) for n in range(len(state))),
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
