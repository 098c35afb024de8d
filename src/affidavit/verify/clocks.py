"""What independent clocks say of a bundle: timestamps over checkpoints, and what was anchored before purges.

Step 2 of docs/format.md, "Verification", and of step 6 what belongs to TIMED.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from affidavit.commitment import CLOCK_SKEW_US_MAX, format_time
from affidavit.errors import MalformedProof
from affidavit.tlog.checkpoint import Checkpoint
from affidavit.verify.archive import MEMBER_BYTES_MAX
from affidavit.verify.gaps import CONTROL_STREAM, Control, Purge
from affidavit.verify.job import Job
from affidavit.verify.manifest import LogRef
from affidavit.verify.own import ANCHORED
from affidavit.verify.support import Opened, Support
from affidavit.verify.timestamps import Stamps
from affidavit.verify.verdict import AUTHENTIC, TIMED

TIMESTAMPS_MAX: Final = 16


def step_2(job: Job) -> None:
    """Timestamp tokens over the checkpoints. What they date is compared with the entries by `check_dates`."""
    findings, stamps = job.findings, Stamps(job.trust.timestamp_roots)
    if not job.trust.timestamp_roots:
        findings.unproven(2, TIMED, "The trust file has no timestamp roots")
    elif not stamps.usable:
        findings.unproven(2, TIMED, "Not checked here: timestamps need the extra affidavit[timestamp]")
    for log in job.manifest.logs:
        for name in (f"timestamp.{log.k}.{m}.tsr" for m in range(TIMESTAMPS_MAX)):
            if name not in job.archive:
                continue
            if not job.trust.timestamp_roots or not stamps.usable:
                job.archive.drain(name)
                continue
            token = job.archive.read(name, MEMBER_BYTES_MAX)
            try:
                dated_us = stamps.dated_us(token, job.notes[log.k].text.encode(), name)
            except MalformedProof as error:
                findings.fail(2, TIMED, error.message)
                continue
            if dated_us is not None:
                job.dated_us[log.k] = min(dated_us, job.dated_us.get(log.k, dated_us))


def check_dates(job: Job, support: Support) -> None:
    """Step 2, once entries are known: every log that is asked is dated, and no entry is younger than its date."""
    if not job.trust.timestamp_roots or not Stamps(()).usable:
        return
    job.findings.reach(2)
    for log in job.asked:
        dated_us = job.dated_us.get(log.k)
        if dated_us is None:
            job.findings.unproven(2, TIMED, f"{log.name}: no timestamp holds under the roots of the trust file")
            continue
        job.findings.remark(TIMED, f"{log.stream} as it is here was there at {format_time(dated_us)}")
        last = job.entries[log.k].last if log.queried else support.attestation.entry
        if last is not None and last.t_us > dated_us + CLOCK_SKEW_US_MAX:
            job.findings.fail(
                2, TIMED, f"{log.name}: its last t is {format_time(last.t_us)}, after {format_time(dated_us)}, when it "
                "was timestamped",
            )  # fmt: skip


def check_anchors(job: Job, support: Support) -> None:
    """Step 3: what the operator had timestamped before is this very log."""
    by_origin = {log.origin: log for log in job.manifest.logs if log.size is not None}
    for event in support.own:
        if event.entry.action != ANCHORED or (log := by_origin.get(event.own["anchor.origin"])) is None:
            continue
        root = job.roots[log.k].get(event.own["anchor.size"])
        if root is not None and root != event.own["anchor.root"]:
            job.findings.fail(
                3, AUTHENTIC, f"{log.name} was anchored with another root at size {event.own['anchor.size']}"
            )


def timed_purges(job: Job, log: LogRef, control: Control, purges: Sequence[Purge]) -> None:
    """Whether independent clocks show that what was purged had been kept long enough."""
    for purge in purges:
        mine, theirs = [], []
        for event in control.of(ANCHORED, purge.event):
            origin, size = event.own["anchor.origin"], event.own["anchor.size"]
            if origin == log.origin and size >= purge.event.own["purge.end"]:
                mine += _anchored(job, log, event)
            place = job.manifest.logs[purge.event.k]
            if origin == place.origin and event.k == place.k and size <= event.index:
                theirs += _anchored(job, place, event)
        until_us = purge.kept_until(min(mine)) if mine else None
        if until_us is None or not theirs or max(theirs) < until_us:
            at = purge.event.index
            job.findings.unproven(
                6, TIMED, f"{log.name}: no independent clock shows that what was purged at index {at} of "
                f"{CONTROL_STREAM} had been kept long enough",
            )  # fmt: skip


def _anchored(job: Job, log: LogRef, event: Opened) -> list[int]:
    """The genTime of an anchor of this log, where it counts."""
    size, root = event.own["anchor.size"], event.own["anchor.root"]
    stamps = Stamps(job.trust.timestamp_roots)
    if job.roots[log.k].get(size) != root or not job.trust.timestamp_roots or not stamps.usable:
        return []
    try:
        dated_us = stamps.dated_us(event.own["anchor.token"], Checkpoint(log.origin, size, root).text().encode(), "it")
    except MalformedProof:
        return []
    return [] if dated_us is None else [dated_us]
