"""Bundle: the data file with its evidence, in one zip that verifies offline (docs/format.md, "Bundle")."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import msgspec

from affidavit.commitment import SALT_BYTES, derive_salts, field_commitment, format_time
from affidavit.export import readme
from affidavit.export.elsewhere import Openings
from affidavit.export.evidence import Range, RowRanges, full_ranges, write_entries, write_proof
from affidavit.export.rows import ATTESTING, PROVE, Progress, Rows
from affidavit.export.select import Selected
from affidavit.export.zip import Spool, ZipWriter
from affidavit.query.tree import to_json
from affidavit.verify.archive import DEFLATED, STORED
from affidavit.verify.manifest import FORMAT
from affidavit.verify.page import PAGE, html

STORED_PARTS: Final = ("salts.bin", "hidden.bin")
ATTESTED: Final = ("export.id", "export.manifest")
_encode: Final = msgspec.json.Encoder().encode

Attest = Callable[[str], Any]
"""Records `export.created` with the manifest's SHA-256 (hex); gives the receipt."""


class Bundle:
    """One bundle in the making. Use as a context manager: its spools go when it does."""

    def __init__(
        self, log: Any, rows: Rows, export_id: str, created_us: int, folder: Path, *, processes: int = 1
    ) -> None:
        self._log = log
        self._rows = rows
        self._id = export_id
        self._created = format_time(created_us)
        self._folder = folder
        self._stack = ExitStack()
        self._parts: list[Spool] = []  # in the manifest
        self._outside: list[Spool] = []  # renewable, not in the manifest
        self._indexes = RowRanges(len(rows.pins))
        self._processes = processes
        self._openings: Openings | None = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _spool(self, name: str, method: int = DEFLATED, *, outside: bool = False) -> Spool:
        spool = Spool(name, self._folder, method)
        self._stack.callback(spool.close)
        (self._outside if outside else self._parts).append(spool)
        return spool

    def write(self, out: BinaryIO, attest: Attest, progress: Progress, total: int | None) -> Any:
        """Read the rows, write everything to `out`, have the manifest attested. Gives the receipt of that."""
        self._write_rows(progress, total)
        logs = self._write_logs(progress)
        if self._openings is not None:
            self._openings.finish()
        manifest = self._manifest(logs)
        self._text("README.txt", readme.text(manifest))
        if (page := html()) is not None:
            self._text(PAGE, page)
        manifest["files"] = {spool.name: spool.sha256 for spool in self._parts}
        body = self._text("manifest.json", _encode(manifest), outside=True)
        receipt = attest(body.sha256)
        self._write_attestation(len(logs) - 1, receipt)
        progress(PROVE, len(logs), len(logs))
        archive = ZipWriter(out)
        for spool in (*self._parts, *self._outside):
            archive.add(spool)
        archive.finish()
        return receipt

    def _text(self, name: str, data: bytes | str, *, outside: bool = False) -> Spool:
        spool = self._spool(name, outside=outside)
        spool.write(data.encode() if isinstance(data, str) else data)
        return spool

    def _write_rows(self, progress: Progress, total: int | None) -> None:
        data = self._spool(f"data.{self._rows.spec.format}")
        also = None
        if self._rows.evidence != "none":
            parts = [self._spool("openings.ndjson"), *(self._spool(name, STORED) for name in STORED_PARTS)]
            self._spool("support.ndjson")
            self._openings = Openings(parts, self._rows.masker.open_paths, processes=self._processes, expected=total)
            self._stack.callback(self._openings.close)
            also = self._row_openings
        for chunk in self._rows.chunks(progress, total, also):
            data.write(chunk)

    def _row_openings(self, rows: Selected) -> None:
        if self._openings is not None:
            self._openings.write(rows.batch, self._rows.masker.opened(rows))
        if self._rows.evidence == "rows":
            self._indexes.add(rows.batch.column("k").to_pylist(), rows.batch.column("idx").to_pylist())

    def _write_logs(self, progress: Progress) -> list[dict[str, Any]]:
        """Entries, proofs and checkpoints of the queried logs; what the manifest says of all logs."""
        logs: list[dict[str, Any]] = []
        pins = self._rows.pins if self._rows.evidence != "none" else ()
        for k, pin in enumerate(pins):
            progress(PROVE, k, len(pins) + 1)
            ranges = self._ranges(k, pin)
            if ranges:
                write_entries(self._log.reader, pin, ranges, self._spool(f"entries.{k}.bin"))
            self._write_proof(k, pin, ranges)
            logs.append(_log_entry(pin.origin, pin.stream, "queried", pin.size, ranges))
        origin = self._log.tenant.log(ATTESTING).origin
        return [*logs, _log_entry(origin, ATTESTING, "supporting", None, [])]

    def _ranges(self, k: int, pin: Any) -> list[Range]:
        if self._rows.evidence == "rows":
            return self._indexes.of(k)
        return full_ranges(self._log.reader, pin, self._rows.spec.query)

    def _write_proof(self, k: int, pin: Any, included: list[Range]) -> None:
        proof = self._spool(f"proof.{k}", outside=True)
        write_proof(pin.size, included, self._log.subtree_hash(pin), proof)
        self._text(f"checkpoint.{k}", pin.note, outside=True)

    def _manifest(self, logs: list[dict[str, Any]]) -> dict[str, Any]:
        rows, spec = self._rows, self._rows.spec
        return {
            "format": FORMAT,
            "export": {
                "id": self._id,
                "created": self._created,
                "recipient": spec.recipient,
                "reason": spec.reason,
            },
            "tenant": self._log.tenant.id,
            "query": to_json(rows.query),
            "profile": spec.profile_name,
            "zone": {"name": spec.zone, "transitions": rows.zone.transitions()},
            "columns": rows.masker.manifest_columns(),
            "tokens": rows.masker.manifest_tokens(),
            "counts": rows.counts._asdict(),
            "evidence": rows.evidence,
            "data": {"name": f"data.{spec.format}", "format": spec.format} | ({"bare": True} if spec.bare else {}),
            "logs": logs,
        }

    def _write_attestation(self, k: int, receipt: Any) -> None:
        """The `export.created` event opened so far as to name export and manifest, and its place in its log."""
        pin = self._log.pin(ATTESTING)
        opened = self._log.opened(ATTESTING, receipt.index)
        salts = derive_salts(opened.seed, len(opened.paths))
        shown: dict[str, tuple[str, str, str | None]] = {}
        hidden: dict[str, str] = {}
        fields = zip(opened.paths, opened.tags, opened.values, strict=True)
        for at, (path, tag, value) in enumerate(fields):
            salt = salts[at * SALT_BYTES : (at + 1) * SALT_BYTES]
            if path in ATTESTED:
                shown[path] = (tag, salt.hex(), value)
            else:
                raw = b"" if value is None else value.encode()
                hidden[path] = field_commitment(path, tag, salt, raw).hex()
        line = [k, receipt.index, opened.entry.decode(), shown, hidden]
        self._text("attestation.json", _encode(line), outside=True)
        self._write_proof(k, pin, [(receipt.index, receipt.index + 1)])


def _log_entry(origin: str, stream: str, role: str, size: int | None, ranges: list[Range]) -> dict[str, Any]:
    return {"origin": origin, "stream": stream, "role": role, "size": size, "ranges": ranges, "cuts": []}
