"""Rows: one pass over what an export holds, from the reader's batches to the bytes of the data file."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from affidavit.cells import underlying
from affidavit.commitment import format_time
from affidavit.export.configured import configured
from affidavit.export.evidence import level
from affidavit.export.formats import writer
from affidavit.export.formats.text import Cells, Table
from affidavit.export.mask import Masker
from affidavit.export.select import Projected, Selected, Selector, Values
from affidavit.export.spec import ExportSpec, InvalidSpec
from affidavit.export.zones import ZoneTable
from affidavit.log.ahead import ahead
from affidavit.log.vault import SqlVault
from affidavit.query.tree import to_json
from affidavit.verify.about import About, Counts, period_of

Progress = Callable[[str, int, int | None], None]
SELECT: Final = "Select"
MASK: Final = "Mask"
WRITE: Final = "Write"
PROVE: Final = "Prove"
CHECK: Final = "Check"
ATTESTING: Final = "access"
"""The stream whose `export.created` events attest exports. It grows by the attestation, after the manifest is fixed."""
STAGES: Final = (SELECT, MASK, WRITE, PROVE, CHECK)


def no_progress(_stage: str, _done: int, _total: int | None) -> None:
    """Told nobody."""


class Rows:
    """The rows of one export: pinned when made, read once by `chunks`. Counts what it gave out.

    `log` is the AuditLog. `year` is the year of the export, against which ages are reckoned; `created_us` is when the
    file says it was made, and `folder` where formats that can't be given out at once spool.
    """

    def __init__(
        self,
        log: Any,
        spec: ExportSpec,
        export_id: str,
        *,
        year: int,
        bundle: bool = False,
        created_us: int = 0,
        folder: Path | None = None,
    ) -> None:
        self.spec = spec = configured(log, spec)
        self.pins = tuple(log.pin(stream) for stream in spec.streams)
        self.zone = ZoneTable(spec.zone)
        scope = _scope(log, spec, export_id)
        self.masker = Masker(spec, log.keys, scope, self.zone, year, SqlVault(log.database, log.tenant.id, log.keys))
        self.evidence = self._evidence() if bundle else "none"
        self.query = self.masker.query(spec.query)
        self.run_id = ""  # the job it belongs to, where it does
        self.rows = 0
        self.bytes = 0
        self._hash = sha256()
        self._reader = log.reader
        self.about = self._about(log, export_id, created_us)
        self._writer = writer(spec.format, Table(self.about, self.zone, spec.declared, folder, spec.bare))

    def _about(self, log: Any, export_id: str, created_us: int) -> About:
        return About(
            export_id,
            format_time(created_us),
            log.tenant.id,
            self.spec.profile_name,
            self.spec.zone,
            self.evidence,
            to_json(self.query),
            period_of(self.query),
            self.masker.manifest_columns(),
            self.spec.recipient,
            self.spec.reason,
        )

    def _evidence(self) -> str:
        if not self.masker.profile.masks_entries:
            found = level(self.spec)
            if found != "none" and ATTESTING in self.spec.streams:
                raise InvalidSpec(
                    f"streams: {ATTESTING!r} attests this bundle, and can't be the one it is pinned and queried in",
                    "Choose evidence none, or leave that stream out",
                    field="streams",
                )
            return found
        if self.spec.evidence in ("full", "rows"):
            raise InvalidSpec(
                f"evidence: {self.spec.evidence} shows time, action and outcome of every entry, and profile "
                f"{self.spec.profile_name} masks times or these",
                "Choose evidence none, or another profile",
                field="evidence",
            )
        return "none"

    @property
    def media_type(self) -> str:
        """Of the data file."""
        return self._writer.media_type

    def adopt(self, table: Rows) -> None:
        """Count what `table` gave out as given out here: this file shows the same rows."""
        self.rows, self.evidence, self.masker.masked = table.rows, table.evidence, table.masker.masked
        self.masker.tally = table.masker.tally

    @property
    def counts(self) -> Counts:
        """Of what was given out so far. Nothing is ever cut."""
        return Counts(self.rows, self.masker.masked)

    @property
    def sha256(self) -> str:
        """Of the bytes given out so far, hex."""
        return self._hash.hexdigest()

    def count(self, limit: int | None = None) -> tuple[int, bool]:
        """How many rows there are, and whether that is exact."""
        found, exact = self._reader.count(self.spec.query, self.pins, limit)
        return int(found), bool(exact)

    def chunks(
        self,
        progress: Progress = no_progress,
        total: int | None = None,
        also: Callable[[Selected], None] | None = None,
    ) -> Generator[bytes | memoryview]:
        """The bytes of the data file, in order. `also` gets every batch of rows before its bytes are given out."""
        found = ahead(self.cells()) if also is None else self._proven(also)
        with closing(self._writer), closing(found) as batches:
            yield self._counted(self._writer.head())
            for cells in batches:
                number = len(cells[0].values)
                progress(MASK, self.rows + number, total)
                for chunk in self._writer.rows(cells):
                    yield self._counted(chunk)
                self.rows += number
                progress(WRITE, self.rows, total)
            for chunk in self._writer.tail(self.counts):
                yield self._counted(chunk)

    def first(self, limit: int) -> list[dict[str, str | None]]:
        """The first rows as the file's reader sees them: label to cell, None for an empty one."""
        found: list[dict[str, str | None]] = []
        labels = [column.label for column in self.spec.columns]
        with closing(self._projected(limit)) as batches:
            for rows in batches:
                cells = [column.values.to_pylist() for column in self._cells(rows)]
                found += [dict(zip(labels, row, strict=True)) for row in zip(*cells, strict=True)]
        return found[:limit]

    def cells(self) -> Generator[list[Cells]]:
        """The cells of every row as the file's reader sees them, batch by batch, without writing them."""
        with closing(self._projected()) as batches:
            for rows in batches:
                yield self._cells(rows)

    def _projected(self, limit: int | None = None) -> Generator[Projected]:
        """Every row, with nothing but the fields that are shown."""
        paths = {name for path in self.masker.paths for name in underlying(path) or (path,)}
        with closing(self._reader.columns(self.spec.query, self.pins, paths, limit=limit)) as batches:
            for batch in batches:
                yield Projected(batch)

    def _proven(self, also: Callable[[Selected], None]) -> Generator[list[Cells]]:
        """The same as `cells`, of whole records, which `also` gets."""
        selector = Selector(self.masker.paths)
        with closing(self._reader.rows(self.spec.query, self.pins)) as batches:
            for batch in batches:
                if batch.num_rows:
                    rows = selector.select(batch)
                    also(rows)
                    yield self._cells(rows)

    def _cells(self, rows: Values) -> list[Cells]:
        times = rows.times("at")
        if len(times):
            self.zone.extend(times[0].as_py(), times[-1].as_py())
        return self.masker.cells(rows)

    def _counted(self, chunk: bytes | memoryview) -> bytes | memoryview:
        self._hash.update(chunk)
        self.bytes += len(chunk)
        return chunk


def _scope(log: Any, spec: ExportSpec, export_id: str) -> str:
    """Whose keys make the tokens: this export's, or where the profile wants files joined, the log's."""
    from affidavit.masking.profiles import Profile, builtin

    profile = spec.profile if isinstance(spec.profile, Profile) else builtin(spec.profile)
    return str(log.tenant.log(spec.streams[0]).origin) if profile.tokens == "log" else export_id
