"""Estimate: what an export would be before it is one: rows, bytes, seconds, and which verdicts it could prove.

From a sample of its first rows and a bounded count; figures are rough and say so. The forecast of verdicts is always
about a bundle of the export: a plain file proves nothing by itself.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from affidavit.commitment import format_time
from affidavit.event import new_id
from affidavit.export.configured import check_format
from affidavit.export.evidence import full_ranges, level
from affidavit.export.formats.pdf import LISTED_ROWS_MAX
from affidavit.export.rows import Rows
from affidavit.export.run import PREVIEW_COUNT_MAX, PREVIEW_ROWS, record_preview
from affidavit.export.select import Selector
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import LEVEL
from affidavit.paths import PUBLIC_KEYS
from affidavit.query.bounds import bounds
from affidavit.query.tree import is_public, paths_of
from affidavit.verify.page import html
from affidavit.verify.verdict import AUTHENTIC, COMPLETE, TIMED, VIEW_MATCHES, WITNESSED

SAMPLE_ROWS: Final = 1000
PROVABLE: Final = "provable"
NOT_PROVABLE: Final = "not provable"
DEPENDS: Final = "depends"

ENTRY_BYTES: Final = 75  # of one entry in a bundle, compressed
SALT_BYTES: Final = 16
HIDDEN_BYTES: Final = 32
OVERHEAD_BYTES: Final = 6_000  # manifest, README, checkpoints, proofs
READ_S: Final = 4e-6  # a row through the query engine
BUNDLE_WORK: Final = 5.0  # evidence and the check afterwards, as multiples of masking and writing
_TEXT: Final = frozenset({"csv", "json", "ndjson"})
_SIZE: Final = {"parquet": 0.35, "xlsx": 0.5}  # of the same rows as CSV
PAGE_ROW_BYTES: Final = 600  # a row on the pages of a PDF
PDF_BYTES: Final = 150_000  # its fonts


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of one verdict: provable, not provable, or depends; and why, in words."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What to expect. `rows` is exact or at least; `bytes` and `seconds` are rough, and of at least so many rows.

    `preview` are the first rows as the file's reader gets them; `never`: the query contradicts itself. `replaced` is
    what was replaced in the free text of the first `sampled` rows.
    """

    rows: int
    exact: bool
    bytes: int
    seconds: float
    verdicts: tuple[Forecast, ...]
    preview: list[dict[str, str | None]]
    never: bool
    sampled: int = 0
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class _Sample:
    rows: list[dict[str, str | None]]
    seconds_a_row: float
    open: float  # fields a row, whose values the evidence opens
    hidden: float


def estimate(log: Any, spec: ExportSpec, *, bundle: bool) -> Estimate:
    """Look at the first rows and count, under a key of its own: its tokens join with no file.

    Raises what the export itself would be refused for.
    """
    began = time.perf_counter()
    check_format(log, spec)
    year = int(format_time(time.time_ns() // 1000)[:4])
    proven = bundle or spec.format == "pdf"  # a PDF carries a bundle of its table
    rows = Rows(log, spec, str(new_id()), year=year, bundle=proven)
    count, exact = rows.count(PREVIEW_COUNT_MAX)
    sample = _sample(log, rows)
    start_s = time.perf_counter() - began
    size = _data_bytes(spec, sample, count, packed=bundle)
    if proven:
        size += _evidence_bytes(log, rows, sample, count)
    work = BUNDLE_WORK if rows.evidence != "none" else 1.0
    seconds = start_s + count * (READ_S + sample.seconds_a_row * work)
    asked = bounds(spec.query)
    never = asked.never or asked.at.empty or asked.t.empty
    verdicts = forecast(log, spec, _level(rows, proven=proven), bundle=bundle)
    shown = sample.rows[:PREVIEW_ROWS]
    record_preview(log, rows, len(shown))
    replaced = rows.masker.tally.words
    return Estimate(count, exact, size, round(seconds, 1), verdicts, shown, never, len(sample.rows), replaced)


def _level(rows: Rows, *, proven: bool) -> str:
    """The evidence a bundle of this export has, or would have."""
    if proven:
        return rows.evidence
    return "none" if rows.masker.profile.masks_entries else level(rows.spec)


def _sample(log: Any, rows: Rows) -> _Sample:
    selector = Selector(rows.masker.paths)
    found: list[dict[str, str | None]] = []
    labels = [column.label for column in rows.spec.columns]
    fields, opened, seconds = 0, 0, 0.0
    seen = rows.masker.open_paths
    for batch in log.reader.rows(rows.spec.query, rows.pins, limit=SAMPLE_ROWS):
        if not batch.num_rows:
            continue
        began = time.perf_counter()
        selected = selector.select(batch)
        times = selected.times("at")
        rows.zone.extend(times[0].as_py(), times[-1].as_py())
        cells = [column.values.to_pylist() for column in rows.masker.cells(selected)]
        seconds += time.perf_counter() - began
        found += [dict(zip(labels, row, strict=True)) for row in zip(*cells, strict=True)]
        whole = Selector((), whole=True).select(batch).records
        fields += sum(map(len, whole))
        opened += sum(1 for record in whole for path in record if path in seen)
    number = max(len(found), 1)
    return _Sample(found, seconds / number, opened / number, (fields - opened) / number)


def _data_bytes(spec: ExportSpec, sample: _Sample, count: int, *, packed: bool) -> int:
    named = spec.format in ("json", "ndjson")
    each = [sum(len((cell or "").encode()) + 1 for cell in row.values()) + 1 for row in sample.rows]
    if named:
        extra = sum(len(column.label.encode()) + 5 for column in spec.columns)
        each = [size + extra for size in each]
    if not each:
        return 0
    ratio = _SIZE.get(spec.format, 1.0)
    if packed and spec.format in _TEXT:
        text = "\n".join(",".join(cell or "" for cell in row.values()) for row in sample.rows).encode()
        ratio = len(zlib.compress(text, LEVEL)) / max(len(text), 1)
    size = int(sum(each) / len(each) * count * ratio)
    return size + PDF_BYTES + min(count, LISTED_ROWS_MAX) * PAGE_ROW_BYTES if spec.format == "pdf" else size


def _evidence_bytes(log: Any, rows: Rows, sample: _Sample, count: int) -> int:
    start = OVERHEAD_BYTES + _page_bytes()
    if rows.evidence == "none":
        return start
    entries = count
    if rows.evidence == "full":
        spans = [span for pin in rows.pins for span in full_ranges(log.reader, pin, rows.spec.query)]
        entries = sum(end - first for first, end in spans)
    a_row = sample.open * (SALT_BYTES + 6) + sample.hidden * HIDDEN_BYTES
    return int(start + entries * ENTRY_BYTES + count * a_row)


@cache
def _page_bytes() -> int:
    """What `verify.html` takes in a bundle."""
    page = html()
    return 0 if page is None else len(zlib.compress(page, LEVEL))


def forecast(log: Any, spec: ExportSpec, evidence: str, *, bundle: bool = True) -> tuple[Forecast, ...]:
    """The five verdicts to expect of a bundle with this level of evidence; of a PDF alone, of the one inside it."""
    trust = log.trust()
    timed = (DEPENDS, "Provable if its checkpoint has a timestamp by then")
    witnessed = (DEPENDS, "Provable if enough witnesses have cosigned its checkpoint by then")
    if not trust["timestamp_roots"]:
        timed = (NOT_PROVABLE, "No timestamp authority is configured")
    if not trust["witnesses"]:
        witnessed = (NOT_PROVABLE, "No witness is configured")
    return (
        Forecast(AUTHENTIC, PROVABLE, "Rows and manifest are hashed into logs signed by the tenant's keys"),
        Forecast(COMPLETE, *_complete(spec, evidence)),
        Forecast(TIMED, *timed),
        Forecast(WITNESSED, *witnessed),
        Forecast(VIEW_MATCHES, *_view(spec, evidence, bundle=bundle)),
    )


def _complete(spec: ExportSpec, evidence: str) -> tuple[str, str]:
    if evidence == "none":
        return NOT_PROVABLE, "It carries no entries, so nothing shows what was left out"
    if not is_public(spec.query):
        named = ", ".join(sorted(paths_of(spec.query) - PUBLIC_KEYS.keys()))
        return NOT_PROVABLE, f"It asks for {named}, which entries do not show: whether others match can't be seen"
    if evidence == "rows":
        return NOT_PROVABLE, "It carries the entries of its rows alone; evidence full shows the others too"
    return PROVABLE, "It carries every entry of the period, and asks for time, action and outcome only"


def _view(spec: ExportSpec, evidence: str, *, bundle: bool) -> tuple[str, str]:
    if evidence == "none":
        return NOT_PROVABLE, "It carries no openings to rebuild the file from"
    if spec.format == "pdf" and not bundle:
        return PROVABLE, "The table attached to the PDF can be rebuilt cell by cell; its pages can't"
    if spec.format == "pdf":
        return NOT_PROVABLE, "A PDF can't be rebuilt byte for byte; the table attached to it can be compared"
    if spec.format not in _TEXT:
        return DEPENDS, "Compared value by value, where the verifier can read the format"
    return PROVABLE, f"The {spec.format.upper()} can be rebuilt cell by cell; masked cells are the operator's statement"
