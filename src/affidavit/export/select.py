"""Select: from the reader's row batches to columns of values, before any mask. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from affidavit.cells import TIMES, underlying
from affidavit.errors import IntegrityError
from affidavit.export.formats.text import Cells, text_buffer
from affidavit.log.projection import OTHER, OTHER_TAGS
from affidavit.paths import JSON, PATHS, PUBLIC_KEYS, STRING

_records: Final = msgspec.json.Decoder(list[dict[str, str | None]])
_record: Final = msgspec.json.Decoder(dict[str, str | None]).decode


class Selector:
    """Reads chosen fields of records. `whole` keeps every field with its tag, for openings.

    Only chosen fields are built as Python objects, all of a batch in one call: a third of the cost of whole records.
    """

    def __init__(self, paths: Iterable[str], *, whole: bool = False) -> None:
        wanted = sorted({name for path in paths for name in underlying(path)})
        # Tags of these are not in the table: change.*, declared details and our own groups may hold text or JSON.
        self.whole = whole or any(path not in PATHS for path in wanted)
        self._slots = {path: f"f{number}" for number, path in enumerate(wanted)}
        slots = [(slot, str | None, None) for slot in self._slots.values()]
        names = {slot: path for path, slot in self._slots.items()}
        fields: Any = msgspec.defstruct("Fields", slots, rename=names, gc=False)
        self._decoder: Any = msgspec.json.Decoder(list[fields])

    def select(self, batch: pa.RecordBatch) -> Selected:
        """The rows of one batch."""
        if not self._slots and not self.whole:
            return Selected(batch, [], None)
        fields = batch.column("fields")
        joined = text_buffer(pc.binary_join_element_wise(fields, ",", ""))
        raw = b"[" + joined[:-1] + b"]" if len(joined) else b"[]"
        try:
            records = (_records if self.whole else self._decoder).decode(raw)
        except msgspec.DecodeError as error:
            raise IntegrityError(f"stored fields do not decode: {error}", "Run affidavit log fsck") from None
        if len(records) != batch.num_rows:
            raise IntegrityError(f"{len(records)} records for {batch.num_rows} rows", "Run affidavit log fsck")
        return Selected(batch, records, None if self.whole else self._slots)


class Values(Protocol):
    """Rows, asked for column by column."""

    def times(self, key: str) -> Any:
        """`at` or `t` as int64 microseconds."""

    def column(self, path: str) -> Cells:
        """One field or public key as it is: null where it is absent or an explicit null."""


class Projected:
    """Rows as the reader's `columns` gives them: nothing of a record but what was asked for."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def times(self, key: str) -> Any:
        """`at` or `t` as int64 microseconds."""
        return self._batch.column(f"{key}_us")

    def column(self, path: str) -> Cells:
        """One field or public key as it is: null where it is absent or an explicit null."""
        if path in PUBLIC_KEYS or path in PATHS:
            return _known(path, self._batch.column(path))
        decoded = [{} if text is None else _record(text) for text in self._batch.column(OTHER).to_pylist()]
        values = pa.array([record.get(path) for record in decoded], pa.string())
        json = [
            path in record and tags[list(record).index(path)] == JSON
            for record, tags in zip(decoded, self._batch.column(OTHER_TAGS).to_pylist(), strict=True)
        ]
        return Cells(values, pa.array(json, pa.bool_()))


class Selected:
    """Rows with their records decoded: chosen fields (`slots`) or whole dicts in path order."""

    def __init__(self, batch: pa.RecordBatch, records: list[Any], slots: dict[str, str] | None) -> None:
        self.batch = batch
        self.records = records
        self._slots = slots

    def times(self, key: str) -> Any:
        """`at` or `t` as int64 microseconds."""
        return self.batch.column(f"{key}_us")

    def column(self, path: str) -> Cells:
        """One field or public key as it is: null where it is absent or an explicit null."""
        if path in PUBLIC_KEYS:
            return _known(path, self.batch.column(path).cast(pa.string()))
        if self._slots is not None:
            slot = self._slots[path]
            values = pa.array([getattr(record, slot) for record in self.records], pa.string())
            return _known(path, values)
        values = pa.array([record.get(path) for record in self.records], pa.string())
        if path in PATHS:
            return _known(path, values)
        return Cells(values, pa.array([self._tag(row, path) == JSON for row in range(len(self.records))], pa.bool_()))

    def _tag(self, row: int, path: str) -> str:
        record = self.records[row]
        if path not in record:
            return STRING
        return str(self.batch.column("tags")[row].as_py()[list(record).index(path)])


def _known(path: str, values: Any) -> Cells:
    """Cells of a path of the table, or a public key."""
    if path in TIMES:
        raise KeyError(path)  # shown by zone: see `times`
    if path in PATHS:
        return Cells(values, PATHS[path].tag == JSON)
    return Cells(values, plain=path == "outcome")


def resource_column(kind: Any, name: Any) -> Any:
    """The virtual column `resource` of two string columns, as `cells.resource_text` has it."""
    typed = pc.binary_join_element_wise(kind, pc.fill_null(name, ""), ":")
    return pc.if_else(pc.is_valid(kind), typed, name)
