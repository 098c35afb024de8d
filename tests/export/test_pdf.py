"""PDF: what the pages say, what is attached, hostile text as text, limits that are said, faults."""

import csv
import errno
import io
import os
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

from affidavit.errors import AffidavitError, MissingExtra, StorageError
from affidavit.export import run_export
from affidavit.export.formats import pdf
from affidavit.export.spec import Column, ExportSpec
from affidavit.verify import verify_bundle

pytest.importorskip("typst")
pypdf = pytest.importorskip("pypdf")

PATHS = ("at", "action", "actor.id", "actor.name", "resource")
SPEC = ExportSpec(
    profile="auditor", columns=tuple(Column(p, p) for p in PATHS), format="pdf", zone="Europe/Berlin",
    recipient="Ministry & Co #1", reason="yearly *audit*",
)  # fmt: skip
HOSTILE = [
    "#strong[x] *b* _i_ $x^2$ @ref <lab> // c \\ ` ``` = h", '#read("page.json")', "\u202eevil\u202c", "مرحبا بالعالم",
    "a" * 300, "x\x01y\x7fz", "one\ntwo\rthree\tfour", "\ue000\ufffe\U000e0001", "=1+1", "😀 日本語 ⟨⟩ é ½", "", " ",
]  # fmt: skip


def event(n, resource="x", actor="u1"):
    return {"action": "a", "at": f"2026-03-{n % 28 + 1:02d}T00:00:00Z", "actor": {"id": actor, "name": "Zoë Qvist"},
            "resource": {"id": resource}}  # fmt: skip


def read(data):
    return pypdf.PdfReader(io.BytesIO(data))


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages).replace("\u200b", "")


def attached(reader):
    return {found.name: found.content for found in reader.attachment_list}


def test_a_pdf_says_what_it_is_and_carries_table_and_evidence(log, record, out):
    record(*[event(n) for n in range(20)])
    result = run_export(log, SPEC, out / "x.pdf", bundle=False)
    reader = read((out / "x.pdf").read_bytes())
    text = text_of(reader)
    for said in (
        result.export_id, "Ministry & Co #1", "yearly *audit*", "Europe/Berlin", "auditor",
        "All 20 rows are listed here",
        "masked: a token", "affidavit verify evidence.zip --trust FILE", f"page 1 of {len(reader.pages)}",
        "2026-03-01T01:00:00.000000+01:00", "every entry of the period",
    ):  # fmt: skip
        assert said in text, said
    assert "Zoë" not in text
    files = attached(reader)
    assert sorted(files) == ["data.csv", "evidence.zip"]
    with zipfile.ZipFile(io.BytesIO(files["evidence.zip"])) as evidence:
        assert evidence.read("data.csv") == files["data.csv"]
    (out / "evidence.zip").write_bytes(files["evidence.zip"])
    found = verify_bundle(out / "evidence.zip", log.trust()).verdicts
    assert [found[name].status for name in ("AUTHENTIC", "COMPLETE", "VIEW MATCHES")] == ["PASS"] * 3
    assert {name: verdict.status for name, verdict in result.verdicts.items()} == {
        name: verdict.status for name, verdict in found.items()
    }


def test_it_is_tagged_and_says_which_standards_it_keeps(log, record, out):
    record(event(1))
    run_export(log, SPEC, out / "x.pdf", bundle=False)
    reader = read((out / "x.pdf").read_bytes())
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert (root["/Lang"], reader.metadata.title) == ("en", "Audit log export, 1 row")
    said = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in said.replace("\n", "")
    assert "<pdfuaid:part>1</pdfuaid:part>" in said
    relations = [spec.get_object()["/AFRelationship"] for spec in root["/AF"]]
    assert sorted(relations) == ["/Data", "/Supplement"]


def test_hostile_text_is_text(log, record, out):
    record(*[event(n, resource, actor=resource or "u") for n, resource in enumerate(HOSTILE)])
    spec = ExportSpec(profile="internal", columns=(Column("#pagebreak()", "actor.id"), Column("b", "resource")),
                      format="pdf", recipient="]#panic()")  # fmt: skip
    run_export(log, spec, out / "x.pdf", bundle=False)
    reader = read((out / "x.pdf").read_bytes())
    text = text_of(reader)
    for said in ("#strong[x] *b* _i_ $x^2$ @ref <lab>", '#read("page.json")', "[U+202E]evil[U+202C]",
                 "x[U+0001]y[U+007F]z", "[U+E000]", "[U+E0001]", "=1+1",
                 "#pagebreak()", "]#panic()", "[U+000D]", "[U+0009]"):  # fmt: skip
        assert said in text, said
    rows = list(csv.reader(io.StringIO(attached(reader)["data.csv"].decode(), newline="")))
    assert [row[1] for row in rows[1:]] == ["'=1+1" if text == "=1+1" else text for text in HOSTILE]


def test_more_rows_than_pages_take_are_said_to_be_attached(log, record, out, monkeypatch):
    monkeypatch.setattr(pdf, "LISTED_ROWS_MAX", 10)
    record(*[event(n, f"resource-{n}") for n in range(25)])
    for name, bundle in (("x.pdf", False), ("x.zip", True)):
        run_export(log, SPEC, out / name, bundle=bundle)
    with zipfile.ZipFile(out / "x.zip") as archive:
        whole = archive.read("data.pdf")
    for data in ((out / "x.pdf").read_bytes(), whole):
        reader = read(data)
        text = text_of(reader)
        assert "The first 10 rows are listed here" in text
        assert "The first 10 of 25 rows, in order of time; the other 15 are in the attached data.csv" in text
        assert sum(f"resource-{n}" in text for n in range(10, 25)) == 0
        assert attached(reader)["data.csv"].count(b"\r\n") == 26


def test_long_cells_are_shortened_and_say_so(log, record, out):
    record(event(1, "y" * 5000))
    run_export(log, SPEC, out / "x.pdf", bundle=False)
    reader = read((out / "x.pdf").read_bytes())
    assert "(5,000 characters, whole in data.csv)" in " ".join(text_of(reader).split())
    assert b"y" * 5000 in attached(reader)["data.csv"]


@pytest.mark.parametrize("bundle", [False, True])
def test_no_rows(log, record, out, bundle):
    result = run_export(log, SPEC, out / "x", bundle=bundle)
    assert result.rows == 0
    if not bundle:
        assert "No rows: nothing matches the query" in text_of(read((out / "x").read_bytes()))


def test_a_bundle_of_pages_is_bound_by_hash_alone(log, record, out):
    record(event(1))
    result = run_export(log, SPEC, out / "x.zip", bundle=True)
    assert result.verdicts["AUTHENTIC"].status == "PASS"
    assert result.verdicts["VIEW MATCHES"].status == "NOT PROVEN"
    assert "hash" in result.verdicts["VIEW MATCHES"].reason


# --- faults --------------------------------------------------------------------------------------------------------


def test_without_the_extra_nothing_is_done(log, record, out, own_events, monkeypatch):
    record(event(1))
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    asked = []
    for read in ("rows", "columns"):
        monkeypatch.setattr(log.reader, read, lambda *a, **o: asked.append(a))
    for bundle in (False, True):
        with pytest.raises(MissingExtra, match=r"\[pdf\]"):
            run_export(log, SPEC, out / "x", bundle=bundle)
    assert asked == list(out.iterdir()) == []
    assert [action for action, _ in own_events()] == ["export.failed"] * 2


LAYOUT_ERRORS = {
    "fills the disk": (StorageError, os.strerror(errno.ENOSPC)),
    "fails": (AffidavitError, "error: unknown variable"),
    "hangs": (AffidavitError, "not laid out within"),
}


@pytest.mark.parametrize("bundle", [False, True])
@pytest.mark.parametrize("how", ["fills the disk", "fails", "hangs"])
def test_a_layout_that_fails_leaves_nothing(log, record, out, own_events, monkeypatch, bundle, how):
    record(event(1))
    error, said = LAYOUT_ERRORS[how]

    def run(command, **options):
        if how == "hangs":
            raise subprocess.TimeoutExpired(command, options["timeout"])
        return SimpleNamespace(returncode=1, stderr=said)

    monkeypatch.setattr(pdf.subprocess, "run", run)
    with pytest.raises(error, match=said):
        run_export(log, SPEC, out / "x", bundle=bundle)
    assert list(out.iterdir()) == []
    assert own_events()[-1][0] == "export.failed"


def test_the_layout_program_fails_aloud(tmp_path):
    (tmp_path / "page.json").write_text("{}")
    done = subprocess.run([sys.executable, "-P", pdf.__file__.replace("pdf.py", "layout.py"), str(tmp_path)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode
    assert done.stderr
