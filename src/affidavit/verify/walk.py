"""The exported rows, gone through once: steps 4 (rows), 5 and 7 of docs/format.md.

Rows are taken some thousand at a time. Where a batch is as it must be, all of it is checked together; where anything is
not, nothing was noted, and it is gone through row by row, which finds what there is to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from affidavit.commitment import decode_hash, encode_hashes
from affidavit.errors import MalformedProof
from affidavit.query.evaluate import HIDDEN, Evaluator, Fields
from affidavit.query.evaluate import compile as compile_query
from affidavit.query.tree import is_public, paths_of
from affidavit.verify import strict
from affidavit.verify.archive import Archive
from affidavit.verify.columns import CsvView
from affidavit.verify.data import BytesView, View
from affidavit.verify.entries import TRUTH_OF, Known, State, public_of, texts_of
from affidavit.verify.forms import FORMS
from affidavit.verify.job import Job
from affidavit.verify.openings import LINE_BYTES_MAX, MASKED, Hasher, Openings, Row, Told
from affidavit.verify.parquet import ValuesView, parquet_reader
from affidavit.verify.support import Support
from affidavit.verify.verdict import AUTHENTIC, COMPLETE, VIEW_MATCHES

DETAILS: Final = "details"
BATCH_ROWS_MIN: Final = 4
"""Fewer rows are taken sooner one by one."""

_Place = tuple[str, int, int]


def walk_rows(job: Job, support: Support, commitments: Iterator[bytes] | None = None) -> None:
    """Judge every row, and what was not exported. `commitments`: the rows', where they are made elsewhere."""
    findings, manifest = job.findings, job.manifest
    findings.reach(5)
    walk = Walk(job, support)
    openings = _openings(job.archive, commitments)
    for lines in openings.stretches():
        rows = openings.batch(lines) if len(lines) >= BATCH_ROWS_MIN else None
        if rows is None:
            for row in openings.rows(lines):
                walk.row(row)
        elif not walk.batch(rows):
            for row in rows:
                walk.row(row)
    findings.facts["rows"] = walk.count
    _left_out(job)
    if walk.view is not None:
        _viewed(job, walk.view)
    if walk.count != manifest.counts.rows:
        findings.fail(7, VIEW_MATCHES, f"{walk.count} rows are opened, the manifest says {manifest.counts.rows}")


class Walk:
    """Where the walk stands: the place of the last row, how many there were, and the data file so far."""

    def __init__(self, job: Job, support: Support) -> None:
        self._job = job
        self._support = support
        self._evaluate: Evaluator = compile_query(job.manifest.query)
        self._asks_fields = not is_public(job.manifest.query)
        asked = paths_of(job.manifest.query)
        self._asked = asked | {DETAILS} if any(path.startswith(f"{DETAILS}.") for path in asked) else asked
        self._before: _Place = ("", -1, -1)
        self.count = 0
        self.view = _view(job)

    def row(self, row: Row) -> None:
        """Judge the next row."""
        manifest, findings = self._job.manifest, self._job.findings
        if row.k >= len(manifest.logs) or not manifest.logs[row.k].queried:
            raise MalformedProof(f"row [{row.k},{row.at}] is of no queried log")
        known = self._job.entries[row.k].export(row.at)
        place = (known.public.at, row.k, row.at)
        if place <= self._before:
            raise MalformedProof(f"row [{row.k},{row.at}] is out of order or there twice")
        self._before = place
        self.count += 1
        _opened(self._job, self._support, row, known)
        truth = self._truth(known, row)
        if truth is False:
            findings.fail(4, COMPLETE, f"row [{row.k},{row.at}] was exported and is not in the query")
        elif truth is None:
            self._hidden()
        if self.view is not None:
            self.view.row(known, row)

    def batch(self, rows: Sequence[Row]) -> bool:
        """Judge the next rows, if all of them are as they must be. Where not, nothing is noted."""
        looked = self._looked_up(rows)
        if looked is None or self._support.erased or any(row.shape.erased for row in rows):
            return False
        known, ranks = looked
        if encode_hashes([row.c for row in rows]) != "A".join([one.public.c for one in known]) + "A":
            return False
        places = [self._before, *((one.public.at, row.k, row.at) for one, row in zip(known, rows, strict=True))]
        if any(before >= after for before, after in pairwise(places)):
            return False
        truths = [self._truth(one, row) for one, row in zip(known, rows, strict=True)]
        if False in truths:
            return False
        for k, found in ranks.items():
            self._job.entries[k].mark(found)
        for _ in range(truths.count(None)):
            self._hidden()
        self._before = places[-1]
        self.count += len(rows)
        if self.view is not None:
            self.view.batch(known, rows)
        return True

    def _looked_up(self, rows: Sequence[Row]) -> tuple[list[Known], dict[int, list[int]]] | None:
        """The rows' entries, and where they lie, log by log; None where one has none."""
        logs = self._job.manifest.logs
        places: dict[int, list[int]] = {}
        for at, row in enumerate(rows):
            places.setdefault(row.k, []).append(at)
        if any(k >= len(logs) or not logs[k].queried for k in places):
            return None
        known: dict[int, Known] = {}
        ranks: dict[int, list[int]] = {}
        for k, found in places.items():
            entries = self._job.entries[k]
            try:
                ranks[k] = entries.ranks([rows[at].at for at in found])
                pieces, states = entries.at(ranks[k])
            except MalformedProof:
                return None
            texts = texts_of(pieces) or [public_of(data) for data in pieces]
            known.update(zip(found, map(Known, texts, states), strict=True))
        return [known[at] for at in range(len(rows))], ranks

    def _truth(self, known: Known, row: Row) -> bool | None:
        """Whether the query is true of a row; None where that depends on hidden fields."""
        return self._evaluate(known.texts, self._fields(row)) if self._asks_fields else TRUTH_OF[known.state]

    def _fields(self, row: Row) -> Fields:
        """What the query asks for of a row's fields."""
        state = row.shape.state
        return {
            path: HIDDEN if state[at] in "me" else (state[at], row.value(at))
            for at, path in enumerate(row.shape.paths)
            if path in self._asked
        }

    def _hidden(self) -> None:
        self._job.findings.unproven(4, COMPLETE, "Whether exported rows are in the query depends on hidden fields")


def _view(job: Job) -> View | None:
    """What compares the data file; None, with the reason found, where nothing can."""
    manifest = job.manifest
    form = manifest.data_format
    if form in FORMS:
        compare = CsvView if form == "csv" else BytesView
        chunks = job.archive.chunks(manifest.data_name)
        return compare(manifest.columns, manifest.zone, FORMS[form](manifest, chunks))
    if form == "parquet":
        if parquet_reader() is not None:
            return ValuesView(manifest, job.archive.chunks(manifest.data_name))
        job.findings.unproven(7, VIEW_MATCHES, "Not checked here: reading Parquet needs pyarrow")
    else:
        job.findings.unproven(
            7, VIEW_MATCHES, "A PDF is bound by its hash and the attestation; its pages are not compared with the rows"
        )
    return None


def _openings(archive: Archive, commitments: Iterator[bytes] | None) -> Openings:
    lines = strict.lines(archive.chunks("openings.ndjson"), "openings.ndjson", LINE_BYTES_MAX)
    if commitments is not None:
        return Openings(lines, Told(commitments))
    return Openings(lines, Hasher(archive.chunks("salts.bin"), archive.chunks("hidden.bin")))


def _opened(job: Job, support: Support, row: Row, known: Known) -> None:
    where = f"row [{row.k},{row.at}]"
    if row.c != decode_hash(known.public.c):
        job.findings.fail(5, AUTHENTIC, f"{where}: its openings do not give the commitment in its entry")
    if not row.shape.erased and not support.erased:
        return
    gone = support.erased.get((job.manifest.logs[row.k].origin, row.at), set())
    for path in row.shape.erased:
        if path not in gone:
            job.findings.fail(5, AUTHENTIC, f"{where}: {path} is called erased and no erasure is shown")
    for path, letter in zip(row.shape.paths, row.shape.state, strict=True):
        if letter == MASKED and path in gone:
            job.findings.fail(5, AUTHENTIC, f"{where}: {path} is called masked and was erased")


def _left_out(job: Job) -> None:
    for log in job.manifest.logs:
        if not log.queried:
            continue
        entries = job.entries[log.k]
        count, first = entries.left_out(State.TRUE)
        if count:
            job.findings.fail(
                4, COMPLETE, f"log {log.k} ({log.stream}): {count} entries are in the query and were not exported, "
                f"the first at index {first}",
            )  # fmt: skip
        count, first = entries.left_out(State.UNKNOWN)
        if count:
            job.findings.unproven(
                4, COMPLETE, f"log {log.k} ({log.stream}): whether {count} entries are in the query depends on fields "
                f"not opened, the first at index {first}",
            )  # fmt: skip


def _viewed(job: Job, view: View) -> None:
    """Step 7: the data file is the one that follows."""
    findings, counts = job.findings, job.manifest.counts
    view.end()
    findings.reach(7)
    findings.facts["masked_cells"] = counts.masked
    if view.mismatch:
        findings.fail(7, VIEW_MATCHES, view.mismatch)
        return
    if not view.masked_least <= counts.masked <= view.masked_most:
        findings.fail(
            7,
            VIEW_MATCHES,
            f"{view.masked_least} to {view.masked_most} cells are masked, the manifest says {counts.masked}",
        )
    if view.erased != counts.erased:
        findings.fail(7, VIEW_MATCHES, f"{view.erased} cells are erased, the manifest says {counts.erased}")
    if view.masked_most:
        findings.remark(VIEW_MATCHES, f"{view.masked_most} masked cells are the operator's statement")
