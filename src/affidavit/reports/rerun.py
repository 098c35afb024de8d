"""Rerun: an earlier report again, pinned as it was, byte for byte; or its addendum, which says what came since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from affidavit.commitment import parse_time
from affidavit.errors import InvalidRequest
from affidavit.query.tree import EVERYTHING, Query
from affidavit.reports.asked import Asked, Stretch
from affidavit.reports.library import Library
from affidavit.reports.result import Addendum, Result
from affidavit.reports.runner import Finished, Fixed, fresh, make, run_report


def again(log: Any, library: Library, earlier: Result, parameters: Mapping[str, Any] | None = None) -> Finished:
    """Run an earlier report again, at its moment and its sizes. The same definition and data give the same bytes.

    `parameters` are those the earlier result shows masked, in clear. Raises InvalidRequest where the report's
    definition has changed, or something else is asked than then.
    """
    fixed = fixed_as(earlier)
    asked = asked_as(earlier, parameters)
    _check(earlier, make(log, library, asked, fixed))
    return run_report(log, library, asked, fixed=fixed)


def addendum(
    log: Any,
    library: Library,
    earlier: Result,
    parameters: Mapping[str, Any] | None = None,
    within: Query = EVERYTHING,
) -> Finished:
    """The same report over the same period as the log stands now, with what is new or gone in its findings.

    Its tokens are the earlier run's, so that rows of both can be compared.
    """
    asked = replace(asked_as(earlier, parameters), within=within)
    before = make(log, library, asked, fixed_as(earlier))
    _check(earlier, before)

    def finish(result: Result) -> Result:
        return msgspec.structs.replace(result, addendum=compared(before, result))

    return run_report(log, library, asked, fixed=fresh(asked, scope=earlier.run.id), finish=finish)


def fixed_as(earlier: Result) -> Fixed:
    """What fixes a run as an earlier one was."""
    sizes = {one.stream: one.size for one in earlier.logs}
    return Fixed(earlier.run.id, parse_time(earlier.run.at), earlier.run.by, sizes)


def asked_as(earlier: Result, parameters: Mapping[str, Any] | None = None) -> Asked:
    """What an earlier run was asked for, as far as its result tells."""
    known = {**earlier.run.parameters, **(parameters or {})}
    return Asked(
        earlier.report.id,
        zone=earlier.run.zone,
        profile=earlier.run.profile,
        parameters={name: value for name, value in known.items() if value is not None},
        filter=earlier.run.filter,
        exact=Stretch(parse_time(earlier.period.start), parse_time(earlier.period.end)),
    )


def _check(earlier: Result, now: Result) -> None:
    if now.report.definition != earlier.report.definition:
        raise InvalidRequest(
            f"report {earlier.report.id}: its definition was {earlier.report.definition[:12]}…",
            f"It is {now.report.definition[:12]}… now, and would find other things: run it anew",
        )
    if now.run.query_sha256 != earlier.run.query_sha256:
        raise InvalidRequest(
            f"report {earlier.report.id}: its query is not what it was then",
            "Give the parameters that the earlier report shows masked, in clear",
        )


def compared(before: Result, now: Result) -> Addendum:
    """What a later run of the same report adds to an earlier one."""
    old, new = _rows(before), _rows(now)
    old_count, new_count = before.counts.selected, now.counts.selected
    return Addendum(
        of=before.run.id,
        at=before.run.at,
        entries_more=now.counts.entries - before.counts.entries,
        selected_more=new_count - old_count if isinstance(old_count, int) and isinstance(new_count, int) else None,
        new=tuple(sorted(new[key] for key in new.keys() - old.keys())),
        gone=tuple(sorted(old[key] for key in old.keys() - new.keys())),
    )


def _rows(result: Result) -> dict[tuple[Any, ...], str]:
    """Each row of each finding: by its cells, in words."""
    found = {}
    for finding in result.findings:
        for row in finding.table.rows:
            cells = "; ".join(
                f"{head.label}: {'' if cell is None else cell}"
                for head, cell in zip(finding.table.columns, row, strict=True)
            )
            found[finding.id, *row] = f"{finding.title}: {cells}"
    return found
