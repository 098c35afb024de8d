"""Parquet: typed columns that other programs read, facts in its metadata, bounded row groups, forgeries found."""

import io
import json
import zipfile
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from affidavit.export import run_export
from affidavit.export.formats import parquet
from affidavit.export.spec import Column, ExportSpec
from affidavit.export.zip import Spool, ZipWriter
from affidavit.paths import DeclaredField, DeclaredFields
from affidavit.verify import verify_bundle, walk

PATHS = ("at", "action", "actor.id", "record_count", "actor.roles", "message", "details.score")
COLUMNS = tuple(Column(path, path) for path in PATHS)
DECLARED = DeclaredFields({"score": DeclaredField("score", "number", "none")})
SPEC = ExportSpec(profile="internal", columns=COLUMNS, format="parquet", zone="Europe/Berlin", declared=DECLARED)


@pytest.fixture
def log(tmp_path):
    from affidavit.log.audit_log import AuditLog

    (tmp_path / "fields.toml").write_text('[fields.score]\ntype = "number"\nclass = "none"\n')
    with AuditLog.open(tmp_path / "home", declared_fields=str(tmp_path / "fields.toml")) as opened:
        assert opened.declared == DECLARED
        yield opened


def event(n):
    return {"action": "a", "at": f"2026-03-01T00:00:{n % 60:02d}.000001Z", "actor": {"id": f"u{n}", "roles": ["x"]},
            "record_count": n, "details": {"score": n + 0.5}}  # fmt: skip


def data_of(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("data.parquet")


def forged(source, target, data):
    with zipfile.ZipFile(source) as old, target.open("wb") as out:
        writer = ZipWriter(out)
        for info in old.infolist():
            spool = Spool(info.filename, target.parent, info.compress_type)
            spool.write(data if info.filename == "data.parquet" else old.read(info))
            writer.add(spool)
        writer.finish()


def view_of(log, path):
    return verify_bundle(path, log.trust()).verdicts["VIEW MATCHES"]


def test_columns_are_typed_for_any_reader(log, record, out):
    record(*[event(n) for n in range(3)])
    run_export(log, SPEC, out / "x.parquet", bundle=False)
    frame = pl.read_parquet(out / "x.parquet")
    assert frame.schema == {
        "at": pl.Datetime("us", "UTC"), "action": pl.String, "actor.id": pl.String,
        "record_count": pl.Int64, "actor.roles": pl.String, "message": pl.String,
        "details.score": pl.Float64,
    }  # fmt: skip
    assert frame.row(1) == (datetime(2026, 3, 1, 0, 0, 1, 1, UTC), "a", "u1", 1, '["x"]', None, 1.5)
    said = pq.read_metadata(out / "x.parquet").metadata
    assert json.loads(said[b"affidavit.counts"])["rows"] == 3
    assert json.loads(said[b"affidavit.about"])["zone"] == "Europe/Berlin"


def test_rows_come_in_groups_of_bounded_size(log, record, out, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    record(*[event(n) for n in range(250)])
    result = run_export(log, SPEC, out / "x.zip", bundle=True)
    assert result.verdicts["VIEW MATCHES"].status == "PASS"
    assert pq.ParquetFile(io.BytesIO(data_of(out / "x.zip"))).metadata.num_rows == 250


@pytest.mark.parametrize("count", [0, 1])
def test_no_rows_and_one(log, record, out, count):
    record(*[event(n) for n in range(count)])
    result = run_export(log, SPEC, out / "x.zip", bundle=True)
    assert result.verdicts["VIEW MATCHES"].status == "PASS"
    assert pq.read_table(io.BytesIO(data_of(out / "x.zip"))).num_rows == count


def changed(name, change):
    def do(table):
        place = table.schema.get_field_index(name)
        return table.set_column(place, table.schema.field(place), pa.array(change(table[name].to_pylist()),
                                                                           table.schema.field(place).type))  # fmt: skip

    return do


FORGERIES = {
    "a text": changed("actor.id", lambda values: ["u9", *values[1:]]),
    "a number": changed("record_count", lambda values: [7, *values[1:]]),
    "a double": changed("details.score", lambda values: [0.25, *values[1:]]),
    "a time": changed("at", lambda values: [values[1], *values[1:]]),
    "null to empty": changed("message", lambda values: ["", *values[1:]]),
    "a row dropped": lambda table: table.slice(0, 2),
    "a row doubled": lambda table: pa.concat_tables([table, table.slice(2)]),
    "rows swapped": lambda table: table.take([1, 0, 2]),
    "a column dropped": lambda table: table.drop_columns(["message"]),
    "a label": lambda table: table.rename_columns(["When", *table.schema.names[1:]]),
    "a type": lambda table: table.cast(table.schema.set(3, pa.field("record_count", pa.string()))),
    "a zone": lambda table: table.cast(table.schema.set(0, pa.field("at", pa.timestamp("us")))),
    "a count": lambda table: table.replace_schema_metadata(
        {**table.schema.metadata, b"affidavit.counts": table.schema.metadata[b"affidavit.counts"].replace(b"3", b"4")}
    ),
    "no metadata": lambda table: table.replace_schema_metadata(None),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_changed_file_does_not_match(log, record, out, name):
    record(*[event(n) for n in range(3)])
    run_export(log, SPEC, out / "x.zip", bundle=True)
    data = data_of(out / "x.zip")
    said = {key: text for key, text in pq.read_metadata(io.BytesIO(data)).metadata.items() if b"affidavit" in key}
    table = pq.read_table(io.BytesIO(data)).replace_schema_metadata(said)
    # Other bytes of the same values: not the attested file, and still nothing in it that does not match.
    for change, status in ((lambda same: same, "NOT PROVEN"), (FORGERIES[name], "FAIL")):
        made = io.BytesIO()
        pq.write_table(change(table), made, compression="gzip", row_group_size=2)
        forged(out / "x.zip", out / "forged.zip", made.getvalue())
        verdict = view_of(log, out / "forged.zip")
        assert verdict.status == status, verdict.reason


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1"])
def test_what_is_no_parquet_does_not_match(log, record, out, data):
    record(event(0))
    run_export(log, SPEC, out / "x.zip", bundle=True)
    forged(out / "x.zip", out / "forged.zip", data)
    assert view_of(log, out / "forged.zip").status == "FAIL"


def test_without_pyarrow_it_says_so(log, record, out, monkeypatch):
    record(event(0))
    run_export(log, SPEC, out / "x.zip", bundle=True)
    monkeypatch.setattr(walk, "parquet_reader", lambda: None)
    verdict = view_of(log, out / "x.zip")
    assert (verdict.status, "Not checked here" in verdict.reason) == ("NOT PROVEN", True)
