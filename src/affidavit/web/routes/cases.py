"""Cases over HTTP: subject requests and incidents, their steps and clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request

from affidavit.access.principal import Principal
from affidavit.cases.case_events import OPENINGS, STEPS
from affidavit.cases.caseload import Caseload, to_json
from affidavit.cases.deadlines import INCIDENT
from affidavit.cases.facts import FACTS, FREE
from affidavit.cases.incidents import DECISIONS, RISKS
from affidavit.cases.subject_requests import OUTCOMES
from affidavit.errors import Forbidden, InvalidField
from affidavit.event import Event, Resource
from affidavit.export.mask import KEEP, Masker
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import MAIN
from affidavit.paths import STRING
from affidavit.web.case_schemas import (
    CaseAnswer,
    CaseBody,
    CaseOptionsAnswer,
    CasesAnswer,
    RightAnswer,
    StepAnswer,
    StepBody,
)
from affidavit.web.problems import documented
from affidavit.web.who import CaseReader, CaseWorker, view_for, within
from affidavit.web.work import log_of, work_of

VIEWED: Final = "case.viewed"
CASES_SHOWN: Final = 100
CASES_MAX: Final = 1000
OFFSET_MAX: Final = 10_000_000
BARE: Final = (
    *("case.request_id", "case.incident_id"),
    *("case.received_at", "case.aware_at", "case.discovered_at", "case.closed_at", "case.due_at"),
)
"""What no case is shown without: its number, and the times that its clocks are counted from and would tell."""
_PROBLEMS: Final = documented(401, 403, 404, 422, 503)
_WRITING: Final = documented(400, 401, 403, 404, 413, 422, 503)

CaseId = Annotated[str, Path(max_length=64, examples=["REQ-2026-7K3M9Q2F"])]
Kind = Annotated[Literal["request", "incident"] | None, Query(description="Only these")]
State = Annotated[Literal["open", "verified", "paused", "closed"] | None, Query(description="Only those in this state")]

router = APIRouter(tags=["cases"])


@router.get("/api/v1/cases", responses=_PROBLEMS, summary="Cases, what is due first at the top")
async def list_cases(
    request: Request,
    kind: Kind = None,
    state: State = None,
    due: Annotated[bool, Query(description="Only those that are due soon or overdue")] = False,
    limit: Annotated[int, Query(ge=0, le=CASES_MAX)] = CASES_SHOWN,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX, description="So many are left out before")] = 0,
    who: Principal = CaseReader,
) -> CasesAnswer:
    """Read from the log's events; nothing else holds them. Recorded as `case.viewed`."""
    page = slice(offset, offset + limit)
    found, total = await work_of(request).query(_list, log_of(request), who, kind, state, due, page)
    return CasesAnswer(cases=[CaseAnswer(**one) for one in found], total=total)


@router.post("/api/v1/cases", status_code=201, responses=_WRITING, summary="Open a case")
async def open_case(request: Request, body: CaseBody, who: Principal = CaseWorker) -> CaseAnswer:
    """A subject request or an incident. Recorded as its first event; its clocks begin."""
    return CaseAnswer(**await work_of(request).query(_open, log_of(request), who, body))


@router.get("/api/v1/cases/{case_id}", responses=_PROBLEMS, summary="One case")
async def show_case(request: Request, case_id: CaseId, who: Principal = CaseReader) -> CaseAnswer:
    """With its clocks as they stand now, and its events. Recorded as `case.viewed`."""
    return CaseAnswer(**await work_of(request).query(_one, log_of(request), who, case_id))


@router.post("/api/v1/cases/{case_id}/{step}", responses=_WRITING, summary="Take a step of a case")
async def take_step(
    request: Request,
    case_id: CaseId,
    step: Annotated[str, Path(max_length=32, examples=["verified"])],
    body: StepBody,
    who: Principal = CaseWorker,
) -> CaseAnswer:
    """Refused, with the reason, where the case's state or law forbids it. Recorded as an event of the case."""
    return CaseAnswer(**await work_of(request).query(_step, log_of(request), who, case_id, step, body))


@router.get("/api/v1/case-options", responses=documented(401, 403, 503), summary="What cases can be")
async def case_options(request: Request, _who: Principal = CaseReader) -> CaseOptionsAnswer:
    """The rights of each law, the laws of incidents, and the steps with their facts."""
    return await work_of(request).glance(_options, log_of(request))


def _list(
    log: AuditLog, who: Principal, kind: str | None, state: str | None, due: bool, page: slice
) -> tuple[list[dict[str, Any]], int]:
    masker = _admitted(log, who)
    found = Caseload(log).listed(kind=kind, state=state, only_due=due, within=within(log, who))
    shown = [to_json(one, history=False) for one in found[page]]
    _viewed(log, "", len(shown))
    return _shown(masker, shown), len(found)


def _one(log: AuditLog, who: Principal, case_id: str) -> dict[str, Any]:
    masker = _admitted(log, who)
    load = Caseload(log)
    found = load.show(load.case(case_id, within=within(log, who)))
    _viewed(log, case_id, 1)
    return _shown(masker, [to_json(found)])[0]


def _open(log: AuditLog, who: Principal, body: CaseBody) -> dict[str, Any]:
    masker = _admitted(log, who)
    load = Caseload(log)
    made = load.open(body.kind, body.facts, id=body.id, at=_moment(body.at))
    return _shown(masker, [to_json(load.show(made))])[0]


def _step(log: AuditLog, who: Principal, case_id: str, step: str, body: StepBody) -> dict[str, Any]:
    masker = _admitted(log, who)
    load = Caseload(log)
    bounds = within(log, who)
    load.case(case_id, within=bounds)  # whoever may not see it can't change it either
    load.change(case_id, step, body.facts, at=_moment(body.at))
    # A step is taken on the whole case, whatever its taker may see: what answers is read again, within their bounds.
    return _shown(masker, [to_json(load.show(load.case(case_id, within=bounds)))])[0]


def _options(log: AuditLog) -> CaseOptionsAnswer:
    book = Caseload(log).book
    return CaseOptionsAnswer(
        rights=[
            RightAnswer(
                law=one.law,
                right=one.right,
                title=one.title,
                citation=one.citation,
                verify=one.verify,
                denial=list(one.denial),
            )
            for one in book.rights
        ],
        incident_laws=book.laws(INCIDENT),
        steps={
            kind: [
                StepAnswer(name=one.name, states=sorted(one.states), needs=list(one.needs), may=list(one.may))
                for one in steps.values()
                if one.name != OPENINGS[kind] or not one.states
            ]
            for kind, steps in STEPS.items()
        },
        facts={name: fact.words for name, fact in FACTS.items()},
        choices={"outcome": list(OUTCOMES), "risk": list(RISKS), "decision": list(DECISIONS), "notice": book.notices()},
    )


def _viewed(log: AuditLog, case_id: str, count: int) -> None:
    resource = Resource(type="case", id=case_id) if case_id else Resource(type="case")
    log.record_own(VIEWED, {"query.shown": str(count)}, event=Event(action=VIEWED, resource=resource))


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(f"at {text!r} is no time", "Write 2026-10-01T12:00:00+02:00", field="at") from None


def _admitted(log: AuditLog, who: Principal) -> Masker | None:
    """What masks cases for this principal; None for who sees them in clear. Raises Forbidden."""
    who.streams_for((MAIN,))
    if not who.own_profile:
        return None
    masker = view_for(log, who).masker()
    masked = next((path for path in BARE if masker.mask_of(path).name != KEEP), "")
    if masker.profile.masks_entries:
        masked = "the times, actions or outcomes of events"
    if masked:
        raise Forbidden(
            f"profile {masker.profile.name} masks {masked}, and no case can be shown without",
            "Ask an admin for another profile",
        )
    return masker


def _shown(masker: Masker | None, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cases as this principal sees them: who can't lift their profile sees facts through its masks."""
    if masker is None:
        return cases
    masks: dict[str, Any] = {}

    def mask(path: str, value: str) -> str | None:
        if path not in masks:
            masks[path] = masker.mask_of(path)
        shown: str | None = masks[path].column(pa.array([value], pa.string()), STRING).to_pylist()[0]
        return shown

    for case in cases:
        for name, value in case["facts"].items():
            path = FACTS[name].path if name in FACTS else FREE
            case["facts"][name] = mask(path, value) if path else value
        for event in case.get("events", ()):
            event["actor"] = mask("actor.id", event["actor"]) if event["actor"] else event["actor"]
        case["problems"] = [mask(FREE, one) or "" for one in case["problems"]]
    return cases
