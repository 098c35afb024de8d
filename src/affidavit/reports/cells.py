"""Cells: from what SQL gives to what the reader may see. Every text column is masked by its field or class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from affidavit.commitment import format_time
from affidavit.errors import InvalidRequest
from affidavit.masking.masks import Mask
from affidavit.masking.profiles import Profile
from affidavit.paths import JSON, STRING, DeclaredFields, Path
from affidavit.reports.report import Column
from affidavit.reports.result import Cell, Head, Place, Table

PLACES_MAX: Final = 100
"""Events named beside one row; a row of more is itself a count."""
_KEEP: Final = "keep"
_TIME: Final = Path("at", STRING, "none")


class Shower:
    """Shows tables to one reader. `masked` counts the values shown masked so far.

    `profile` is bound. Under one that masks times or outcomes no places are named: a place is a time.
    """

    def __init__(self, profile: Profile, zone: str, declared: DeclaredFields | None) -> None:
        self._profile = profile
        self._zone = ZoneInfo(zone)
        self._declared = declared
        self._places = not profile.masks_entries
        self.small = profile.small_cells
        self.masked = 0

    def table(self, found: pa.Table, total: int, columns: Sequence[Column], where: str) -> Table:
        """The columns as this reader sees them. Raises InvalidRequest for one the SQL does not give."""
        names = set(found.column_names)
        for column in columns:
            if column.name not in names:
                have = ", ".join(found.column_names)
                raise InvalidRequest(f"{where}: the SQL gives no column {column.name!r}", f"It gives: {have}")
        by_path = {column.path: found.column(column.name) for column in columns if column.path}
        shown = [column for column in columns if not column.hidden]
        cells = [self._column(found.column(column.name), column, by_path) for column in shown]
        heads = tuple(self._head(column) for column in shown)
        rows = tuple(zip(*cells, strict=True)) if cells else ()
        return Table(columns=heads, rows=rows, total=total, places=self._placed(found))

    def lists(self, columns: Sequence[Column]) -> bool:
        """Whether a table is shown row by row: under a profile that hides small counts only tables of counts are."""
        return not self.small or any(column.type == "count" for column in columns)

    def count(self, value: int) -> str:
        """A number in words, hidden where it is small and the profile asks for that."""
        return f"<{self.small}" if 0 < value < self.small else f"{value:,}"

    @property
    def masks_times(self) -> bool:
        """Whether the times of events are not shown as recorded."""
        return self._profile.mask_for(_TIME).name != _KEEP

    def number(self, value: int) -> int | str:
        """A number as a column of counts shows it."""
        found = self._count(value)
        return found if isinstance(found, str) else value

    def time(self, moment: datetime) -> str:
        """A time, naive and in UTC, as text of the log, or as the profile shows times; empty where it shows none."""
        if not self.masks_times:
            return format_time((moment - datetime(1970, 1, 1)) // datetime.resolution)  # noqa: DTZ001  both naive
        values = pa.chunked_array([pa.array([moment], pa.timestamp("us"))])
        return str(self._column(values, Column(name="time", type="time"), {})[0] or "")

    def value(self, value: Any, path: str, cls: str = "") -> Cell:
        """One value of a field, or of a class."""
        column = Column(name="value", path=path, cls=cls)
        return self._column(pa.chunked_array([pa.array([value], pa.string())]), column, {})[0]

    def _head(self, column: Column) -> Head:
        mask = self._mask(column)
        label = "" if mask is None or mask.name == _KEEP else mask.label
        return Head(name=column.name, label=column.shown, type=column.type, mask=label)

    def _mask(self, column: Column) -> Mask | None:
        field = column.field(self._declared)
        if field is None and column.type in {"time", "date"}:
            field = _TIME  # masked as any time of an event
        return None if field is None else self._profile.mask_for(field)

    def _column(self, values: Any, column: Column, by_path: Mapping[str, Any]) -> list[Cell]:
        plain = values.to_pylist()
        if column.type == "count":
            return [self._count(value) for value in plain]
        mask = self._mask(column)
        if column.type == "list":
            return [self._list(value, mask, column) for value in plain]
        if mask is None or mask.name == _KEEP:
            return [self._cell(value) for value in plain]
        texts = pa.array([None if value is None else str(self._cell(value)) for value in plain], pa.string())
        needed = {path: _texts(by_path.get(path), len(texts)) for path in mask.needs}
        field = column.field(self._declared)
        tag = JSON if field is not None and field.tag == JSON and column.type == "text" else STRING
        masked: list[Cell] = mask.column(texts, tag, needed or None).to_pylist()
        self.masked += sum(
            1 for old, new in zip(texts.to_pylist(), masked, strict=True) if old is not None and old != new
        )
        return masked

    def _list(self, values: list[Any] | None, mask: Mask | None, column: Column) -> Cell:
        if values is None:
            return None
        texts = [str(self._cell(value)) for value in values if value is not None]
        if mask is None or mask.name == _KEEP:
            return ", ".join(texts)
        if mask.needs:
            raise InvalidRequest(f"column {column.name}: a list can't be shown under mask {mask.name}", "Unnest it")
        masked = mask.column(pa.array(texts, pa.string()), STRING).to_pylist()
        self.masked += len(texts)
        return ", ".join(cell for cell in masked if cell is not None) or None

    def _count(self, value: Any) -> Cell:
        if value is None or not 0 < int(value) < self.small:
            return None if value is None else int(value)
        self.masked += 1
        return f"<{self.small}"

    def _cell(self, value: Any) -> Cell:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC).astimezone(self._zone).isoformat(" ", "seconds")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Decimal):
            return float(value)
        if value is None or isinstance(value, str | int | float | bool):
            return round(value, 4) if isinstance(value, float) else value
        return str(value)

    def _placed(self, found: pa.Table) -> tuple[tuple[Place, ...], ...]:
        if not self._places:
            return ()
        if "refs" in found.column_names:
            listed = found.column("refs").to_pylist()
            return tuple(tuple(_place(ref) for ref in (refs or ())[:PLACES_MAX] if ref) for refs in listed)
        if "ref" in found.column_names:
            return tuple((_place(ref),) if ref else () for ref in found.column("ref").to_pylist())
        return ()


def _texts(column: Any, length: int) -> Any:
    """A needed column as text; where the SQL gives none nobody is its owner."""
    return pa.nulls(length, pa.string()) if column is None else column.combine_chunks().cast(pa.string())


def _place(ref: str) -> Place:
    stream, _, index = ref.rpartition("/")
    return stream, int(index)
