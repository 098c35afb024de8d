"""Download: hand out the file of a finished run, re-hashed on the way, with an event of it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from affidavit.errors import IntegrityError, InvalidRequest, NotFound
from affidavit.export import jobs
from affidavit.export.execute import kept_file
from affidavit.export.jobs import ExportRun
from affidavit.export.sidecar import beside
from affidavit.export.zip import new_file, storage_errors

DOWNLOADED: Final = "export.downloaded"
COPY_BYTES: Final = 1 << 20


def download(log: Any, run_id: str, output: Path) -> ExportRun:
    """Copy the file of a done run to `output`, and its sidecar; `export.downloaded` is durable before they are there.

    Raises NotFound where there is no file, IntegrityError where it is not what was written, StorageError; what is
    refused is an event too, and then there is no file.
    """
    run = jobs.find(log, run_id)
    if output.is_dir():
        raise InvalidRequest(f"{output} is a folder", "Name a file")
    try:
        source = kept_file(log, run)
    except NotFound as error:
        jobs.record_refusal(log, error, run.id)
        raise
    digest = sha256()
    with storage_errors(output), new_file(output) as (out, _), source.open("rb") as kept:
        while block := kept.read(COPY_BYTES):
            digest.update(block)
            out.write(block)
        if digest.hexdigest() != run.sha256:
            raise IntegrityError(f"{source} is not what run {run.id} wrote", "Export again; look who changed it")
        if beside(source).exists():
            with new_file(beside(output)) as (out_beside, _):
                out_beside.write(beside(source).read_bytes())
        own = {"run.id": run.id, "export.id": run.export_id, "export.sha256": run.sha256}
        log.record_own(DOWNLOADED, own)
    return run
