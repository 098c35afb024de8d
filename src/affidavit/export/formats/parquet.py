"""Parquet as docs/format.md fixes it: typed columns, bounded row groups, what the file is about as metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from affidavit.errors import InvalidRequest
from affidavit.export.formats.text import Cells, Table, halves
from affidavit.paths import lookup
from affidavit.verify.about import Counts
from affidavit.verify.parquet import ABOUT_KEY, COUNTS_KEY, DOUBLE, INTEGER, TIME, column_types

GROUP_ROWS: Final = 65_536
GROUP_BYTES: Final = 64 << 20
"""A row group ends at whichever is reached first: what is held in memory."""
_TYPES: Final = {INTEGER: pa.int64(), DOUBLE: pa.float64(), TIME: pa.timestamp("us", tz="UTC")}


class _Sink:
    """A file that keeps what is written until it is fetched."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        """Keep."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def fetch(self) -> Iterator[bytes]:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        yield from pieces


class ParquetWriter:
    """One Parquet file, row group by row group."""

    media_type = "application/vnd.apache.parquet"

    def __init__(self, table: Table) -> None:
        self._about = table.about
        fields = [pa.field(column["label"], _type(column, table)) for column in table.about.columns]
        self._schema = pa.schema(fields)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd", version="2.6")
        self._batches: list[Any] = []
        self._held = self._held_bytes = 0

    def head(self) -> bytes:
        """The magic number."""
        return b"".join(self._sink.fetch())

    def rows(self, columns: list[Cells]) -> Iterator[bytes]:
        """The bytes of row groups that are full."""
        for part in halves(columns):
            batch = pa.record_batch(
                [self._values(column, field) for column, field in zip(part, self._schema, strict=True)],
                schema=self._schema,
            )
            self._batches.append(batch)
            self._held += batch.num_rows
            self._held_bytes += batch.nbytes
            if self._held >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
                self._group()
                yield from self._sink.fetch()

    def tail(self, counts: Counts) -> Iterator[bytes]:
        """The last row group and the footer."""
        if self._held:
            self._group()
        self._writer.add_key_value_metadata({ABOUT_KEY: self._about.text(), COUNTS_KEY: counts.text()})
        self._writer.close()
        yield from self._sink.fetch()

    def close(self) -> None:
        """Give up the writer, whose footer nobody wants any more."""
        self._batches = []
        if self._writer.is_open:
            self._writer.close()
        self._sink = _Sink()

    def _group(self) -> None:
        table = pa.Table.from_batches(self._batches, schema=self._schema)
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._batches, self._held, self._held_bytes = [], 0, 0

    def _values(self, column: Cells, field: Any) -> Any:
        if column.us is not None:
            return column.us.cast(field.type)
        if pa.types.is_string(field.type):
            return column.values
        try:
            return column.values.cast(field.type)
        except pa.ArrowInvalid as error:
            raise InvalidRequest(
                f"column {field.name!r} is one of numbers, and Parquet can't hold one of its cells so: {error}",
                "Choose csv, json or ndjson, which show what is stored",
            ) from None


def _type(column: Any, table: Table) -> Any:
    """int64 for built-in numbers, double for numbers a tenant declared, UTC timestamps; text for all else."""
    path, kept = column["path"], column["mask"]["mask"] == "keep"
    allowed = column_types(path, kept=kept)
    found = lookup(path, table.declared)
    if DOUBLE in allowed and found is not None and found.number:
        return _TYPES[DOUBLE]
    return _TYPES.get(allowed[0], pa.string())
