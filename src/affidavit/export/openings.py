"""Openings: what lets a verifier hash the exported rows' open fields, and nothing of the hidden ones.

`openings.ndjson`, `salts.bin` and `hidden.bin` of docs/format.md, written batch by batch as the data is. One SHA-256
for each hidden field is the largest cost of a bundle: elsewhere.py has it done in a second process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256, shake_128
from itertools import repeat
from operator import itemgetter
from struct import Struct
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from affidavit.commitment import SALT_BYTES, field_prefix
from affidavit.errors import IntegrityError
from affidavit.export.zip import Spool
from affidavit.verify.archive import STORED

MASKED: Final = "m"
TAGS: Final = frozenset("sjn")
SHAPES_MAX: Final = 65_536
"""Shapes remembered. Past it they are forgotten and may be defined again: numbers go on."""
COLUMNS: Final = ("k", "idx", "tags", "fields")
"""What is read of a batch of rows."""

Some = Sequence[tuple[AbstractSet[str], Sequence[bool]]]
"""Fields that are open in some rows alone: for each row, whether."""

_lines: Final = msgspec.json.Encoder().encode_lines
_records: Final = msgspec.json.Decoder(list[dict[str, str | None]])
_Picked = Callable[[Sequence[Any]], Sequence[Any]]


class _Shape(NamedTuple):
    """A record's paths and which of them are open. Picks are of its values or its salts, in path order."""

    number: int
    split: Callable[[bytes], tuple[bytes, ...]]  # joined salts into single ones
    shown: _Picked  # open fields with a value
    opened: _Picked  # open fields
    hidden: _Picked
    prefixes: tuple[bytes, ...]  # of what is hashed for hidden fields
    nulls: bool  # whether a hidden field is an explicit null


class OpeningsWriter:
    """Writes the openings of exported rows into three spools: openings, salts, hidden commitments.

    `open_paths` are the fields the reader sees.
    """

    def __init__(self, spools: Sequence[Spool], open_paths: AbstractSet[str]) -> None:
        openings, salts, hidden = spools
        if salts.method != STORED or hidden.method != STORED:
            raise ValueError("salts and hidden commitments are stored, not compressed")
        self._openings, self._salts, self._hidden = openings, salts, hidden
        self._open = frozenset(open_paths)
        self._shapes: dict[tuple[tuple[str, ...], str, tuple[bool, ...]], _Shape] = {}
        self._count = 0

    def write(self, batch: pa.RecordBatch, salts_of_rows: Sequence[bytes], some: Some = ()) -> None:
        """The openings of these rows, in their order. `salts_of_rows` has those of each, joined in path order."""
        records = records_of(batch)
        seen: Iterable[tuple[bool, ...]] = repeat((), len(records))
        if some:
            seen = zip(*(rows_open for _, rows_open in some), strict=True)
        groups = [paths for paths, _ in some]
        lines: list[Any] = []
        salts: list[bytes] = []
        prefixes: list[bytes] = []
        covered_salts: list[bytes] = []
        covered: list[str] = []
        shapes = self._shapes
        columns = [batch.column(name).to_pylist() for name in ("k", "idx", "tags")]
        for k, index, tags, salted, record, own in zip(*columns, salts_of_rows, records, seen, strict=True):
            paths = tuple(record)
            shape = shapes.get((paths, tags, own))
            if shape is None:
                also = [group for group, is_open in zip(groups, own, strict=True) if is_open]
                shape = shapes[paths, tags, own] = self._define(paths, tags, self._open.union(*also), lines)
            values = tuple(record.values())
            each = shape.split(salted)
            salts += shape.opened(each)
            prefixes += shape.prefixes
            covered_salts += shape.hidden(each)
            hidden = shape.hidden(values)
            covered += [value or "" for value in hidden] if shape.nulls else hidden
            lines.append((k, index, shape.number, shape.shown(values)))
        self._openings.write(_lines(lines))
        self._salts.write(b"".join(salts))
        parts = zip(prefixes, covered_salts, _encoded(covered), strict=True)
        self._hidden.write(b"".join([sha256(prefix + salt + value).digest() for prefix, salt, value in parts]))

    def finish(self) -> None:
        """All rows have come."""

    def close(self) -> None:
        """Nothing to let go."""

    def _define(self, paths: tuple[str, ...], tags: str, shown: AbstractSet[str], lines: list[Any]) -> _Shape:
        if len(paths) != len(tags):
            raise IntegrityError(f"{len(tags)} tags for {len(paths)} fields", "Run affidavit log fsck")
        if not TAGS.issuperset(tags):
            raise IntegrityError(f"tags {tags[:80]!r} are not s, j and n", "Run affidavit log fsck")
        state = "".join(tag if path in shown else MASKED for path, tag in zip(paths, tags, strict=True))
        covered = [at for at, letter in enumerate(state) if letter == MASKED]
        shape = _Shape(
            self._count,
            Struct(f"{SALT_BYTES}s" * len(paths)).unpack,
            _picker([at for at, letter in enumerate(state) if letter in "sj"]),
            _picker([at for at, letter in enumerate(state) if letter != MASKED]),
            _picker(covered),
            tuple(field_prefix(paths[at], tags[at]) for at in covered),
            any(tags[at] == "n" for at in covered),
        )
        lines.append({"paths": paths, "state": state})
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        self._count += 1
        return shape


def salts_of(batch: pa.RecordBatch) -> list[bytes]:
    """The salts of every row's fields, joined in path order. Raises IntegrityError where a record has no seed."""
    seeds = batch.column("seed")
    if seeds.null_count:
        at = seeds.is_valid().to_pylist().index(False)
        raise IntegrityError(f"record {batch.column('idx')[at].as_py()} has no seed", "Run affidavit log fsck")
    sizes = pc.multiply(pc.utf8_length(batch.column("tags")), SALT_BYTES).to_pylist()
    return [shake_128(seed).digest(size) for seed, size in zip(seeds.to_pylist(), sizes, strict=True)]


def records_of(batch: pa.RecordBatch) -> list[dict[str, str | None]]:
    """The records of these rows, fields in path order. Raises IntegrityError where they do not decode."""
    if not batch.num_rows:
        return []
    joined = pc.binary_join(pa.ListArray.from_arrays([0, batch.num_rows], batch.column("fields")), ",")[0]
    try:
        records = _records.decode(b"[" + joined.as_buffer() + b"]")
    except msgspec.DecodeError as error:
        raise IntegrityError(f"stored fields do not decode: {error}", "Run affidavit log fsck") from None
    if len(records) != batch.num_rows:
        raise IntegrityError(f"{len(records)} records for {batch.num_rows} rows", "Run affidavit log fsck")
    return records


def _encoded(texts: list[str]) -> list[bytes]:
    """Each text in UTF-8: all at once where none holds the character that parts them."""
    joined = "\0".join(texts)
    if not texts or joined.count("\0") >= len(texts):
        return [text.encode() for text in texts]
    return joined.encode().split(b"\0")


def _picker(places: list[int]) -> _Picked:
    """What gives the items at these places."""
    if not places:
        return lambda _items: ()
    if len(places) == 1:
        at = places[0]
        return lambda items: (items[at],)
    return itemgetter(*places)
