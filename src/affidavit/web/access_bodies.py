"""Bodies of people, API keys and what they may do. Like `schemas.py`, pydantic and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RoleName = Literal["admin", "officer", "auditor", "developer", "viewer"]
Day = Annotated[str, Field(max_length=40, description="A day in the tenant's zone, or a time; empty: no bound")]


class GrantBody(BaseModel):
    """What an account may do and see. An auditor has an end; an admin has no bounds."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {
                "role": "auditor",
                "streams": ["main"],
                "from": "2026-01-01",
                "to": "2026-06-30",
                "expires": "2999-12-31",
            }
        },
    )

    role: RoleName
    profile: str = Field("", max_length=64, description="The only masking profile they see events through; empty: any")
    streams: list[str] = Field([], max_length=16, description="The only streams they may read; empty: all")
    start: Day = Field("", alias="from", description="They see events that happened from this day or time on")
    end: Day = Field("", alias="to", description="and up to the end of this one")
    expires: str = Field("", max_length=10, description="Last day it works, in the tenant's zone; empty: no end")


class PersonBody(GrantBody):
    """A person to invite."""

    name: str = Field(max_length=64, description="1-64 letters, digits and . _ @ + -; what events name as actor")


class KeyBody(GrantBody):
    """An API key to make."""

    name: str = Field(max_length=64, description="1-64 letters, digits and . _ @ + -; events name key:NAME as actor")


class RotateBody(BaseModel):
    """How a key is rotated."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"overlap_h": 24}})

    overlap_h: int = Field(0, ge=0, le=168, description="Hours the old secret still works; 0 ends it at once")


class AccountAnswer(BaseModel):
    """One account as it stands, without its secret. Times are RFC 3339 in UTC."""

    name: str
    role: RoleName
    profile: str
    streams: list[str]
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    expires: str = Field(description="Last day it works, in the tenant's zone; empty: no end")
    created: str
    ended: str | None
    state: Literal["active", "invited", "ended", "expired"]


class PersonAnswer(AccountAnswer):
    """One person. `issuer`: the OpenID Connect provider that knows them; empty: they sign in by password."""

    issuer: str


class PeopleAnswer(BaseModel):
    """Everybody, by name, those without access any more too."""

    people: list[PersonAnswer]


class InvitationAnswer(BaseModel):
    """A person and their one-time link, shown this once."""

    person: PersonAnswer
    path: str = Field(description="Of the one-time link, on this server, by which they choose a password")
    hours: int = Field(description="How long the link is good for")


class KeyAnswer(AccountAnswer):
    """One API key. `old_until`: how long the secret it had before its last rotation still works."""

    old_until: str | None


class KeysAnswer(BaseModel):
    """All keys, by name, ended ones too."""

    keys: list[KeyAnswer]


class NewKeyAnswer(BaseModel):
    """A key and its text, shown this once."""

    key: KeyAnswer
    text: str = Field(description="Sent as Authorization: Bearer afk_…", examples=["afk_…"])


class MeAnswer(BaseModel):
    """Who asks. `kind` is local where the service has no sign-in: then whoever reaches it may do everything."""

    name: str
    kind: str = Field(description="person, key, or local")
    role: RoleName
    may: list[str] = Field(description="What the role allows")
    tenant: str
    zone: str = Field(description="IANA zone in which dates without offset are read")
    profile: str = Field(description="The masking profile events are seen through where no other is asked for")
    profile_fixed: bool = Field(description="Whether they can't choose another")
    streams: list[str] = Field(description="The only streams they may read; empty: all")
    start: str = Field(serialization_alias="from", description="They see events from here on; empty: all")
    end: str = Field(serialization_alias="to", description="and up to the end of this; empty: all")


class RoleAnswer(BaseModel):
    """One role. `profile`: the masking profile of its accounts that name none; empty: any they ask for."""

    name: RoleName
    may: list[str]
    profile: str


class RolesAnswer(BaseModel):
    """What accounts can be given."""

    roles: list[RoleAnswer]
    profiles: list[str] = Field(description="Masking profiles")
    streams: list[str] = Field(description="Streams of this tenant")
