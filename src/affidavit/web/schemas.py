"""Bodies of requests and answers: the only place of pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _blank_is_none(value: Any) -> Any:
    """Forms post what was left open as an empty text."""
    return None if isinstance(value, str) and not value.strip() else value


def _blank_is_csv(value: Any) -> Any:
    return "csv" if value is None or (isinstance(value, str) and not value.strip()) else value


Moment = Annotated[str | None, BeforeValidator(_blank_is_none)]
Names = Annotated[list[str] | None, BeforeValidator(_blank_is_none)]
Format = Annotated[Literal["csv", "json"], BeforeValidator(_blank_is_csv)]


class ExportRequest(BaseModel):
    """The form's five fields. Absent, null and "" leave a condition open; an empty list means all."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {
                "start_date": "2026-10-01",
                "end_date": "2026-10-31",
                "user_ids": ["u1042"],
                "actions": ["login", "grade.updated"],
                "format": "csv",
            }
        },
    )

    start_date: Moment = Field(
        None, description="A date (its first moment in the tenant's zone) or a time; without offset in that zone"
    )
    end_date: Moment = Field(None, description="A date, included to its last moment, or a time, itself included")
    user_ids: Names = Field(None, description="Actor ids, exactly; events of any of them")
    actions: Names = Field(None, description="Actions, exactly; events with any of them")
    format: Format = Field("csv", description="The file's format")


class ExportRow(BaseModel):
    """One row as the reader of the file gets it: `user_id` is a token."""

    timestamp: str | None
    user_id: str | None
    action: str | None
    resource: str | None


class Forecast(BaseModel):
    """One verdict that a bundle of this export could be expected to get, and why."""

    name: str
    state: Literal["provable", "not provable", "depends"]
    reason: str


class Estimate(BaseModel):
    """How many rows; `exact` is false where counting stopped early: there are at least as many. The rest is rough."""

    rows: int
    exact: bool
    bytes: int = Field(description="Of the file")
    seconds: float
    never: bool = Field(description="Whether the conditions contradict each other")
    verdicts: list[Forecast] = Field(description="Of a bundle of the same export; the plain file proves nothing")


class PreviewAnswer(BaseModel):
    """The first rows, and how many there would be. Its tokens join with no file and no other preview."""

    rows: list[ExportRow]
    estimate: Estimate


class RunRequest(BaseModel):
    """An export as a run: the form's conditions, a query, and how the file is to be. Conditions all hold together."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {
                "query": "action:grade.* -outcome:success",
                "start_date": "2026-10-01",
                "end_date": "2026-10-31",
                "format": "csv",
                "bundle": True,
                "profile": "export",
                "recipient": "Audit committee",
            }
        },
    )

    query: str = Field("", max_length=65_536, description="In the query language; saved:NAME stands for a saved one")
    start_date: Moment = None
    end_date: Moment = None
    user_ids: Names = None
    actions: Names = None
    format: Literal["csv", "json", "ndjson", "parquet", "xlsx", "pdf"] = "csv"
    bundle: bool = Field(True, description="With evidence: a zip that verifies offline")
    evidence: Literal["auto", "full", "rows", "none"] = "auto"
    profile: str = Field("", max_length=64, description="Masking profile of the file's reader; export by default")
    columns: list[str] = Field([], max_length=256, description="Paths, or LABEL=PATH; the form's four by default")
    streams: list[str] = Field(["main"], min_length=1, max_length=16)
    zone: str = Field("", max_length=64, description="IANA zone; the tenant's by default")
    recipient: str | None = Field(None, max_length=4096)
    reason: str | None = Field(None, max_length=4096)
    subject_ids: list[str] = Field([], max_length=1000, description="With the profile subject: whose file it is")


class RunEstimateAnswer(BaseModel):
    """The first rows as the file's reader gets them, and what to expect."""

    rows: list[dict[str, str | None]]
    estimate: Estimate


class CheckpointAnswer(BaseModel):
    """The newest signed checkpoint."""

    size: int
    at: str


class StatusAnswer(BaseModel):
    """The tenant and its main log."""

    tenant: str
    name: str
    zone: str = Field(description="IANA zone in which dates without offset are read")
    entries: int
    checkpoint: CheckpointAnswer | None
    version: str
    signed_in: bool = Field(description="Whether the service knows who asks")
    stopped: str | None = Field(description="Since when audit logging is off; null while it is on")


class HeldValue(BaseModel):
    """One value and how many events have it."""

    value: str
    count: int


class ValuesAnswer(BaseModel):
    """Values the log holds, most frequent first."""

    values: list[HeldValue]


class Fault(BaseModel):
    """What is wrong with one field; `field` is empty where it is the whole body."""

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details, with the fields at fault."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault]
