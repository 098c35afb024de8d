"""Run an export: select, mask, write, prove, check; and leave an event of it, whatever came of it.

No half file ever looks done: data goes to a file of another name, which takes the output's place at the very end,
after the event is durable and, for a bundle, after the verifier that a stranger would run has passed it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from affidavit.commitment import format_time
from affidavit.errors import AffidavitError, IntegrityError, InvalidRequest, StorageError
from affidavit.event import Event, new_id
from affidavit.export.bundle import Bundle
from affidavit.export.configured import check_format
from affidavit.export.paper import EVIDENCE, pages
from affidavit.export.rows import ATTESTING, CHECK, SELECT, Progress, Rows, no_progress
from affidavit.export.sidecar import beside, has_sidecar, sidecar
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import new_file, storage_errors
from affidavit.masking.tally import Tally
from affidavit.query.tree import Query, to_json
from affidavit.verify import verify_bundle

CREATED: Final = "export.created"
FAILED: Final = "export.failed"
CANCELLED: Final = "export.cancelled"
PREVIEWED: Final = "export.previewed"
QUERY_BYTES_MAX: Final = 65_536
"""A longer query (a list of very many ids) stands in the event by its number of bytes; the manifest has it whole."""
PREVIEW_ROWS: Final = 10
PREVIEW_COUNT_MAX: Final = 1_000_000
REASON_CHARS_MAX: Final = 500
PROCESSES: Final = 2
"""That make and check a large bundle: this one and one that is started."""


class ExportStopped(AffidavitError):
    """An export told to stop from outside. `event` is the action recorded of it; empty: it goes on later."""

    http_status = 409

    def __init__(self, message: str, hint: str = "", *, event: str = CANCELLED) -> None:
        super().__init__(message, hint)
        self.event = event


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A finished export. `bytes` and `sha256` are of the output file; `receipt` is of its `export.created` event.

    `verdicts` is what the verifier said of a bundle, or of the one inside a PDF; None for other plain files, which
    prove nothing. `replaced` counts the identifiers replaced in free text.
    """

    export_id: str
    rows: int
    bytes: int
    sha256: str
    receipt: Any
    verdicts: Any = None
    replaced: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class StreamMeta:
    """What is known before the first byte: id, media type, file name, and the rows counted (exact or at least)."""

    export_id: str
    media_type: str
    filename: str
    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as the file's reader gets them, and how many there are: exact, or at least."""

    rows: list[dict[str, str | None]]
    count: int
    exact: bool


def run_export(
    log: Any,
    spec: ExportSpec,
    output: Path,
    *,
    bundle: bool,
    progress: Progress | None = None,
    run_id: str = "",
    processes: int = PROCESSES,
) -> ExportResult:
    """Write one export to `output`: the data file, or with `bundle` a zip with its evidence. A PDF carries it anyway.

    `progress(stage, done, total)` hears of Select, Mask, Write, Prove and Check, and stops the export by raising
    ExportStopped. `run_id` is the job it belongs to, for the events. Large bundles are made and
    checked by two `processes` at most, this one and one that is started. An existing file is replaced, and
    only by a whole one. Raises StorageError when the disk refuses, IntegrityError when the log's bytes or the finished
    bundle do not hold (then there is no file), InvalidSpec and InvalidRequest for what can't be asked.
    """
    if output.is_dir():
        raise InvalidRequest(f"{output} is a folder", "Name a file")
    tell = progress or no_progress
    now_us = time.time_ns() // 1000
    export_id = str(new_id())
    try:
        with storage_errors(output):
            check_format(log, spec)
            rows = Rows(
                log, spec, export_id, year=_year(now_us), bundle=bundle, created_us=now_us, folder=output.parent
            )
            total: int | None = None
            if progress is not None:
                total = rows.count()[0]
            tell(SELECT, 1, 1)
            rows.run_id = run_id
            if spec.format == "pdf" and not bundle:
                return _written_pdf(log, rows, export_id, now_us, output, tell, total, processes)
            return _written(log, rows, export_id, now_us, output, bundle, tell, total, processes)
    except BaseException as error:
        record_failure(log, spec, export_id, error, run_id)
        raise


def _written(
    log: Any,
    rows: Rows,
    export_id: str,
    now_us: int,
    output: Path,
    bundle: bool,
    progress: Progress,
    total: int | None,
    processes: int,
) -> ExportResult:
    verdicts = None
    with new_file(output) as (out, temporary):
        if bundle:
            with Bundle(log, rows, export_id, now_us, output.parent, processes=processes) as made:
                receipt = made.write(
                    out, lambda manifest: record_created(log, rows, export_id, manifest=manifest), progress, total
                )
            out.flush()
            verdicts = _checked(log, temporary, progress, processes)
            size, digest = _digest(out)
        else:
            with closing(rows.chunks(progress, total)) as chunks:
                for chunk in chunks:
                    out.write(chunk)
            out.flush()
            size, digest = _digest(out)
            if digest != rows.sha256:
                raise StorageError(f"{output} does not hold what was written to it", "Check the disk, and export again")
            receipt = _plain_created(log, rows, export_id, output, size, digest)
    return ExportResult(export_id, rows.rows, size, digest, receipt, verdicts, rows.masker.tally)


def _plain_created(log: Any, rows: Rows, export_id: str, output: Path, size: int, digest: str) -> Any:
    """Record a plain file, and put its sidecar beside where it will be: before it, so that none is ever without."""
    if not has_sidecar(rows.spec):
        return record_created(log, rows, export_id, digest=digest)
    with new_file(beside(output)) as (out, _):
        out.write(sidecar(rows, output.name, size, digest))
        out.flush()
        return record_created(log, rows, export_id, digest=digest)


def _written_pdf(
    log: Any,
    rows: Rows,
    export_id: str,
    now_us: int,
    output: Path,
    progress: Progress,
    total: int | None,
    processes: int,
) -> ExportResult:
    """A PDF that carries its evidence: first the bundle of the same table as CSV, then pages made from that."""
    with TemporaryDirectory(prefix=f".{output.name[:100]}.", dir=output.parent) as name:
        folder = Path(name)
        spec = replace(rows.spec, format="csv")
        table = Rows(log, spec, export_id, year=_year(now_us), bundle=True, created_us=now_us, folder=folder)
        table.run_id = rows.run_id
        made = _written(log, table, export_id, now_us, folder / EVIDENCE, True, progress, total, processes)
        with new_file(output) as (out, _):
            with closing(pages(folder / EVIDENCE, folder)) as chunks:
                for chunk in chunks:
                    out.write(chunk)
            out.flush()
            size, digest = _digest(out)
            rows.adopt(table)
            receipt = record_created(log, rows, export_id, digest=digest)
    return ExportResult(export_id, made.rows, size, digest, receipt, made.verdicts, made.replaced)


def _checked(log: Any, path: Path, progress: Progress, processes: int) -> Any:
    """Verify a finished bundle as a stranger would, with the log's own trust file. Gives its verdicts."""
    progress(CHECK, 0, 1)
    result = verify_bundle(path, log.trust(), processes=processes)
    if not result.ok:
        raise IntegrityError(f"the finished bundle does not verify: {result.verdicts}", "Run affidavit log fsck")
    progress(CHECK, 1, 1)
    return result.verdicts


def _digest(out: Any) -> tuple[int, str]:
    """Size and SHA-256 of what really stands in the file."""
    out.seek(0)
    digest = file_digest(out, "sha256").hexdigest()
    return out.tell(), digest


def record_created(log: Any, rows: Rows, export_id: str, *, manifest: str = "", digest: str = "") -> Any:
    """Record `export.created` for a bundle's manifest or a plain file's bytes. Gives the receipt."""
    committed = {"export.manifest": manifest} if manifest else {"export.sha256": digest}
    own = {
        **_about(rows.spec, export_id, rows.run_id),
        **committed,
        "export.rows": str(rows.rows),
        "export.masked": str(rows.masker.masked),
        "export.evidence": rows.evidence,
        **query_field(rows.query),
    }
    return log.record_own(CREATED, own, stream=ATTESTING)


def record_failure(log: Any, spec: ExportSpec, export_id: str, error: BaseException, run_id: str = "") -> None:
    """Record `export.failed`, or what an ExportStopped says. Best effort: the error under way matters more."""
    action = error.event if isinstance(error, ExportStopped) else FAILED
    if not action:
        return
    reason = error.message if isinstance(error, AffidavitError) else type(error).__name__
    event = Event(action=action, outcome="failure", status_detail=reason[:REASON_CHARS_MAX].replace("\x00", ""))
    try:
        log.record_own(action, _about(spec, export_id, run_id), stream=ATTESTING, event=event)
    except AffidavitError as second:
        error.add_note(f"And it could not be recorded: {second}")


def _about(spec: ExportSpec, export_id: str, run_id: str) -> dict[str, str]:
    about = {"export.id": export_id, **described(spec)}
    if run_id:
        about["run.id"] = run_id
    return about


def described(spec: ExportSpec) -> dict[str, str]:
    """What events say of every export, whatever came of it."""
    about = {
        "export.format": spec.format,
        "export.profile": spec.profile_name,
        "export.zone": spec.zone,
        "export.streams": ",".join(spec.streams),
    }
    if spec.recipient:
        about["export.recipient"] = spec.recipient
    if spec.reason:
        about["export.reason"] = spec.reason
    return about


def query_field(query: Query) -> dict[str, str]:
    """The query for an event. It MUST have tokens for what the file's reader sees masked: so does the file."""
    text = msgspec.json.encode(to_json(query)).decode()
    if len(text) > QUERY_BYTES_MAX:
        return {"export.query_bytes": str(len(text.encode()))}
    return {"export.query": text}


def stream_export(log: Any, spec: ExportSpec) -> tuple[StreamMeta, Iterator[bytes]]:
    """The data file as a stream of bytes, for a response. What can be refused is refused before the first byte.

    After the last byte `export.created` is recorded with rows and SHA-256. When the stream breaks, or is closed early
    because the client went, `export.failed` is.
    """
    now_us = time.time_ns() // 1000
    export_id = str(new_id())
    try:
        check_format(log, spec)
        rows = Rows(log, spec, export_id, year=_year(now_us), created_us=now_us)
        count, exact = rows.count(PREVIEW_COUNT_MAX)
        chunks = rows.chunks()
        head = bytes(next(chunks))
        first = next(chunks, b"")
    except BaseException as error:
        record_failure(log, spec, export_id, error)
        raise
    day = format_time(now_us)[:10]
    meta = StreamMeta(export_id, rows.media_type, f"audit-log-{day}.{spec.format}", count, exact)
    return meta, _streamed(log, rows, export_id, head + bytes(first), chunks)


def _streamed(
    log: Any, rows: Rows, export_id: str, first: bytes, chunks: Iterator[bytes | memoryview]
) -> Iterator[bytes]:
    try:
        yield first
        for chunk in chunks:
            if len(chunk):
                yield bytes(chunk)
    except GeneratorExit:
        gone = AffidavitError(f"the client went after {rows.rows} rows")
        record_failure(log, rows.spec, export_id, gone)
        raise
    except BaseException as error:
        record_failure(log, rows.spec, export_id, error)
        raise
    record_created(log, rows, export_id, digest=rows.sha256)


def preview(log: Any, spec: ExportSpec, limit: int = PREVIEW_ROWS) -> Preview:
    """The first `limit` rows as the file's reader gets them, and a count up to PREVIEW_COUNT_MAX.

    Its tokens are of a key of its own: no preview can be joined with a file, nor with another preview.
    """
    rows = Rows(log, spec, str(new_id()), year=_year(time.time_ns() // 1000))
    found, exact = rows.count(PREVIEW_COUNT_MAX)
    shown = rows.first(limit)
    record_preview(log, rows, len(shown))
    return Preview(shown, found, exact)


def record_preview(log: Any, rows: Rows, shown: int) -> None:
    """Record `export.previewed` with the number of rows shown. Before they are: a look at records is an event."""
    own = {**described(rows.spec), **query_field(rows.query), "query.shown": str(shown)}
    log.record_own(PREVIEWED, own, stream=ATTESTING)


def _year(now_us: int) -> int:
    return int(format_time(now_us)[:4])
