"""Principal: who asks, in which role, and the bounds of what they may see. Pure; opens no file, reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from affidavit.errors import Forbidden

Permission = Literal[
    "record",
    "search",
    "values",
    "export",
    "queries",
    "tiles",
    "state",
    "measure",
    "manage",
    "configuration",
    "configure",
    "reveal",
    "cases",
    "case_work",
    "reference",
]
Role = Literal["admin", "officer", "auditor", "developer", "viewer"]
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
ROLES: Final[dict[Role, frozenset[Permission]]] = {
    "admin": frozenset(PERMISSIONS),
    "officer": frozenset(
        {
            *("search", "values", "export", "queries", "tiles", "state", "configuration", "configure", "reveal"),
            *("cases", "case_work", "reference"),
        }
    ),
    "auditor": frozenset({"search", "export", "state", "configuration", "cases"}),
    "developer": frozenset({"record", "state", "measure", "configuration"}),
    "viewer": frozenset({"search", "state"}),
}
"""Whatever is not named here is refused."""
PROFILES: Final[dict[Role, str]] = {"auditor": "auditor", "viewer": "internal"}
"""The masking profile of a role whose principals bring none and may choose none."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `id` is what events name as actor; `kind` is how it is known.

    `profile`: the one masking profile they see events through; empty: any they ask for. `streams`: the only ones they
    may read; None: all. `start` and `end`: dates or times; the only events they may see happened from `start` to the
    end of `end`, in the tenant's zone. `since_us`: when their account was made, in microseconds; a name that ended can
    be taken anew, and what was made under it before is another's.
    """

    id: str
    role: Role
    tenant: str
    kind: str = "key"
    name: str = ""
    profile: str = ""
    streams: tuple[str, ...] | None = None
    start: str | None = None
    end: str | None = None
    since_us: int = 0

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in ROLES[self.role]

    @property
    def bound(self) -> bool:
        """Whether they may see only part of the log."""
        return self.streams is not None or self.start is not None or self.end is not None

    @property
    def own_profile(self) -> str:
        """The profile they can't lift; empty where they may choose."""
        return self.profile or PROFILES.get(self.role, "")

    def profile_for(self, asked: str, default: str) -> str:
        """The profile to show events through. Raises Forbidden where another is asked for than they may use."""
        own = self.own_profile
        if own and asked and asked != own:
            raise Forbidden(f"profile {asked[:40]!r} is not yours", f"You see events through profile {own}")
        return own or asked or default

    def sees_as(self, profile: str) -> bool:
        """Whether what was made under a profile, named without the configuration's part, is as they see events."""
        return not self.own_profile or self.own_profile == profile

    def reads(self, streams: tuple[str, ...]) -> bool:
        """Whether they may read all of these streams; without any it is not known what was read."""
        return self.streams is None or (bool(streams) and set(streams) <= set(self.streams))

    def made(self, by: str, at_us: int) -> bool:
        """Whether it was they who made something, and not one who had their name before."""
        return by == self.id and at_us >= self.since_us

    def streams_for(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """The streams to read. Raises Forbidden naming the first they may not."""
        for stream in asked:
            if self.streams is not None and stream not in self.streams:
                raise Forbidden(f"stream {stream[:40]!r} is not yours", f"You may read {', '.join(self.streams)}")
        return asked


LOCAL: Final = "local"


def local(tenant: str) -> Principal:
    """Whoever reaches a service without sign-in: everybody of this machine, with every permission."""
    return Principal("", "admin", tenant, LOCAL)
