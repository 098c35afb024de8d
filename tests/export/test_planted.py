"""What is masked is nowhere: not in a file of any format, not in parts unpacked, not in a bundle, not in the log."""

import base64
import io
import json
import zipfile

import pytest

from affidavit.export import run_export
from affidavit.export.spec import FORMATS, Column, ExportSpec
from affidavit.masking.profiles import BUILTIN, Profile, builtin
from affidavit.paths import CLASSES, PATHS
from affidavit.query.tree import Leaf

MASKED_PATHS = [path.name for path in PATHS.values() if path.cls != "none" and path.tag == "s"]
MASKED_PATHS += ["change.before.grade", "change.after.grade"]
VALUES = {path: f"zq-{path.replace('.', '-').replace('_', '-')}-4711" for path in MASKED_PATHS}
VALUES["source.ip"] = "203.0.113.77"
HIDDEN = Profile("hidden", "All hidden", "", {cls: "keep" if cls == "none" else "token" for cls in CLASSES}, {})


def event(n):
    nested = {"action": "grade.updated", "at": f"2023-10-{n % 28 + 1:02d}T12:00:00Z", "record_count": n,
              "details": {"contact": {"mail": "zq.mail@example.org", "phone": "+49 30 5550123"}}}  # fmt: skip
    for path, value in VALUES.items():
        *groups, last = path.split(".")
        inside = nested
        for group in groups:
            inside = inside.setdefault(group, {})
        inside[last] = value
    return nested


def unpacked(name, data):
    """The bytes, and those inside of them, as deep as it goes: (name, bytes) pairs."""
    yield name, data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for inner in archive.namelist():
                yield from unpacked(f"{name}/{inner}", archive.read(inner))
    elif data[:4] == b"PAR1":
        yield f"{name}/values", parquet_text(data)
    elif data[:5] == b"%PDF-":
        yield from pdf_parts(name, data)


def parquet_text(data):
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data))
    rows = file.read().to_pylist()
    stats = [
        str(file.metadata.row_group(g).column(c).statistics)
        for g in range(file.metadata.num_row_groups)
        for c in range(file.metadata.num_columns)
    ]
    return json.dumps([str(row) for row in rows] + stats + [str(file.metadata.metadata)], ensure_ascii=False).encode()


def pdf_parts(name, data):
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data))
    yield f"{name}/text", "\n".join(page.extract_text() for page in reader.pages).replace("\u200b", "").encode()
    for number in range(1, len(reader.xref[0]) + len(reader.xref_objStm) + 1):
        found = reader.get_object(pypdf.generic.IndirectObject(number, 0, reader))
        yield f"{name}/{number}", str(found).encode(errors="replace")
        if isinstance(found, pypdf.generic.StreamObject):
            yield f"{name}/{number}/stream", found.get_data()
    for attached in reader.attachment_list:
        yield from unpacked(f"{name}/{attached.name}", attached.content)


def forms(value):
    yield value.encode()
    yield json.dumps(value).encode()[1:-1]
    yield base64.b64encode(value.encode()).rstrip(b"=")
    yield value.encode("utf-16-be")


@pytest.mark.parametrize("format", FORMATS)
def test_no_planted_value_is_anywhere(log, record, out, own_events, format):
    if format == "pdf":
        pytest.importorskip("typst")
        pytest.importorskip("pypdf")
    record(*[event(n) for n in range(30)])
    paths = ("at", "action", "record_count", *MASKED_PATHS, "details", "resource")
    columns = tuple(Column(path, path) for path in paths)
    spec = ExportSpec(
        query=Leaf("eq", "subject.id", VALUES["subject.id"]), profile=HIDDEN, columns=columns, format=format
    )
    seen = 0
    for bundle in (False, True):
        result = run_export(log, spec, out / f"x{bundle}", bundle=bundle)
        assert result.rows == 30
        if bundle:
            assert "FAIL" not in [verdict.status.value for verdict in result.verdicts.values()]
        for name, data in unpacked(f"x{bundle}", (out / f"x{bundle}").read_bytes()):
            seen += 1
            for value in (*VALUES.values(), "zq.mail@example.org", "5550123"):
                assert not any(form in data for form in forms(value)), f"{value} is in {name}"
    assert seen > 10
    events = json.dumps(own_events(), ensure_ascii=False)
    assert not any(value in events for value in VALUES.values())


@pytest.mark.parametrize("format", FORMATS)
def test_the_search_itself_would_find_them(log, record, out, format):
    """The same search over a file in which nothing is masked finds every value: it looks where values stand."""
    if format == "pdf":
        pytest.importorskip("typst")
        pytest.importorskip("pypdf")
    record(event(1))
    shown = Profile("shown", "All shown", "", dict.fromkeys(CLASSES, "keep"), {})
    columns = tuple(Column(path, path) for path in MASKED_PATHS)
    run_export(log, ExportSpec(profile=shown, columns=columns, format=format), out / "x", bundle=False)
    found = list(unpacked("x", (out / "x").read_bytes()))
    for value in VALUES.values():
        assert any(value.encode() in data for _, data in found), value


@pytest.mark.parametrize("name", [name for name in BUILTIN if name != "internal"])
def test_what_a_built_in_profile_hides_is_nowhere(log, record, out, name):
    profile = builtin(name)
    hidden = {
        path: value
        for path, value in VALUES.items()
        if path in PATHS and profile.mask_for(PATHS[path]).name in ("token", "remove", "own")
    }
    assert hidden
    record(*[event(n) for n in range(3)])
    spec = ExportSpec(profile=name, columns=tuple(Column(path, path) for path in hidden), format="xlsx",
                      subject_ids=frozenset({"nobody"}) if name == "subject" else None)  # fmt: skip
    run_export(log, spec, out / "x", bundle=True)
    for part, data in unpacked("x", (out / "x").read_bytes()):
        for value in hidden.values():
            assert not any(form in data for form in forms(value)), f"{value} is in {part}"
