"""`affidavit search`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import click

from affidavit.cli.common import emit, home_option, json_option, open_log, plural
from affidavit.cli.queries import NEVER, both, pointing, read_profile
from affidavit.event import split_reference
from affidavit.export.spec import RESOURCE, Column, legacy
from affidavit.export.view import COLUMNS, COUNT_MAX, PAGE_ROWS, PAGE_ROWS_MAX, Found, Search, View
from affidavit.log.registry import MAIN
from affidavit.query.conditions import SHORT_NAMES

CELL_CHARS: Final = 48
"""A table's cell is cut here, with a sign of it; --json has it whole."""


@click.command()
@click.argument("text", metavar="[QUERY]", default="")
@home_option
@click.option("--from", "start", help="First day (whole day), or a time. Without an offset it means the zone.")
@click.option("--to", "end", help="Last day (the whole day is included), or a time.")
@click.option("--timezone", "zone", help="IANA zone; the tenant's by default.")
@click.option(
    "--limit", default=PAGE_ROWS, show_default=True, type=click.IntRange(0, PAGE_ROWS_MAX), help="Rows a page."
)
@click.option("--after", "cursor", default="", metavar="CURSOR", help="A page's neighbour, by the cursor it printed.")
@click.option("--newest-first", is_flag=True, help="The other way round.")
@click.option("--count", is_flag=True, help=f"Count what matches, up to {COUNT_MAX:,}.")
@click.option(
    "--facet", "facets", multiple=True, metavar="PATH", help="Most frequent values of a field; repeat for more."
)
@click.option("--column", "columns", multiple=True, metavar="PATH", help="Show these fields instead; repeat for more.")
@click.option("--stream", "streams", multiple=True, default=(MAIN,), show_default=True, help="Repeat for more.")
@click.option("--profile", default="internal", show_default=True, metavar="NAME|FILE.toml", help="As whom to look.")
@click.option(
    "--subject", "subjects", multiple=True, metavar="TYPE:ID", help="With --profile subject: as whom; repeat for more."
)
@click.option("--viewer", default="", help="Whose key makes the tokens of masked fields.")
@json_option
def search(
    text: str,
    home: str,
    tenant: str,
    start: str | None,
    end: str | None,
    zone: str | None,
    limit: int,
    cursor: str,
    newest_first: bool,
    count: bool,
    facets: tuple[str, ...],
    columns: tuple[str, ...],
    streams: tuple[str, ...],
    profile: str,
    subjects: tuple[str, ...],
    viewer: str,
    as_json: bool,
) -> None:
    """Search events: actor:u1 action:auth.* -outcome:success at>=2026-10-01 "free text" saved:NAME.

    What the profile masks can't be asked in clear, only by tokens it shows. Every search is recorded.
    """
    with open_log(home, tenant) as log:
        shown = tuple(_column(path) for path in columns) or COLUMNS
        where = zone or log.tenant.zone
        view = View(
            log,
            read_profile(profile),
            viewer,
            columns=shown,
            zone=where,
            streams=tuple(streams),
            subject_ids=frozenset(split_reference(one)[1] for one in subjects) or None,
        )
        with pointing(text):
            asked = view.read(text)
        query = both(legacy(start, end, zone=where).query, asked)
        found = view.search(Search(query, limit, newest_first, cursor, count, facets))
    emit(as_json, asdict(found), lambda: _words(found, [column.label for column in shown], limit))


def _column(name: str) -> Column:
    return Column(name, RESOURCE if name == RESOURCE else SHORT_NAMES.get(name, name))


def _words(found: Found, labels: Sequence[str], limit: int) -> str:
    if found.never:
        return NEVER
    blocks = []
    if found.rows:
        rows = [labels, *([row[label] or "" for label in labels] for row in found.rows)]
        blocks.append(table(rows))
    elif limit:
        blocks.append("Nothing found")
    blocks += [
        f"{path}\n" + table([["", one.count, one.value] for one in values]) for path, values in found.facets.items()
    ]
    foot = [plural(len(found.rows), "row")] if found.rows else []
    if found.count is not None:
        foot.append(f"{found.count.words} match")
    if foot:
        blocks.append(", ".join(foot))
    if found.next:
        blocks.append(f"Next page: --after {found.next}")
    if found.previous:
        blocks.append(f"Page before: --after {found.previous}")
    return "\n".join(blocks)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns. What would steer a terminal is shown as a sign."""
    clean = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*clean, strict=True)]
    lines = ("  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)) for row in clean)
    return "\n".join(line.rstrip() for line in lines)


def _cell(text: str) -> str:
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= CELL_CHARS else f"{plain[: CELL_CHARS - 1]}…"


def _width(text: str) -> int:
    wide = sum(1 for char in text if unicodedata.east_asian_width(char) in "WF")
    return len(text) + wide - sum(1 for char in text if unicodedata.combining(char))
