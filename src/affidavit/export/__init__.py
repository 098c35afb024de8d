"""Exports: select, mask, write, prove, check. Open run.py first.

Names are imported when they are first used: a process that only writes openings needs no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from affidavit.export.run import ExportResult, Preview, StreamMeta, preview, run_export, stream_export
    from affidavit.export.spec import Column, ExportSpec, InvalidSpec, legacy

__all__ = [
    "Column",
    "ExportResult",
    "ExportSpec",
    "InvalidSpec",
    "Preview",
    "StreamMeta",
    "legacy",
    "preview",
    "run_export",
    "stream_export",
]

_SPEC: Final = frozenset({"Column", "ExportSpec", "InvalidSpec", "legacy"})


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'affidavit.export' has no attribute {name!r}")
    home = import_module(f"affidavit.export.{'spec' if name in _SPEC else 'run'}")
    value = globals()[name] = getattr(home, name)
    return value
