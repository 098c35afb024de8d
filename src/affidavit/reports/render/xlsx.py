"""XLSX: a workbook with a sheet about the report and one for each table. Text is never a formula."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from affidavit.errors import InvalidRequest
from affidavit.reports.render.csv import files, zipped
from affidavit.reports.render.page import facts, table
from affidavit.reports.result import Cell, Result, Table
from affidavit.verify import sheet
from affidavit.verify.about import About, Period

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME_CHARS_MAX: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\'\"\x00-\x1f]")
_SHEETS: Final = re.compile(r"<sheets>.*</definedNames>", re.DOTALL)
_TITLE: Final = re.compile(r"<dc:title>.*</dc:title>")


def workbook(result: Result, folder: Path | None = None) -> bytes:
    """The workbook; the same result gives the same bytes. Raises InvalidRequest for a cell that a sheet can't hold."""
    about = table(["Fact", "Value"], [tuple(fact) for fact in facts(result)])
    named = [("About", about), *((block.title, block.table) for block in files(result) if block.table is not None)]
    names = _names([name for name, _ in named])
    parts = sheet.fixed_parts(len(named) - 1, _about(result))
    parts["xl/workbook.xml"] = _SHEETS.sub(lambda _found: _listed(names), parts["xl/workbook.xml"])
    title = sheet.escape(f"{result.report.id} {result.report.title}")
    parts["docProps/core.xml"] = _TITLE.sub(lambda _found: f"<dc:title>{title}</dc:title>", parts["docProps/core.xml"])
    files_ = [(name, text.encode()) for name, text in parts.items()]
    for number, (name, content) in enumerate(named, 1):
        files_.append((sheet.sheet_part(number), _sheet(name, content, first=number == 1).encode()))
    return zipped(files_, folder)


def _about(result: Result) -> About:
    run = result.run
    return About(run.id, run.at, "", run.profile, run.zone, "none", run.query, Period("at", None, None), [])


def _sheet(name: str, content: Table, *, first: bool) -> str:
    labels = [head.label for head in content.columns]
    lines = [sheet.sheet_head(labels, ["at" if head.type == "time" else "" for head in content.columns], first=first)]
    for number, row in enumerate(content.rows[: sheet.SHEET_ROWS_MAX - 1], 2):
        cells = "".join(
            f'<c r="{sheet.letters(column)}{number}"{_cell(cell, name, labels[column])}'
            for column, cell in enumerate(row)
        )
        lines.append(f'<row r="{number}">{cells}{sheet.ROW_END}')
    return "".join([*lines, sheet.sheet_tail()])


def _cell(cell: Cell, name: str, label: str) -> str:
    if cell is None:
        return sheet.EMPTY
    if isinstance(cell, bool):
        return sheet.BOOLEANS["true" if cell else "false"]
    if isinstance(cell, int | float):
        return sheet.json_cell(str(cell))
    if sheet.units(cell) > sheet.CELL_UNITS_MAX:
        raise InvalidRequest(
            f"sheet {name}, column {label!r}: a cell of {sheet.units(cell)} characters",
            f"Spreadsheets keep at most {sheet.CELL_UNITS_MAX}: choose json or csv",
        )
    return sheet.text_cell(cell)


def _names(titles: list[str]) -> list[str]:
    """Names of sheets: short, each once in any case, without what spreadsheets forbid."""
    found: list[str] = []
    for title in titles:
        plain = _NOT_IN_NAMES.sub(" ", title).strip() or "Table"
        name, number = plain[:NAME_CHARS_MAX].strip(), 1
        while name.lower() in {one.lower() for one in found}:
            number += 1
            tail = f" {number}"
            name = plain[: NAME_CHARS_MAX - len(tail)].strip() + tail
        found.append(name)
    return found


def _listed(names: list[str]) -> str:
    sheets = "".join(
        f'<sheet name="{sheet.escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    titles = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{number}">\'{sheet.escape(name)}\'!$1:$1</definedName>'
        for number, name in enumerate(names)
    )
    return f"<sheets>{sheets}</sheets><definedNames>{titles}</definedNames>"
