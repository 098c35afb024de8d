"""Bodies and answers of cases and reference data. Like `schemas.py`, pydantic and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FACTS_MAX = 64
ROWS_MAX = 10_000

Facts = Annotated[
    dict[str, str], Field(max_length=FACTS_MAX, description="By name; GET /api/v1/case-options names all")
]
At = Annotated[str | None, Field(max_length=40, description="When it happened, RFC 3339; by default now")]
_EXAMPLE: dict[str, Any] = {"law": "gdpr", "right": "access", "subject_id": "s1042", "manner": "mail"}


class CaseBody(BaseModel):
    """A case to open."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"example": {"kind": "request", "facts": _EXAMPLE}}
    )

    kind: Literal["request", "incident"]
    id: str = Field("", max_length=64, description="Its number; by default one is made")
    at: At = None
    facts: Facts


class StepBody(BaseModel):
    """A step of a case: the facts it needs, and those it may carry."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"facts": {}}})

    at: At = None
    facts: Facts = Field(default_factory=dict)


class ClockAnswer(BaseModel):
    """One limit of law. `due` is the last moment in time; `first_due` the one without an extension."""

    deadline: str
    title: str
    citation: str
    edition: str
    start: str
    first_due: str
    due: str
    done: str | None
    status: Literal["open", "due_soon", "overdue", "met", "late", "not_required"]
    extended: bool


class CaseEventAnswer(BaseModel):
    """One event of a case, and where it lies."""

    stream: str
    index: int
    step: str
    at: str
    actor: str | None


class CaseAnswer(BaseModel):
    """A case as its events tell it, and as the reader's profile shows it. A list leaves out the events."""

    id: str
    kind: Literal["request", "incident"]
    state: Literal["open", "verified", "paused", "closed"]
    begun: str
    moments: dict[str, str]
    facts: dict[str, str | None]
    clocks: list[ClockAnswer]
    problems: list[str]
    events: list[CaseEventAnswer] = []


class CasesAnswer(BaseModel):
    """Cases: what is due first comes first. `total` is how many there are, with those left out."""

    cases: list[CaseAnswer]
    total: int


class StepAnswer(BaseModel):
    """What can happen to a case: in which states, and with which facts."""

    name: str
    states: list[str]
    needs: list[str]
    may: list[str]


class RightAnswer(BaseModel):
    """A right of a law; `denial` are the facts that a refusal needs."""

    law: str
    right: str
    title: str
    citation: str
    verify: bool
    denial: list[str]


class CaseOptionsAnswer(BaseModel):
    """What cases can be opened and what can happen to them: the forms of an application are made from this."""

    rights: list[RightAnswer]
    incident_laws: list[str]
    steps: dict[str, list[StepAnswer]]
    facts: dict[str, str]
    choices: dict[str, list[str]] = Field(description="What a fact can be, of those that are one of a few")


class ReferenceBody(BaseModel):
    """Rows of a table: text, booleans, lists of text, null. `add` keeps the rows that are there."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"rows": [{"subject_id": "s1042", "reason": "public figure"}], "add": True}},
    )

    rows: list[dict[str, str | bool | list[str] | None]] = Field(max_length=ROWS_MAX)
    add: bool = False


class LoadAnswer(BaseModel):
    """One version of a table."""

    table: str
    version: int
    loaded: str
    rows: int
    sha256: str
    source: str
    actor: str


class LoadsAnswer(BaseModel):
    """Every version of every table, newest first within a table."""

    loads: list[LoadAnswer]


class ReferenceAnswer(LoadAnswer):
    """A version with its first rows."""

    first: list[dict[str, str | bool | None]]
