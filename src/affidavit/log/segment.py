"""Segments: records as Parquet, one file for one index range of one log.

The schema is public: docs/reference/parquet.md.

Every path of the table has a column (dots become underscores), whose value is there exactly when the field is;
columns of a change, declared fields and own groups are together in `other`, a JSON object, with one tag letter a
field in `other_tags`. Erasure writes `salts` and `hidden` instead of `seed`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from affidavit.errors import IntegrityError
from affidavit.paths import PATHS

ROW_GROUP_ROWS: Final = 16_384
ZSTD_LEVEL: Final = 6
BLOOM_FPP: Final = 0.01
BLOOM_PATHS: Final = ("id", "actor.id", "resource.id", "subject.id", "source.ip", "source.request_id")

_TIME: Final = pa.timestamp("us", tz="UTC")
_PUBLIC: Final = (
    ("idx", pa.int64()),
    ("occurred_at", _TIME),
    ("recorded_at", _TIME),
    ("action", pa.string()),
    ("outcome", pa.string()),
)
_PRIVATE: Final = (
    ("source_ip_key", pa.binary(16)),
    ("other", pa.string()),
    ("other_tags", pa.string()),
    ("seed", pa.binary(32)),
    ("salts", pa.binary()),
    ("hidden", pa.string()),
)


def column_name(path: str) -> str:
    """The column of a table path: `actor.id` is `actor_id`."""
    return path.replace(".", "_")


SCHEMA: Final = pa.schema(
    [
        *_PUBLIC,
        *((column_name(path), pa.uuid() if path == "id" else pa.string()) for path in PATHS),
        *_PRIVATE,
    ],
    metadata={"affidavit.format": "1"},
)
_ENCODINGS: Final = dict.fromkeys(("idx", "occurred_at", "recorded_at"), "DELTA_BINARY_PACKED")
_PLAIN: Final = frozenset({"idx", "occurred_at", "recorded_at", "id", "seed", "salts"})
_decode = msgspec.json.Decoder(dict[str, str | None]).decode
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=65_536)
def ip_key(text: str) -> bytes | None:
    """An address as 16 sortable bytes, IPv4 mapped into IPv6; None where the text is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return b"\x00" * 10 + b"\xff\xff" + address.packed
    return address.packed


def to_table(rows: Sequence[Any]) -> pa.Table:
    """Journal rows (idx, at_us, t_us, action, outcome, seed, tags, fields) as a table of SCHEMA."""
    count = len(rows)
    columns: dict[str, list[Any]] = {path: [None] * count for path in PATHS}
    other: list[str | None] = [None] * count
    other_tags: list[str | None] = [None] * count
    shapes: dict[tuple[tuple[str, ...], str], list[list[Any]] | None] = {}
    for at, row in enumerate(rows):
        fields = _decode(row.fields)
        shape = tuple(fields), row.tags
        if shape not in shapes:
            shapes[shape] = _columns_of(*shape, columns)
        whole = shapes[shape]
        if whole is not None and None not in fields.values():
            for column, value in zip(whole, fields.values(), strict=True):
                column[at] = value
            continue
        rest: dict[str, str | None] = {}
        rest_tags = ""
        for tag, (path, value) in zip(row.tags, fields.items(), strict=True):
            if path in columns and value is not None and tag == PATHS[path].tag:
                columns[path][at] = value
            else:
                rest[path] = value
                rest_tags += tag
        if rest:
            other[at], other_tags[at] = _encode(rest).decode(), rest_tags
    ids = columns["id"]
    columns["id"] = [None if value is None else bytes.fromhex(value.replace("-", "")) for value in ids]
    addresses = columns["source.ip"]
    data = {
        "idx": [row.idx for row in rows],
        "occurred_at": [row.at_us for row in rows],
        "recorded_at": [row.t_us for row in rows],
        "action": [row.action for row in rows],
        "outcome": [row.outcome for row in rows],
        **{column_name(path): values for path, values in columns.items()},
        "source_ip_key": [None if value is None else ip_key(value) for value in addresses],
        "other": other,
        "other_tags": other_tags,
        "seed": [bytes(row.seed) for row in rows],
        "salts": [None] * count,
        "hidden": [None] * count,
    }
    arrays = [_array(data[field.name], field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _columns_of(paths: tuple[str, ...], tags: str, columns: dict[str, list[Any]]) -> list[list[Any]] | None:
    """The columns that take fields of this shape one by one; None where some belong to `other`."""
    if len(paths) != len(tags) or not all(
        path in columns and PATHS[path].tag == tag for path, tag in zip(paths, tags, strict=True)
    ):
        return None
    return [columns[path] for path in paths]


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.ExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, type=kind.storage_type))
    return pa.array(values, type=kind)


def to_parquet(table: pa.Table) -> bytes:
    """A segment file of one table."""
    return join_parquet([table], ROW_GROUP_ROWS, table.num_rows)


def join_parquet(tables: Iterable[pa.Table], row_group_rows: int, rows: int) -> bytes:
    """A segment file of tables one after the other: zstd, statistics, page index, Bloom filters on ids.

    Holds one table at a time beside the file. `rows` is how many there will be.
    """
    out = pa.BufferOutputStream()
    bloom = {"ndv": max(1, min(rows, row_group_rows)), "fpp": BLOOM_FPP}
    writer = pq.ParquetWriter(
        out,
        SCHEMA,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[name for name in SCHEMA.names if name not in _PLAIN],
        column_encoding=_ENCODINGS,
        write_statistics=[name for name in SCHEMA.names if name not in ("seed", "salts", "other", "details")],
        write_page_index=True,
        bloom_filter_options={column_name(path): bloom for path in BLOOM_PATHS},
        store_schema=False,
    )
    with writer:
        for table in tables:
            writer.write_table(table, row_group_size=row_group_rows)
    return bytes(out.getvalue())


def read_parquet(data: bytes, name: str) -> pa.Table:
    """A segment file as a table of SCHEMA. Raises IntegrityError where it is none."""
    try:
        return conform(pq.read_table(pa.BufferReader(data)))
    except (pa.ArrowException, KeyError, OSError) as error:
        raise IntegrityError(f"{name} is damaged or no segment: {error}", "Restore it from a backup") from error


def conform(table: pa.Table) -> pa.Table:
    """A table with SCHEMA's columns in their order; ids as text or uuid alike. Raises KeyError where one is missing."""
    return table.select(SCHEMA.names)


def paths_of(table: pa.Table) -> frozenset[str]:
    """The table paths that have a value in any row."""
    return frozenset(path for path in PATHS if table.column(column_name(path)).null_count < table.num_rows)


def records(table: pa.Table) -> Iterable[tuple[int, bytes, tuple[str, ...], str, tuple[str | None, ...]]]:
    """(index, seed, paths, tags, values) of each row, fields in path order."""
    held = paths_of(table)
    present = [path for path in PATHS if path in held]
    columns = [_strings(table, path) for path in present]
    tags = [PATHS[path].tag for path in present]
    rest = table.column("other").to_pylist()
    rest_tags = table.column("other_tags").to_pylist()
    indexes, seeds = table.column("idx").to_pylist(), table.column("seed").to_pylist()
    for at, (index, seed) in enumerate(zip(indexes, seeds, strict=True)):
        fields = [
            (path, tag, column[at])
            for path, tag, column in zip(present, tags, columns, strict=True)
            if column[at] is not None
        ]
        if rest[at] is not None:
            fields += [(p, tag, v) for tag, (p, v) in zip(rest_tags[at], _decode(rest[at]).items(), strict=True)]
            fields.sort()
        paths, letters, values = zip(*fields, strict=True) if fields else ((), (), ())
        yield index, seed, paths, "".join(letters), values


def _strings(table: pa.Table, path: str) -> list[str | None]:
    column = table.column(column_name(path))
    if path == "id" and isinstance(column.type, pa.BaseExtensionType):
        # By bytes: one UUID object a row costs more than all its text.
        raw: list[bytes | None] = pa.chunked_array([one.storage for one in column.chunks], pa.binary(16)).to_pylist()
        return [None if value is None else _uuid_text(value.hex()) for value in raw]
    values: list[Any] = column.to_pylist()
    return values


def _uuid_text(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
