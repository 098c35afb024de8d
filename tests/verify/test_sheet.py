"""Workbooks are as docs/format-xlsx.md says, and another reader finds in them what was put in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.cells import UTC_ZONE, Zone
from affidavit.verify import sheet
from affidavit.verify.about import About, Period

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "format-xlsx.md").read_text("utf-8")
BERLIN = Zone("Europe/Berlin", (0, 1_792_890_000_000_000), (7200, 3600))  # until 2026-10-25T01:00:00Z, from then on
ABOUT = About("{export.id}", "{export.created}", "", "", "", "", {}, Period("at", None, None), [])
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("_x00AF\r\n\t\x00\ufffe\uffff&<>"))


def parts():
    found = [f"`{name}`\n\n```xml\n{text}```\n" for name, text in sheet.fixed_parts(1, ABOUT).items()]
    rows = sheet.sheet_head(["when", "who"], ["at", "actor.id"], first=True) + sheet.sheet_tail()
    title = "`xl/worksheets/sheet1.xml`, of the columns `when` = `at` and `who` = `actor.id`, without rows"
    return "\n".join([*found, f"{title}\n\n```xml\n{rows}```\n"])


def test_the_parts_are_those_of_the_document():
    """To renew them, put what this test expects between the two markers."""
    assert PAGE.partition("checked by a test -->\n")[2].partition("<!-- parts:end -->")[0] == parts()
    assert f"```\n{chr(10).join(sheet.NOTES)}\n```" in PAGE
    assert sheet.NUMBER.replace("(?:", "(") in PAGE


@given(texts)
def test_text_comes_back(text):
    written = sheet.text_cell(text)
    assert sheet.hole_text(written) == text
    assert sheet.HOLE.fullmatch(written.encode())
    assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", written)


@pytest.mark.parametrize("raw", ["a<b", "_x0041_", "&quot;", "a&b", "_x005F_", "\r", "_x000a_"])
def test_text_escaped_otherwise_is_no_cell(raw):
    with pytest.raises(ValueError, match=re.escape(raw)):
        sheet.hole_text(f"{sheet.TEXT_BEGIN}{raw}{sheet.TEXT_END}")


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_microsecond_comes_back_from_days(us):
    cell = sheet.time_cell(us, UTC_ZONE)
    days = float(cell.removeprefix(sheet.DATE_BEGIN).removesuffix(sheet.VALUE_END))
    assert abs(round((days - 25_569) * 86_400_000_000) - us) <= 1  # the double's own step is 0.6 µs


@given(st.integers(-3 * 3600, 3 * 3600))
def test_an_hour_shown_twice_says_which(second):
    change = 1_792_890_000
    moment = datetime.fromtimestamp(change + second, UTC).astimezone(ZoneInfo("Europe/Berlin"))
    cell = sheet.time_cell((change + second) * 1_000_000, BERLIN)
    assert cell.startswith(sheet.TEXT_BEGIN) == (moment.fold == 1)
    if moment.fold:
        assert "+01:00" in cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("0", "number"), ("-1.5", "number"), ("123456789012345", "number"), ("12345678.1234567", "number"),
        ("1234567890123456", "text"), ("1e5", "text"), ("1.12345678", "text"), ("true", "boolean"),
        ("false", "boolean"),
        ("null", "text"), ('"=1"', "text"), ("[1]", "text"),
    ],
)  # fmt: skip
def test_json_is_typed_where_spreadsheets_keep_it(text, cell):
    begins = {"number": sheet.NUMBER_BEGIN, "boolean": ' t="b"', "text": sheet.TEXT_BEGIN}
    assert sheet.json_cell(text).startswith(begins[cell])


def test_further_sheets_are_named_and_listed():
    parts = sheet.fixed_parts(3, ABOUT)
    assert re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"]) == ["Rows", "Rows 2", "Rows 3", "About"]
    assert "'Rows 3'!$1:$1" in parts["xl/workbook.xml"]
    assert len(re.findall("worksheets/sheet[1-4].xml", parts["xl/_rels/workbook.xml.rels"])) == 4
