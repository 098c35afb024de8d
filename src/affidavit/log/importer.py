"""Import: files of other systems into the log, re-runnable.

Nothing doubles: every item has an id that is the same each time (its own, or one made of its content and place),
ids already in the log are found, and a ledger written in the insert transaction knows every batch taken whole.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import select

from affidavit.errors import InvalidEvent, InvalidRequest, StorageError
from affidavit.interchange import FORMATS, Batch, expand
from affidavit.interchange.source import BATCH_ITEMS, Origin
from affidavit.log import sealed_ids
from affidavit.log.audit_log import AuditLog
from affidavit.log.journal import Prepared, Receipt
from affidavit.log.preparers import Answer, Elsewhere, Here, Preparer
from affidavit.log.recorder import Extra
from affidavit.log.registry import MAIN
from affidavit.log.schema import import_batches

BATCHES_AHEAD: Final = 2  # being committed while the next are prepared
RAW_CHARS_IN_REJECTS: Final = 64_000


@dataclass(slots=True)
class ImportResult:
    """What became of the items: each was recorded, known already, or rejected."""

    files: int = 0
    items: int = 0
    recorded: int = 0
    known: int = 0
    rejected: int = 0
    secrets: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    """One item that could not be recorded, and why."""

    source: str
    line: int
    field: str
    error: str
    raw: str


Progress = Callable[[str, int, int, ImportResult], None]  # file, bytes read, bytes in all, so far


def import_files(
    log: AuditLog,
    paths: Iterable[str | os.PathLike[str]],
    format: str,
    *,
    label: str = "",
    stream: str = MAIN,
    on_reject: Callable[[Reject], None] | None = None,
    progress: Progress | None = None,
    elsewhere: bool = False,
) -> ImportResult:
    """Import files and folders of one format. Bad items are handed to `on_reject`; the rest goes on.

    A file that is damaged is taken as far as it can be read, and is then itself a reject, of line 0; it counts as one
    item. Of a batch that an earlier run took whole, the ledger's counts are added to `known` and `rejected`, and its
    rejects are not handed over again.

    `label` tells two sources apart whose files may hold equal lines at equal places. Constant memory. Raises
    InvalidRequest for an unknown format, a bad label or a missing path, StorageError where reading or writing fails;
    what was committed before stays, and running again goes on from there.

    `elsewhere` parses and computes commitments in processes of their own; the caller's main module must then be
    importable.
    """
    if format not in FORMATS:
        raise InvalidRequest(f"unknown import format {format!r}", f"Formats: {', '.join(FORMATS)}")
    Origin.of(format, label, Path())
    result = ImportResult()
    kind = Elsewhere if elsewhere else Here
    preparer = kind(format, log.recipe(stream))
    try:
        run = _Run(log, preparer, stream, result, on_reject)
        for path in expand(paths):
            _import_file(run, path, format, label, progress)
        run.finish()
    finally:
        preparer.close()
    return result


def _import_file(run: _Run, path: Path, format: str, label: str, progress: Progress | None) -> None:
    result = run.result
    try:
        total = path.stat().st_size
        for batch in FORMATS[format].batches(path, label, BATCH_ITEMS):
            run.take(batch)
            if progress is not None:
                progress(str(path), batch.bytes_read, total, result)
    except InvalidRequest as error:  # a damaged file must not stop the others
        run.finish()
        run.reject(Reject(str(path), 0, "", str(error), ""))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", "Check the file and its permissions") from error
    result.files += 1


class _Run:
    """One import in progress: a batch is prepared while earlier ones are being committed."""

    def __init__(
        self,
        log: AuditLog,
        preparer: Preparer,
        stream: str,
        result: ImportResult,
        on_reject: Callable[[Reject], None] | None,
    ) -> None:
        self._log = log
        self._log_id = log.tenant.log(stream).id
        self._preparer = preparer
        self._stream = stream
        self.result = result
        self._on_reject = on_reject
        self._preparing: deque[tuple[Batch, Callable[[], list[Answer]]]] = deque()
        self._committing: deque[tuple[Batch, list[int], list[InvalidEvent | None], Future[Any]]] = deque()

    def take(self, batch: Batch) -> None:
        """Begin with a batch; go on with what is ready of those before it."""
        self.result.items += len(batch.items)
        known = self._known(batch.digest)
        if known is not None:
            self.result.known += known[0]
            self.result.rejected += known[1]
            return
        self._preparing.append((batch, self._preparer.submit(batch.items)))
        while len(self._preparing) > self._preparer.ahead:
            self._commit()

    def _commit(self) -> None:
        """Sequence the batch that was prepared first."""
        batch, answers = self._preparing.popleft()
        ready: list[Prepared] = []
        where: list[int] = []
        errors: list[InvalidEvent | None] = [None] * len(batch.items)
        for at, answer in enumerate(answers()):
            if isinstance(answer, InvalidEvent):
                errors[at] = answer
            else:
                ready.append(answer)
                where.append(at)
        sealed = 0
        for at, found in sorted(self._sealed(ready).items(), reverse=True):
            del ready[at]
            place = where.pop(at)
            if isinstance(found, InvalidEvent):
                errors[place] = found
            else:
                sealed += 1
        self.result.known += sealed
        enter = self._ledger_entry(batch, sealed)
        self._committing.append((batch, where, errors, self._submit(ready, enter)))
        while len(self._committing) > BATCHES_AHEAD:
            self._settle()

    def _submit(self, ready: list[Prepared], enter: Extra) -> Future[list[Receipt | InvalidEvent]]:
        return self._log.submit_prepared(ready, stream=self._stream, extra=enter)

    def _ledger_entry(self, batch: Batch, sealed: int) -> Extra:
        digest, log_id, count = batch.digest, self._log_id, len(batch.items)

        def enter(connection: Any, placed: Sequence[Any]) -> None:
            # `placed` lacks what was refused before sequencing, so rejects are what is left.
            accepted = sealed + sum(not isinstance(one, InvalidEvent) for one in placed)
            connection.exec_driver_sql(
                self._log.database.sql(
                    "INSERT INTO import_batches (log_id, digest, t_us, accepted, rejected) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (log_id, digest) DO NOTHING"
                ),
                (log_id, digest, time.time_ns() // 1000, accepted, count - accepted),
            )

        return enter

    def _sealed(self, ready: Sequence[Prepared]) -> dict[int, sealed_ids.Found]:
        log = self._log
        records = [one.record for one in ready]
        return sealed_ids.find(log.database, log.archive, log.settings, self._log_id, records)

    def finish(self) -> None:
        """Settle everything begun."""
        while self._preparing:
            self._commit()
        while self._committing:
            self._settle()

    def reject(self, reject: Reject) -> None:
        """Count and hand over one that stands for a whole file."""
        self.result.items += 1
        self.result.rejected += 1
        if self._on_reject is not None:
            self._on_reject(reject)

    def _known(self, digest: bytes) -> tuple[int, int] | None:
        """(accepted, rejected) of a batch that an earlier run took whole."""
        with self._log.database.read() as connection:
            row = connection.execute(
                select(import_batches.c.accepted, import_batches.c.rejected).where(
                    import_batches.c.log_id == self._log_id, import_batches.c.digest == digest
                )
            ).first()
        return None if row is None else (row.accepted, row.rejected)

    def _settle(self) -> None:
        batch, where, errors, future = self._committing.popleft()
        for at, answer in zip(where, future.result(), strict=True):
            if isinstance(answer, Receipt):
                if answer.duplicate:
                    self.result.known += 1
                else:
                    self.result.recorded += 1
                    self.result.secrets += answer.secrets
            else:
                errors[at] = answer
        for item, error in zip(batch.items, errors, strict=True):
            if error is not None:
                self.result.rejected += 1
                if self._on_reject is not None:
                    raw = item.raw[:RAW_CHARS_IN_REJECTS].decode(errors="backslashreplace")
                    self._on_reject(Reject(batch.source, item.line, error.field, str(error), raw))


def rejects_writer(out: TextIO) -> Callable[[Reject], None]:
    """Writes rejects as one JSON object a line: source, line, field, error, raw."""

    def write(reject: Reject) -> None:
        out.write(
            json.dumps(
                {
                    "source": reject.source,
                    "line": reject.line,
                    "field": reject.field,
                    "error": reject.error,
                    "raw": reject.raw,
                },
                ensure_ascii=False,
            )
            + "\n"
        )

    return write
