"""One verification on its way: its inputs, and what earlier steps left for later ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.note import Note
from affidavit.verify.archive import Archive
from affidavit.verify.entries import Entries
from affidavit.verify.manifest import LogRef, Manifest
from affidavit.verify.trust import Trust
from affidavit.verify.verdict import Findings


@dataclass(slots=True)
class Job:
    """The bundle, what is believed and what was found."""

    archive: Archive
    manifest: Manifest
    manifest_sha256: bytes
    trust: Trust
    findings: Findings
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    entries: dict[int, Entries] = field(default_factory=dict)
    roots: dict[int, dict[int, bytes]] = field(default_factory=dict)
    """By log and size: the signed root, and those at cuts."""
    dated_us: dict[int, int] = field(default_factory=dict)
    """By log: the earliest time at which an independent clock saw its checkpoint."""
    gaps: dict[int, str] = field(default_factory=dict)
    """By log: that its beginning is missing, in words."""

    def size(self, log: LogRef) -> int:
        """The size of a log's checkpoint."""
        return self.checkpoints[log.k].size

    def close(self) -> None:
        """Give up the temporary files."""
        for entries in self.entries.values():
            entries.close()

    @property
    def asked(self) -> list[LogRef]:
        """The logs that witnesses and clocks must have seen: those queried, or with no evidence the attesting one."""
        return [log for log in self.manifest.logs if log.queried or self.manifest.evidence == "none"]
