"""Findings: how rules and controls come out. No data is not a pass, and nothing is ever said to keep a law. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from affidavit.reports import report as model
from affidavit.reports.result import (
    EXCEPTION,
    NOT_APPLICABLE,
    NOT_EVIDENCED,
    PRESENT,
    Control,
    Finding,
    Head,
    Number,
    Reference,
    Status,
    Table,
)

SEVERITIES: Final = ("critical", "high", "medium", "low")
_ORDER: Final = (EXCEPTION, NOT_EVIDENCED, PRESENT, NOT_APPLICABLE)


def missing(needs: Sequence[str], references: Sequence[Reference]) -> str:
    """The reference data that is needed and not loaded, in words; empty where all is there."""
    loaded = {one.name for one in references if one.version}
    lacking = [name.replace("_", " ") for name in needs if name not in loaded]
    return f"no {', no '.join(lacking)} loaded" if lacking else ""


def status_of(
    rows: int, population: int, looked_at: str, *, control: model.Control, count: Callable[[int], str]
) -> tuple[Status, str]:
    """How a rule came out, and why, with numbers as `count` shows them.

    A rule that found nothing because nothing was there evidences nothing.
    """
    if not control.applies:
        return NOT_APPLICABLE, control.reason or "declared not applicable"
    if rows:
        return (
            EXCEPTION,
            f"{count(rows)} of {count(population)} {looked_at}" if population >= rows else f"{count(rows)} found",
        )
    if not population:
        return NOT_EVIDENCED, f"no {looked_at} in the period"
    return PRESENT, f"{count(population)} {looked_at} looked at, none found"


def unevidenced(rule: model.Finding, control: model.Control, reason: str) -> Finding:
    """A rule that could not be looked into."""
    status: Status = NOT_EVIDENCED
    if not control.applies:
        status, reason = NOT_APPLICABLE, control.reason or "declared not applicable"
    heads = tuple(Head(name=one.name, label=one.shown, type=one.type) for one in rule.columns if not one.hidden)
    return found(rule, control, status, reason, 0, Table(columns=heads, rows=(), total=0))


def found(
    rule: model.Finding, control: model.Control, status: Status, reason: str, population: int | str, table: Table
) -> Finding:
    """A rule as it came out."""
    return Finding(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        control=rule.control,
        citation=rule.citation or control.citation,
        basis=rule.basis,
        status=status,
        reason=reason,
        population=population,
        looked_at=rule.looked_at,
        remedy=rule.remedy,
        note=rule.note,
        table=table,
    )


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Exceptions first, the severest at the head; then what is not evidenced."""
    return tuple(sorted(findings, key=lambda one: (_ORDER.index(one.status), SEVERITIES.index(one.severity))))


def controls_of(
    names: Sequence[str], controls: Mapping[str, model.Control], findings: Sequence[Finding], selected: Number
) -> tuple[Control, ...]:
    """How each control stands: an exception where a rule has one, else not evidenced where any rule is not."""
    found = []
    for name in names:
        control = controls[name]
        status, reason = _control(control, [one for one in findings if one.control == name], selected)
        found.append(
            Control(
                id=name,
                citation=control.citation,
                title=control.title,
                source=control.source,
                status=status,
                reason=reason,
            )
        )
    return tuple(found)


def _control(control: model.Control, rules: Sequence[Finding], selected: Number) -> tuple[Status, str]:
    if not control.applies:
        return NOT_APPLICABLE, control.reason or "declared not applicable"
    if not rules:
        if selected:
            shown = selected if isinstance(selected, str) else f"{selected:,}"
            return PRESENT, f"{shown} events, and no rule looks into them here"
        return NOT_EVIDENCED, "no events in the period"
    broken = [one for one in rules if one.status == EXCEPTION]
    if broken:
        return EXCEPTION, "; ".join(f"{one.title}: {one.reason}" for one in broken)
    open_rules = [one for one in rules if one.status == NOT_EVIDENCED]
    if open_rules:
        return NOT_EVIDENCED, "; ".join(f"{one.title}: {one.reason}" for one in open_rules)
    return PRESENT, "; ".join(f"{one.title}: {one.reason}" for one in rules)
