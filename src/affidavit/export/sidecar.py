"""Sidecar: what a plain file that can't speak of itself holds, in a file beside it.

JSON, Parquet, XLSX and PDF say it themselves, and a bundle has its own manifest.json. A sidecar proves nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from affidavit.export.rows import Rows
from affidavit.export.spec import ExportSpec

SUFFIX: Final = ".manifest.json"
_SILENT: Final = frozenset({"csv", "ndjson"})


def has_sidecar(spec: ExportSpec) -> bool:
    """Whether a plain file of this export gets one."""
    return spec.format in _SILENT or spec.bare


def beside(path: Path) -> Path:
    """Where the sidecar of a file lies."""
    return path.with_name(path.name + SUFFIX)


def sidecar(rows: Rows, name: str, size: int, sha256: str) -> bytes:
    """What it holds, and what was replaced in its free text; name, bytes and hash of the file."""
    known: dict[str, Any] = {
        **rows.about.to_json(),
        "counts": rows.counts._asdict(),
        "replaced": rows.masker.tally.told(),
        "file": {"name": name, "format": rows.spec.format, "bytes": size, "sha256": sha256},
    }
    return (json.dumps(known, ensure_ascii=False, indent=2) + "\n").encode()
