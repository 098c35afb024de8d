"""Exports within a tenant's configuration: its formats, and its masks in files that still verify."""

from __future__ import annotations

import json
import zipfile

import pytest

from affidavit.errors import InvalidRequest
from affidavit.export import ExportSpec, jobs
from affidavit.export.download import download
from affidavit.export.execute import execute, run_here
from affidavit.export.run import preview, run_export, stream_export
from affidavit.export.spec import FORMATS, Column, InvalidSpec
from affidavit.export.view import Search, View
from affidavit.log import configuration
from affidavit.testing import capture_events
from affidavit.verify import verify_bundle
from affidavit.verify.manifest import DATA_FORMATS

COLUMNS = tuple(Column(path, path) for path in ("at", "actor.id", "actor.name", "source.ip", "subject.id", "message"))
MASKS = {"ip": "remove", "person_name": "type", "subject": "token", "message": {"mask": "remove"}}
EVENT = {
    "action": "login",
    "actor": {"id": "u1", "name": "Ada Lovelace"},
    "source": {"ip": "203.0.113.7"},
    "subject": {"id": "u1"},
    "message": "from home",
}


@pytest.fixture
def masked(log):
    log.record_many([EVENT] * 3)
    configuration.change(log, {"masking": MASKS}, "a test of masks")
    return log


def spec_of(log, **more):
    return ExportSpec(columns=COLUMNS, declared=log.declared, **more)


def test_the_formats_are_those_that_exports_have():
    assert FORMATS == DATA_FORMATS


@pytest.mark.parametrize("profile", ["export", "auditor", "public", "subject"])
def test_bundles_under_its_masks_verify_and_say_so(masked, tmp_path, profile):
    ids = frozenset({"u1"}) if profile == "subject" else None
    result = run_here(masked, spec_of(masked, profile=profile, subject_ids=ids), tmp_path / "x.zip", bundle=True)
    assert verify_bundle(tmp_path / "x.zip", masked.trust()).ok
    assert result.rows == 3
    with zipfile.ZipFile(tmp_path / "x.zip") as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
        data = b"".join(bundle.read(name) for name in bundle.namelist() if name != "verify.html")
    assert manifest["profile"] == f"{profile}+configuration"
    assert {column["path"]: column["mask"]["mask"] for column in manifest["columns"]}["source.ip"] == "remove"
    assert b"203.0.113.7" not in data
    assert b"from home" not in data
    assert b"Ada" not in data


def test_internal_is_for_the_organisation_itself(masked, tmp_path):
    run_here(masked, spec_of(masked, profile="internal"), tmp_path / "x.csv", bundle=False)
    assert "203.0.113.7" in (tmp_path / "x.csv").read_text()


def test_a_pdf_needs_no_leave_for_the_table_in_it(log, tmp_path):
    pytest.importorskip("typst")
    log.record("a")
    configuration.change(log, {"export_formats": ["pdf"], "masking": MASKS})
    result = run_here(log, spec_of(log, format="pdf"), tmp_path / "x.pdf", bundle=False)
    assert result.verdicts is not None
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_other_formats_are_refused_wherever_a_file_is_made(log, tmp_path):
    configuration.change(log, {"export_formats": ["json"]})
    spec = spec_of(log)
    asked = (
        lambda: run_export(log, spec, tmp_path / "x.csv", bundle=False),
        lambda: run_here(log, spec, tmp_path / "x.zip", bundle=True),
        lambda: jobs.request(log, spec, bundle=True),
        lambda: stream_export(log, spec),
    )
    for ask in asked:
        with capture_events(log, stream="access") as events, pytest.raises(InvalidSpec, match="not allowed") as error:
            ask()
        assert (error.value.field, error.value.hint) == ("format", "Allowed: json")
        assert {event.outcome for event in events} <= {"denied", "failure"}
        assert len(events) == 1
    assert list(tmp_path.glob("x*")) == []


def test_a_run_that_waited_is_made_under_the_masks_of_its_day(log, tmp_path):
    log.record_many([EVENT] * 3)
    run = jobs.request(log, spec_of(log, format="json"), bundle=False)
    configuration.change(log, {"masking": MASKS})
    holder = jobs.new_holder()
    execute(log, jobs.claim(log.database, holder, jobs.LEASE_S, run.id), holder)
    done = jobs.find(log, run.id)
    assert done.state == jobs.DONE
    download(log, run.id, tmp_path / "x.json")
    assert "203.0.113.7" not in (tmp_path / "x.json").read_text()


def test_a_run_whose_format_was_forbidden_meanwhile_fails_and_says_why(log):
    run = jobs.request(log, spec_of(log, format="csv"), bundle=False)
    configuration.change(log, {"export_formats": ["json"]})
    holder = jobs.new_holder()
    execute(log, jobs.claim(log.database, holder, jobs.LEASE_S, run.id), holder)
    done = jobs.find(log, run.id)
    assert (done.state, "not allowed" in done.reason) == (jobs.FAILED_STATE, True)


def test_searches_and_previews_show_no_more(masked):
    view = View(masked, "export", columns=COLUMNS)
    row = view.search(Search(limit=1)).rows[0]
    assert (row["source.ip"], row["actor.name"], row["message"]) == (None, "[person_name]", None)
    assert row["subject.id"].startswith("tk_")
    with pytest.raises(InvalidRequest, match="masked for this reader"):
        view.search(Search(view.read("source.ip:203.0.113.7")))
    shown = preview(masked, spec_of(masked)).rows[0]
    assert (shown["source.ip"], shown["message"]) == (None, None)
