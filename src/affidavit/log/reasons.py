"""Reasons: what whoever asks to see values in clear must give, and how a refusal of that is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from affidavit.errors import AffidavitError, Forbidden, InvalidRequest, NotFound
from affidavit.event import Basis, Event, Outcome

if TYPE_CHECKING:
    from affidavit.log.audit_log import AuditLog

REASON_CHARS_MIN: Final = 8
REASON_BYTES_MAX: Final = 4096
DETAIL_CHARS_MAX: Final = 500


class InvalidReason(InvalidRequest):
    """A reason that says too little, or can't be recorded."""

    field: Final = "reason"


def check_reason(reason: str, *, needed: bool = True) -> None:
    """Raises InvalidReason for one of under REASON_CHARS_MIN characters, where it is needed, and for no proper text."""
    if needed and len(reason.strip()) < REASON_CHARS_MIN:
        raise InvalidReason("reason: it says too little", f"Say why, in at least {REASON_CHARS_MIN} characters")
    try:
        sound = len(reason.encode()) <= REASON_BYTES_MAX and "\x00" not in reason
    except UnicodeEncodeError:
        sound = False
    if not sound:
        raise InvalidReason("reason: too long, or no proper text", f"At most {REASON_BYTES_MAX} bytes without NUL")


@contextmanager
def refusals_recorded(log: AuditLog, action: str, own: Mapping[str, str], reason: str = "") -> Iterator[None]:
    """Record what the block refuses (Forbidden, InvalidRequest, NotFound) as `action`, with `own` as it then is.

    Best effort: the refusal stands even where it can't be recorded.
    """
    try:
        yield
    except (Forbidden, InvalidRequest, NotFound) as error:
        outcome: Outcome = "failure" if isinstance(error, NotFound) else "denied"
        why = None if isinstance(error, InvalidReason) or not reason else Basis(justification=reason)
        detail = error.message[:DETAIL_CHARS_MAX].replace("\x00", "")
        event = Event(action=action, outcome=outcome, status_detail=detail, basis=why)
        try:
            log.record_own(action, dict(own), event=event)
        except AffidavitError as second:
            error.add_note(f"And it could not be recorded: {second}")
        raise
