"""Shown: one event as one reader sees it, with the proof that it is in the log. Every look is an event itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from affidavit.commitment import format_time, parse_entry
from affidavit.errors import NotFound
from affidavit.export.mask import KEEP, Masker
from affidavit.export.view import View
from affidavit.log.proofs import prove
from affidavit.paths import NULL, STRING

VIEWED: Final = "record.viewed"


@dataclass(frozen=True, slots=True)
class ShownField:
    """One field: its cell, its tag (`s` text, `j` JSON, `n` null), and the mask between; `mask` is "" for none."""

    path: str
    tag: str
    value: str | None
    mask: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One event. `proof` is as `log.proofs.prove` gives it; None for a reader whose profile masks times, action or
    outcome: the entry in a proof shows them.
    """

    stream: str
    index: int
    fields: list[ShownField]
    proof: dict[str, Any] | None


def show(log: Any, view: View, stream: str, index: int) -> Shown:
    """The event at an index. Recorded as `record.viewed` before it is given out. Raises NotFound.

    A masked field that is there shows as its mask has it, and that it is there.
    """
    if stream not in view.spec.streams:
        raise NotFound(f"no stream {stream[:80]!r} for this reader", f"Streams: {', '.join(view.spec.streams)}")
    masker = view.masker()
    bare = not masker.profile.masks_entries
    opened = log.opened(stream, index)
    entry = parse_entry(opened.entry)
    public = (("at", format_time(entry.at_us)), ("action", entry.action), ("outcome", entry.outcome))
    row: dict[str, str | None] = dict(zip(opened.paths, opened.values, strict=True))
    row |= dict(public)
    fields = [_field(masker, path, STRING, value, row) for path, value in (*public, ("t", format_time(entry.t_us)))]
    found = zip(opened.paths, opened.tags, opened.values, strict=True)
    fields += [_field(masker, path, tag, value, row) for path, tag, value in found]
    proof = prove(log, stream, index) if bare else None
    own = {
        "log.stream": stream,
        "log.index": str(index),
        "query.profile": view.profile.name,
        "query.view": view.scope,
    }
    log.record_own(VIEWED, own)
    return Shown(stream, index, fields, proof)


def _field(masker: Masker, path: str, tag: str, value: str | None, row: dict[str, str | None]) -> ShownField:
    mask = masker.mask_of(path)
    if mask.name == KEEP:
        return ShownField(path, tag, value, "")
    return ShownField(path, tag, None if tag == NULL else mask.cell(value, tag, row), mask.name)
