"""The tenant's configuration over HTTP: as it stands, and changes of it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from affidavit.access.principal import Principal
from affidavit.commitment import format_time
from affidavit.log import configuration
from affidavit.log.audit_log import AuditLog
from affidavit.log.configuration import FREQUENCIES, KEYS, Configuration
from affidavit.log.reasons import REASON_CHARS_MIN
from affidavit.masking.masks import MASK_NAMES
from affidavit.masking.overrides import STRENGTH
from affidavit.paths import CLASSES
from affidavit.verify.manifest import DATA_FORMATS
from affidavit.web.problems import documented
from affidavit.web.who import Configurer, Overseer
from affidavit.web.work import log_of, work_of

_HIDING: Final = sorted((name for name in MASK_NAMES if STRENGTH.get(name)), key=lambda name: STRENGTH[name])
_VALUES: Final[dict[str, Any]] = {
    "audit_logging": True,
    "retention": "7 years",
    "export_formats": ["csv", "json"],
    "export_frequency": "monthly",
    "masking": {"ip": "remove", "actor.name": "token", "card": {"mask": "last", "n": 2}},
}
_CHOICES: Final[dict[str, Any]] = {
    "export_formats": list(DATA_FORMATS),
    "export_frequency": list(FREQUENCIES),
    "masks": _HIDING,
    "classes": list(CLASSES[1:]),
}
_MARK: Final = {"at": "2026-10-01T12:00:00.000000Z", "by": "olivia", "reason": "policy of October"}
_EXAMPLE: Final[dict[str, Any]] = {**_VALUES, "changed": {"retention": _MARK}, "choices": _CHOICES}

router = APIRouter(tags=["configuration"])
Mask = str | dict[str, Any]


class MarkAnswer(BaseModel):
    """Who set a key, when and why."""

    at: str
    by: str
    reason: str


class ChoicesAnswer(BaseModel):
    """What the keys can have."""

    export_formats: list[str]
    export_frequency: list[str]
    masks: list[str] = Field(description="Masks that hide something, those that hide more last")
    classes: list[str] = Field(description="Classes that can be masked")


class ConfigurationAnswer(BaseModel):
    """Every key with its value. `changed` tells of those that are not at their defaults."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    audit_logging: bool = Field(description="Off: nothing is recorded but on the streams access and control")
    retention: str = Field(description="How long records are kept; none is for ever. Nothing acts on it yet")
    export_formats: list[str] = Field(description="Formats that exports may have")
    export_frequency: str = Field(description="How often to export. Nothing acts on it yet")
    masking: dict[str, Mask] = Field(description="Masks by class or path, over every profile but internal")
    changed: dict[str, MarkAnswer]
    choices: ChoicesAnswer


class ConfigurationBody(BaseModel):
    """Keys to set; null takes one back to its default, and what is absent stays."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"retention": "7 years", "reason": "policy of October"}},
    )

    audit_logging: bool | None = None
    retention: Annotated[str, Field(max_length=100)] | None = Field(
        None, description='"30 days", "18 months", "7 years", "1 year 6 months"; "none" is for ever'
    )
    export_formats: Annotated[list[str], Field(max_length=16)] | None = None
    export_frequency: Annotated[str, Field(max_length=16)] | None = None
    masking: Annotated[dict[str, Mask], Field(max_length=256)] | None = None
    reason: str = Field(
        "",
        max_length=1024,
        description=f"Why, for the record. audit_logging needs one of at least {REASON_CHARS_MIN} characters",
    )


@router.get(
    "/api/v1/configuration", responses=documented(401, 403, 503), summary="The tenant's configuration as it stands"
)
async def show_configuration(request: Request, _who: Principal = Overseer) -> ConfigurationAnswer:
    """With who set what, and what can be set."""
    return _answer(await work_of(request).glance(configuration.read, log_of(request)))


@router.patch(
    "/api/v1/configuration",
    responses=documented(400, 401, 403, 413, 422, 503),
    summary="Change the tenant's configuration",
)
async def change_configuration(
    request: Request, body: ConfigurationBody, _who: Principal = Configurer
) -> ConfigurationAnswer:
    """All keys at once or none. Acts at once in every process. Recorded on `control` with what was before and after."""
    given: dict[str, Any] = {key: getattr(body, key) for key in KEYS if key in body.model_fields_set}

    def run(log: AuditLog) -> Configuration:
        return configuration.change(log, given, body.reason)

    return _answer(await work_of(request).glance(run, log_of(request)))


def _answer(found: Configuration) -> ConfigurationAnswer:
    marks = {
        key: MarkAnswer(at=format_time(one.at_us), by=one.actor, reason=one.reason)
        for key, one in found.changed.items()
    }
    values = {key: getattr(found, key) for key in KEYS} | {"export_formats": list(found.export_formats)}
    return ConfigurationAnswer(**values, changed=marks, choices=ChoicesAnswer(**_CHOICES))
