"""Rows taken together are judged as rows taken one by one: every finding, in every word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.cells import Zone
from affidavit.commitment import format_time
from affidavit.verify import columns, openings, verify_bundle, walk
from affidavit.verify.data import BytesView
from tests.verify.builder import COLUMNS, MINUTE, Builder, grade_event, keep, pack

US_MAX = 253_402_300_799_999_999


@pytest.fixture
def alike(tmp_path):
    """Both ways say the same; gives what they say."""

    def alike(builder, files=None):
        path = tmp_path / "bundle.zip"
        path.write_bytes(builder.zip() if files is None else pack(files))
        together = verify_bundle(path, builder.trust()).to_json()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(walk, "BATCH_ROWS_MIN", 1 << 30)
            patch.setattr(columns, "BATCH_ROWS_MIN", 1 << 30)
            assert verify_bundle(path, builder.trust()).to_json() == together
        return together

    return alike


def statuses(result):
    return [verdict["status"] for verdict in result["verdicts"].values()]


def at_row(row, change):
    """Change one line of the data file; row 0 is its header."""

    def edit(files):
        lines = files["data.csv"].split(b"\r\n")
        lines[row] = change(lines[row])
        files["data.csv"] = b"\r\n".join(lines)

    return edit


def plain(**options):
    """Two hundred events, none of which has a line end in a cell: those are compared row by row."""
    builder = Builder(events=0, **options)
    for n in range(11, 211):
        builder.main.add(grade_event(n))
    return builder


WIDE = [*COLUMNS, keep("t", "t"), keep("outcome", "outcome"), keep("message", "message"), keep("x", "basis.purpose")]


@pytest.mark.parametrize(
    "builder",
    [
        lambda: Builder(events=200),
        lambda: plain( columns=WIDE),
        lambda: plain( columns=WIDE, zone={"name": "UTC", "transitions": [
            {"at": "1970-01-01T00:00:00.000000Z", "offset_s": 0}]}),
        lambda: plain( form="ndjson"),
        lambda: plain( evidence="rows", wanted=lambda r: r.action == "grade.read",
                        query={"op": "eq", "path": "action", "value": "grade.read"}),
        lambda: plain( evidence="rows", query={"op": "ge", "path": "record_count", "value": "-500"}),
        lambda: plain( query={"op": "eq", "path": "actor.id", "token": "tk_" + "a" * 26}),
    ],
)  # fmt: skip
def test_good_ones(alike, builder):
    assert "FAIL" not in statuses(alike(builder()))


@pytest.mark.parametrize(
    "builder",
    [
        lambda: plain(edit_files=at_row(0, lambda line: line + b",more")),
        lambda: plain(edit_files=at_row(150, lambda line: line.replace(b"tk_", b"tk-"))),
        lambda: plain(edit_files=at_row(150, lambda line: line + b",")),
        lambda: plain(edit_files=at_row(150, lambda line: line.replace(b"grade", b'"grade"', 1))),
        lambda: plain(edit_files=at_row(150, lambda line: line.replace(b"grade", b"gr\nade", 1))),
        lambda: plain(edit_files=at_row(150, lambda line: line.replace(b"grade", b"gr\xffade", 1))),
        lambda: plain(edit_files=at_row(150, lambda _: b"")),
        lambda: plain(edit_rows=lambda rows: rows.pop(120)),
        lambda: plain(edit_rows=lambda rows: rows.insert(120, rows[119])),
        lambda: plain(edit_rows=lambda rows: rows.insert(120, rows.pop(100))),
        lambda: plain(erased={(99, "message"): True, (100, "message"): True}),
        lambda: plain(query={"op": "eq", "path": "action", "value": "grade.read"}),
        lambda: plain(query={"op": "lt", "path": "record_count", "value": "-100"}),
    ],
)
def test_bad_ones(alike, builder):
    assert "FAIL" in statuses(alike(builder()))


LAST = b'"150","grade"]]\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((b"[0,150,", new) for new in (
            b"[0, 150,", b"[0,0150,", b"[0,150.0,", b"[1,150,", b"[9,150,", b"[0,950,", b"[0,1500000000000000000,")),
        *((LAST, new) for new in (
            b'"150","grade"] ]\n', b'"150","grade"]] \n', b'"150","grade",""]]\n', b'"150","grade"],[]]\n',
            b'"\\ud800","grade"]]\n', b'"\xff","grade"]]\n', b'"151","grade"]]\n', b'"150","grade"]]\n\n',
            b'"150","grade"]] [0,1,1,[]]\n', b'"150","grade" ]]\n', b'"150"]]\n')),
        *((b'"-150"', new) for new in (b'"-150 "', b'"1e999"', b"150", b'"-150",null', b'"{"')),
    ],
)  # fmt: skip
def test_openings_out_of_form(alike, old, new):
    builder = Builder(events=200)
    files = builder.files()
    assert old in files["openings.ndjson"]
    files["openings.ndjson"] = files["openings.ndjson"].replace(old, new, 1)
    assert statuses(alike(builder, files))[0] == "FAIL"  # of white space that may stand there its hash


def test_rows_of_very_many_fields_are_taken_one_by_one(alike, monkeypatch):
    whole = alike(Builder(events=200))
    monkeypatch.setattr(openings, "BATCH_FIELDS_MAX", 100)
    assert alike(Builder(events=200)) == whole


def test_rows_that_are_as_they_must_be_are_never_looked_at_alone(tmp_path, monkeypatch):
    def never(*_arguments):
        raise AssertionError("one by one")

    for module in (walk, columns):
        monkeypatch.setattr(module, "BATCH_ROWS_MIN", 1)
    monkeypatch.setattr(walk.Walk, "row", never)
    monkeypatch.setattr(BytesView, "row", never)
    path = tmp_path / "bundle.zip"
    builder = plain(columns=WIDE)
    path.write_bytes(builder.zip())
    assert verify_bundle(path, builder.trust()).verdicts["VIEW MATCHES"].status == "PASS"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, US_MAX), max_size=20),
    st.lists(st.tuples(st.integers(1, US_MAX), st.integers(-1439, 1439)), max_size=4, unique_by=lambda pair: pair[0]),
    st.integers(-1439, 1439),
)
def test_times_are_shown_together_as_alone(times, transitions, first):
    instants, minutes = zip((0, first), *sorted(transitions), strict=True)
    zone = Zone("x", instants, tuple(offset * 60 for offset in minutes))
    for us in [*times, *instants, *(max(us - 1, 0) for us in instants), MINUTE]:
        assert zone.shown([format_time(us)]) == [zone.render(us)]
