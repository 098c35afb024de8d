"""Formats: all are drawn from one result, so their numbers agree; and the same result gives the same bytes."""

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser

import msgspec
import openpyxl
import pytest
from pypdf import PdfReader

from affidavit.errors import InvalidRequest
from affidavit.reports.asked import Asked
from affidavit.reports.charts import chart
from affidavit.reports.render import FORMATS, filename, render
from affidavit.reports.render.page import blocks
from affidavit.reports.report import Chart
from affidavit.reports.result import Head, Table, decode, encode
from affidavit.reports.runner import make


@pytest.fixture(scope="module")
def result(estate, library):
    from affidavit.event import micros
    from affidavit.reports.runner import Fixed
    from tests.reports.conftest import NOW, RUN_ID

    asked = Asked("S1", start="2023-07-01", zone=estate.tenant.zone)
    return make(estate, library, asked, Fixed(RUN_ID, micros(NOW), "tester"))


@pytest.fixture(scope="module")
def files(result):
    return {name: render(result, name) for name in FORMATS}


class Page(HTMLParser):
    """The tables of a page by the id of their section, and every address it names."""

    def __init__(self):
        super().__init__()
        self.tables, self.addresses, self.tags = {}, [], set()
        self._section, self._row, self._cell = "", None, None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.addresses += [value for key, value in given.items() if key in {"src", "href", "action"}]
        if tag == "section":
            self._section = given["id"]
        elif tag == "table":
            self._rows = self.tables[self._section] = []
        elif tag == "tr":
            self._row = []
        elif tag in {"td", "th"}:
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._row.append(self._cell)
            self._cell = None
        elif tag == "tr":
            self._rows.append(self._row)


def plain(cell):
    """A cell as text that no format changes: no thousands apart, no yes."""
    if cell is None:
        return ""
    text = {True: "true", False: "false"}.get(cell, str(cell)) if isinstance(cell, bool) else str(cell)
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)


def test_numbers_agree_across_formats(result, files):
    """Every cell of every table, in JSON, CSV, XLSX and HTML."""
    page = Page()
    page.feed(files["html"].decode())
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    sheets = iter(book.worksheets[1:])
    with zipfile.ZipFile(io.BytesIO(files["csv"])) as archive:
        for block in blocks(decode(files["json"])):
            if block.table is None:
                continue
            wanted = [[plain(cell) for cell in row] for row in block.table.rows]
            text = archive.read(f"{block.id}.csv").decode()
            read = list(csv.reader(io.StringIO(text, newline="")))
            assert read[0] == [head.label for head in block.table.columns]
            assert [[plain(cell.removeprefix("'")) for cell in row] for row in read[1:]] == wanted, block.id
            rows = list(next(sheets).iter_rows(values_only=True))
            assert list(rows[0]) == read[0]
            assert [[plain(cell) for cell in row] for row in rows[1:]] == wanted, block.id
            shown = [[plain(cell) for cell in row] for row in page.tables[block.id][1:]]
            assert shown == [[{"true": "yes", "false": "no"}.get(c, c) for c in row] for row in wanted], block.id


def test_pdf_shows_the_findings_and_carries_the_rest(result, files):
    reader = PdfReader(io.BytesIO(files["pdf"]))
    text = " ".join(page.extract_text() for page in reader.pages)
    flat = re.sub(r"\s+", "", text).replace("\u200b", "")
    for finding in result.findings:
        assert re.sub(r"\s+", "", finding.title) in flat
        assert re.sub(r"\s+", "", finding.reason) in flat
    assert re.sub(r"\s+", "", result.coverage.statement) in flat
    assert reader.attachments["report.json"] == [files["json"]]
    assert reader.attachments["tables.zip"] == [files["csv"]]
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "en"


def test_html_stands_by_itself(files):
    page = Page()
    page.feed(files["html"].decode())
    assert page.addresses == []
    assert "script" not in page.tags
    assert "default-src 'none'" in files["html"].decode()


def test_the_same_result_gives_the_same_bytes(result, files):
    for name in FORMATS:
        assert render(decode(encode(result)), name) == files[name], name


def hostile(text):
    head = Head(name="a", label=text, type="text")
    return Table(columns=(head,), rows=((text,), (None,), (-5,), (1.5,), (True,)), total=9)


@pytest.mark.parametrize("text", ["=1+1", "<script>alert(1)</script>", "a\x07b", '"; #eval', "@x", "  ", "\u202e", "𝕏"])
def test_hostile_text_stays_text(result, text):
    section = msgspec.structs.replace(result.sections[0], title=text or "t", table=hostile(text), note=text, chart=None)
    planted = msgspec.structs.replace(result, sections=(section,))
    assert b"<script>alert" not in render(planted, "html")
    with zipfile.ZipFile(io.BytesIO(render(planted, "csv"))) as archive:
        rows = list(csv.reader(io.StringIO(archive.read(f"section-{section.id}.csv").decode(), newline="")))
    assert rows[1] == [f"'{text}" if text[0] in "=@+-\t\r" else text]
    assert [row[0] for row in rows[2:]] == ["", "-5", "1.5", "true"] or rows[2] == []
    book = openpyxl.load_workbook(io.BytesIO(render(planted, "xlsx")))
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)


def test_hostile_text_is_laid_out(result):
    section = msgspec.structs.replace(result.sections[0], table=hostile("#panic() $x$ \x07 \u202e <b>"), chart=None)
    planted = msgspec.structs.replace(result, sections=(section,))
    assert render(planted, "pdf").startswith(b"%PDF")


def test_tables_say_that_they_are_cut(result):
    section = msgspec.structs.replace(result.sections[0], table=hostile("a"), chart=None)
    text = render(msgspec.structs.replace(result, sections=(section,)), "html").decode()
    assert "The first 5 of 9 rows." in text


def test_unknown_formats_and_foreign_json_are_refused(result):
    with pytest.raises(InvalidRequest, match="docx"):
        render(result, "docx")
    with pytest.raises(InvalidRequest):
        decode(b'{"format": "other/1"}')
    with pytest.raises(InvalidRequest):
        decode(encode(msgspec.structs.replace(result, format="affidavit-report/9")))
    assert filename(result, "csv") == "report-S1-2024-06-19.csv.zip"


# --- charts ---------------------------------------------------------------------------------------------------------


def table(rows, *kinds):
    heads = tuple(Head(name=name, label=name.upper(), type="text") for name in kinds)
    return Table(columns=heads, rows=tuple(rows), total=len(rows))


def test_charts_are_the_rows_as_series():
    rows = [("mon", "ok", 3), ("mon", "bad", 1), ("tue", "ok", 2)]
    made = chart(Chart(kind="line", x="day", y="n", by="state"), "Trend", table(rows, "day", "state", "n"))
    assert (made.title, made.x) == ("Trend", ("mon", "tue"))
    assert [(one.name, one.values) for one in made.series] == [("ok", (3, 2)), ("bad", (1, None))]
    alone = chart(Chart(kind="bars", x="day", y="n"), "Trend", table(rows, "day", "state", "n"))
    assert [(one.name, one.values) for one in alone.series] == [("N", (4, 2))]


def test_suppressed_counts_are_not_drawn():
    made = chart(Chart(kind="bars", x="day", y="n"), "T", table([("mon", "<11"), ("tue", 12)], "day", "n"))
    assert made.series[0].values == (None, 12)


def test_an_axis_can_show_what_nothing_happened_at():
    asked = Chart(kind="heat", x="hour", y="n", by="day", x_axis="hours", by_axis="weekdays")
    made = chart(asked, "T", table([("13", "Tue", 4), ("08", "Sun", 1)], "hour", "day", "n"))
    assert made.x == tuple(f"{hour:02}" for hour in range(24))
    assert [one.name for one in made.series] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert made.series[1].values[13] == 4
    assert sum(value or 0 for one in made.series for value in one.values) == 5


def test_many_series_are_drawn_as_few():
    rows = [("mon", f"s{n}", 1) for n in range(20)]
    made = chart(Chart(kind="bars", x="day", y="n", by="s"), "T", table(rows, "day", "s", "n"))
    assert len(made.series) == 12
    assert (made.series[-1].name, made.series[-1].values) == ("(others)", (9,))


def test_every_chart_of_the_estate_is_drawn(estate, library, fixed):
    """Bars, lines and heat, in HTML and on paper."""
    kinds = set()
    for name in ("IR", "G1"):
        result = make(estate, library, Asked(name, start="2023-07-01", zone=estate.tenant.zone), fixed)
        kinds |= {one.chart.kind for one in result.sections if one.chart is not None}
        drawn = sum(one.chart is not None for one in result.sections)
        assert render(result, "html").count(b"<figure>") == drawn
        assert render(result, "pdf").startswith(b"%PDF")
        data = json.loads(render(result, "json"))
        assert sum(one["chart"] is not None for one in data["sections"]) == drawn
    assert kinds == {"bars", "line", "heat"}
