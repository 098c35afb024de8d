"""Two verifiers, written by different hands from docs/format.md, say the same of every bundle.

AFFIDAVIT_LONG=1 takes every forgery; otherwise every second one is made and verified, more than a thousand.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from affidavit.errors import InvalidRequest
from affidavit.export import legacy, run_export
from affidavit.export.spec import Column, ExportSpec
from affidavit.log.audit_log import AuditLog
from affidavit.query.tree import from_json
from affidavit.verify import verify_bundle
from tests.verifier.forgeries import FAMILIES, Forgery, forgeries
from tests.verifier.second import PROGRAM, Second, node, statuses
from tests.verify.builder import Builder, pack

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "bundles"
LEAST = 1000
NOT_CHECKED_HERE = {"data.parquet", "data.xlsx", "data.pdf"}


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Second]:
    process = Second(tmp_path)
    yield process
    process.stop()


def first(path: Path, trust: dict[str, Any]) -> dict[str, str]:
    try:
        return {name: verdict["status"] for name, verdict in verify_bundle(path, trust).to_json()["verdicts"].items()}
    except InvalidRequest:
        return {"refused": "trust"}


class Pair:
    """Gives both verifiers the same files."""

    def __init__(self, folder: Path, second: Second) -> None:
        self._folder, self._second = folder, second
        self.names: list[str] = []
        self._firsts: list[dict[str, str]] = []

    def verify(self, name: str, data: bytes, trust: dict[str, Any]) -> None:
        n = len(self.names)
        bundle, trusted = self._folder / f"{n}.zip", self._folder / f"{n}.json"
        bundle.write_bytes(data)
        trusted.write_text(json.dumps(trust))
        self._second.verify(bundle, trusted)
        self.names.append(name)
        self._firsts.append(first(bundle, trust))

    def results(self) -> list[tuple[str, dict[str, str], dict[str, str]]]:
        """(name, the first's statuses, the second's)."""
        return list(zip(self.names, self._firsts, map(statuses, self._second.answers()), strict=True))


@pytest.fixture
def pair(tmp_path: Path, second: Second) -> Pair:
    return Pair(tmp_path, second)


def chosen() -> Iterator[Forgery]:
    whole = os.environ.get("AFFIDAVIT_LONG") == "1"
    return forgeries(None if whole else lambda n: n % 2 == 0)


def test_no_forgery_is_accepted_and_none_is_disputed(pair: Pair) -> None:
    for forgery in chosen():
        pair.verify(forgery.name, forgery.data, forgery.trust)
    results = pair.results()
    assert len(results) >= LEAST
    assert [(name, one, two) for name, one, two in results if one != two] == []
    assert [name for name, one, _ in results if not {"FAIL", "trust"} & set(one.values())] == []


def test_every_family_has_forgeries() -> None:
    for family in FAMILIES:
        assert next(family()).data is not None


def test_good_bundles_pass_both(pair: Pair) -> None:
    for name, builder in {
        "csv": Builder(),
        "json": Builder(form="json"),
        "ndjson": Builder(form="ndjson"),
        "rows": Builder(evidence="rows"),
        "none": Builder(evidence="none"),
        "cuts": Builder(cuts=(1, 8, 12, 23)),
        "nothing": Builder(events=0),
        "one": Builder(events=1),
        "a page": Builder(events=300, evidence="rows"),
        "small pin": Builder(end=12),
        "hidden query": Builder(query={"op": "eq", "path": "actor.id", "value": "u1"}, evidence="rows"),
    }.items():
        pair.verify(name, builder.zip(), builder.trust())
    for name, one, two in pair.results():
        assert one == two, name
        assert one["AUTHENTIC"] == "PASS"
        assert "FAIL" not in one.values()


# --- what the exporter makes ---

EVENTS = [
    {
        "action": ("login", "record.viewed", "grade.changed", "file-download")[n % 4],
        "actor": {"id": f"u{n % 5}", "type": "user", "name": f"Zoë {n % 5}", "roles": ["staff", "ops"][: n % 3]},
        "resource": ("/admin", f"record:{n}", '=1+1,"x"\r\n', "grüße:東京 😀")[n % 4],
        "subject": f"s{n % 7}",
        "outcome": ("success", "denied", "failure")[n % 3],
        "at": datetime(2026, 3, 29, tzinfo=UTC) + timedelta(minutes=7 * n),
        "source": {"ip": ("10.1.2.3", "2001:db8::1", "192.0.2.77")[n % 3], "user_agent": "a\tb"},
        "message": ("mail x@example.org", "", "'quoted", None)[n % 4],
        "record_count": n,
        "details": {"n": [1, 2.5, None, True], "o": {"k": "\u2028\x7f"}},
    }
    for n in range(120)
]
PATHS = [
    "t",
    "actor.id",
    "actor.name",
    "actor.roles",
    "subject.id",
    "source.ip",
    "source.user_agent",
    "message",
    "record_count",
    "details",
    "resource.type",
    "outcome",
]
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns")


def specs() -> Iterator[tuple[str, ExportSpec]]:
    wide = tuple(Column(path, path) for path in ("at", "action", "resource", *PATHS))
    for form in ("csv", "json", "ndjson", "parquet", "xlsx"):
        for profile in ("internal", "auditor", "export"):
            yield (
                f"{form}, {profile}",
                ExportSpec(format=form, zone=ZONES[len(form) % 4], profile=profile, columns=wide),
            )
    yield (
        "a subject's own",
        ExportSpec(format="json", profile="subject", columns=wide, subject_ids=frozenset({"s3", "u1"})),
    )
    yield "bare", legacy(format="json", zone="America/St_Johns")
    yield "users", legacy(user_ids=["u3", "u4"])
    yield "actions", legacy(actions=["login"], zone="Asia/Kolkata")
    yield "nothing", legacy(actions=["never"], format="json")
    between = [
        {"op": "ge", "path": "at", "value": "2026-03-29T02:00:00.000000Z"},
        {"op": "lt", "path": "at", "value": "2026-03-29T05:00:00.000000Z"},
    ]
    for form in ("csv", "json"):
        yield (
            f"a window, {form}",
            ExportSpec(query=from_json({"op": "all", "of": between}), format=form, zone="Europe/Berlin"),
        )
    yield "numbers", ExportSpec(query=from_json({"op": "gt", "path": "record_count", "value": "99"}), format="ndjson")
    yield (
        "networks",
        ExportSpec(query=from_json({"op": "cidr", "path": "source.ip", "value": "10.0.0.0/8"}), profile="internal"),
    )


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("exports")
    bundles = []
    with AuditLog.open(folder / "home") as log:
        log.record_many(EVENTS)
        for n, (name, spec) in enumerate(specs()):
            run_export(log, spec, folder / f"{n}.zip", bundle=True)
            bundles.append((name, (folder / f"{n}.zip").read_bytes()))
        trust = log.trust()
    return bundles, json.loads(trust) if isinstance(trust, bytes | str) else trust


def test_real_exports_pass_both(pair: Pair, exports: tuple[list[tuple[str, bytes]], dict[str, Any]]) -> None:
    for name, data in exports[0]:
        pair.verify(name, data, exports[1])
    for name, one, two in pair.results():
        if name.startswith(("parquet", "xlsx")):
            assert two.pop("VIEW MATCHES") == "NOT PROVEN"
            assert one.pop("VIEW MATCHES") == "PASS"
        assert one == two, name
        assert one["AUTHENTIC"] == "PASS", name
        assert "FAIL" not in one.values(), name


def test_the_vectors(second: Second) -> None:
    """Golden bundles, good and bad, that are data of this repository."""
    if not (VECTORS / "expected.json").exists():
        pytest.skip("no golden bundles")
    expected = json.loads((VECTORS / "expected.json").read_text())
    for name, case in expected.items():
        path, trust = VECTORS / name, VECTORS / case["trust"]
        second.verify(path, trust)
    answers = [statuses(answer) for answer in second.answers()]
    for (name, case), found in zip(expected.items(), answers, strict=True):
        wanted = dict(case.get("verdicts") or {"refused": "trust"})
        if "timestamp" in case["trust"]:  # which the second does not check, and says so
            assert found.pop("TIMED") == "NOT PROVEN"
            del wanted["TIMED"]
        if {"parquet", "xlsx"} & set(case.get("needs", ())):
            assert found.pop("VIEW MATCHES") == "NOT PROVEN"
            del wanted["VIEW MATCHES"]
        assert found == wanted, name


# --- the command ---


def test_the_command(tmp_path: Path) -> None:
    """Exit codes, --json, and words; a trust file out of form is no verdict."""
    builder = Builder()
    bundle, forged, trust, bad = (tmp_path / name for name in ("b.zip", "f.zip", "t.json", "bad.json"))
    bundle.write_bytes(builder.zip())
    forged.write_bytes(pack(builder.files() | {"README.txt": b"Other words.\n"}))
    trust.write_text(json.dumps(builder.trust()))
    bad.write_text(trust.read_text() + "{}")

    def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([node(), PROGRAM, *args], capture_output=True, text=True, check=False)

    good = run(bundle, "--trust", trust, "--json")
    assert good.returncode == 0
    assert statuses(json.loads(good.stdout)) == first(bundle, builder.trust())
    assert set(json.loads(good.stdout)) == {"verdicts", "steps", "facts"}
    fails = run(forged, "--trust", trust)
    assert fails.returncode == 8
    assert "README.txt is not the file that the manifest names" in fails.stdout
    refused = run(bundle, "--trust", bad)
    assert refused.returncode == 2
    assert refused.stderr.startswith("The trust file is not in form")
    assert run(tmp_path / "none.zip", "--trust", trust).returncode == 2
    assert run(bundle).returncode == 2
