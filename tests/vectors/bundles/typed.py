"""Data files with types of their own, for a Builder's rows: Parquet, XLSX, PDF. Made without the exporter.

`parquet(builder, rows)` and `workbook(builder, rows)` give the bytes. `cell(row, label, value)` may change a value.
"""

from __future__ import annotations

import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

from affidavit.cells import Zone
from affidavit.commitment import parse_time
from affidavit.verify import sheet
from affidavit.verify.about import About, Counts, Period
from tests.verify.builder import BASE, EXPORT_ID, TENANT, compact, time_text

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
TYPES = {"at": pa.timestamp("us", tz="UTC"), "record_count": pa.int64()}


def _same(_row, _label, value):
    return value


def about(builder):
    """What the file says of itself, as docs/format.md writes it."""
    return {
        "export": {"id": EXPORT_ID, "created": time_text(BASE), "recipient": None, "reason": "test"},
        "tenant": TENANT,
        "period": {"of": "at", "from": None, "before": None},
        "zone": builder.zone["name"],
        "query": builder.query,
        "profile": "export",
        "columns": builder.columns,
        "evidence": builder.evidence,
    }


def parquet(builder, rows, cell=_same):
    """The rows in one row group. Data pages are not compressed: what a library does there is no part of the format."""
    arrays, fields = [], []
    for column in builder.columns:
        path, kept = column["path"], column["mask"]["mask"] == "keep"
        kind = TYPES.get(path, pa.string()) if kept else pa.string()
        values = []
        for number, (index, record) in enumerate(rows):
            tag, text = builder.cell(index, record, column)
            value = None if tag == "n" else record.at_us if path == "at" else int(text) if tag == "j" else text
            values.append(cell(number, column["label"], value))
        arrays.append(pa.array(values, kind))
        fields.append(pa.field(column["label"], kind))
    metadata = {b"affidavit.about": compact(about(builder)), b"affidavit.counts": compact(builder.counts(rows))}
    out = io.BytesIO()
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    with pq.ParquetWriter(out, table.schema, compression="none") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(metadata)
    return out.getvalue()


def workbook(builder, rows, cell=_same, more=()):
    """One sheet of rows and the one about them. `more` are parts that do not belong there."""
    transitions = builder.zone["transitions"]
    instants = tuple(parse_time(item["at"]) for item in transitions)
    zone = Zone(builder.zone["name"], instants, tuple(item["offset_s"] for item in transitions))
    said = about(builder)
    export = said["export"]
    facts = About(
        export["id"], export["created"], said["tenant"], said["profile"], said["zone"], said["evidence"],
        said["query"], Period("at", None, None), said["columns"], export["recipient"], export["reason"],
    )  # fmt: skip
    labels, paths = ([column[key] for column in builder.columns] for key in ("label", "path"))
    text = sheet.sheet_head(labels, paths, first=True)
    for number, (index, record) in enumerate(rows):
        text += f'<row r="{number + 2}">'
        for place, column in enumerate(builder.columns):
            tag, value = builder.cell(index, record, column)
            shown = sheet.time_cell(record.at_us, zone) if column["path"] == "at" else sheet.cell(tag, value)
            text += f'<c r="{sheet.letters(place)}{number + 2}"' + cell(number, column["label"], shown)
        text += sheet.ROW_END
    parts = sheet.fixed_parts(1, facts)
    parts[sheet.sheet_part(1)] = text + sheet.sheet_tail()
    parts[sheet.sheet_part(2)] = sheet.about_sheet(facts, Counts(**builder.counts(rows)), zone)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in {**parts, **dict(more)}.items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.compress_type = 0, zipfile.ZIP_DEFLATED
            archive.writestr(info, part)
            info.external_attr = 0
    return out.getvalue()


def typed(builder, form, make):
    """The builder with its data file made by `make(builder, rows)`."""

    def edit(files):
        files[f"data.{form}"] = make(builder, builder.rows())

    builder.form, builder.edit_files = form, edit
    return builder
