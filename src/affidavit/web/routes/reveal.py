"""Values in clear, for a stated reason: behind vault tokens, and of one event. Every asking is an event itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from affidavit.access.principal import Principal
from affidavit.errors import Forbidden, NotFound
from affidavit.export.shown import ShownField
from affidavit.export.unmask import FIELDS_MAX, UNMASKED, unmask
from affidavit.log import vault
from affidavit.log.audit_log import AuditLog
from affidavit.log.reasons import REASON_CHARS_MIN, refusals_recorded
from affidavit.web.answers import FieldAnswer
from affidavit.web.problems import documented
from affidavit.web.routes.events import INDEX_MAX, check_period
from affidavit.web.who import Revealer
from affidavit.web.work import log_of, work_of

_PROBLEMS: Final = documented(400, 401, 403, 404, 413, 422, 503)
_TOKEN: Final = "vt_" + "a2b3" * 6 + "c4"
Reason = Annotated[
    str, Field(max_length=1024, description=f"Why: it is recorded. At least {REASON_CHARS_MIN} characters")
]

router = APIRouter(tags=["reveal"])


class RevealBody(BaseModel):
    """Vault tokens, and why their values are needed."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"tokens": [_TOKEN], "reason": "court order 7/2026"}},
    )

    tokens: list[str] = Field(max_length=vault.REVEALED_MAX)
    reason: Reason


class RevealedAnswer(BaseModel):
    """One token with its class and the value that it stands for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"token": _TOKEN, "class": "account", "value": "4000-1234"}}
    )

    token: str
    cls: str = Field(serialization_alias="class")
    value: str


class RevealAnswer(BaseModel):
    """The tokens in no certain order."""

    tokens: list[RevealedAnswer]


class UnmaskBody(BaseModel):
    """Which fields, and why they are needed in clear."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"fields": ["actor.name"], "reason": "incident 2026-17"}},
    )

    fields: list[str] = Field([], max_length=FIELDS_MAX, description="Paths; none for all fields")
    reason: Reason


class UnmaskAnswer(BaseModel):
    """The fields as they were recorded."""

    stream: str
    index: int
    fields: list[FieldAnswer]


@router.post("/api/v1/reveal", responses=_PROBLEMS, summary="Turn vault tokens back into their values")
async def reveal(request: Request, body: RevealBody, who: Principal = Revealer) -> RevealAnswer:
    """Recorded as `token.revealed`, with the reason, before anything is told; refused askings too."""

    def run(log: AuditLog) -> dict[str, tuple[str, str]]:
        with refusals_recorded(log, vault.REVEALED, {}):
            _check_profile(who)
        return vault.reveal(log, body.tokens, body.reason)

    found = await work_of(request).glance(run, log_of(request))
    return RevealAnswer(
        tokens=[RevealedAnswer(token=token, cls=cls, value=value) for token, (cls, value) in found.items()]
    )


@router.post(
    "/api/v1/events/{stream}/{index}/unmask", responses=_PROBLEMS, summary="Fields of one event, as they were recorded"
)
async def unmask_event(
    request: Request, stream: str, index: int, body: UnmaskBody, who: Principal = Revealer
) -> UnmaskAnswer:
    """Recorded as `record.unmasked`, with the reason, before anything is told; refused askings too."""

    def run(log: AuditLog) -> list[ShownField]:
        with refusals_recorded(log, UNMASKED, {"log.index": str(index)}):
            _check_profile(who)
            who.streams_for((stream,))
            log.tenant.log(stream)
            if not 0 <= index <= INDEX_MAX:
                raise NotFound(f"stream {stream} has no index {index}", "Indexes count from 0")
            check_period(log, who, stream, index)
        return unmask(log, stream, index, body.reason, body.fields)

    found = await work_of(request).query(run, log_of(request))
    return UnmaskAnswer(stream=stream, index=index, fields=[FieldAnswer(**asdict(one)) for one in found])


def _check_profile(who: Principal) -> None:
    """Raises Forbidden for whoever has a masking profile that they can't lift."""
    if who.own_profile:
        raise Forbidden(f"you see events through profile {who.own_profile}", "Ask an admin for access without it")
