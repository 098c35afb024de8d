"""Bodies of the answers of search, exports and the rest of the API. Like `schemas.py`, pydantic and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Cells = Annotated[dict[str, str | None], Field(description="Label to cell, as the reader's profile shows it")]
_CELLS: dict[str, Any] = {
    "time": "2026-10-01T12:00:00.000000Z",
    "actor": "u1042",
    "action": "grade.updated",
    "outcome": "success",
    "type": "enrollment",
    "resource": "17",
}


class RowAnswer(BaseModel):
    """One event: where it lies, and what the reader sees of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"stream": "main", "index": 1042, "cells": _CELLS}})

    stream: str
    index: int
    cells: Cells


class CountAnswer(BaseModel):
    """How many match. `rows` is null where it is too small to be said; counting stops at 10,000."""

    rows: int | None
    exact: bool
    words: str


class PageAnswer(BaseModel):
    """One page in the order asked for. `next` and `previous` are cursors; null: nothing lies there.

    `never`: the query contradicts itself.
    """

    rows: list[RowAnswer]
    next: str | None
    previous: str | None
    never: bool
    count: CountAnswer | None


class FacetAnswer(BaseModel):
    """A value as the reader sees it, and how many events have it."""

    value: str
    count: str


class FacetsAnswer(BaseModel):
    """Values by field, most frequent first."""

    facets: dict[str, list[FacetAnswer]]
    count: CountAnswer | None


class BarAnswer(BaseModel):
    """Events from `start` up to the next bar, by outcome; null where they are too few to be said."""

    start: str
    counts: dict[str, int | None]


class HistogramAnswer(BaseModel):
    """Bars without gaps; `end` is where the last one ends."""

    bars: list[BarAnswer]
    end: str | None
    step_s: int


class FieldAnswer(BaseModel):
    """One field. `tag`: s text, j JSON, n null. `mask` is empty where the value is shown as it is."""

    path: str
    tag: Literal["s", "j", "n"]
    value: str | None
    mask: str


class ProofAnswer(BaseModel):
    """From the entry to the signed checkpoint: RFC 6962 inclusion proof, hashes in base64."""

    origin: str
    stream: str
    index: int
    size: int
    entry: str
    leaf: str
    proof: list[str]
    root: str
    checkpoint: str


class EventAnswer(BaseModel):
    """One event. `proof` is null for a reader whose profile masks times: an entry shows them."""

    stream: str
    index: int
    fields: list[FieldAnswer]
    proof: ProofAnswer | None


class ScopeAnswer(BaseModel):
    """What a run was asked to hold. Times are RFC 3339 in UTC, the end not included; null is open."""

    start: str | None
    end: str | None
    query: str | None = Field(
        description="The other conditions in the query language; null where they are too long to be shown, "
        "or hold what your profile masks"
    )
    format: str
    profile: str
    evidence: str
    zone: str
    streams: list[str]
    columns: list[str]
    recipient: str | None
    reason: str | None


class VerdictAnswer(BaseModel):
    """One verdict of the verifier, and why."""

    name: str
    status: Literal["PASS", "FAIL", "NOT PROVEN"]
    reason: str


class MemberAnswer(BaseModel):
    """One file inside a bundle."""

    name: str
    bytes: int


class OutcomeAnswer(BaseModel):
    """What came of a finished run. Empty or null: not of this kind of file, or not kept by an older release."""

    origin: str
    index: int | None = Field(description="Of its event `export.created`")
    verdicts: list[VerdictAnswer]
    manifest: str = Field(description="SHA-256 of the bundle's manifest")
    masked: int | None = Field(description="Cells")
    erased: int | None = Field(description="Cells")
    members: list[MemberAnswer]


class RunAnswer(BaseModel):
    """An export run. Times are RFC 3339 in UTC."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    reason: str
    stage: str
    done: int = Field(description="Rows so far")
    total: int | None
    attempt: int
    bundle: bool
    export_id: str
    file: str = Field(description="Name of its file, where there is one")
    rows: int | None
    bytes: int | None
    sha256: str
    verdicts: dict[str, str]
    created: str | None
    ended: str | None
    expires: str | None
    removed: str | None
    actor: str = Field(description="Who asked for it; empty where the service knows nobody")
    cancelling: bool = Field(description="Whether it was told to stop")
    scope: ScopeAnswer | None = Field(None, description="Not sent with progress")
    outcome: OutcomeAnswer | None = Field(None, description="Of a finished run; not sent with progress")


class TrailMarkAnswer(BaseModel):
    """One event about a run: when the log took it, what, by whom, and where it stands."""

    t: str
    action: str
    actor: str
    outcome: str
    stream: str
    index: int


class TrailAnswer(BaseModel):
    """What the log holds about a run, oldest first."""

    events: list[TrailMarkAnswer]


class RunsAnswer(BaseModel):
    """Export runs, newest first."""

    runs: list[RunAnswer]


class SavedQueryAnswer(BaseModel):
    """A query kept under a name."""

    name: str
    text: str
    saved: str


class SavedQueriesAnswer(BaseModel):
    """All of them, by name."""

    queries: list[SavedQueryAnswer]


class ParsedAnswer(BaseModel):
    """What is wrong with a query: where (`column` from 1; 0 for nowhere in particular), what, and what to write.

    `column` is null where it can be read.
    """

    column: int | None
    message: str
    hint: str


class PathAnswer(BaseModel):
    """One field an event can have. `declared`: by the tenant itself, as details.NAME."""

    path: str
    tag: Literal["s", "j"]
    cls: str = Field(serialization_alias="class", description="What kind of value it holds, for masking")
    number: bool
    declared: bool
    label: str
    mask: str = Field(description="How your profile shows it; empty: as it is")


class PathsAnswer(BaseModel):
    """The fields of events, public keys first."""

    profile: str
    fields: list[PathAnswer]
