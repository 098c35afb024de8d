"""Unmask: fields of one event in clear, for a stated reason. Recorded before anything is told, refusals too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from affidavit.commitment import parse_entry
from affidavit.errors import InvalidRequest, NotFound
from affidavit.event import Basis, Event
from affidavit.export.shown import ShownField
from affidavit.log.reasons import check_reason, refusals_recorded
from affidavit.paths import PATH_BYTES_MAX, PATH_RE, STRING

UNMASKED: Final = "record.unmasked"
FIELDS_MAX: Final = 64


def unmask(log: Any, stream: str, index: int, reason: str, fields: Sequence[str] = ()) -> list[ShownField]:
    """The fields of the event at an index as they were recorded: those named by path, or all.

    Recorded as `record.unmasked` on `access`, with the reason. Raises InvalidRequest for a reason that says too little,
    NotFound for an index or a field that is not there; that it was asked is recorded all the same.
    """
    own = {"log.stream": stream, "log.index": str(index)}
    with refusals_recorded(log, UNMASKED, own, reason):
        check_reason(reason)
        _check_fields(fields)
        if fields:
            own["query.fields"] = ",".join(dict.fromkeys(fields))
        found = _fields(log, stream, index)
        missing = [path for path in fields if path not in {one.path for one in found}]
        if missing:
            raise NotFound(f"the event has no field {missing[0]}", "Look at it first: its fields are listed")
    log.record_own(UNMASKED, own, event=Event(action=UNMASKED, basis=Basis(justification=reason)))
    return [one for one in found if not fields or one.path in fields]


def _check_fields(fields: Sequence[str]) -> None:
    if len(fields) > FIELDS_MAX:
        raise InvalidRequest(f"{len(fields)} fields, at most {FIELDS_MAX}", "Name none for all of them")
    for path in fields:
        if len(path) > PATH_BYTES_MAX or not PATH_RE.match(path):
            raise InvalidRequest(f"{path[:80]!r} is no path of a field", "Write actor.name")


def _fields(log: Any, stream: str, index: int) -> list[ShownField]:
    opened = log.opened(stream, index)
    entry = parse_entry(opened.entry)
    public = (("action", entry.action), ("outcome", entry.outcome))
    found = zip(opened.paths, opened.tags, opened.values, strict=True)
    return [
        *(ShownField(path, STRING, value, "") for path, value in public),
        *(ShownField(path, tag, value, "") for path, tag, value in found),
    ]
