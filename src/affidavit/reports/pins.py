"""Pins: the sizes a report is pinned to, present or of an earlier run, and what is checked of their proof."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from affidavit.errors import AffidavitError, NotFound
from affidavit.log.checkpoints import Pin
from affidavit.log.registry import CONTROL, LogInfo
from affidavit.log.schema import checkpoints
from affidavit.reports.result import PinnedLog, Verdict
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.note import VerifierKey

PASS: Final = "PASS"  # noqa: S105  a verdict
FAIL: Final = "FAIL"
NOT_CHECKED: Final = "NOT CHECKED"


def pinned(log: Any, streams: Sequence[str], earlier: Mapping[str, int] | None = None) -> list[Pin]:
    """The logs of `streams`, and of `control`, at their present size, or at that of an earlier run by stream.

    Raises NotFound where the checkpoint of an earlier size is not kept.
    """
    wanted = [*streams, *([] if CONTROL in streams else [CONTROL])]
    if earlier is None:
        return [log.pin(stream) for stream in wanted]
    return [_at(log, stream, earlier.get(stream, -1)) for stream in wanted]


def _at(log: Any, stream: str, size: int) -> Pin:
    info: LogInfo = log.tenant.log(stream)
    with log.database.read() as connection:
        note = connection.execute(
            select(checkpoints.c.note).where(checkpoints.c.log_id == info.id, checkpoints.c.size == size)
        ).scalar()
    if note is None:
        raise NotFound(f"stream {stream} has no checkpoint of size {size}", "Only sizes once pinned can be run again")
    found = open_checkpoint(bytes(note), info.origin, _keys(info)).checkpoint
    return Pin(info.id, info.origin, info.stream, found.size, found.root, bytes(note))


def shown(pins: Sequence[Pin]) -> tuple[PinnedLog, ...]:
    """The pins as a report names them."""
    return tuple(
        PinnedLog(stream=pin.stream, origin=pin.origin, size=pin.size, root=base64.b64encode(pin.root).decode())
        for pin in pins
    )


def checked(log: Any, pins: Sequence[Pin]) -> tuple[Verdict, ...]:
    """What one run checks by itself: signatures of the checkpoints, and their roots against the stored trees."""
    signed, rooted = [], []
    for pin in pins:
        info: LogInfo = log.tenant.log(pin.origin)
        try:
            open_checkpoint(pin.note, pin.origin, _keys(info))
        except AffidavitError as error:
            signed.append(f"{pin.stream}: {error.message}")
        try:
            if pin.size and log.subtree_hash(pin)(0, pin.size) != pin.root:
                rooted.append(f"{pin.stream}: the stored tree has another root")
        except AffidavitError as error:
            rooted.append(f"{pin.stream}: {error.message}")
    names = ", ".join(f"{pin.stream} at {pin.size:,}" for pin in pins)
    return (
        _verdict("SIGNED", signed, f"The checkpoints are signed by their logs' keys: {names}"),
        _verdict("ROOTED", rooted, "The stored trees have the roots that were signed"),
        Verdict(
            name="RECORDS",
            status=NOT_CHECKED,
            detail="Single records were not hashed again in this run. Ask for the evidence: its verifier does",
        ),
    )


def _verdict(name: str, problems: list[str], good: str) -> Verdict:
    return Verdict(name=name, status=FAIL if problems else PASS, detail="; ".join(problems) or good)


def _keys(info: LogInfo) -> list[VerifierKey]:
    return [VerifierKey.parse(key.vkey) for key in info.keys]
