"""Schemas of reports: what is asked for, and what describes them. A result's own schema is that of its structs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from affidavit.reports.result import Result

PARAMETERS_MAX: Final = 64
Format = Literal["json", "html", "pdf", "xlsx", "csv", "package"]
Value = Annotated[str, Field(max_length=1024)] | int | float | bool | None


class ReportBrief(BaseModel):
    """A report in the list."""

    id: str
    title: str
    framework: str
    summary: str
    readers: list[str]
    profile: str = Field(description="The masking profile it is run under where none is asked for")
    subject: str = Field(description="The parameter that names the person it is about; empty where there is none")


class ReportsAnswer(BaseModel):
    """The reports there are, by framework."""

    reports: list[ReportBrief]


class ReportControl(BaseModel):
    """A provision, in our own words."""

    id: str
    citation: str
    title: str
    source: str = Field(description="How its content was verified: text, secondary or general")
    applies: bool


class ReportParameter(BaseModel):
    """What a reader can set."""

    name: str
    title: str
    type: Literal["text", "integer", "number", "date", "choice"]
    default: Any = None
    required: bool
    path: str
    least: float | None
    most: float | None
    choices: list[str]
    help: str


class ReportPart(BaseModel):
    """A section."""

    id: str
    title: str
    note: str


class ReportRule(BaseModel):
    """A rule."""

    id: str
    title: str
    severity: str
    basis: str = Field(description="Whether the text requires it, or practice does")
    control: str


class ReportAnswer(ReportBrief):
    """A report with its provisions, parameters, sections and rules."""

    edition: str
    retention: str
    retention_basis: str
    query: str
    streams: list[str]
    days: int = Field(description="Days up to now that it covers where no period is asked for")
    references: list[str] = Field(description="Reference data it needs; without it rules are not evidenced")
    notes: list[str]
    definition: str
    controls: list[ReportControl]
    parameters: list[ReportParameter]
    sections: list[ReportPart]
    findings: list[ReportRule]


class ReportRequest(BaseModel):
    """One run."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"start": "2026-10-01", "end": "2026-10-31", "parameters": {"failures": 5}}},
    )

    start: str = Field("", max_length=64, description="First day, or a time; the report's days up to now by default")
    end: str = Field("", max_length=64, description="Last day (included), or a time")
    zone: str = Field("", max_length=64, description="IANA zone; the tenant's by default")
    profile: str = Field("", max_length=64, description="Masking profile; the report's by default")
    parameters: dict[str, Value] = Field({}, max_length=PARAMETERS_MAX)
    query: str = Field(
        "", max_length=65_536, description="Only what matches, too; the report says that it was narrowed"
    )
    evidence: bool = Field(False, description="Keep a package with the evidence of its events, too")
    since: str = Field("", max_length=36, description="An addendum to this kept run: the rest is asked as it was then")


class ReportRunAnswer(BaseModel):
    """A kept run in short."""

    id: str
    report: str
    title: str
    framework: str
    at: str
    by: str
    profile: str
    period: str
    exceptions: int = Field(description="Rules that found exceptions")
    rules: int
    events: int | str = Field(description="In the period; text, as `<11`, where the profile hides small numbers")
    sha256: str = Field(description="Of its JSON")
    index: int = Field(description="Place of its event on the stream access")


class ReportRunsAnswer(BaseModel):
    """Kept runs, newest first."""

    runs: list[ReportRunAnswer]


def result_schema() -> dict[str, Any]:
    """The JSON schema of a result, without references: it can stand anywhere in a description."""
    whole = msgspec.json.schema(Result)
    parts = whole["$defs"]

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(item) for item in value]
        if not isinstance(value, dict):
            return value
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        return inlined(parts[name]) if name else {key: inlined(item) for key, item in value.items()}

    found: dict[str, Any] = inlined({key: item for key, item in whole.items() if key != "$defs"})
    return found
