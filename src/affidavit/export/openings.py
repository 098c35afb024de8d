"""Openings: what lets a verifier hash the exported rows' open fields, and nothing of the hidden ones.

`openings.ndjson`, `salts.bin` and `hidden.bin` of docs/format.md, written row by row as the data is.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

import msgspec

from affidavit.commitment import SALT_BYTES, derive_salts, field_commitment
from affidavit.errors import IntegrityError
from affidavit.export.select import Selected
from affidavit.export.zip import Spool
from affidavit.verify.archive import STORED

MASKED: Final = "m"
SHAPES_MAX: Final = 65_536
"""Shapes remembered. Past it they are forgotten and may be defined again: numbers go on."""

_lines: Final = msgspec.json.Encoder().encode_lines


class _Shape(NamedTuple):
    number: int
    shown: tuple[int, ...]  # positions of open fields with a value
    opened: tuple[int, ...]  # positions of open fields
    hidden: tuple[int, ...]


class OpeningsWriter:
    """Writes the openings of exported rows into three spools. `open_paths` are the fields the reader sees."""

    def __init__(self, openings: Spool, salts: Spool, hidden: Spool, open_paths: AbstractSet[str]) -> None:
        if salts.method != STORED or hidden.method != STORED:
            raise ValueError("salts and hidden commitments are stored, not compressed")
        self._openings, self._salts, self._hidden = openings, salts, hidden
        self._open = frozenset(open_paths)
        self._shapes: dict[tuple[tuple[str, ...], str, tuple[bool, ...]], _Shape] = {}
        self._count = 0

    def write(self, rows: Selected, some: Sequence[tuple[AbstractSet[str], Sequence[bool]]] = ()) -> None:
        """The openings of these rows, in their order. `rows` have whole records.

        `some` are fields that are open in some rows: for each row, whether.
        """
        seen = list(zip(*(rows_open for _, rows_open in some), strict=True)) or [()] * len(rows.records)
        groups = [paths for paths, _ in some]
        batch = rows.batch
        lines: list[Any] = []
        salts: list[bytes] = []
        hidden: list[bytes] = []
        columns = [batch.column(name).to_pylist() for name in ("k", "idx", "tags", "seed")]
        for k, index, tags, seed, record, own in zip(*columns, rows.records, seen, strict=True):
            paths, values = tuple(record), list(record.values())
            shape = self._shapes.get((paths, tags, own))
            if shape is None:
                also = [group for group, is_open in zip(groups, own, strict=True) if is_open]
                shape = self._shapes[paths, tags, own] = self._define(paths, tags, self._open.union(*also), lines)
            if seed is None:
                raise IntegrityError(f"record {index} has no seed", "Run affidavit log fsck")
            salt = derive_salts(seed, len(paths))
            salts += [salt[i * SALT_BYTES : (i + 1) * SALT_BYTES] for i in shape.opened]
            hidden += [
                field_commitment(paths[i], tags[i], salt[i * SALT_BYTES : (i + 1) * SALT_BYTES], _raw(values[i]))
                for i in shape.hidden
            ]
            lines.append((k, index, shape.number, [values[i] for i in shape.shown]))
        self._openings.write(_lines(lines))
        self._salts.write(b"".join(salts))
        self._hidden.write(b"".join(hidden))

    def _define(self, paths: tuple[str, ...], tags: str, shown: AbstractSet[str], lines: list[Any]) -> _Shape:
        if len(paths) != len(tags):
            raise IntegrityError(f"{len(tags)} tags for {len(paths)} fields", "Run affidavit log fsck")
        state = "".join(tag if path in shown else MASKED for path, tag in zip(paths, tags, strict=True))
        shape = _Shape(
            self._count,
            tuple(i for i, letter in enumerate(state) if letter in "sj"),
            tuple(i for i, letter in enumerate(state) if letter != MASKED),
            tuple(i for i, letter in enumerate(state) if letter == MASKED),
        )
        lines.append({"paths": paths, "state": state})
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        self._count += 1
        return shape


def _raw(value: str | None) -> bytes:
    return b"" if value is None else value.encode()
