"""Exports: select, mask, write, prove, check. Open run.py first."""

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
