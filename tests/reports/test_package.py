"""A package: the report with the evidence of its events. A stranger verifies both, and that they belong together."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from affidavit.errors import AffidavitError, MalformedProof
from affidavit.reports.asked import Asked
from affidavit.reports.package import verify_package, write_package, write_pdf
from affidavit.reports.render.csv import zipped
from affidavit.reports.result import decode
from affidavit.reports.runner import run_report
from affidavit.reports.store import find, keep, keep_package, list_kept, package
from affidavit.verify import verify_bundle

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)


def act(n):
    actor = {"id": f"a{n % 3}", "is_privileged": True}
    return {"action": "admin.command", "actor": actor, "at": AT + timedelta(minutes=n), "source": {"ip": "10.0.0.1"}}


@pytest.fixture
def finished(log, library):
    log.record_many([act(n) for n in range(20)])
    return run_report(log, library, Asked("S2", "2024-03-01", "2024-03-31"))


@pytest.fixture
def made(log, finished, tmp_path):
    log.record_many([act(n) for n in range(20, 25)])  # after the report: no part of its evidence
    return write_package(log, finished, tmp_path / "report.zip")


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_verifies_and_is_bound_to_its_report(log, finished, made):
    found = verify_package(made, log.trust())
    assert (found.ok, found.bound) == (True, True)
    assert {str(one.status) for one in found.verdicts.values()} <= {"PASS", "NOT PROVEN"}
    parts = members(made)
    assert parts["report.json"] == finished.data
    assert set(parts) >= {"report.html", "report.pdf", "report.xlsx", "tables.zip", "evidence.zip", "SHA256SUMS"}


def test_the_evidence_holds_the_reports_events_and_no_later_ones(finished, made):
    with zipfile.ZipFile(io.BytesIO(members(made)["evidence.zip"])) as bundle:
        rows = bundle.read("data.csv").decode().splitlines()
    assert len(rows) - 1 == finished.result.counts.selected == 20


def test_another_report_beside_the_evidence_is_found_out(log, made, tmp_path):
    parts = members(made)
    parts["report.json"] = parts["report.json"].replace(b"admin.command", b"admin.comment")
    sums = "".join(
        f"{__import__('hashlib').sha256(data).hexdigest()}  {name}\n"
        for name, data in parts.items()
        if name != "SHA256SUMS"
    )
    parts["SHA256SUMS"] = sums.encode()
    forged = tmp_path / "forged.zip"
    forged.write_bytes(zipped(list(parts.items()), tmp_path))
    found = verify_package(forged, log.trust())
    assert (found.ok, found.bound) == (False, False)


def test_a_changed_part_is_found_out(log, made, tmp_path):
    parts = members(made)
    parts["report.html"] += b" "
    forged = tmp_path / "forged.zip"
    forged.write_bytes(zipped(list(parts.items()), tmp_path))
    with pytest.raises(AffidavitError, match=r"report\.html"):
        verify_package(forged, log.trust())


def test_what_is_no_package_is_refused(log, tmp_path):
    other = tmp_path / "other.zip"
    other.write_bytes(zipped([("a.txt", b"a")], tmp_path))
    with pytest.raises(MalformedProof, match=r"report\.json"):
        verify_package(other, log.trust())


def test_the_stream_that_attests_is_left_out_of_the_evidence(log, library, tmp_path):
    log.record(act(1))
    finished = run_report(log, library, Asked("IR", "2024-03-01", "2024-03-31"))
    made = write_package(log, finished, tmp_path / "ir.zip")
    assert verify_package(made, log.trust()).ok
    assert [one.stream for one in finished.result.logs] == ["main", "access", "control"]


def test_a_pdf_can_carry_the_evidence(log, finished, tmp_path):
    target = tmp_path / "report.pdf"
    write_pdf(log, finished, target)
    attached = PdfReader(target).attachments
    assert attached["report.json"] == [finished.data]
    bundle = tmp_path / "evidence.zip"
    bundle.write_bytes(attached["evidence.zip"][0])
    assert verify_bundle(bundle, log.trust()).ok


# --- kept runs ------------------------------------------------------------------------------------------------------


def test_runs_are_kept_and_found(log, finished):
    kept = keep(log, finished)
    assert list_kept(log) == [kept]
    assert find(log, kept.id) == (kept, decode(finished.data))
    assert (kept.report, kept.rules) == ("S2", 3)
    with pytest.raises(AffidavitError, match="no package"):
        package(log, kept.id)
    keep_package(log, finished)
    assert package(log, kept.id)[:2] == b"PK"


@pytest.mark.parametrize("name", ["", "..", "../../etc", "01890000-0000-7000-8000-00000000000g", "x" * 400])
def test_names_of_runs_reach_no_other_file(log, finished, name):
    keep(log, finished)
    with pytest.raises(AffidavitError, match="no report run"):
        find(log, name)


def test_runs_expire(open_log, library):
    log = open_log(export_keep_days=1)
    old = run_report(log, library, Asked("H3"))
    keep(log, old)
    from affidavit.reports.store import FOLDER

    folder = log.home / FOLDER / log.tenant.id
    (folder / old.result.run.id).rename(folder / "01890000-0000-7000-8000-000000000001")  # of 2023
    keep(log, run_report(log, library, Asked("H3")))
    assert [one.name for one in folder.iterdir()] == [list_kept(log)[0].id]
