"""Evidence: which entries a bundle carries for its verdicts, and the proofs that they are in the signed trees."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from affidavit.commitment import CLOCK_SKEW_US_MAX, parse_time
from affidavit.errors import InvalidRequest
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import Spool
from affidavit.query.tree import Group, Leaf, Query, is_public
from affidavit.tlog.range_proof import encode_range_proof, range_proof
from affidavit.tlog.tiles import encode_entries
from affidavit.verify.manifest import RANGES_MAX

Range = tuple[int, int]
GAP_MAX: Final = 1024
"""Entries between two wanted ones that are read over rather than asked for anew."""
ENTRIES_AT_ONCE: Final = 8192
PROOF_LINES_AT_ONCE: Final = 1024


class Window(NamedTuple):
    """The period a query bounds by one public time: `at` or `t`, from a time in microseconds; None: open."""

    key: str
    start_us: int | None


def level(spec: ExportSpec) -> str:
    """The evidence level that `auto` stands for: `full` where completeness can be shown, else `rows`."""
    if spec.evidence != "auto":
        return spec.evidence
    return "full" if is_public(spec.query) else "rows"


def window(query: Query) -> Window:
    """The window of a query: its conditions on `at`, else on `t`, that stand alone or directly in the top `all`."""
    parts = query.of if isinstance(query, Group) and query.op == "all" else (query,)
    conditions = [part for part in parts if isinstance(part, Leaf) and part.op in ("ge", "gt", "le", "lt")]
    for key in ("at", "t"):
        found = [part for part in conditions if part.path == key]
        if found:
            starts = [parse_time(part.value) for part in found if part.op in ("ge", "gt")]
            return Window(key, max(starts) if starts else None)
    return Window("at", None)


def full_ranges(reader: Any, pin: Any, query: Query) -> list[Range]:
    """The one range of a queried log whose entries show that nothing of the window is missing."""
    if pin.size == 0:
        return []
    key, start_us = window(query)
    if start_us is None:
        return [(0, pin.size)]
    before = start_us - CLOCK_SKEW_US_MAX if key == "at" else start_us
    return [(min(reader.window_start(pin, before), pin.size - 1), pin.size)]


class RowRanges:
    """The indexes of exported rows, log by log, as ranges: eight bytes a row, whatever their order."""

    def __init__(self, logs: int) -> None:
        self._indexes = [array("q") for _ in range(logs)]

    def add(self, ks: Sequence[int], indexes: Sequence[int]) -> None:
        """Rows just exported."""
        if len(self._indexes) == 1:
            self._indexes[0].extend(indexes)
            return
        for k, index in zip(ks, indexes, strict=True):
            self._indexes[k].append(index)

    def of(self, k: int) -> list[Range]:
        """Sorted disjoint ranges of one log. Raises InvalidRequest for more than verifiers take."""
        indexes = self._indexes[k]
        if not indexes:
            return []
        raw = pa.Array.from_buffers(pa.int64(), len(indexes), [None, pa.py_buffer(indexes)])
        found = raw.take(pc.array_sort_indices(raw))
        before, after = found[:-1], found[1:]
        apart = pc.greater(pc.subtract(after, before), 1)
        starts = [found[0].as_py(), *after.filter(apart).to_pylist()]
        lasts = [*before.filter(apart).to_pylist(), found[-1].as_py()]
        if len(starts) > RANGES_MAX:
            raise InvalidRequest(
                f"the rows lie in {len(starts)} stretches of the log, at most {RANGES_MAX}", "Export shorter periods"
            )
        return [(start, last + 1) for start, last in zip(starts, lasts, strict=True)]


def write_entries(reader: Any, pin: Any, ranges: Sequence[Range], spool: Spool) -> None:
    """Write exactly the entries of the ranges, in tlog-tiles encoding."""
    for stretch in _stretches(ranges):
        entries = reader.entries(pin, stretch[0][0], stretch[-1][1])
        at = stretch[0][0]
        for start, end in stretch:
            for _ in islice(entries, start - at):
                pass
            at = end
            wanted = islice(entries, end - start)
            while batch := list(islice(wanted, ENTRIES_AT_ONCE)):
                spool.write(encode_entries(batch))


def _stretches(ranges: Sequence[Range]) -> Iterator[list[Range]]:
    """The ranges in runs without a wide gap, each read in one go."""
    if not ranges:
        return
    run = [ranges[0]]
    for before, after in pairwise(ranges):
        if after[0] - before[1] > GAP_MAX:
            yield run
            run = []
        run.append(after)
    yield run


def write_proof(size: int, ranges: Sequence[Range], subtree_hash: Callable[[int, int], bytes], spool: Spool) -> None:
    """Write the range proof that the included entries are in the tree of `size`."""
    lines = encode_range_proof(range_proof(size, ranges, (), subtree_hash))
    while batch := list(islice(lines, PROOF_LINES_AT_ONCE)):
        spool.write(b"".join(batch))
