"""PDF: the report on pages, with its JSON and its tables as CSV attached; and its evidence, where it has one.

Laid out by Typst in a process of its own as tagged PDF/A-3a and PDF/UA-1. Needs the extra [pdf].
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import copyfile
from typing import Any, Final

import msgspec

from affidavit.export.formats.pdf import breakable, lay_out, require_typst
from affidavit.reports.charts import greatest
from affidavit.reports.render.csv import tables
from affidavit.reports.render.html import text_of
from affidavit.reports.render.page import Block, blocks, cut, facts, hatched
from affidavit.reports.result import Chart, Result, Table, encode

ROWS_MAX: Final = 200
"""Rows of one table on pages; all are in the attached files."""
CELL_CHARS_MAX: Final = 300
BARS_MAX: Final = 25
POINTS_MAX: Final = 62
PAGE_CHARS: Final = 175
"""Characters that fit across a page, about: a word that would not fit into its column may be broken."""
JSON: Final = "report.json"
TABLES: Final = "tables.zip"
EVIDENCE: Final = "evidence.zip"
_NUMBERS: Final = frozenset({"count", "number"})
_TEMPLATE: Final = Path(__file__).parent / "report.typ"


def document(result: Result, folder: Path | None = None, evidence: Path | None = None) -> bytes:
    """The PDF; the same result gives the same bytes under the same release of Typst. MissingExtra without it."""
    require_typst()
    with tempfile.TemporaryDirectory(prefix="affidavit-pdf-", dir=folder) as name:
        place = Path(name)
        (place / JSON).write_bytes(encode(result))
        (place / TABLES).write_bytes(tables(result, place))
        attached = [
            _attached(JSON, "data", "application/json", "The report as data, with the places of all events"),
            _attached(TABLES, "alternative", "application/zip", "Every table as CSV, RFC 4180"),
        ]
        if evidence is not None:
            copyfile(evidence, place / EVIDENCE)
            text = "The events with their evidence: verifies offline"
            attached.append(_attached(EVIDENCE, "supplement", "application/zip", text))
        page = {**_page(result), "attachments": attached}
        (place / "page.json").write_bytes(msgspec.json.encode(page))
        copyfile(_TEMPLATE, place / "export.typ")
        lay_out(place)
        return (place / "out.pdf").read_bytes()


def _attached(name: str, relationship: str, kind: str, description: str) -> dict[str, str]:
    return {"name": name, "relationship": relationship, "type": kind, "description": description}


def _page(result: Result) -> dict[str, Any]:
    at, run = result.run.at, result.run
    spans = (("year", 0, 4), ("month", 5, 7), ("day", 8, 10), ("hour", 11, 13), ("minute", 14, 16), ("second", 17, 19))
    return {
        "title": f"{result.report.id} {result.report.title}",
        "description": f"Report {run.id} of an audit log, run {at}",
        "framework": result.report.framework,
        "summary": result.report.summary,
        "date": {name: int(at[start:end]) for name, start, end in spans},
        "run": f"run {run.id}",
        "footer": f"{result.report.framework} · profile {run.profile} · times in {run.zone} · masked cells are hatched",
        "facts": [[name, breakable(value, 60)] for name, value in facts(result)],
        "blocks": [_block(block) for block in blocks(result)],
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "title": block.title,
        "level": block.level,
        "severity": block.severity,
        "words": list(block.words),
        "table": None if block.table is None else _table(block.table),
        "chart": None if block.chart is None else _chart(block.chart),
    }


def _table(table: Table) -> dict[str, Any]:
    rows = [[_cut(text_of(cell)) for cell in row] for row in table.rows[:ROWS_MAX]]
    widths = []
    for at, head in enumerate(table.columns):
        longest = max([len(head.label), *(len(row[at]) for row in rows[:100])])
        widths.append(min(max(longest, 9), 40) ** 0.75)
    limits = [max(int(width / sum(widths) * PAGE_CHARS), 4) for width in widths]
    return {
        "heads": [breakable(head.label, limit) for head, limit in zip(table.columns, limits, strict=True)],
        "numbers": [head.type in _NUMBERS for head in table.columns],
        "masked": [hatched(head) for head in table.columns],
        "widths": widths,
        "rows": [[breakable(cell, limit) for cell, limit in zip(row, limits, strict=True)] for row in rows],
        "rest": cut(len(rows), table.total, f"The rest is in the attached {TABLES} and {JSON}."),
    }


def _cut(text: str) -> str:
    if len(text) <= CELL_CHARS_MAX:
        return text
    return f"{text[:CELL_CHARS_MAX]} … ({len(text):,} characters, whole in {TABLES})"


def _chart(chart: Chart) -> dict[str, Any]:
    """Values as shares of the greatest, with their text. Lines are drawn as columns, so many as fit."""
    most = greatest(chart.series)
    room = {"bars": BARS_MAX, "line": POINTS_MAX}.get(chart.kind, len(chart.x))
    start = max(len(chart.x) - room, 0) if chart.kind == "line" else 0
    end = start + room
    shown = chart.x[start:end]
    summary = f"{chart.title}: {len(chart.x)} points from {chart.x[0]} to {chart.x[-1]}, at most {text_of(most)}"
    return {
        "kind": chart.kind,
        "title": chart.title,
        "alt": summary,
        "most": text_of(most),
        "x": [breakable(label, 30) for label in shown],
        "rest": cut(len(shown), len(chart.x), "").strip(),
        "series": [
            {
                "name": one.name,
                "shares": [(value or 0) / most for value in one.values[start:end]],
                "texts": ["" if value is None else text_of(value) for value in one.values[start:end]],
            }
            for one in chart.series
        ],
    }
