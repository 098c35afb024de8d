"""CSV: a zip with one file for the facts, one for the findings' overview, and one for each table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from affidavit.cells import FORMULA_STARTS
from affidavit.export.zip import Spool, ZipParts
from affidavit.reports.render.page import Block, blocks, facts
from affidavit.reports.result import Cell, Result, Table


def tables(result: Result, folder: Path | None = None) -> bytes:
    """The zip: `about.csv`, then a CSV file (RFC 4180) for every table, in the report's order."""
    parts = [("about.csv", _text(["Fact", "Value"], [list(fact) for fact in facts(result)]))]
    parts += [(f"{block.id}.csv", of_table(block.table)) for block in files(result) if block.table is not None]
    return zipped(parts, folder)


def files(result: Result) -> list[Block]:
    """The blocks that have a table."""
    return [block for block in blocks(result) if block.table is not None]


def zipped(parts: list[tuple[str, bytes]], folder: Path | None) -> bytes:
    """A zip of these parts; the same parts give the same bytes."""
    made = ZipParts()
    pieces: list[bytes] = []
    for name, data in parts:
        spool = Spool(name, folder)
        spool.write(data)
        pieces += made.member(spool)
    return b"".join([*pieces, made.end()])


def of_table(table: Table) -> bytes:
    """One table as CSV: quoted where it must be, text never a formula."""
    return _text([head.label for head in table.columns], [list(row) for row in table.rows])


def _text(heads: list[str], rows: list[list[Cell]] | list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(head) for head in heads])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(cell)
    return f"'{cell}" if cell.startswith(tuple(FORMULA_STARTS)) else cell
