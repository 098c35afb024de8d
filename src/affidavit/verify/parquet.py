"""Parquet compared value by value: its columns and types, its metadata, and every cell. Needs pyarrow.

How a Parquet file is laid out is its writer's choice, so not its bytes but its values are compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from affidavit import cells
from affidavit.cells import TIMES
from affidavit.paths import OWN_NUMBERS, PATHS
from affidavit.verify.data import Kind, Maker, View, resource_of
from affidavit.verify.entries import Known
from affidavit.verify.manifest import Column, Manifest
from affidavit.verify.openings import Row
from affidavit.verify.reading import Mismatch

ABOUT_KEY: Final = b"affidavit.about"
COUNTS_KEY: Final = b"affidavit.counts"
BATCH_ROWS: Final = 4096
GROUP_BYTES_MAX: Final = 1 << 30
"""Bytes of one row group, as the file declares them: more is not read."""
INTEGER: Final = "int64"
DOUBLE: Final = "double"
TEXT: Final = "string"
TIME: Final = "timestamp[us, tz=UTC]"


def parquet_reader() -> Any:
    """Pyarrow's Parquet module, or None where it is not installed."""
    try:
        import pyarrow.parquet as found
    except ImportError:
        return None
    return found


def column_types(path: str, *, kept: bool) -> tuple[str, ...]:
    """The Arrow types that a column may have, the first where nothing else is said of it.

    A declared field may be a number; a verifier does not know which are, and either type shows the same value.
    """
    if not kept:
        return (TEXT,)
    if path in TIMES:
        return (TIME,)
    if path in OWN_NUMBERS or (path in PATHS and PATHS[path].number):
        return (INTEGER,)
    return (TEXT, DOUBLE) if path.startswith("details.") else (TEXT,)


class _File:
    """The file, copied out of the bundle, and its rows as they come."""

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        self._manifest = manifest
        self._chunks = iter(chunks)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._readers: Any = parquet_reader()

    def begin(self) -> None:
        """Compare columns, types, counts and metadata."""
        for chunk in self._chunks:
            self._file.write(chunk)
        self._file.seek(0)
        with _own_errors():
            opened = self._readers.ParquetFile(self._file)
            meta, schema = opened.metadata, opened.schema_arrow
        manifest = self._manifest
        labels = [column.label for column in manifest.columns]
        if schema.names != labels:
            raise Mismatch("the columns of the Parquet file are not the manifest's")
        for column, field in zip(manifest.columns, schema, strict=True):
            allowed = column_types(column.path, kept=column.kept)
            if str(field.type) not in allowed:
                raise Mismatch(f"column {column.label!r} is {field.type}, not {' or '.join(allowed)}")
        if any(meta.row_group(n).total_byte_size > GROUP_BYTES_MAX for n in range(meta.num_row_groups)):
            raise Mismatch(f"a row group of the Parquet file has more than {GROUP_BYTES_MAX} bytes")
        said = meta.metadata or {}
        for key, text in ((ABOUT_KEY, manifest.about().text()), (COUNTS_KEY, manifest.counts.text())):
            if said.get(key) != text.encode():
                raise Mismatch(f"the metadata {key.decode()} is not what the manifest says")
        self._rows = self._read(opened)

    def _read(self, opened: Any) -> Iterator[tuple[Any, ...]]:
        batches = opened.iter_batches(batch_size=BATCH_ROWS)
        while True:
            with _own_errors():
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_plain(column).to_pylist() for column in batch.columns]
            yield from zip(*columns, strict=True)

    def next(self, what: str) -> tuple[Any, ...]:
        """The next row."""
        row = next(self._rows, None)
        if row is None:
            raise Mismatch(f"{what} is not in the data file")
        return row

    def end(self, rows: int) -> None:  # noqa: ARG002  what other forms need
        """Nothing may be left."""
        if next(self._rows, None) is not None:
            raise Mismatch("the data file goes on after its last row")

    def close(self) -> None:
        """Read the rest, for its hash, and give up the temporary file."""
        for _ in self._chunks:
            pass
        self._file.close()


@contextmanager
def _own_errors() -> Iterator[None]:
    """Whatever a hostile file makes pyarrow raise is a mismatch."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        raise Mismatch(f"the Parquet file does not read: {str(error)[:200]}") from None


def _plain(column: Any) -> Any:
    return column.cast("int64") if str(column.type) == TIME else column


class ValuesView(View):
    """The data file of one bundle, compared value by value."""

    def __init__(self, manifest: Manifest, chunks: Iterable[bytes]) -> None:
        self._values = _File(manifest, chunks)
        super().__init__(manifest.columns, manifest.zone, self._values)

    def _compare(self, known: Known, row: Row, plan: Any) -> None:
        what = f"row {self.rows}"
        if plan.wrong:
            raise Mismatch(f"{what}, column {plan.wrong!r} is kept and its field is hidden")
        for maker, shown in zip(plan.makers, self._values.next(what), strict=True):
            if maker.kind is Kind.HOLE:
                self._masked_value(maker.column, shown, what)
            elif not _same(_expected(maker, known, row), shown, maker):
                raise Mismatch(f"{what}, column {maker.column.label!r} is not what the evidence gives")

    def _masked_value(self, column: Column, shown: Any, what: str) -> None:
        if not (shown is None or isinstance(shown, str)) or not cells.mask_cell_ok(column.mask, shown):
            raise Mismatch(
                f"{what}, column {column.label!r}: {str(shown)[:60]!r} is no cell of the mask {column.mask['mask']}"
            )
        self.masked_least += shown is not None


def _expected(maker: Maker, known: Known, row: Row) -> Any:
    kind = maker.kind
    if kind is Kind.FIELD:
        return row.value(maker.places[0])  # type: ignore[arg-type]
    if kind is Kind.TIME_AT:
        return known.at_us
    if kind is Kind.TIME_T:
        return known.t_us
    if kind is Kind.PUBLIC:
        return known.texts[maker.column.path]
    return resource_of(row, maker) if kind is Kind.RESOURCE else None


def _same(expected: Any, shown: Any, maker: Maker) -> bool:
    if isinstance(expected, str) and type(shown) in (int, float) and maker.kind is Kind.FIELD:
        try:
            return bool((int if isinstance(shown, int) else float)(expected) == shown)
        except ValueError:
            return False
    return type(expected) is type(shown) and bool(expected == shown)
