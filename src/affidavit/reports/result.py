"""Result: what one run of a report found, as JSON can carry it. Every format is drawn from it, so numbers agree.

Cells are already as the reader may see them. Pure.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from affidavit.errors import InvalidRequest
from affidavit.ready import ready

FORMAT: Final = "affidavit-report/1"
RESULT_BYTES_MAX: Final = 512 << 20

Status = Literal["evidence present", "exception", "not evidenced", "not applicable"]
"""The only words for how a control or rule stands. None of them says that a law is kept."""
PRESENT: Final[Status] = "evidence present"
EXCEPTION: Final[Status] = "exception"
NOT_EVIDENCED: Final[Status] = "not evidenced"
NOT_APPLICABLE: Final[Status] = "not applicable"

Cell = str | int | float | bool | None
Number = int | str
"""A count; `<11` where it is small and the profile hides that."""
Place = tuple[str, int]
"""Where an event stands: stream and index."""


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts."""


class About(_Part, frozen=True):
    """Which report this is, in which edition. `definition` is the SHA-256 of the text that was run."""

    id: str
    title: str
    framework: str
    edition: str
    summary: str
    definition: str
    retention: str
    retention_basis: str
    notes: tuple[str, ...] = ()


class Run(_Part, frozen=True):
    """Who ran it, when, over what. `query` and `parameters` are as the reader may see them."""

    id: str
    at: str
    by: str
    profile: str
    zone: str
    query: Any
    query_text: str
    query_sha256: str
    filter: str = ""
    parameters: dict[str, Any] = {}
    streams: tuple[str, ...] = ()
    version: str = ""


class Period(_Part, frozen=True):
    """From `start` up to, not with, `end`: text of the log; shown in the run's zone."""

    start: str
    end: str
    shown: str


class PinnedLog(_Part, frozen=True):
    """A log at the size the report is pinned to, with its root as base64."""

    stream: str
    origin: str
    size: int
    root: str
    purged: int = 0


class Verdict(_Part, frozen=True):
    """One thing that was checked of the log's proof, or was not."""

    name: str
    status: str
    detail: str


class Counts(_Part, frozen=True):
    """Entries of the pinned logs; events selected, and of them in the period; values shown masked.

    Text where a small number is hidden, as in all counts below.
    """

    entries: int
    selected: Number
    in_period: Number
    masked: Number = 0


class Gap(_Part, frozen=True):
    """A stretch in which a source recorded nothing, longer than the threshold."""

    source: str
    start: str
    end: str
    hours: float


class SourceCoverage(_Part, frozen=True):
    """What one source recorded in the period."""

    source: str
    events: Number
    first: str
    last: str
    gaps: Number
    longest_hours: float | None


class Coverage(_Part, frozen=True):
    """Gaps in recording: found by silence of a source, and declared by the log itself (`dropped`)."""

    rule: str
    sources: tuple[SourceCoverage, ...]
    gaps: tuple[Gap, ...]
    gaps_total: Number
    dropped: int
    statement: str


class Reference(_Part, frozen=True):
    """Reference data the report asks for: which version was used, or that none is loaded."""

    name: str
    rows: int
    version: str = ""
    loaded: str = ""


class Head(_Part, frozen=True):
    """A column as shown. `mask` says how its values are masked; empty where they are as recorded."""

    name: str
    label: str
    type: str
    mask: str = ""


class Table(_Part, frozen=True):
    """Rows of cells. `places` has for each row where its events stand; empty where rows have none to show."""

    columns: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    places: tuple[tuple[Place, ...], ...] = ()


class Series(_Part, frozen=True):
    """One series of a chart, a value for each x."""

    name: str
    values: tuple[int | float | None, ...]


class Chart(_Part, frozen=True):
    """A chart's data, ready to draw."""

    kind: str
    title: str
    x: tuple[str, ...]
    series: tuple[Series, ...]


class Section(_Part, frozen=True):
    """One section. `empty` says why there are no rows."""

    id: str
    title: str
    note: str
    table: Table
    empty: str = ""
    chart: Chart | None = None


class Finding(_Part, frozen=True):
    """One rule as it came out. `population` is how many were looked at; text where a small number is hidden."""

    id: str
    title: str
    severity: str
    control: str
    citation: str
    basis: str
    status: Status
    reason: str
    population: Number
    looked_at: str
    remedy: str
    note: str
    table: Table


class Control(_Part, frozen=True):
    """How one provision stands by the rules run for it. `source` says how its content was verified."""

    id: str
    citation: str
    title: str
    source: str
    status: Status
    reason: str


class Addendum(_Part, frozen=True):
    """What came after an earlier run: entries and selected events more, findings' rows that are new or gone.

    `selected_more` is None where either number is hidden.
    """

    of: str
    at: str
    entries_more: int
    selected_more: int | None
    new: tuple[str, ...]
    gone: tuple[str, ...]


@ready
class Result(_Part, frozen=True):
    """One run, whole. Findings come first."""

    format: str
    report: About
    run: Run
    period: Period
    logs: tuple[PinnedLog, ...]
    counts: Counts
    proof: tuple[Verdict, ...]
    coverage: Coverage
    references: tuple[Reference, ...]
    controls: tuple[Control, ...]
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    addendum: Addendum | None = None


def encode(result: Result) -> bytes:
    """The result as JSON: the same result gives the same bytes."""
    return msgspec.json.encode(result)


def decode(data: bytes) -> Result:
    """A result from JSON. Raises InvalidRequest for what is none."""
    if len(data) > RESULT_BYTES_MAX:
        raise InvalidRequest(f"{len(data)} bytes, at most {RESULT_BYTES_MAX}", "Give the report's JSON file")
    try:
        found = msgspec.json.decode(data, type=Result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"no report's JSON: {error}", "Give the file that `affidavit report run` wrote") from None
    if found.format != FORMAT:
        raise InvalidRequest(f"format {found.format[:60]!r}", f"This release reads {FORMAT}")
    return found
