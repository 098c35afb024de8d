"""Exports of a real log: what the file holds, what it never holds, and what the log remembers of it."""

import csv
import errno
import hashlib
import io
import json
import os
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from affidavit.errors import IntegrityError, InvalidRequest, StorageError
from affidavit.export import legacy, preview, run_export, stream_export
from affidavit.export.spec import FORMATS, Column, ExportSpec, InvalidSpec
from affidavit.masking.profiles import from_toml
from affidavit.query.tree import eq, is_in

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'x"]


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_csv_and_json_say_the_same(log, record, out):
    record(
        ("login", "user123", "/admin-panel", "2023-10-01T12:00:00"),
        ("file-download", "user456", "report:financial-2023", "2023-10-01T13:30:00"),
        ("login", "user123", "grüße:東京 😀", "2023-10-01T14:00:00"),
        {"action": "system.started", "at": "2023-10-01T15:00:00Z"},
    )
    results = [run_export(log, legacy(format=f, zone="Europe/Berlin"), out / f"x.{f}", bundle=False)
               for f in ("csv", "json")]  # fmt: skip
    table, objects = rows_of(out / "x.csv"), json.loads((out / "x.json").read_bytes())
    assert [(r["timestamp"], r["action"], r["resource"]) for r in table] == [
        ("2023-10-01T14:00:00.000000+02:00", "login", "/admin-panel"),
        ("2023-10-01T15:30:00.000000+02:00", "file-download", "report:financial-2023"),
        ("2023-10-01T16:00:00.000000+02:00", "login", "grüße:東京 😀"),
        ("2023-10-01T17:00:00.000000+02:00", "system.started", ""),
    ]
    for shown, found in zip(table, objects, strict=True):
        assert list(found) == ["timestamp", "user_id", "action", "resource"]
        assert (found["timestamp"], found["action"], found["resource"] or "") == (
            shown["timestamp"], shown["action"], shown["resource"],
        )  # fmt: skip
    assert objects[3]["user_id"] is None
    assert objects[3]["resource"] is None
    for result, name in zip(results, ("x.csv", "x.json"), strict=True):
        data = (out / name).read_bytes()
        assert (result.rows, result.bytes, result.sha256) == (4, len(data), hashlib.sha256(data).hexdigest())


def test_user_ids_are_tokens_equal_within_a_file_and_never_across_two(log, record, out):
    record(*[("login", f"user{n % 2}", "/x", "2023-10-01T12:00:00") for n in range(4)])
    files = []
    for name in ("a.csv", "b.csv"):
        run_export(log, legacy(), out / name, bundle=False)
        files.append([row["user_id"] for row in rows_of(out / name)])
    for tokens in files:
        assert all(token.startswith("tk_") and len(token) == 29 for token in tokens)
        assert tokens[0] == tokens[2] != tokens[1] == tokens[3]
    assert not set(files[0]) & set(files[1])


def test_rows_ascend_by_their_own_time_then_index(log, record, out):
    record(*[("a", "u", f"/{n}", f"2023-10-0{day}T12:00:00") for n, day in enumerate([3, 1, 2, 1, 3])])
    run_export(log, legacy(), out / "x.csv", bundle=False)
    assert [row["resource"] for row in rows_of(out / "x.csv")] == ["/1", "/3", "/2", "/0", "/4"]


def test_filters_take_the_whole_last_day_exact_users_and_exact_actions(log, record, out):
    record(
        ("login", "u1", "/first", "2023-09-30T22:00:00"),  # 1 October in Berlin
        ("login", "u1", "/before", "2023-09-30T21:59:59.999999"),
        ("login", "u1", "/last", "2023-10-02T21:59:59.999999"),
        ("login", "u1", "/after", "2023-10-02T22:00:00"),
        ("logout", "u1", "/action", "2023-10-01T12:00:00"),
        ("login", "u10", "/user", "2023-10-01T12:00:00"),
        ("login", "U1", "/case", "2023-10-01T12:00:00"),
    )
    spec = legacy("2023-10-01", "2023-10-02", ["u1"], ["login"], zone="Europe/Berlin")
    result = run_export(log, spec, out / "x.csv", bundle=False)
    assert result.rows == 2
    assert [row["resource"] for row in rows_of(out / "x.csv")] == ["/first", "/last"]


@pytest.mark.parametrize("count", [0, 1])
def test_ndjson_of_no_row_and_of_one(log, record, out, count):
    record(*[("login", "u1", "/x", "2023-10-01T12:00:00")] * count)
    result = run_export(log, ExportSpec(format="ndjson"), out / "x.zip", bundle=True)
    assert result.verdicts["VIEW MATCHES"].status == "PASS"
    run_export(log, ExportSpec(format="ndjson", profile="internal"), out / "x", bundle=False)
    lines = (out / "x").read_bytes().splitlines(keepends=True)
    assert lines == [
        b'{"timestamp":"2023-10-01T12:00:00.000000Z","user_id":"u1","action":"login","resource":"/x"}\n'
    ] * count  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "json"])
def test_nothing_found_is_a_whole_empty_file(log, record, out, format):
    record(("login", "u1", "/x", "2023-10-01T12:00:00"))
    result = run_export(log, legacy(user_ids=["nobody"], format=format), out / "x", bundle=False)
    assert result.rows == 0
    expected = {"csv": b"timestamp,user_id,action,resource\r\n", "json": b"[\n]\n"}
    assert (out / "x").read_bytes() == expected[format]


def test_no_cell_is_a_formula_and_json_keeps_the_text(log, record, out):
    record(*[("login", "u", {"id": text}, "2023-10-01T12:00:00") for text in FORMULAS])
    run_export(log, legacy(), out / "x.csv", bundle=False)
    run_export(log, legacy(format="json"), out / "x.json", bundle=False)
    assert [row["resource"] for row in rows_of(out / "x.csv")] == [f"'{text}" for text in FORMULAS]
    assert [row["resource"] for row in json.loads((out / "x.json").read_bytes())] == FORMULAS


def test_columns_of_any_path_with_text_numbers_and_json(log, record, out):
    record(
        {"action": "a", "at": "2023-10-01T12:00:00Z", "record_count": -5, "actor": {"id": "u", "roles": ["x", "y"]},
         "change": {"before": {"grade": "=B"}, "after": {"grade": 7}}, "message": None},
        {"action": "b", "at": "2023-10-01T13:00:00Z", "change": {"after": {"grade": "-"}}},
    )  # fmt: skip
    columns = tuple(
        Column(path, path) for path in ("action", "record_count", "actor.roles", "change.before.grade",
                                        "change.after.grade", "message")
    )  # fmt: skip
    spec = {f: ExportSpec(columns=columns, profile="internal", format=f) for f in ("csv", "json")}
    for name, asked in spec.items():
        run_export(log, asked, out / f"x.{name}", bundle=False)
    assert (out / "x.csv").read_bytes().decode().split("\r\n")[1:3] == [
        'a,-5,"[""x"",""y""]",\'=B,7,', "b,,,,'-,",
    ]  # fmt: skip
    assert json.loads((out / "x.json").read_bytes())["rows"] == [
        {"action": "a", "record_count": -5, "actor.roles": ["x", "y"], "change.before.grade": "=B",
         "change.after.grade": 7, "message": None},
        {"action": "b", "record_count": None, "actor.roles": None, "change.before.grade": None,
         "change.after.grade": "-", "message": None},
    ]  # fmt: skip


def test_every_export_is_an_event_with_what_it_was(log, record, out, own_events):
    record(("login", "zq-planted-user", "/x", "2023-10-01T12:00:00"))
    result = run_export(log, legacy(user_ids=["zq-planted-user"]), out / "x.csv", bundle=False)
    ((action, fields),) = own_events()
    assert action == "export.created"
    assert fields["export.id"] == result.export_id
    assert fields["export.sha256"] == result.sha256
    assert fields["export.rows"] == "1"
    assert (fields["export.format"], fields["export.profile"], fields["export.evidence"]) == ("csv", "export", "none")
    token = json.loads(fields["export.query"])["tokens"][0]
    assert token == rows_of(out / "x.csv")[0]["user_id"]
    assert "zq-planted-user" not in str(fields)
    assert result.receipt.stream == "access"


def test_a_million_ids_stay_out_of_the_event(log, record, out, own_events):
    record(("login", "u7", "/x", "2023-10-01T12:00:00"))
    spec = ExportSpec(query=is_in("actor.id", [f"u{n}" for n in range(5000)]))
    assert run_export(log, spec, out / "x.csv", bundle=False).rows == 1
    ((_, fields),) = own_events()
    assert "export.query" not in fields
    assert int(fields["export.query_bytes"]) > 65_536


def test_progress_hears_of_rows(log, record, out):
    record(*[("login", "u", "/x", "2023-10-01T12:00:00")] * 5)
    heard = []
    run_export(log, legacy(), out / "x.csv", bundle=False, progress=lambda *told: heard.append(told))
    assert heard[0] == ("Select", 1, 1)
    assert ("Mask", 5, 5) in heard
    assert heard[-1] == ("Write", 5, 5)


# --- faults ------------------------------------------------------------------------------------------------------


@pytest.fixture
def full_disk(monkeypatch):
    """Spools and outputs land on a device that is always full."""
    real = tempfile.mkstemp

    def mkstemp(*args, **options):
        descriptor, name = real(*args, **options)
        os.close(descriptor)
        return os.open("/dev/full", os.O_RDWR), name

    monkeypatch.setattr("affidavit.export.zip.tempfile.TemporaryFile", lambda **_: Path("/dev/full").open("r+b"))  # noqa: SIM115
    monkeypatch.setattr("affidavit.export.zip.tempfile.mkstemp", mkstemp)


@pytest.mark.parametrize("bundle", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(log, record, out, own_events, full_disk, bundle, format):
    if format == "pdf":
        pytest.importorskip("typst")
    record(*[("login", "u", f"/{n}", "2023-10-01T12:00:00") for n in range(2000)])
    (out / "x").write_text("old")
    with pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)) as caught:
        run_export(log, ExportSpec(format=format), out / "x", bundle=bundle)
    assert str(out / "x") in caught.value.message
    assert [path.name for path in out.iterdir()] == ["x"]
    assert (out / "x").read_text() == "old"
    assert own_events()[-1][0] == "export.failed"


def test_a_failure_midway_leaves_no_file_and_is_an_event(log, record, out, own_events, monkeypatch):
    record(("login", "u", "/x", "2023-10-01T12:00:00"))
    real = log.reader.columns

    def columns(*args, **options):
        yield from real(*args, **options)
        raise IntegrityError("record 1 is not what was committed")

    monkeypatch.setattr(log.reader, "columns", columns)
    with pytest.raises(IntegrityError):
        run_export(log, legacy(), out / "x.csv", bundle=False)
    assert list(out.iterdir()) == []
    action, fields = own_events()[-1]
    assert action == "export.failed"
    assert fields["status_detail"] == "record 1 is not what was committed"


def test_outputs_that_can_t_be_are_refused(log, out):
    with pytest.raises(InvalidRequest, match="is a folder"):
        run_export(log, legacy(), out, bundle=False)
    with pytest.raises(StorageError, match="No such file"):
        run_export(log, legacy(), out / "missing" / "x.csv", bundle=False)


# --- streams and previews ----------------------------------------------------------------------------------------


def test_a_stream_is_the_file_and_is_attested_after_its_last_byte(log, record, own_events):
    record(*[("login", f"u{n}", f"/{n}", "2023-10-01T12:00:00") for n in range(10)])
    meta, chunks = stream_export(log, legacy(format="json"))
    assert (meta.rows, meta.exact, meta.media_type) == (10, True, "application/json")
    assert meta.filename.endswith(".json")
    assert own_events() == []
    data = b"".join(chunks)
    assert len(json.loads(data)) == 10
    ((action, fields),) = own_events()
    assert action == "export.created"
    assert fields["export.id"] == meta.export_id
    assert fields["export.sha256"] == hashlib.sha256(data).hexdigest()
    assert fields["export.rows"] == "10"


def test_a_client_that_went_is_an_event(log, record, own_events):
    record(("login", "u", "/x", "2023-10-01T12:00:00"))
    _, chunks = stream_export(log, legacy())
    next(chunks)
    chunks.close()
    ((action, fields),) = own_events()
    assert action == "export.failed"
    assert "client went" in fields["status_detail"]


def test_a_stream_that_can_t_begin_raises_before_its_first_byte(log, own_events, monkeypatch):
    def columns(*_args, **_options):
        raise StorageError("the query could not spill to disk")
        yield

    monkeypatch.setattr(log.reader, "columns", columns)
    with pytest.raises(StorageError):
        stream_export(log, legacy())
    assert own_events()[-1][0] == "export.failed"


def test_a_preview_is_what_the_file_s_reader_sees(log, record, own_events):
    record(*[("login", "zq-planted-user", f"/{n}", "2023-10-01T12:00:00") for n in range(12)])
    shown = preview(log, legacy(user_ids=["zq-planted-user"]), limit=10)
    assert (len(shown.rows), shown.count, shown.exact) == (10, 12, True)
    assert shown.rows[0]["resource"] == "/0"
    assert shown.rows[0]["timestamp"] == "2023-10-01T12:00:00.000000Z"
    assert "zq-planted-user" not in str(shown)
    again = preview(log, legacy(), limit=1)
    assert again.rows[0]["user_id"] != shown.rows[0]["user_id"]
    assert preview(log, legacy(user_ids=["nobody"])).rows == []


def test_profiles_that_need_a_subject_say_so(log, record, out):
    record(("login", "u", "/x", "2023-10-01T12:00:00"))
    with pytest.raises(InvalidRequest):
        run_export(log, ExportSpec(profile="subject"), out / "x.csv", bundle=False)
    columns = (Column("actor", "actor.id"), Column("action", "action"))
    spec = ExportSpec(profile="subject", subject_ids=frozenset({"u"}), columns=columns)
    assert run_export(log, spec, out / "x.csv", bundle=False).rows == 1


def test_masked_times_can_t_have_entries_beside_them(log, record, out):
    record(("login", "u", "/x", "2023-10-01T12:00:00"))
    columns = (Column("when", "at"), Column("action", "action"))
    with pytest.raises(InvalidSpec, match="evidence"):
        run_export(log, ExportSpec(profile="public", evidence="full", columns=columns), out / "x", bundle=True)
    run_export(log, ExportSpec(profile="public", columns=columns), out / "x.csv", bundle=False)
    assert "2023-10-01T12" not in (out / "x.csv").read_text()


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_file_that_masks_times_still_states_its_period(log, record, out, form):
    record(("login", "u1", "r", "2026-01-02T10:00:00"), ("login", "u1", "r", "2026-02-02T10:00:00"))
    spec = replace(legacy("2026-02-01", "2026-02-28"), profile="public", format=form, columns=(Column("at", "at"),))
    result = run_export(log, spec, out / "x.zip", bundle=True)
    assert (result.rows, str(result.verdicts["AUTHENTIC"].status)) == (1, "PASS")
    with zipfile.ZipFile(out / "x.zip") as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
        data = bundle.read(f"data.{form}")
        names = bundle.namelist()
    assert manifest["query"]["of"][0] == {"op": "ge", "path": "at", "value": "2026-02-01T00:00:00.000000Z"}
    assert not [name for name in names if name.startswith(("entries", "openings"))]
    assert b"10:00:00" not in data
    if form == "json":
        assert json.loads(data)["about"]["period"]["from"] == "2026-02-01T00:00:00.000000Z"


def test_a_masked_action_is_neither_in_the_evidence_nor_asked_for(log, record, out):
    record(("planted.action", "u1", "r", "2026-01-02T10:00:00"))
    hiding = from_toml('name = "x"\nbase = "auditor"\n[paths]\naction = "remove"\n', source="x.toml")
    spec = ExportSpec(profile=hiding, columns=(Column("at", "at"), Column("did", "action")))
    assert run_export(log, spec, out / "x.zip", bundle=True).rows == 1
    with zipfile.ZipFile(out / "x.zip") as bundle:
        assert not [name for name in bundle.namelist() if b"planted.action" in bundle.read(name)]
    with pytest.raises(InvalidSpec, match="evidence"):
        run_export(log, replace(spec, evidence="rows"), out / "y.zip", bundle=True)
    with pytest.raises(InvalidSpec, match="action is masked"):
        run_export(log, replace(spec, query=eq("action", "planted.action")), out / "y.zip", bundle=True)
