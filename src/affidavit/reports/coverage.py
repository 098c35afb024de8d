"""Coverage: where the log is silent. Without it, nothing wrong and nothing recorded would look alike."""

from __future__ import annotations

from typing import Any, Final

from affidavit.reports.cells import Shower
from affidavit.reports.result import Coverage, Gap, SourceCoverage
from affidavit.reports.workbench import Workbench

SOURCE_PATHS: Final = ("target", "source.app")
"""What says which system recorded an event: the target system, else the application."""
UNNAMED: Final = "(no system named)"
SOURCES_MAX: Final = 500
GAPS_MAX: Final = 1_000

_SOURCES: Final = f"""
SELECT coalesce(target, source_app, '{UNNAMED}') AS source, count(*) AS events, min(occurred_at) AS first,
       max(occurred_at) AS last
FROM heard GROUP BY source ORDER BY events DESC, source
"""
_GAPS: Final = f"""
WITH moments AS (
  SELECT coalesce(target, source_app, '{UNNAMED}') AS source, occurred_at FROM heard
), edges AS (
  SELECT source, occurred_at FROM moments
  UNION ALL SELECT DISTINCT source, $period_start FROM moments
  UNION ALL SELECT DISTINCT source, $heard_until FROM moments
), steps AS (
  SELECT source, lag(occurred_at) OVER (PARTITION BY source ORDER BY occurred_at) AS start, occurred_at AS end_at
  FROM edges
)
SELECT source, start, end_at, hours_between(start, end_at) AS hours FROM steps
WHERE start IS NOT NULL AND end_at - start > $gap * INTERVAL 1 SECOND
ORDER BY source, start
"""
_RULE: Final = (
    "A source is the target system an event names, else the application. A gap is a stretch of more than {hours:g} "
    "hours in which a source recorded nothing, from the period's start to its end or to the moment of the run. "
    "Dropped events are those the recorder itself declared lost. A source that never recorded at all can't be seen."
)


def coverage(bench: Workbench, shower: Shower, parameters: dict[str, Any], gap_hours: float, dropped: int) -> Coverage:
    """Gaps of every source in the table `heard`, which holds all events of the period in the report's streams.

    Under a profile that masks times or hides small counts gaps are counted, and neither listed nor measured.
    """
    known = {**parameters, "gap": gap_hours * 3600.0}
    sources = bench.rows(_SOURCES, known, SOURCES_MAX, "coverage")
    gaps = bench.rows(_GAPS, known, GAPS_MAX, "coverage")
    rows = gaps.table.to_pylist()
    timed = not shower.masks_times and not shower.small  # a gap's length tells when it ended, and that is one event
    by_source: dict[str, list[float]] = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row["hours"])
    found = tuple(
        SourceCoverage(
            source=_name(shower, row["source"]),
            events=shower.number(row["events"]),
            first=shower.time(row["first"]),
            last=shower.time(row["last"]),
            gaps=shower.number(len(by_source.get(row["source"], ()))),
            longest_hours=round(max(by_source.get(row["source"], (0.0,))), 1) if timed else None,
        )
        for row in sources.table.to_pylist()
    )
    listed = tuple(
        Gap(
            source=_name(shower, row["source"]),
            start=shower.time(row["start"]),
            end=shower.time(row["end_at"]),
            hours=round(row["hours"], 1),
        )
        for row in (rows if timed else ())
    )
    return Coverage(
        rule=_RULE.format(hours=gap_hours),
        sources=found,
        gaps=listed,
        gaps_total=shower.number(gaps.total),
        dropped=dropped,
        statement=_statement(sources.total, gaps.total, shower.count(gaps.total), dropped),
    )


def _statement(sources: int, gaps: int, shown: str, dropped: int) -> str:
    if not sources:
        return "Nothing was recorded in the period: this report evidences nothing."
    lost = f" The recorder declared {dropped:,} events lost." if dropped else ""
    silent = f"{shown} gaps" if gaps != 1 else "1 gap"
    many = f"{sources:,} sources" if sources != 1 else "1 source"
    return f"{many} recorded in the period, with {silent if gaps else 'no gap'} over the threshold.{lost}"


def _name(shower: Shower, source: str) -> str:
    return str(shower.value(source, "target") or UNNAMED)
