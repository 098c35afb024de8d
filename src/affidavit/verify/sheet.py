"""XLSX as docs/format.md fixes it: the parts of a workbook and their bytes. Shared by exporter and verifier. Pure.

Text is inline (never a formula, a link or a shared string), numbers and times are numbers, and every cell says where
it stands. ECMA-376 Part 1, §18.3 (worksheets), §22.9.2.19 (escapes of characters that XML can't hold).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from affidavit.cells import JSON, TEXT, TIMES, Zone
from affidavit.verify.about import About, Counts, facts

SHEET_ROWS_MAX: Final = 1_048_576
"""Rows of a sheet, its header row included: what spreadsheet programs open. Further rows go to further sheets."""
CELL_UNITS_MAX: Final = 32_767
"""UTF-16 units of one cell: what spreadsheet programs keep."""

EMPTY: Final = "/>"
TEXT_BEGIN: Final = ' t="inlineStr" s="1"><is><t xml:space="preserve">'
TEXT_END: Final = "</t></is></c>"
NUMBER_BEGIN: Final = "><v>"
DATE_BEGIN: Final = ' s="2"><v>'
VALUE_END: Final = "</v></c>"
BOOLEANS: Final = {"true": ' t="b"><v>1</v></c>', "false": ' t="b"><v>0</v></c>'}
ROW_END: Final = "</row>\n"
NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,14}|(?:0|[1-9][0-9]{0,7})\.[0-9]{1,7})"
"""JSON numbers that are number cells: at most 15 digits, which is what spreadsheet programs keep."""
HOLE: Final = re.compile(rb'/>| t="inlineStr" s="1"><is><t xml:space="preserve">[^<]*</t></is></c>')

_ESCAPED: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NAMED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_NUMBER: Final = re.compile(NUMBER)
_WRITTEN: Final = re.compile(r"&(?:amp|lt|gt);|_x[0-9A-F]{4}_")
_DAY_US: Final = 86_400_000_000
_LOCAL_END_US: Final = 253_402_300_800_000_000  # the year 10000
_EPOCH_DAYS: Final = 25_569  # 1970-01-01 in the calendar of spreadsheets

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TAIL: Final = (
    '</sheetData><pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
    '<pageSetup orientation="landscape" fitToHeight="0"/></worksheet>\n'
)
ABOUT: Final = "About"
NOTES: Final = (
    "Masked values are not anonymous: the operator can still open them.",
    "This sheet and the rows prove nothing by themselves. An export with its evidence is a zip that verifies offline.",
    "Check one by: affidavit verify BUNDLE --trust FILE",
)


def letters(column: int) -> str:
    """The name of a column, counted from 0: A, B, … Z, AA.

    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def escape(text: str) -> str:
    """Text as it stands in XML; what XML can't hold as `_xHHHH_`, and what looks like that too."""
    return _ESCAPED.sub(lambda found: _NAMED.get(found[0]) or f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """What was escaped."""
    named = {value: key for key, value in _NAMED.items()}
    return _WRITTEN.sub(lambda found: named.get(found[0]) or chr(int(found[0][2:6], 16)), text)


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def text_cell(text: str) -> str:
    """A text cell, from after its reference on."""
    return f"{TEXT_BEGIN}{escape(text)}{TEXT_END}"


def json_cell(text: str) -> str:
    """JSON text: a number or a boolean where it is one that spreadsheets keep, else text."""
    if _NUMBER.fullmatch(text):
        return f"{NUMBER_BEGIN}{text}{VALUE_END}"
    return BOOLEANS.get(text) or text_cell(text)


def cell(tag: str, text: str) -> str:
    """One cell, from after its reference on."""
    if tag == TEXT:
        return text_cell(text)
    return json_cell(text) if tag == JSON else EMPTY


def hole_text(raw: str) -> str | None:
    """The text of a cell that was written by `text_cell`; None for an empty one. ValueError for others."""
    if raw == EMPTY:
        return None
    text = unescape(raw[len(TEXT_BEGIN) : -len(TEXT_END)])
    if text_cell(text) != raw:
        raise ValueError(raw)
    return text


def is_doubled(us: int, zone: Zone) -> bool:
    """Whether clocks in the zone had shown this time once before: a local time without offset would not say which."""
    place = bisect_right(zone.instants_us, us) - 1
    gone = zone.offsets_s[place - 1] - zone.offsets_s[place] if place else 0
    return us < zone.instants_us[place] + gone * 1_000_000


def time_cell(us: int, zone: Zone) -> str:
    """A time as the number of days since 1899-12-30 by the zone's clocks, 11 decimals: the microsecond comes back.

    A time that the clocks showed before, and one past 9999, is text with its offset.
    """
    local = us + zone.offset_s(us) * 1_000_000
    if is_doubled(us, zone) or local >= _LOCAL_END_US:
        return text_cell(zone.render(us))
    day, rest = divmod(local, _DAY_US)
    return f"{DATE_BEGIN}{day + _EPOCH_DAYS}.{(rest * 125 + 54) // 108:011d}{VALUE_END}"


# --- parts ------------------------------------------------------------------------------------------------


def sheet_head(labels: Sequence[str], paths: Sequence[str], *, first: bool) -> str:
    """A sheet of rows up to its first row, header row included."""
    selected = ' tabSelected="1"' if first else ""
    widths = "".join(_width(n, 25 if path in TIMES else 32) for n, path in enumerate(paths, 1))
    cells = "".join(f'<c r="{letters(n)}1" t="inlineStr" s="3">{_inline(label)}' for n, label in enumerate(labels))
    return (
        f'{_sheet(selected)}<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
        f'</sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>\n'
        f'<row r="1">{cells}{ROW_END}'
    )


def sheet_tail() -> str:
    """What follows the last row."""
    return _TAIL


def about_sheet(about: About, counts: Counts, zone: Zone) -> str:
    """The sheet that says what the others hold."""
    lines = [*facts(about, counts), ("", "")]
    lines += [("Column", f"{c['label']}: {c['path']}, mask {c['mask']['mask']}") for c in about.columns]
    lines += [("", ""), ("Offset from UTC", _offset(zone.offsets_s[0]))]
    changes = zip(zone.instants_us[1:], zone.offsets_s[1:], strict=True)
    lines += [(f"from {Zone('UTC', (0,), (0,)).render(us)}", _offset(offset)) for us, offset in changes]
    lines += [("", "")] + [("Note", note) for note in NOTES]
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr" s="3">{_inline(name)}<c r="B{n}" t="inlineStr" s="4">{_inline(text)}'
        + ROW_END
        for n, (name, text) in enumerate(lines, 1)
    )
    return (
        f'{_sheet("")}</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>{_width(1, 32)}'
        f"{_width(2, 100)}</cols><sheetData>\n{rows}{_TAIL}"
    )


def _sheet(selected: str) -> str:
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView{selected} workbookViewId="0">'
    )


def _inline(text: str) -> str:
    return f'<is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _width(column: int, width: int) -> str:
    return f'<col min="{column}" max="{column}" width="{width}" customWidth="1"/>'


def _offset(seconds: int) -> str:
    return f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02d}:{abs(seconds) // 60 % 60:02d}"


def sheet_names(count: int) -> list[str]:
    """The names of `count` sheets of rows, and of the one about them."""
    return ["Rows", *(f"Rows {n}" for n in range(2, count + 1)), ABOUT]


def sheet_part(number: int) -> str:
    """The part of a sheet, counted from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def fixed_parts(sheets: int, about: About) -> dict[str, str]:
    """Every part but the sheets, in the order of the file, for so many sheets of rows."""
    names = sheet_names(sheets)
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/{sheet_part(n)}" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names))  # noqa: B905
    titles = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{n}">\'{name}\'!$1:$1</definedName>'
        for n, name in enumerate(names[:-1])
    )
    related = "".join(_relation(n, f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    core = f"{_PACKAGE}/relationships/metadata/core-properties"
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/><Override '
        f'PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/><Override PartName="/docProps/core.xml" '
        f'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>{overrides}</Types>\n',
        "_rels/.rels": _relations(
            _relation(1, f"{_OFFICE}/officeDocument", "xl/workbook.xml") + _relation(2, core, "docProps/core.xml")
        ),
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc='
        '"http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi='
        f'"http://www.w3.org/2001/XMLSchema-instance"><dc:title>Audit log export {about.export_id}</dc:title>'
        f'<dc:creator>Affidavit</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">{about.created[:19]}Z'
        "</dcterms:created></cp:coreProperties>\n",
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/>'
        f"</bookViews><sheets>{listed}</sheets><definedNames>{titles}</definedNames></workbook>\n",
        "xl/_rels/workbook.xml.rels": _relations(
            related + _relation(len(names) + 1, f"{_OFFICE}/styles", "styles.xml")
        ),
        "xl/styles.xml": _STYLES,
    }


def _relations(inside: str) -> str:
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>\n'


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'


_STYLES: Final = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode='
    r'"yyyy\-mm\-dd\ hh:mm:ss.000"/></numFmts><fonts count="2"><font><sz val="10"/><name val="Arial"/><family val="2"/>'
    '</font><font><b/><sz val="10"/><name val="Arial"/><family val="2"/></font></fonts><fills count="2"><fill>'
    '<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count='
    '"2"><border><left/><right/><top/><bottom/><diagonal/></border><border><left/><right/><top/><bottom style="thin">'
    '<color auto="1"/></bottom><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" '
    'fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" '
    'xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="164"'
    ' fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" '
    'borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" applyBorder="1"/><xf numFmtId="49" fontId="0" '
    'fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" '
    'wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>\n"
)
