"""Events to measure with: a mix as applications send it, the same for the same seed, as JSON lines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

SEED: Final = 17
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
PER_EVENT: Final = timedelta(seconds=7)
PEOPLE: Final = 5_000
STAFF: Final = 400
NEEDLE: Final = "student:needle"
"""A subject that one event in NEEDLE_EVERY is about."""
NEEDLE_EVERY: Final = 100_003
COMMON: Final = "grade.read"
"""The action of about three events in ten."""

_ACTIONS: Final = (
    ("grade.read", 30),
    ("record.viewed", 22),
    ("login", 14),
    ("grade.updated", 9),
    ("file-download", 8),
    ("enrollment.created", 6),
    ("login.failed", 4),
    ("address.changed", 4),
    ("transcript.disclosed", 2),
    ("role.granted", 1),
)
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "NorthgateCampus/4.2 (Android 15)",
)
_ROLES: Final = (("teacher",), ("registrar", "staff"), ("advisor",), ("admin", "staff"))
_PURPOSES: Final = ("grading", "advising", "enrollment", "support")
_encode: Final = msgspec.json.Encoder().encode


def events(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """`count` events as decoded JSON, in order of time, a few late."""
    dice = random.Random(seed)
    names, weights = zip(*_ACTIONS, strict=True)
    chosen = iter(dice.choices(names, weights, k=count))
    at = BEGIN
    for number, action in enumerate(chosen):
        at += PER_EVENT
        late = timedelta(minutes=dice.randrange(30)) if not number % 50 else timedelta()
        yield _event(dice, number, action, at - late)


def _event(dice: random.Random, number: int, action: str, at: datetime) -> dict[str, Any]:
    person = dice.randrange(PEOPLE)
    staff = dice.randrange(STAFF)
    subject = NEEDLE if number % NEEDLE_EVERY == NEEDLE_EVERY // 2 else f"student:s{person:05d}"
    event: dict[str, Any] = {
        "id": str(UUID(int=dice.getrandbits(128) & ~(0xF << 76) & ~(3 << 62) | 4 << 76 | 2 << 62)),
        "action": action,
        "at": at.isoformat(),
        "actor": {"id": f"u{staff}", "type": "user", "roles": _ROLES[staff % len(_ROLES)]},
        "source": {
            "ip": f"10.{staff % 7}.{staff // 7}.{person % 251}",
            "user_agent": _AGENTS[staff % len(_AGENTS)],
            "request_id": f"{dice.getrandbits(64):016x}",
        },
        "resource": f"enrollment:{person * 3 + number % 3}",
        "subject": subject,
        "basis": {"purpose": _PURPOSES[person % len(_PURPOSES)], "lawful_basis": "contract"},
    }
    if action == "login.failed":
        event["outcome"] = "failure"
        event["status_detail"] = "wrong password"
    elif action in ("grade.updated", "address.changed"):
        event["change"] = {"before": {"value": f"B{person % 9}", "version": number % 5}, "after": {"value": "A"}}
    elif action == "transcript.disclosed":
        event["disclosure"] = {"recipient": {"name": "Lakeshore State University", "type": "university"}}
        event["details"] = {"pages": person % 12, "sealed": True, "channel": "portal"}
    return event


def lines(count: int, seed: int = SEED) -> list[bytes]:
    """The same as JSON lines, in memory."""
    return [_encode(event) for event in events(count, seed)]


def write_lines(path: Path, count: int, seed: int = SEED) -> int:
    """The same into a file; its bytes."""
    found = iter(events(count, seed))
    with path.open("wb") as out:
        while part := list(islice(found, 10_000)):
            out.write(b"".join(_encode(event) + b"\n" for event in part))
        return out.tell()
