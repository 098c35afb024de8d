"""Charts: a section's rows as series, from cells as the reader sees them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from affidavit.reports import report as model
from affidavit.reports.result import Cell, Chart, Series, Table

POINTS_MAX: Final = 200
SERIES_MAX: Final = 12
OTHERS: Final = "(others)"
AXES: Final[dict[str, tuple[str, ...]]] = {
    "": (),
    "hours": tuple(f"{hour:02}" for hour in range(24)),
    "weekdays": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def chart(asked: model.Chart | None, section_title: str, table: Table) -> Chart | None:
    """The chart of a table; None where none is asked for, or there is nothing to draw.

    More than SERIES_MAX series are drawn as that many, the last of them all the others together. Cells that small
    counts hide are left blank.
    """
    names = [head.name for head in table.columns]
    if asked is None or not table.rows or asked.x not in names or asked.y not in names:
        return None
    x, y = names.index(asked.x), names.index(asked.y)
    by = names.index(asked.by) if asked.by in names else None
    points = list(dict.fromkeys((*AXES[asked.x_axis], *(_text(row[x]) for row in table.rows))))[:POINTS_MAX]
    named = (asked.y if by is None else _text(row[by]) for row in table.rows)
    groups = list(dict.fromkeys((*AXES[asked.by_axis], *named)))
    kept = groups if len(groups) <= SERIES_MAX else [*groups[: SERIES_MAX - 1], OTHERS]
    values: dict[tuple[str, str], float] = {}
    for row in table.rows:
        group = asked.y if by is None else _text(row[by])
        value = row[y]
        if isinstance(value, int | float) and not isinstance(value, bool):
            key = (group if group in kept else OTHERS, _text(row[x]))
            values[key] = values.get(key, 0) + value
    series = tuple(
        Series(name=label(group, by, table), values=tuple(values.get((group, point)) for point in points))
        for group in kept
    )
    return Chart(kind=asked.kind, title=asked.title or section_title, x=tuple(points), series=series)


def label(group: str, by: int | None, table: Table) -> str:
    """What a series is called: its value, or where there is one series alone the label of its column."""
    if by is not None:
        return group
    return next((head.label for head in table.columns if head.name == group), group)


def _text(cell: Cell) -> str:
    return "–" if cell is None else str(cell)


def greatest(series: Sequence[Series]) -> float:
    """The greatest value of all series; 1 where there is none, to divide by."""
    return max((value for one in series for value in one.values if value is not None), default=0) or 1
