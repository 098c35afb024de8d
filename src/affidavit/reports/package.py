"""Package: a report in every format, with the evidence of its events, in one zip.

The evidence is a bundle like any export's (docs/format.md), verified before it is packed. Its manifest, which the log
attests, states the SHA-256 of report.json as the export's reason: so the bundle's verdicts reach the report.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from affidavit.commitment import format_time, parse_entry
from affidavit.errors import IntegrityError, MalformedProof, MissingExtra
from affidavit.export.run import run_export
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import Spool, ZipWriter, new_file, storage_errors
from affidavit.query.tree import Leaf, Query
from affidavit.reports.asked import flat
from affidavit.reports.recording import ATTESTING
from affidavit.reports.render import FORMATS, pdf, render
from affidavit.reports.result import Result, decode
from affidavit.reports.runner import Finished
from affidavit.verify import verify_bundle
from affidavit.verify.archive import MEMBER_BYTES_MAX, STORED, Archive
from affidavit.verify.manifest import MANIFEST_BYTES_MAX, parse_manifest

PACKAGE: Final = "package"
JSON: Final = "report.json"
EVIDENCE: Final = "evidence.zip"
SUMS: Final = "SHA256SUMS"
_NAMES: Final = {"json": JSON, "html": "report.html", "xlsx": "report.xlsx", "csv": "tables.zip", "pdf": "report.pdf"}
_REASON: Final = "report {id} run {run}: report.json has SHA-256 {sha256}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What verifying a package found. `verdicts` are the bundle's; `bound` whether report.json is the one attested."""

    ok: bool
    bound: bool
    verdicts: Any


def write_package(log: Any, finished: Finished, output: Path) -> Path:
    """Write the package to `output`: report, tables and evidence. A PDF is left out where Typst is not installed.

    Raises StorageError when the disk refuses, IntegrityError where the evidence does not verify.
    """
    with storage_errors(output), tempfile.TemporaryDirectory(prefix=".report.", dir=output.parent) as name:
        folder = Path(name)
        evidence = write_evidence(log, finished, folder / EVIDENCE)
        parts = {JSON: finished.data}
        for fmt in FORMATS:
            if fmt == "pdf":
                made = _pdf(finished.result, folder)
                parts |= {_NAMES[fmt]: made} if made is not None else {}
            elif fmt != "json":
                parts[_NAMES[fmt]] = render(finished.result, fmt, folder)
        parts["README.txt"] = _readme(finished, evidence=evidence is not None).encode()
        if evidence is not None:
            parts[EVIDENCE] = evidence.read_bytes()
        sums = "".join(f"{sha256(data).hexdigest()}  {part}\n" for part, data in sorted(parts.items()))
        with new_file(output) as (out, _):
            archive = ZipWriter(out)
            for part, data in (*parts.items(), (SUMS, sums.encode())):
                spool = Spool(part, folder, STORED)
                spool.write(data)
                archive.add(spool)
            archive.finish()
    return output


def write_pdf(log: Any, finished: Finished, output: Path) -> None:
    """Write the PDF with the evidence of the report's events attached. Raises as `write_package`, and MissingExtra."""
    with storage_errors(output), tempfile.TemporaryDirectory(prefix=".report.", dir=output.parent) as name:
        folder = Path(name)
        evidence = write_evidence(log, finished, folder / EVIDENCE)
        made = pdf.document(finished.result, folder, evidence)
        with new_file(output) as (out, _):
            out.write(made)


def write_evidence(log: Any, finished: Finished, output: Path) -> Path | None:
    """The bundle of the report's events, up to the sizes it is pinned to. None where no stream can be evidenced.

    The stream that attests bundles can't be in one.
    """
    streams = tuple(stream for stream in finished.spec.streams if stream != ATTESTING)
    if not streams:
        return None
    result = finished.result
    reason = _REASON.format(id=result.report.id, run=result.run.id, sha256=finished.sha256)
    spec: ExportSpec = replace(
        finished.spec, streams=streams, reason=reason, query=flat(finished.spec.query, *_up_to(log, result, streams))
    )
    run_export(log, spec, output, bundle=True, run_id=result.run.id)
    return output


def _up_to(log: Any, result: Result, streams: tuple[str, ...]) -> list[Query]:
    """The condition that an entry was recorded no later than the last one the report is pinned to."""
    last_us = 0
    for one in result.logs:
        if one.stream in streams and one.size:
            entry = next(log.entries(one.origin).read(one.size - 1, one.size))
            last_us = max(last_us, parse_entry(entry).t_us)
    return [Leaf("le", "t", format_time(last_us))] if last_us else []


def _pdf(result: Result, folder: Path) -> bytes | None:
    try:
        return pdf.document(result, folder)
    except MissingExtra:
        return None


def verify_package(package: Path, trust: Any) -> Checked:
    """Check a package as a stranger would: its sums, its evidence, and that this is the report the log attests.

    Raises MalformedProof for what is no package, or has no evidence.
    """
    with Archive(package) as archive, tempfile.TemporaryDirectory(prefix="affidavit-report-") as name:
        if EVIDENCE not in archive or JSON not in archive:
            raise MalformedProof(f"{package} has no {JSON} with {EVIDENCE}", "Give the zip of a report")
        bundle = Path(name) / EVIDENCE
        bundle.write_bytes(archive.read(EVIDENCE, MEMBER_BYTES_MAX))
        data = archive.read(JSON, MEMBER_BYTES_MAX)
        _check_sums(archive)
        found = verify_bundle(bundle, trust)
        with Archive(bundle) as inner:
            manifest = parse_manifest(inner.read("manifest.json", MANIFEST_BYTES_MAX))
    result = decode(data)
    reason = _REASON.format(id=result.report.id, run=result.run.id, sha256=sha256(data).hexdigest())
    bound = manifest.about().reason == reason
    return Checked(bool(found.ok) and bound, bound, found.verdicts)


def _check_sums(archive: Archive) -> None:
    for line in archive.read(SUMS, 1 << 20).decode().splitlines():
        digest, _, part = line.partition("  ")
        if sha256(archive.read(part, MEMBER_BYTES_MAX)).hexdigest() != digest:
            raise IntegrityError(f"{part} is not what {SUMS} says", "The package was changed: ask for it again")


def _readme(finished: Finished, *, evidence: bool) -> str:
    result = finished.result
    lines = [
        f"Report {result.report.id}: {result.report.title}",
        f"{result.report.framework}, {result.report.edition}",
        f"Run {result.run.id} at {result.run.at}",
        "",
        f"{JSON}       the report as data; every other file is drawn from it",
        "report.html       to read in a browser, without any script",
        "report.pdf        on pages (where it could be made)",
        "report.xlsx       a sheet for each table",
        "tables.zip        a CSV file for each table",
        f"{SUMS}        the SHA-256 of each file",
        "",
    ]
    if not evidence:
        return "\n".join([*lines, "Its events are of the stream that attests bundles: no evidence can carry them.", ""])
    return "\n".join(
        [
            *lines,
            f"{EVIDENCE}      the report's events with their evidence: a bundle that verifies offline. Its manifest,",
            "                  which the log attests, states the SHA-256 of report.json as the export's reason.",
            "",
            "Check all of it:  affidavit report verify PACKAGE --trust FILE",
            f"or by hand:       affidavit verify {EVIDENCE} --trust FILE, and compare the reason with sha256sum {JSON}",
            "Get the trust file from the operator by another way than this package.",
            "",
        ]
    )
