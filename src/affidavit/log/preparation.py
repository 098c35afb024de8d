"""Preparation: from what a caller gives to an event ready for sequencing. Runs outside every lock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from affidavit.commitment import SEED_BYTES
from affidavit.context import current
from affidavit.errors import Forbidden, InvalidEvent
from affidavit.event import Actor, Event, Source, convert_event
from affidavit.log.journal import Prepared, prepare
from affidavit.log.registry import MAIN, OWN_STREAMS, Tenant
from affidavit.paths import DeclaredFields
from affidavit.record import flatten


@dataclass(frozen=True, slots=True, repr=False)
class Recipe:
    """What preparing imported events needs, in this process or another. They get no request context: they are old."""

    log_id: int
    declared: DeclaredFields
    digest_key: bytes
    refuse_secrets: bool

    def prepare(self, event: Event, seed: bytes) -> Prepared:
        """The event ready for its stream. Raises InvalidEvent."""
        record = flatten(event, self.declared, refuse_secrets=self.refuse_secrets)
        return prepare(self.log_id, record, seed, self.digest_key)


class Preparation:
    """Prepares events of one tenant: request context, flattening, secrets, seed and commitments."""

    def __init__(self, tenant: Tenant, declared: DeclaredFields, digest_key: bytes, secrets: str) -> None:
        self._tenant = tenant
        self._declared = declared
        self._digest_key = digest_key
        self._refuse_secrets = secrets == "refuse"

    def __call__(self, event: Event, stream: str, own: dict[str, str] | None = None, *, seed: bytes = b"") -> Prepared:
        """The event ready for a stream. `own` adds fields of own groups; `seed`: 32 fresh random bytes if given.

        Raises InvalidEvent, NotFound for the stream.
        """
        event, filled = _with_context(event)
        record = flatten(event, self._declared, own, refuse_secrets=self._refuse_secrets)
        return prepare(self._tenant.log(stream).id, record, seed or os.urandom(SEED_BYTES), self._digest_key, filled)


def check_stream(stream: str) -> None:
    """Raises Forbidden for streams that callers may not write."""
    if stream in OWN_STREAMS:
        raise Forbidden(f"stream {stream} is written by Affidavit alone", f"Use {MAIN} or a stream of a policy")


def to_event(action: str | Event | Mapping[str, Any], fields: dict[str, Any]) -> Event:
    """The checked event of an action's name, an Event or a mapping, with more fields. Raises InvalidEvent."""
    if isinstance(action, Event):
        return convert_event({**msgspec.structs.asdict(action), **fields} if fields else action)
    if isinstance(action, str):
        return convert_event({"action": action, **fields})
    if not isinstance(action, Mapping):
        raise InvalidEvent(f"an event is an action's name, an Event or a mapping, not {type(action).__name__}")
    return convert_event({**action, **fields})


_NOTHING: Final[frozenset[str]] = frozenset()


def _with_context(event: Event) -> tuple[Event, frozenset[str]]:
    """The event with what the request's context knows, and the paths that were filled in."""
    context = current()
    changes: dict[str, Any] = {}
    filled: list[str] = []
    if context.actor and event.actor is None:
        changes["actor"] = Actor(id=context.actor, type=context.actor_type or None)
        filled += ("actor.id", "actor.type")
    if context.ip or context.request_id or context.user_agent:
        source = event.source or Source()
        known = {"ip": context.ip, "user_agent": context.user_agent, "request_id": context.request_id}
        missing = {name: value for name, value in known.items() if value and getattr(source, name) is None}
        if missing:
            changes["source"] = msgspec.structs.replace(source, **missing)
            filled += (f"source.{name}" for name in missing)
    if not changes:
        return event, _NOTHING
    return msgspec.structs.replace(event, **changes), frozenset(filled)
