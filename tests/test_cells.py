"""Cells: what is written can be read back, is safe in a spreadsheet, and masks are told from values."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit import cells
from affidavit.commitment import format_time, parse_time
from affidavit.errors import MalformedProof
from affidavit.masking import forms
from affidavit.masking.masks import MASK_NAMES, read_mask

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.text("=+-@\t\r\n'\",a", max_size=6)
BERLIN = cells.Zone(
    "Europe/Berlin",
    (0, parse_time("2026-03-29T01:00:00.000000Z"), parse_time("2026-10-25T01:00:00.000000Z")),
    (3600, 7200, 3600),
)


@given(TEXTS)
def test_a_text_cell_reads_back_and_never_begins_like_a_formula(text):
    raw = cells.csv_cell("s", text)
    assert cells.csv_text(raw) == text
    (row,) = csv.reader(io.StringIO(raw + ",x\r\n", newline=""), strict=True)
    assert row == [cells.csv_guard(text), "x"]
    assert row[0][:1] not in ("=", "+", "-", "@", "\t", "\r")


@given(TEXTS)
def test_only_what_csv_cell_writes_is_taken_for_a_cell(raw):
    text = cells.csv_text(raw)
    assert text is None or cells.csv_cell("s", text) == raw


@given(TEXTS)
def test_json_cells_are_what_pythons_json_writes(text):
    raw = cells.json_text(text)
    assert raw == json.dumps(text, ensure_ascii=False)
    assert cells.json_string_text(raw) == text


@pytest.mark.parametrize("raw", ['"\\u0061"', "null", "1", '"a" ', '"\\/"', "[", '"'])
def test_other_spellings_of_a_json_string_are_refused(raw):
    assert cells.json_string_text(raw) is None


def test_rows_as_the_format_writes_them():
    row = [cells.Cell("s", "=1"), cells.Cell("j", "-5"), cells.Cell("j", '["a","b"]'), cells.NOTHING]
    assert cells.csv_row(row) == '\'=1,-5,"[""a"",""b""]",\r\n'
    assert cells.json_row(["a", "b", "c", "d"], row) == '{"a":"=1","b":-5,"c":["a","b"],"d":null}'
    assert cells.csv_header(["timestamp", "a,b"]) == 'timestamp,"a,b"\r\n'


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)))  # noqa: DTZ001  made aware below
def test_times_agree_with_zoneinfo(moment):
    aware = moment.replace(tzinfo=UTC)
    us = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    local = aware.astimezone(ZoneInfo("Europe/Berlin"))
    assert BERLIN.render(us) == local.isoformat(timespec="microseconds")
    assert cells.UTC_ZONE.render(us) == format_time(us)


def test_half_hours_west_and_the_edges_of_time():
    zone = cells.Zone("x", (0,), (-12600,))
    assert zone.render(0) == "1969-12-31T20:30:00.000000-03:30"
    last = parse_time("9999-12-31T23:59:59.999999Z")
    assert cells.Zone("x", (0,), (3600,)).render(last) == "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("instants", "offsets"),
    [((), ()), ((1,), (0,)), ((0, 0), (0, 60)), ((0,), (30,)), ((0,), (86_400,)), ((0,), ())],
)
def test_zones_out_of_form_are_refused(instants, offsets):
    with pytest.raises(MalformedProof):
        cells.Zone("x", instants, offsets)


def test_the_virtual_column():
    assert cells.resource_text("grade", "17") == "grade:17"
    assert cells.resource_text(None, "17") == "17"
    assert cells.resource_text("grade", None) == "grade:"
    assert cells.resource_text(None, None) is None
    assert cells.underlying("resource") == ("resource.type", "resource.id")
    assert cells.underlying("action") == ()
    assert cells.underlying("actor.id") == ("actor.id",)


TOKEN = "tk_" + "a2" * 13
SPECS = [
    (
        {"mask": "token", "class": "staff"},
        [TOKEN],
        ["", "u1", TOKEN + "a", TOKEN.upper(), TOKEN + "\n", "tk_" + "1" * 26],
    ),
    ({"mask": "vault", "class": "subject"}, ["vt_" + "a" * 26], [TOKEN]),
    ({"mask": "type", "class": "staff"}, ["[staff]"], ["[subject]", "staff"]),
    ({"mask": "remove"}, [], ["", "x"]),
    ({"mask": "replace"}, ["see [e-mail]", ""], []),
    ({"mask": "email"}, ["j***@example.org", "***@example.org"], ["jane@example.org", "***@a b", "***@localhost"]),
    ({"mask": "phone"}, ["***42"], ["+4930123456", "***123", "***"]),
    ({"mask": "last", "n": 4}, ["****1234", "****"], ["1234", "****123", "****12345"]),
    ({"mask": "card"}, ["411111******1111"], ["4111111111111111"]),
    (
        {"mask": "ip", "v4": 24, "v6": 48},
        ["10.42.7.0/24", "2001:db8:1::/48", "::/48"],
        ["10.42.7.9", "10.042.7.0/24", "10.42.0.0/16", "10.42.7.1/24", "2001:DB8::/48"],
    ),
    ({"mask": "month"}, ["2026-10"], ["2026-13", "2026-10-01"]),
    ({"mask": "year", "as_of": 2026}, ["2026", "90+"], ["2026-10", "1930"]),
    ({"mask": "age"}, ["7", "89", "90+"], ["90", "07"]),
    ({"mask": "region"}, ["DE", "US-CA"], ["Germany", "de"]),
    ({"mask": "own", "owners": ["actor.id"], "inner": {"mask": "last", "n": 2}}, ["****12"], ["12"]),
    ({"mask": "own", "owners": [], "inner": {"mask": "keep"}}, [], ["u1"]),
]


@pytest.mark.parametrize(("spec", "good", "bad"), SPECS)
def test_mask_cells(spec, good, bad):
    cells.check_mask_spec(spec)
    assert cells.mask_cell_ok(spec, None)
    assert all(cells.mask_cell_ok(spec, cell) for cell in good)
    assert not any(cells.mask_cell_ok(spec, cell) for cell in bad)


def test_a_kept_cell_is_never_parsed():
    assert not cells.mask_cell_ok({"mask": "keep"}, None)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        None,
        {"mask": "hide"},
        {"mask": 1},
        {"mask": "token"},
        {"mask": "token", "class": "x"},
        {"mask": "last", "n": 99},
        {"mask": "last", "n": True},
        {"mask": "keep", "n": 1},
        {"mask": "year"},
        {"mask": "own", "owners": ["A"], "inner": {"mask": "keep"}},
        {"mask": "own", "owners": [], "inner": {"mask": "own", "owners": [], "inner": {"mask": "keep"}}},
    ],
)
def test_mask_specs_out_of_form_are_refused(spec):
    with pytest.raises(MalformedProof):
        cells.check_mask_spec(spec)


@pytest.mark.parametrize(("spec", "good", "bad"), SPECS)
def test_masking_and_cells_agree_on_every_mask(spec, good, bad):
    assert set(cells.MASKS) == set(MASK_NAMES)
    read_mask(spec, "none")
    for cell in (None, *good, *bad):
        assert forms.parses(spec, cell) == cells.mask_cell_ok(spec, cell), cell
