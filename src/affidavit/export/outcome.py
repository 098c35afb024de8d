"""Outcome: what a finished run keeps of its file, so that it can be told after the file has gone."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from affidavit.export.run import ExportResult
from affidavit.ready import ready

MANIFEST: Final = "manifest.json"


@ready
@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `index` is where its `export.created` stands in the log of `origin`.

    Of a bundle: `verdicts` are [name, status, reason], `members` [name, bytes]; `manifest` is the SHA-256 of its
    manifest, `masked` and `erased` are cells. Of other files they are empty or None, but for a PDF's verdicts.
    """

    origin: str = ""
    index: int | None = None
    verdicts: tuple[tuple[str, str, str], ...] = ()
    manifest: str = ""
    masked: int | None = None
    erased: int | None = None
    members: tuple[tuple[str, int], ...] = ()

    def text(self) -> str:
        """As JSON, for the run's row."""
        return msgspec.json.encode(asdict(self)).decode()


def outcome_of(result: ExportResult, path: Path, *, bundle: bool) -> Outcome:
    """What to keep of a finished export whose file lies at `path`."""
    found = () if result.verdicts is None else result.verdicts.values()
    known: dict[str, Any] = {
        "origin": result.receipt.log,
        "index": result.receipt.index,
        "verdicts": tuple((one.name, str(one.status), one.reason) for one in found),
    }
    if bundle:
        with zipfile.ZipFile(path) as archive:
            raw = archive.read(MANIFEST)
            members = tuple((one.filename, one.file_size) for one in archive.infolist())
        counts = msgspec.json.decode(raw)["counts"]
        known |= {
            "manifest": sha256(raw).hexdigest(),
            "masked": counts["masked"],
            "erased": counts["erased"],
            "members": members,
        }
    return Outcome(**known)


def read_outcome(text: str) -> Outcome:
    """The outcome of a run's row; an empty one for runs that ended before it was kept."""
    return msgspec.convert(msgspec.json.decode(text), Outcome)
