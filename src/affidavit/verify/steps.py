"""The numbered steps of docs/format.md, "Verification": the same numbers in code, document and output.

Each step is a function of the bundle and what earlier steps found. What does not hold goes into `Findings`; what
is not in form raises MalformedProof, which ends the verification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from affidavit.commitment import format_time
from affidavit.errors import MalformedProof
from affidavit.query.evaluate import compile as compile_query
from affidavit.query.tree import EVERYTHING
from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.note import NOTE_BYTES_MAX, Note, verify_signature
from affidavit.tlog.range_proof import union_of_ranges, verify_range_proof
from affidavit.verify import strict
from affidavit.verify.archive import STORED, Archive
from affidavit.verify.clocks import TIMESTAMPS_MAX, timed_purges
from affidavit.verify.entries import Entries, Judge, State
from affidavit.verify.gaps import CONTROL_STREAM, Control, Unlawful, lawful, missing, open_control
from affidavit.verify.job import Job
from affidavit.verify.own import EXPORTED
from affidavit.verify.support import ATTESTATION_BYTES_MAX, SUPPORT_BYTES_MAX, Support, read_support
from affidavit.verify.support import LINE_BYTES_MAX as SUPPORT_LINE_BYTES_MAX
from affidavit.verify.trust import TrustedLog
from affidavit.verify.verdict import AUTHENTIC, COMPLETE, WITNESSED
from affidavit.verify.window import end_of_window, start_of_gap, window_of

PROOF_LINE_BYTES: Final = 64
ATTESTING_STREAM: Final = "access"


def step_0(job: Job) -> None:
    """The bundle holds exactly the files it must, of this tenant; nothing of them is believed yet."""
    manifest = job.manifest
    wanted = {"manifest.json", "attestation.json", *manifest.files}
    wanted.update(f"{name}.{log.k}" for log in manifest.logs for name in ("checkpoint", "proof"))
    stamps = {f"timestamp.{log.k}.{m}.tsr" for log in manifest.logs for m in range(TIMESTAMPS_MAX)}
    have = set(job.archive.members)
    if missing := sorted(wanted - have):
        raise MalformedProof(f"{missing[0]} is not in the bundle")
    if extra := sorted(have - wanted - stamps):
        raise MalformedProof(f"{extra[0]} does not belong into a bundle")
    for name in ("salts.bin", "hidden.bin"):
        if name in have and job.archive.members[name].method != STORED:
            raise MalformedProof(f"{name} must be stored, not compressed")
    job.findings.reach(0)
    if manifest.tenant != job.trust.tenant:
        job.findings.fail(
            0, AUTHENTIC, f"The bundle is of tenant {manifest.tenant!r}, the trust file of {job.trust.tenant!r}"
        )


def step_1(job: Job) -> None:
    """Checkpoint signatures by the trust file; witnesses where it asks for them."""
    job.findings.reach(1)
    if not job.trust.policy.asks:
        job.findings.not_asked(WITNESSED, "The trust file asks for no witness")
    for log in job.manifest.logs:
        note = Note.parse(job.archive.read(f"checkpoint.{log.k}", NOTE_BYTES_MAX))
        checkpoint = Checkpoint.parse(note.text)
        job.notes[log.k], job.checkpoints[log.k] = note, checkpoint
        name = f"log {log.k} ({log.stream})"
        if checkpoint.origin != log.origin:
            job.findings.fail(1, AUTHENTIC, f"{name}: checkpoint.{log.k} is of the log {checkpoint.origin[:80]!r}")
        if log.size is not None and checkpoint.size != log.size:
            job.findings.fail(
                1, AUTHENTIC, f"{name}: the checkpoint has size {checkpoint.size}, the manifest {log.size}"
            )
        trusted = job.trust.logs.get(log.origin)
        if trusted is None or trusted.stream != log.stream:
            what = "is not in the trust file" if trusted is None else f"is {trusted.stream!r} in the trust file"
            job.findings.fail(1, AUTHENTIC, f"{name}: {log.origin} {what}")
            continue
        _signed(job, name, note, checkpoint.size, trusted)
        if job.trust.policy.asks and log in job.asked:
            _witnessed(job, name, note)


def _signed(job: Job, name: str, note: Note, size: int, trusted: TrustedLog) -> None:
    good = 0
    for signature in note.signatures:
        listed = [k for k in trusted.keys if (k.key.name, k.key.id) == (signature.name, signature.key_id)]
        if not listed:
            continue
        try:
            verify_signature(note.text, signature, listed[0].key)
        except MalformedProof as error:
            job.findings.fail(1, AUTHENTIC, f"{name}: {error.message}")
            continue
        if any(item.covers(size) for item in listed):  # a key may be listed for several stretches
            good += 1
        else:
            job.findings.fail(1, AUTHENTIC, f"{name}: its key may not sign a checkpoint of size {size}")
    if not good:
        job.findings.fail(1, AUTHENTIC, f"{name}: no key of the trust file signed its checkpoint")


def _witnessed(job: Job, name: str, note: Note) -> None:
    policy = job.trust.policy
    known = {(key.name, key.id): key for key in policy.witnesses.values()}
    cosigned = set()
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        try:
            verify_signature(note.text, signature, key)
        except MalformedProof as error:
            job.findings.fail(1, WITNESSED, f"{name}: {error.message}")
            continue
        cosigned.add(key.public_key)
    if not policy.fulfilled(cosigned):
        job.findings.fail(1, WITNESSED, f"{name}: {len(cosigned)} witnesses cosigned, {policy.words()}")


def open_support(job: Job) -> Support:
    """Read the supporting events and the attestation, which steps 3, 5 and 8 need."""
    lines: Iterator[bytes] = iter(())
    if "support.ndjson" in job.archive:
        if job.archive.members["support.ndjson"].size > SUPPORT_BYTES_MAX:
            raise MalformedProof(f"support.ndjson has more than {SUPPORT_BYTES_MAX} bytes")
        lines = strict.lines(job.archive.chunks("support.ndjson"), "support.ndjson", SUPPORT_LINE_BYTES_MAX)
    attestation = job.archive.read("attestation.json", ATTESTATION_BYTES_MAX)
    return read_support(lines, attestation, job.manifest.logs)


def step_3(job: Job, support: Support) -> None:
    """Entry bytes hashed; each proof gives the signed root."""
    job.findings.reach(3)
    evaluate = compile_query(job.manifest.query)
    for log in job.manifest.logs:
        singles = support.singles.get(log.k, {})
        judge: Judge | State = State.FALSE
        if log.queried:
            judge = State.TRUE if job.manifest.query == EVERYTHING else lambda public: evaluate(public, None)
        entries = job.entries[log.k] = Entries(log.k, log.ranges, singles, judge)
        included = union_of_ranges([*log.ranges, *((index, index + 1) for index in singles)])
        chunks = job.archive.chunks(f"entries.{log.k}.bin") if log.ranges else iter(())
        root, cuts = verify_range_proof(
            job.size(log), included, entries.leaves(chunks), log.cuts, _nodes(job.archive, f"proof.{log.k}")
        )
        job.roots[log.k] = {**cuts, job.size(log): root}
        if root != job.checkpoints[log.k].root:
            job.findings.fail(
                3, AUTHENTIC, f"log {log.k} ({log.stream}): entries and proof do not give the signed root"
            )


def _nodes(archive: Archive, name: str) -> Iterator[bytes]:
    for line in strict.lines(archive.chunks(name), name, PROOF_LINE_BYTES):
        yield strict.unhex(line.decode("ascii", "replace"), name, 32)


def step_4(job: Job) -> None:
    """`t` never decreases, and nothing of the window is missing. (Rows are judged by walk.py.)"""
    findings, manifest = job.findings, job.manifest
    findings.reach(4)
    window = window_of(manifest.query)
    for log in manifest.logs:
        entries = job.entries[log.k]
        if entries.disorder:
            findings.fail(4, COMPLETE, entries.disorder)
        if not log.queried:
            continue
        if manifest.evidence == "full":
            if missing := end_of_window(log, job.size(log), window, entries):
                findings.fail(4, COMPLETE, missing)
            if log.ranges and (missing := start_of_gap(log, window, entries)):
                job.gaps[log.k] = missing
        if entries.last is not None:
            findings.remark(COMPLETE, f"the scope of {log.stream} ends at {format_time(entries.last.t_us)}")
        else:
            findings.remark(COMPLETE, f"{log.stream} has no entries here")
    bundled = {log.origin for log in manifest.logs if log.queried}
    others = sorted(log.stream for log in job.trust.logs.values() if log.origin not in bundled)
    if others:
        findings.remark(COMPLETE, f"not asked: {', '.join(others)}")
    findings.facts["not_asked"] = others
    if manifest.evidence == "rows":
        findings.unproven(4, COMPLETE, "The bundle holds the exported rows alone (evidence: rows)")
    elif manifest.evidence == "none":
        findings.unproven(4, COMPLETE, "The bundle holds no entries (evidence: none)")
    if manifest.counts.truncated:
        findings.unproven(4, COMPLETE, "The export says it was cut short")


def step_6(job: Job, support: Support) -> None:
    """What is missing at the beginning of a window was purged lawfully; nothing else is said to be purged."""
    findings, manifest = job.findings, job.manifest
    findings.reach(6)
    sizes = {log.k: job.size(log) for log in manifest.logs}
    control: Control | None = None
    purged = 0
    for k, words in job.gaps.items():
        log = manifest.logs[k]
        purged += missing(log)
        try:
            if control is None:
                trusted = [found.origin for found in job.trust.logs.values() if found.stream == CONTROL_STREAM]
                control = open_control(manifest.logs, trusted, sizes, job.entries, support.own)
            purges = lawful(control, log)
        except Unlawful as error:
            findings.fail(6, COMPLETE, f"{words}: {error}")
            continue
        findings.remark(
            COMPLETE, f"{missing(log)} entries of {log.stream} were purged, lawfully by the operator's clock"
        )
        if control.private_holds:
            findings.remark(
                COMPLETE,
                f"holds of private scope are the operator's statement: {' '.join(control.private_holds)}"[:500],
            )
        timed_purges(job, log, control, purges)
    if manifest.counts.purged != purged:
        findings.fail(
            6, COMPLETE, f"{manifest.counts.purged} entries are said to be purged, {purged} are missing by gaps"
        )


def step_8(job: Job, support: Support) -> None:
    """The attestation is the export.created event of this export and this manifest, whose files are these."""
    findings, manifest, attestation = job.findings, job.manifest, support.attestation
    findings.reach(8)
    if any(log.size is None and log.k != attestation.k for log in manifest.logs):
        findings.fail(8, AUTHENTIC, "A log without size is not the attesting one")
    for k, stream in ((attestation.k, ATTESTING_STREAM), *((k, CONTROL_STREAM) for k in sorted(support.control))):
        trusted = job.trust.logs.get(manifest.logs[k].origin)
        if trusted is None or trusted.stream != stream:
            findings.fail(8, AUTHENTIC, f"log {k} is not a stream {stream!r} of the trust file")
    if attestation.entry.action != EXPORTED or attestation.entry.outcome != "success":
        findings.fail(
            8,
            AUTHENTIC,
            f"The attestation is {attestation.entry.action} ({attestation.entry.outcome}), not {EXPORTED} (success)",
        )
    if attestation.text("export.id") != manifest.export_id:
        findings.fail(8, AUTHENTIC, "The attestation is of another export")
    if attestation.text("export.manifest") != job.manifest_sha256.hex():
        findings.fail(8, AUTHENTIC, "The attestation is of another manifest")
    for name, digest in manifest.files.items():
        if job.archive.drain(name) != digest:
            findings.fail(8, AUTHENTIC, f"{name} is not the file that the manifest names")
    findings.facts["attested"] = format_time(attestation.entry.t_us)
