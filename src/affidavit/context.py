"""Who is acting: the request context that fills an event's actor, address and request id.

Context variables follow async tasks and `contextvars.copy_context()`; a thread started by hand begins empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from affidavit.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the request in progress; empty strings are unknown."""

    actor: str = ""
    actor_type: str = ""
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""


_EMPTY = Context()
_current: ContextVar[Context] = ContextVar("affidavit_context", default=_EMPTY)


def current() -> Context:
    """The context in force here."""
    return _current.get()


@contextmanager
def acting(**known: str) -> Iterator[Context]:
    """Within the block, events without an actor, address or request id get these.

    >>> with acting(actor="u1", ip="10.0.0.1") as context:
    ...     context.actor
    'u1'
    """
    try:
        context = replace(_current.get(), **known)
    except TypeError:
        unknown = sorted(set(known) - set(Context.__dataclass_fields__))
        raise InvalidRequest(
            f"unknown context key {unknown[0]!r}", f"Allowed: {', '.join(Context.__dataclass_fields__)}"
        ) from None
    for key, kind in zip(known, map(type, known.values()), strict=True):
        if not issubclass(kind, str):
            raise InvalidRequest(f"context key {key}: {kind.__name__} given", "Give text; empty is unknown")
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
