"""Workbooks: another program reads back what was recorded, sheets are split, limits are refused, forgeries found."""

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from affidavit.errors import InvalidRequest
from affidavit.export import run_export
from affidavit.export.spec import Column, ExportSpec
from affidavit.export.zip import Spool, ZipWriter
from affidavit.verify import sheet, verify_bundle

COLUMNS = tuple(Column(path, path) for path in ("at", "action", "actor.id", "record_count", "actor.mfa", "resource"))
SHOWN = {"profile": "internal", "columns": COLUMNS, "format": "xlsx"}


def event(n, **more):
    return {"action": "a", "at": f"2026-03-01T00:00:{n % 60:02d}.000001Z", "actor": {"id": f"u{n}", "mfa": n % 2 == 0},
            "record_count": n, **more}  # fmt: skip


def view_of(log, path):
    verdict = verify_bundle(path, log.trust()).verdicts["VIEW MATCHES"]
    return verdict.status.value, verdict.reason


def repacked(source, target, changes):
    """A bundle with parts of its workbook changed, added (from None) or dropped (to None)."""
    with zipfile.ZipFile(source) as old, target.open("wb") as out:
        writer = ZipWriter(out)
        for info in old.infolist():
            data = old.read(info)
            spool = Spool(info.filename, target.parent, info.compress_type)
            spool.write(_workbook(data, changes, target.parent) if info.filename == "data.xlsx" else data)
            writer.add(spool)
        writer.finish()


def _workbook(data, changes, folder):
    made = io.BytesIO()
    writer = ZipWriter(made)
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts.get(name))
    for name, part in parts.items():
        if part is not None:
            spool = Spool(name, folder)
            spool.write(part)
            writer.add(spool)
    writer.finish()
    return made.getvalue()


def test_cells_are_typed_and_text_is_never_a_formula(log, record, out):
    texts = ["=1+1", "+1", "@x", "'x", "0123", "http://example.org", "grüße 東京 😀", " two  spaces "]
    record(*[event(n, resource={"id": text}) for n, text in enumerate(texts)])
    run_export(log, ExportSpec(zone="Asia/Kolkata", **SHOWN), out / "x.xlsx", bundle=False)
    book = openpyxl.load_workbook(out / "x.xlsx")
    assert book.sheetnames == ["Rows", "About"]
    rows = list(book["Rows"].iter_rows())
    assert [cell.value for cell in rows[0]] == [column.label for column in COLUMNS]
    for n, row in enumerate(rows[1:]):
        when, action, actor, count, mfa, resource = row
        assert (when.value, when.is_date) == (datetime(2026, 3, 1, 5, 30, n), True)  # noqa: DTZ001  spreadsheets know no zone
        assert (count.value, count.data_type, mfa.value, mfa.data_type) == (n, "n", n % 2 == 0, "b")
        assert (resource.value, resource.data_type, resource.hyperlink) == (texts[n], "s", None)
        assert (action.value, actor.value) == ("a", f"u{n}")
    assert rows[1][0].number_format == r"yyyy\-mm\-dd\ hh:mm:ss.000"
    about = dict(book["About"].iter_rows(values_only=True))
    assert (about["Rows"], about["Times shown in"], about["Offset from UTC"]) == ("8", "Asia/Kolkata", "+05:30")


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_rows_go_on_in_further_sheets(log, record, out, monkeypatch, count):
    monkeypatch.setattr(sheet, "SHEET_ROWS_MAX", 11)
    record(*[event(n) for n in range(count)])
    result = run_export(log, ExportSpec(**SHOWN), out / "x.zip", bundle=True)
    assert result.verdicts["VIEW MATCHES"].status == "PASS"
    with zipfile.ZipFile(out / "x.zip") as archive:
        book = openpyxl.load_workbook(io.BytesIO(archive.read("data.xlsx")))
    sheets = max(1, -(-count // 10))
    assert book.sheetnames == ["Rows", *(f"Rows {n}" for n in range(2, sheets + 1)), "About"]
    found = [row[3] for name in book.sheetnames[:-1] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert sorted(found) == list(range(count))


@pytest.mark.parametrize(("text", "fits"), [("x" * 32_767, True), ("x" * 32_768, False), ("😀" * 16_384, False)])
def test_a_cell_that_a_spreadsheet_would_cut_is_refused(log, record, out, text, fits):
    record(event(0), event(1, resource={"id": text}))
    spec = ExportSpec(**SHOWN)
    if fits:
        run_export(log, spec, out / "x.xlsx", bundle=False)
        assert openpyxl.load_workbook(out / "x.xlsx")["Rows"]["F3"].value == text
        return
    with pytest.raises(InvalidRequest, match=r"row 2, column 'resource' has 32768 characters") as caught:
        run_export(log, spec, out / "x.xlsx", bundle=False)
    assert "parquet" in caught.value.hint
    assert list(out.iterdir()) == []


def cell(number, new):
    return lambda part: re.sub(rb'<c r="%s"[^/]*?(?:/>|.*?</c>)' % number, new, part, count=1)


FORGERIES = {
    "another value": {"xl/worksheets/sheet1.xml": lambda part: part.replace(b">u1<", b">u2<")},
    "a formula": {"xl/worksheets/sheet1.xml": cell(b"C3", b'<c r="C3"><f>1+1</f><v>2</v></c>')},
    "a number as text": {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"><v>1</v>", b' t="str"><v>1</v>')},
    "a row dropped": {"xl/worksheets/sheet1.xml": lambda part: re.sub(rb'<row r="3">.*?</row>\n', b"", part)},
    "a row more": {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"</sheetData>", b'<row r="9"/></sheetData>')},
    "another count": {"xl/worksheets/sheet2.xml": lambda part: part.replace(b">3</t>", b">30</t>")},
    "a hidden sheet": {"xl/workbook.xml": lambda part: part.replace(b'name="Rows"', b'name="Rows" state="hidden"')},
    "another format of dates": {"xl/styles.xml": lambda part: part.replace(b"yyyy", b"yy")},
    "a part more": {"xl/media/image1.png": lambda _: b"x"},
    "a part dropped": {"docProps/core.xml": lambda _: None},
    "a sheet dropped": {"xl/worksheets/sheet1.xml": lambda _: None},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_changed_workbook_does_not_match(log, record, out, name):
    record(*[event(n) for n in range(3)])
    run_export(log, ExportSpec(**SHOWN), out / "x.zip", bundle=True)
    repacked(out / "x.zip", out / "same.zip", {})
    assert view_of(log, out / "same.zip")[0] == "PASS"
    repacked(out / "x.zip", out / "forged.zip", FORGERIES[name])
    assert view_of(log, out / "forged.zip")[0] == "FAIL"


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip", Path(openpyxl.__file__).read_bytes()])
def test_what_is_no_workbook_does_not_match(log, record, out, data):
    record(event(0))
    run_export(log, ExportSpec(**SHOWN), out / "x.zip", bundle=True)
    with zipfile.ZipFile(out / "x.zip") as old, (out / "forged.zip").open("wb") as made:
        writer = ZipWriter(made)
        for info in old.infolist():
            spool = Spool(info.filename, out, info.compress_type)
            spool.write(data if info.filename == "data.xlsx" else old.read(info))
            writer.add(spool)
        writer.finish()
    assert view_of(log, out / "forged.zip")[0] == "FAIL"
