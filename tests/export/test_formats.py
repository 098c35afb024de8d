"""The column writers give, byte for byte, what the shared scalar cells give."""

import csv
import io
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit import cells
from affidavit.export.formats import text
from affidavit.export.formats.csv import CsvWriter
from affidavit.export.formats.json import JsonWriter, NdjsonWriter
from affidavit.export.formats.text import Cells
from affidavit.verify.about import Counts

LABELS = ["=name", "a,b", 'q"']
SHARP = list("=+-@\t\r',\"\n\\\x00\x1f\x7f é😀a1 ")
strings = st.text(st.sampled_from(SHARP), max_size=4) | st.text(max_size=4).filter(
    lambda s: not any("\ud800" <= c <= "\udfff" for c in s)
)
json_texts = st.sampled_from(["-5", "[1]", '{"a":"=1,\\"2"}', "true", '"\'x"'])


@st.composite
def rows(draw):
    return draw(st.lists(
        st.tuples(*[
            st.one_of(
                st.just(cells.NOTHING),
                strings.map(lambda s: cells.Cell("s", s)),
                json_texts.map(lambda s: cells.Cell("j", s)),
            )
        ] * 3),
        max_size=12,
    ))  # fmt: skip


def columns(table):
    out = []
    for i in range(3):
        column = [row[i] for row in table]
        values = pa.array([None if c.tag == "n" else c.text for c in column], pa.string())
        kinds = {c.tag for c in column} - {"n"}
        json_ = True if kinds == {"j"} else False if kinds <= {"s"} else pa.array([c.tag == "j" for c in column])
        out.append(Cells(values, json_))
    return out


def writer(format):
    if format == "json":
        return JsonWriter(LABELS, '{"x":1}')
    return {"csv": CsvWriter, "bare": JsonWriter, "ndjson": NdjsonWriter}[format](LABELS)


def whole(out, parts, rows):
    return out.head() + b"".join(bytes(part) for part in parts) + b"".join(out.tail(Counts(rows, 0)))


def written(format, batches):
    out = writer(format)
    parts = (part for batch in batches for part in out.rows(columns(batch)))
    return whole(out, parts, sum(len(batch) for batch in batches))


@settings(max_examples=40, deadline=None)
@given(st.lists(rows(), max_size=3))
def test_csv_is_the_scalar_csv(batches):
    expected = cells.csv_header(LABELS) + "".join(cells.csv_row(row) for batch in batches for row in batch)
    assert written("csv", batches) == expected.encode()


@settings(max_examples=40, deadline=None)
@given(st.lists(rows(), max_size=3))
def test_json_is_the_scalar_json(batches):
    flat = [cells.json_row(LABELS, row) for batch in batches for row in batch]
    expected = (
        cells.JSON_BEGIN + cells.JSON_BETWEEN.join(flat) + cells.JSON_END if flat else cells.JSON_EMPTY
    )  # fmt: skip
    assert written("bare", batches) == expected.encode()
    assert written("ndjson", batches) == "".join(f"{row}\n" for row in flat).encode()
    out = written("json", batches).decode()
    assert out.startswith('{"about":{"x":1},\n"rows":[\n')
    assert json.loads(out)["rows"] == json.loads(expected)
    assert json.loads(out)["counts"] == {
        "rows": len(flat), "masked": 0, "erased": 0, "purged": 0, "truncated": False
    }  # fmt: skip


@pytest.mark.parametrize("start", list(cells.FORMULA_STARTS))
def test_no_spreadsheet_finds_a_formula(start):
    out = written("csv", [[(cells.Cell("s", f"{start}SUM(A1)"),) * 3]]).decode()
    read = list(csv.reader(io.StringIO(out, newline="")))
    assert read[0][0] == "'=name"
    assert read[1] == [f"'{start}SUM(A1)"] * 3


def test_slices_and_halves_write_the_same(monkeypatch):
    table = [(cells.Cell("s", f"a{i},é"), cells.Cell("j", str(i)), cells.Cell("s", "=x")) for i in range(50)]
    expected = {f: written(f, [table]) for f in ("csv", "json", "ndjson")}
    monkeypatch.setattr(text, "BATCH_BYTES_MAX", 200)
    for name, once in expected.items():
        out = writer(name)
        sliced = [column.slice(10, 40) for column in columns(table)]
        first = [column.slice(0, 10) for column in columns(table)]
        parts = [bytes(p) for batch in (first, sliced) for p in out.rows(batch)]
        assert whole(out, parts, 50) == once
        assert len(parts) > 4
