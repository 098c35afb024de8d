"""Bundles verify by the verifier a stranger would run, hide what they hide, and fail when a byte is changed."""

import json
import zipfile
from dataclasses import replace

import pytest

from affidavit.errors import IntegrityError
from affidavit.export import legacy, run_export
from affidavit.export.spec import Column, ExportSpec, InvalidSpec
from affidavit.query.tree import Leaf, all_of
from affidavit.verify import verify_bundle

PLANTED = [
    "zq-actor-4711", "Zoë Qvist", "zoe.qvist@example.org", "203.0.113.77", "zq-subject-0815", "+49 30 5550123",
    "zq-grade-before", "zq-grade-after", "zq-free-text", "zq-device",
]  # fmt: skip


def personal(n, at="2023-10-01T12:00:00Z"):
    actor, name, mail, ip, subject, phone, before, after, text, device = PLANTED
    return {
        "action": "grade.updated", "at": at,
        "actor": {"id": actor, "name": name, "session": "zq-session"}, "resource": f"enrollment:{n}",
        "subject": {"id": subject, "name": name}, "source": {"ip": ip, "device": device},
        "message": f"{text} {mail}", "change": {"before": {"grade": before}, "after": {"grade": after}},
        "details": {"contact": {"mail": mail, "phone": phone}},
    }  # fmt: skip


def statuses(result):
    return {name: verdict.status.value for name, verdict in result.verdicts.items()}


def verified(log, path):
    return statuses(verify_bundle(path, log.trust()))


def rewritten(source, target, changes):
    """The same zip with parts changed, written by the exporter's own writer so that only the content differs."""
    from affidavit.export.zip import Spool, ZipWriter

    with zipfile.ZipFile(source) as old, target.open("wb") as out:
        writer = ZipWriter(out)
        for info in old.infolist():
            spool = Spool(info.filename, target.parent, info.compress_type)
            spool.write(changes.get(info.filename, lambda data: data)(old.read(info)))
            writer.add(spool)
        writer.finish()
    return target


@pytest.mark.parametrize("format", ["csv", "json", "bare", "ndjson", "xlsx", "parquet"])
def test_a_full_bundle_proves_all_a_lone_log_can(log, record, out, format):
    record(*[personal(n, f"2023-10-{n % 28 + 1:02d}T12:00:00Z") for n in range(600)])
    asked = {"format": "json", "bare": True} if format == "bare" else {"format": format, "bare": False}
    spec = replace(legacy("2023-10-05", "2023-10-20", zone="Europe/Berlin"), **asked)
    result = run_export(log, spec, out / "x.zip", bundle=True)
    assert statuses(result) == verified(log, out / "x.zip") == {
        "AUTHENTIC": "PASS", "COMPLETE": "PASS", "TIMED": "NOT PROVEN", "WITNESSED": "NOT PROVEN",
        "VIEW MATCHES": "PASS",
    }  # fmt: skip
    assert result.rows == sum(5 <= n % 28 + 1 <= 20 for n in range(600))


def test_a_filter_on_a_person_gives_rows_with_the_token_in_the_manifest(log, record, out, unpack):
    record(*[("login", f"u{n % 5}", f"/{n}", "2023-10-01T12:00:00") for n in range(1000)])
    run_export(log, legacy(user_ids=["u3"]), out / "x.zip", bundle=True)
    parts = unpack(out / "x.zip")
    manifest = json.loads(parts["manifest.json"])
    assert manifest["evidence"] == "rows"
    assert manifest["counts"] == {"rows": 200, "masked": 200, "erased": 0, "purged": 0, "truncated": False}
    (token,) = manifest["query"]["tokens"]
    assert parts["data.csv"].count(token.encode()) == 200
    assert len(manifest["logs"][0]["ranges"]) == 200
    assert verified(log, out / "x.zip") == {
        "AUTHENTIC": "PASS", "COMPLETE": "NOT PROVEN", "TIMED": "NOT PROVEN", "WITNESSED": "NOT PROVEN",
        "VIEW MATCHES": "PASS",
    }  # fmt: skip


def test_evidence_none_is_data_and_attestation(log, record, out, unpack):
    record(personal(1))
    spec = ExportSpec(evidence="none", recipient="Ministry", reason="yearly audit")
    run_export(log, spec, out / "x.zip", bundle=True)
    parts = unpack(out / "x.zip")
    assert sorted(parts) == [
        "README.txt", "attestation.json", "checkpoint.0", "data.csv", "manifest.json", "proof.0", "verify.html",
    ]  # fmt: skip
    assert parts["verify.html"].startswith(b"<!doctype html>")
    assert json.loads(parts["manifest.json"])["export"]["recipient"] == "Ministry"
    assert b"yearly audit" in parts["README.txt"]
    assert verified(log, out / "x.zip")["AUTHENTIC"] == "PASS"


def test_an_empty_log_and_an_empty_result_have_bundles_too(log, record, out):
    run_export(log, legacy(), out / "empty.zip", bundle=True)
    assert verified(log, out / "empty.zip")["COMPLETE"] == "PASS"
    record(personal(1))
    run_export(log, legacy(actions=["never"]), out / "none.zip", bundle=True)
    assert verified(log, out / "none.zip")["COMPLETE"] == "PASS"
    run_export(log, legacy(user_ids=["nobody"]), out / "rows.zip", bundle=True)
    assert verified(log, out / "rows.zip")["AUTHENTIC"] == "PASS"


def test_several_streams_are_one_ordered_table(log, record, out, unpack):
    record(*[personal(n) for n in range(20)])
    spec = ExportSpec(streams=("main", "control"))
    run_export(log, spec, out / "x.zip", bundle=True)
    logs = json.loads(unpack(out / "x.zip")["manifest.json"])["logs"]
    assert [(item["stream"], item["role"]) for item in logs] == [
        ("main", "queried"), ("control", "queried"), ("access", "supporting"),
    ]  # fmt: skip
    assert verified(log, out / "x.zip")["COMPLETE"] == "PASS"
    with pytest.raises(InvalidSpec, match="streams"):
        run_export(log, ExportSpec(streams=("access",)), out / "y.zip", bundle=True)


@pytest.mark.parametrize("bounds", [("ge", "t"), ("lt", "t"), ("gt", "at"), ("le", "at")])
def test_windows_on_both_times_begin_where_the_verifier_wants_them(log, record, out, bounds):
    import time

    record(*[{"action": "a", "actor": "u"}] * 300)
    time.sleep(0.002)
    record(*[{"action": "b", "actor": "u"}] * 300)
    middle = json.loads(log.opened("main", 0 if bounds[0] == "gt" else 300).entry)["t"]
    op, key = bounds
    spec = ExportSpec(query=all_of(Leaf(op, key, middle), Leaf("eq", "outcome", "success")))
    result = run_export(log, spec, out / "x.zip", bundle=True)
    assert result.rows == {("le", "at"): 600}.get(bounds, 300)
    assert statuses(result)["COMPLETE"] == "PASS"
    if bounds == ("ge", "t"):
        with zipfile.ZipFile(out / "x.zip") as archive:
            assert json.loads(archive.read("manifest.json"))["logs"][0]["ranges"] == [[299, 600]]


def test_every_profile_s_masks_are_understood_by_the_verifier(log, record, out):
    record(*[personal(n) for n in range(3)])
    paths = ("at", "action", "actor.id", "actor.name", "source.ip", "source.device", "source.geo", "subject.id",
             "resource.id", "message", "change.before.grade", "details")  # fmt: skip
    for profile in ("internal", "auditor", "export", "subject"):
        spec = ExportSpec(profile=profile, columns=tuple(Column(path, path) for path in paths),
                          subject_ids=frozenset({PLANTED[4]}))  # fmt: skip
        result = run_export(log, spec, out / f"{profile}.zip", bundle=True)
        assert statuses(result)["AUTHENTIC"] == statuses(result)["VIEW MATCHES"] == "PASS", profile


def test_a_record_whose_fields_are_explicit_nulls(log, record, out):
    record({"action": "a", "at": "2023-10-01T12:00:00Z", "change": {"before": {"grade": None}, "after": {"grade": 1}}})
    columns = tuple(Column(p, p) for p in ("action", "change.before.grade", "change.after.grade"))
    for profile in ("internal", "auditor"):
        result = run_export(log, ExportSpec(profile=profile, columns=columns), out / profile, bundle=True)
        assert statuses(result)["VIEW MATCHES"] == "PASS"


# --- forgeries ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(log, record, out):
    record(*[("login", f"u{n}", f"/{n}", "2023-10-01T12:00:00") for n in range(50)])
    run_export(log, legacy(), out / "x.zip", bundle=True)
    return out / "x.zip"


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("data.csv", b"/17", b"/71"),
        ("openings.ndjson", b'"/17"', b'"/71"'),
        ("entries.0.bin", b'"login"', b'"logon"'),
        ("manifest.json", b'"rows":50', b'"rows":49'),
        ("attestation.json", b"success", b"unknown"),
        ("README.txt", b"Times", b"times"),
        ("checkpoint.0", b"\n50\n", b"\n51\n"),
    ],
)
def test_a_changed_part_fails(log, bundle, out, part, old, new):
    def change(data):
        assert old in data
        return data.replace(old, new, 1)

    assert verified(log, bundle)["AUTHENTIC"] == "PASS"
    forged = rewritten(bundle, out / "forged.zip", {part: change})
    assert not verify_bundle(forged, log.trust()).ok


def test_the_rewriter_alone_changes_nothing(log, bundle, out):
    same = rewritten(bundle, out / "same.zip", {})
    assert same.read_bytes() == bundle.read_bytes()


def test_a_record_changed_in_the_journal_never_becomes_a_bundle(log, record, out, own_events):
    record(*[("login", f"u{n}", f"/{n}", "2023-10-01T12:00:00") for n in range(50)])
    with log.database.write() as connection:
        connection.exec_driver_sql("UPDATE journal SET fields = replace(fields, '/17', '/71') WHERE idx = 17")
    with pytest.raises(IntegrityError, match="does not verify"):
        run_export(log, legacy(), out / "x.zip", bundle=True)
    assert list(out.iterdir()) == []
    assert [action for action, _ in own_events()] == ["export.created", "export.failed"]
