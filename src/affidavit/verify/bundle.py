"""One bundle verified, step by step. Open this first: each step is a function elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from affidavit.errors import InvalidRequest, MalformedProof, NotFound, StorageError
from affidavit.verify import clocks, steps, walk
from affidavit.verify.archive import Archive
from affidavit.verify.job import Job
from affidavit.verify.manifest import MANIFEST_BYTES_MAX, Manifest, parse_manifest
from affidavit.verify.second import possible
from affidavit.verify.trust import Trust, load_trust
from affidavit.verify.verdict import VIEW_MATCHES, Findings, Result

if TYPE_CHECKING:
    from affidavit.verify.beside import Beside

PROCESSES_FROM_BYTES: Final = 8 << 20
"""A smaller bundle is verified before a second process would have begun."""


def verify_bundle(path: Path | str, trust: Trust | Mapping[str, Any] | Path | str, *, processes: int = 1) -> Result:
    """Verify a bundle by the numbered steps of docs/format.md. `trust`: what `load_trust` takes.

    With `processes` above 1 large bundles are verified by two where it can be, this one and one that is started.

    Never raises for a bundle, however bad: what is not in form FAILs. NotFound where there is no such file,
    InvalidRequest where the trust file is not in form, StorageError where disks refuse.
    """
    believed = load_trust(trust)
    findings = Findings()
    step = [0]
    try:
        with Archive(Path(path)) as archive:
            large = Path(path).stat().st_size >= PROCESSES_FROM_BYTES
            both = processes > 1 and large and possible()
            return _verify(archive, believed, findings, step, Path(path) if both else None)
    except FileNotFoundError:
        raise NotFound(f"there is no bundle {path}") from None
    except OSError as error:
        raise StorageError(f"{path} can't be read, or no temporary file written: {error}") from None
    except (MalformedProof, InvalidRequest, ValueError, OverflowError, RecursionError) as error:
        return findings.malformed(step[0], str(error))


def _verify(archive: Archive, trust: Trust, findings: Findings, step: list[int], beside: Path | None) -> Result:
    data = archive.read("manifest.json", MANIFEST_BYTES_MAX)
    manifest = parse_manifest(data)
    _facts(manifest, trust, findings)
    job = Job(archive, manifest, sha256(data).digest(), trust, findings)
    steps.step_0(job)
    step[0] = 1
    steps.step_1(job)
    step[0] = 2
    clocks.step_2(job)
    step[0] = 3
    support = steps.open_support(job)
    with ExitStack() as stack:
        stack.callback(job.close)
        second = None
        if beside is not None and manifest.evidence != "none":
            second = _begin(stack, beside)
        steps.step_3(job, support)
        clocks.check_anchors(job, support)
        clocks.check_dates(job, support)
        step[0] = 4
        steps.step_4(job)
        step[0] = 5
        if manifest.evidence == "none":
            findings.unproven(7, VIEW_MATCHES, "The bundle holds no openings (evidence: none)")
        else:
            # By now it has begun, if it ever does.
            walk.walk_rows(job, support, second.commitments() if second is not None and second.ready() else None)
            step[0] = 6
            steps.step_6(job, support)
        step[0] = 8
        steps.step_8(job, support)
    findings.facts["logs"] = [
        {"origin": log.origin, "stream": log.stream, "size": job.size(log), "root": job.checkpoints[log.k].root.hex()}
        for log in manifest.logs
    ]
    return findings.result()


def _begin(stack: ExitStack, bundle: Path) -> Beside | None:
    """A second process that makes the rows' commitments from now on; None where there can be none."""
    from affidavit.verify.beside import Beside

    try:
        return stack.enter_context(Beside(bundle))
    except OSError:
        return None


def _facts(manifest: Manifest, trust: Trust, findings: Findings) -> None:
    findings.facts.update(
        export=manifest.export_id,
        created=manifest.created,
        recipient=manifest.recipient,
        reason=manifest.reason,
        tenant=manifest.tenant,
        trust=trust.name,
        query=manifest.query_json,
        profile=manifest.profile,
        evidence=manifest.evidence,
        data=manifest.data_name,
        columns=[
            {"label": column.label, "path": column.path, "mask": dict(column.mask)} for column in manifest.columns
        ],
    )
