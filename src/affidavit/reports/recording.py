"""Recording: every run of a report is an event, whatever came of it."""

from __future__ import annotations

from typing import Any, Final

from affidavit.errors import AffidavitError
from affidavit.event import Event
from affidavit.reports.asked import Asked
from affidavit.reports.result import FORMAT, Result

CREATED: Final = "report.created"
FAILED: Final = "report.failed"
ATTESTING: Final = "access"
REASON_CHARS_MAX: Final = 500


def record_created(log: Any, result: Result, digest: str) -> Any:
    """Record `report.created`, which commits to the result's JSON by its SHA-256. Gives the receipt."""
    own = {
        "run.id": result.run.id,
        "run.report": result.report.id,
        "run.definition": result.report.definition,
        "export.profile": result.run.profile,
        "export.zone": result.run.zone,
        "export.format": FORMAT,
        "export.streams": ",".join(result.run.streams),
        "export.sha256": digest,
        "export.query": result.run.query_text or result.run.query_sha256,
    }
    counts = {"export.rows": result.counts.selected, "export.masked": result.counts.masked}
    own |= {name: str(count) for name, count in counts.items() if isinstance(count, int)}  # hidden here, too
    return log.record_own(CREATED, own, stream=ATTESTING)


def record_failure(log: Any, asked: Asked, run_id: str, error: BaseException) -> None:
    """Record `report.failed`. Best effort: the error under way matters more."""
    reason = error.message if isinstance(error, AffidavitError) else type(error).__name__
    event = Event(action=FAILED, outcome="failure", status_detail=reason[:REASON_CHARS_MAX].replace("\x00", ""))
    profile = asked.profile if isinstance(asked.profile, str) else asked.profile.name
    own = {"run.id": run_id, "run.report": asked.report, "export.profile": profile, "export.zone": asked.zone}
    try:
        log.record_own(FAILED, own, stream=ATTESTING, event=event)
    except AffidavitError as second:
        error.add_note(f"And it could not be recorded: {second}")
