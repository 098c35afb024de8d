"""HTML: one page that stands by itself. No script, no font, no address of elsewhere; charts are tables and SVG."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

from affidavit.reports.charts import greatest
from affidavit.reports.render.page import Block, blocks, cut, facts, hatched
from affidavit.reports.result import Cell, Chart, Result, Table

ROWS_MAX: Final = 1_000
FOLDED_ROWS_MIN: Final = 40
"""Longer tables are folded, to be opened by whoever reads."""
BARS_MAX: Final = 30
HUES: Final = ("#2f5fb3", "#b3541e", "#2d7d46", "#8a3f8f", "#7a6a00", "#a3283c", "#0f7a80", "#5b5f97")
_WIDTH: Final = 720
_HEIGHT: Final = 200

_STYLE: Final = (files("affidavit.reports.render") / "report.css").read_text("utf-8")


def page(result: Result, _folder: Path | None = None) -> bytes:
    """The page."""
    title = escape(f"{result.report.id} {result.report.title}")
    body = [
        f"<h1>{title}</h1>",
        f'<p class="soft">{escape(result.report.framework)}. {escape(result.report.summary)}</p>',
        '<table class="facts"><tbody>',
        *(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts(result)),
        "</tbody></table>",
        *(_block(block) for block in blocks(result)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    ).encode()


def _block(block: Block) -> str:
    tag = f' <span class="tag {_class(block.status)}">{escape(block.severity)}</span>' if block.severity else ""
    found = [f'<section id="{escape(block.id)}"><h{block.level}>{escape(block.title)}{tag}</h{block.level}>']
    found += [f"<p>{escape(text)}</p>" for text in block.words]
    if block.chart is not None:
        found.append(_chart(block.chart))
    if block.table is not None:
        whole = _table(block.table)
        folded = len(block.table.rows) > FOLDED_ROWS_MIN
        label = f"{block.table.total:,} rows"
        found.append(f"<details><summary>{label}</summary>{whole}</details>" if folded else whole)
    return "".join([*found, "</section>"])


def _class(status: str) -> str:
    return status.replace(" ", "-")


def _table(table: Table) -> str:
    heads = "".join(f"<th scope=col>{escape(head.label)}{_mask(head.mask)}</th>" for head in table.columns)
    masked = [hatched(head) for head in table.columns]
    rows = "".join(
        f"<tr>{''.join(_cell(cell, hidden=hidden) for cell, hidden in zip(row, masked, strict=True))}</tr>"
        for row in table.rows[:ROWS_MAX]
    )
    rest = cut(min(len(table.rows), ROWS_MAX), table.total, "The JSON, CSV and XLSX files have more.")
    note = f'<p class="soft">{escape(rest)}</p>' if rest else ""
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}'


def _mask(label: str) -> str:
    return f'<br><small class="soft">masked: {escape(label)}</small>' if label else ""


def _cell(cell: Cell, *, hidden: bool = False) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f'<td class="n">{number(cell)}</td>'
    text = text_of(cell)
    names = " ".join(name for name in ("m" if hidden else "", _class(text) if text in _STATUSES else "") if name)
    return f'<td class="{names}">{escape(text)}</td>' if names else f"<td>{escape(text)}</td>"


_STATUSES: Final = frozenset({"exception", "not evidenced", "evidence present", "not applicable"})


def text_of(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number(cell) if isinstance(cell, int | float) else cell


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


# --- charts ---------------------------------------------------------------------------------------------------------


def _chart(chart: Chart) -> str:
    draw = {"bars": _bars, "heat": _heat, "line": _line}[chart.kind]
    return f"<figure>{draw(chart)}<figcaption>{escape(chart.title)}</figcaption></figure>"


def _key(chart: Chart) -> str:
    if len(chart.series) < 2:
        return ""
    parts = "".join(
        f'<span style="background:{HUES[n % len(HUES)]}"></span>{escape(one.name)}'
        for n, one in enumerate(chart.series)
    )
    return f'<p class="key soft">{parts}</p>'


def _bars(chart: Chart) -> str:
    most = greatest(chart.series)
    rows = []
    for at, label in enumerate(chart.x[:BARS_MAX]):
        bars = "".join(
            f'<div><span class="bar" style="width:{90 * (one.values[at] or 0) / most:.1f}%;'
            f'background:{HUES[n % len(HUES)]}"></span> {number(one.values[at] or 0)}</div>'
            for n, one in enumerate(chart.series)
            if one.values[at] is not None
        )
        rows.append(f"<tr><th scope=row>{escape(label)}</th><td>{bars}</td></tr>")
    rest = cut(min(len(chart.x), BARS_MAX), len(chart.x), "")
    more = f'<p class="soft">{rest.strip()}</p>' if rest else ""
    return f'{_key(chart)}<table class="bars"><tbody>{"".join(rows)}</tbody></table>{more}'


def _heat(chart: Chart) -> str:
    most = greatest(chart.series)
    heads = "".join(f"<th scope=col>{escape(label)}</th>" for label in chart.x)
    rows = []
    for one in chart.series:
        cells = "".join(
            f'<td style="background:rgb(47 95 179/{0 if value is None else 0.08 + 0.5 * value / most:.2f})">'
            f"{'' if value is None else number(value)}</td>"
            for value in one.values
        )
        rows.append(f"<tr><th scope=row>{escape(one.name)}</th>{cells}</tr>")
    table = f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="scroll"><table class="heat">{table}</table></div>'


def _line(chart: Chart) -> str:
    most = greatest(chart.series)
    step = _WIDTH / max(len(chart.x) - 1, 1)
    lines = []
    for n, one in enumerate(chart.series):
        hue = HUES[n % len(HUES)]
        points = [(at * step, _HEIGHT - _HEIGHT * (value or 0) / most) for at, value in enumerate(one.values)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = (
            f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{hue}"/>' if len(points) == 1 else ""
        )
        lines.append(f'<polyline points="{path}" fill="none" stroke="{hue}" stroke-width="2"/>{dots}')
    first, last = (escape(chart.x[at]) for at in (0, -1))
    summary = escape(f"{chart.title}: from {chart.x[0]} to {chart.x[-1]}, at most {number(most)}")
    box = f'viewBox="-4 -14 {_WIDTH + 8} {_HEIGHT + 34}" width="{_WIDTH}"'
    return (
        f'{_key(chart)}<svg {box} role="img" aria-label="{summary}">'
        f'<line x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}" stroke="currentColor" opacity=".3"/>'
        f'<text x="0" y="-3">{number(most)}</text><text x="0" y="{_HEIGHT + 16}">{first}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT + 16}" text-anchor="end">{last}</text>{"".join(lines)}</svg>'
    )
