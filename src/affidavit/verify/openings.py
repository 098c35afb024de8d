"""Openings: the exported rows, one by one, each hashed to the commitment its entry carries.

`openings.ndjson` beside `salts.bin` and `hidden.bin`, read together in constant memory (SHAPES_MAX shapes).
docs/format.md, "Openings".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from affidavit.commitment import HASH_BYTES, SALT_BYTES, field_commitment, record_commitment, shape_hash
from affidavit.errors import MalformedProof
from affidavit.verify import strict
from affidavit.verify.manifest import is_shadowing

LINE_BYTES_MAX: Final = 16 << 20
SHAPES_MAX: Final = 65_536
"""Shapes that rows may refer back to: the last ones defined."""
SHAPE_PATHS_MAX: Final = 4096
STATES: Final = frozenset("sjnme")
MASKED: Final = "m"
ERASED: Final = "e"


class Shape(NamedTuple):
    """The paths of a record, ascending, and how each is shown: open (s, j, n), masked (m) or erased (e)."""

    number: int
    paths: tuple[str, ...]
    state: str
    opened: int
    hidden: int
    valued: int
    erased: tuple[str, ...]


class Row(NamedTuple):
    """One exported row, of index `at` in log `k`. `values` in path order, None where there is none.

    `c` is the record commitment that its openings give.
    """

    k: int
    at: int
    shape: Shape
    values: list[str | None]
    c: bytes


def read_rows(lines: Iterable[bytes], salts: strict.Bytes, hidden: strict.Bytes) -> Iterator[Row]:
    """Every exported row in data order. MalformedProof where anything is not in form, missing or left over."""
    shapes: dict[int, Shape] = {}
    count = 0
    for number, line in enumerate(lines, 1):
        what = f"openings.ndjson:{number}"
        value = strict.load_json(line, what)
        if isinstance(value, dict):
            shapes[count] = _shape(value, count, what)
            count += 1
            if len(shapes) > SHAPES_MAX:
                del shapes[next(iter(shapes))]
        else:
            yield _row(value, shapes, salts, hidden, what)
    salts.end()
    hidden.end()


def _shape(value: dict[str, Any], number: int, what: str) -> Shape:
    strict.keys(value, ("paths", "state"), what)
    paths, state = value["paths"], value["state"]
    strict.array(paths, what, SHAPE_PATHS_MAX)
    if not all(isinstance(path, str) for path in paths):
        raise MalformedProof(f"{what}: a path is no text")
    if not isinstance(state, str) or len(state) != len(paths) or not STATES.issuperset(state):
        raise MalformedProof(f"{what}: state is not one of s j n m e a path")
    shape_hash(paths)
    for path in paths:
        if is_shadowing(path):
            raise MalformedProof(f"{what}: a field has the name {path!r} of a public key or virtual column")
    hidden = state.count(MASKED) + state.count(ERASED)
    erased = tuple(path for path, letter in zip(paths, state, strict=True) if letter == ERASED)
    valued = state.count("s") + state.count("j")
    return Shape(number, tuple(paths), state, len(state) - hidden, hidden, valued, erased)


def _row(value: Any, shapes: dict[int, Shape], salts: strict.Bytes, hidden: strict.Bytes, what: str) -> Row:
    if not isinstance(value, list) or len(value) != 4:
        raise MalformedProof(f"{what} is not [k,index,shape,values]")
    k, index, number, given = value
    if not type(k) is type(index) is type(number) is int or min(k, index, number) < 0:
        raise MalformedProof(f"{what}: k, index and shape are not plain integers")
    shape = shapes.get(number)
    if shape is None:
        raise MalformedProof(f"{what}: shape {number} is not defined")
    if not isinstance(given, list) or len(given) != shape.valued:
        raise MalformedProof(f"{what}: shape {number} needs a list of {shape.valued} values")
    salt, commitment = salts.take(SALT_BYTES * shape.opened), hidden.take(HASH_BYTES * shape.hidden)
    next_value, at, gone = iter(given), 0, 0
    values: list[str | None] = []
    commitments: list[bytes] = []
    for path, letter in zip(shape.paths, shape.state, strict=True):
        if letter in "me":
            commitments.append(commitment[gone : gone + HASH_BYTES])
            gone += HASH_BYTES
            values.append(None)
            continue
        text = None if letter == "n" else next(next_value)
        if letter != "n":
            if not isinstance(text, str):
                raise MalformedProof(f"{what}: the value of {path} is no text")
            if letter == "j":
                strict.check_json_value(text)
        raw = b"" if text is None else text.encode()
        commitments.append(field_commitment(path, letter, salt[at : at + SALT_BYTES], raw))
        at += SALT_BYTES
        values.append(text)
    return Row(k, index, shape, values, record_commitment(shape.paths, commitments))
