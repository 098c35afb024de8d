"""Paper: the pages of a finished bundle, with its table and the bundle itself attached."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Final

from affidavit.export.formats.text import Table
from affidavit.export.zones import ZoneTable
from affidavit.verify.archive import Archive
from affidavit.verify.manifest import MANIFEST_BYTES_MAX, parse_manifest

EVIDENCE: Final = "evidence.zip"


def pages(bundle: Path, folder: Path) -> Generator[bytes]:
    """The PDF of a bundle of CSV, in pieces; `folder` is where it is laid out. MissingExtra without Typst."""
    from affidavit.export.formats.pdf import PdfWriter

    with Archive(bundle) as archive:
        manifest = parse_manifest(archive.read("manifest.json", MANIFEST_BYTES_MAX))
        table = Table(manifest.about(), ZoneTable(manifest.zone.name), folder=folder)
        with closing(PdfWriter(table, evidence=bundle)) as writer:
            writer.table(archive.chunks(manifest.data_name))
            yield from writer.tail(manifest.counts)
