"""Page: a result as blocks in their order, for every format that people read. Findings come first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from affidavit.commitment import parse_time
from affidavit.query.tree import TIME_RE
from affidavit.reports.asked import moment
from affidavit.reports.result import EXCEPTION, Cell, Chart, Finding, Head, Number, Result, Section, Table

NOT_COMPLIANT: Final = (
    "A status says what the log evidences: evidence present, exception, not evidenced, not applicable. None says that "
    "a law is kept."
)
OWN: Final = "own only"
MASKED: Final = "Masked values are not anonymous: the operator can still open them."


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a page: a heading with words, a table and a chart below, where it has them."""

    id: str
    title: str
    words: tuple[str, ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    status: str = ""
    severity: str = ""
    level: int = field(default=2)


def blocks(result: Result) -> list[Block]:
    """The whole report, block by block."""
    found = [_overview(result)]
    if result.addendum is not None:
        found.append(_addendum(result))
    found += [_finding(one) for one in result.findings if one.status == EXCEPTION]
    found.append(_controls(result))
    found += [_section(one) for one in result.sections]
    found += _coverage(result)
    found.append(_proof(result))
    if result.references:
        found.append(_references(result))
    found.append(Block("notes", "How to read this", (NOT_COMPLIANT, MASKED, *result.report.notes)))
    return found


def facts(result: Result) -> list[tuple[str, str]]:
    """What every report opens with."""
    run, about, counts = result.run, result.report, result.counts
    inside, selected = number(counts.in_period), number(counts.selected)
    logs = ", ".join(f"{one.stream} at {one.size:,} entries" for one in result.logs)
    parameters = ", ".join(f"{name} {value}" for name, value in run.parameters.items() if value is not None)
    verdicts = "; ".join(f"{one.name} {one.status}" for one in result.proof)
    found = [
        ("Period", result.period.shown),
        ("Time zone", run.zone),
        ("Query", run.query_text or "see the JSON"),
        ("SHA-256 of query", run.query_sha256),
    ]
    if run.filter:
        found.append(("Narrowed by", f"{run.filter}: what this leaves out was not looked at"))
    if parameters:
        found.append(("Parameters", parameters))
    return [
        *found,
        ("Sources", ", ".join(one.source for one in result.coverage.sources[:20]) or "none"),
        ("Coverage", result.coverage.statement),
        ("Events", f"{inside} in the period, {selected} selected, of {counts.entries:,} entries"),
        ("Masking", f"profile {run.profile}, {number(counts.masked)} values masked"),
        ("Pinned to", logs),
        ("Proof", verdicts),
        ("Edition", f"{about.framework}: {about.edition}"),
        ("SHA-256 of definition", about.definition),
        ("Run", f"{run.id} by {run.by} at {shown_time(run.at, run.zone)}, Affidavit {run.version}"),
        ("Keep", f"{about.retention} ({about.retention_basis})"),
    ]


def shown_time(text: str, zone: str) -> str:
    """A time of the log in the run's zone; one shown masked stays as it is."""
    if not TIME_RE.match(text):
        return text
    at = moment(parse_time(text)).replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    return at.isoformat(" ", "seconds")


def number(count: Number) -> str:
    """A count in words: "2,900", "<11"."""
    return count if isinstance(count, str) else f"{count:,}"


def table(heads: list[str], rows: list[tuple[Cell, ...]], total: int | None = None) -> Table:
    """A table of our own, with nothing masked."""
    columns = tuple(Head(name=label.lower(), label=label, type="text") for label in heads)
    return Table(columns=columns, rows=tuple(rows), total=len(rows) if total is None else total)


def _overview(result: Result) -> Block:
    rows: list[tuple[Cell, ...]] = [
        (one.title, one.status, one.severity, one.reason, one.citation, one.basis) for one in result.findings
    ]
    exceptions = sum(one.status == EXCEPTION for one in result.findings)
    words = f"{exceptions} of {len(result.findings)} rules found exceptions."
    heads = ["Rule", "Status", "Severity", "Why", "Provision", "Basis"]
    return Block("findings", "Findings", (words, NOT_COMPLIANT), table(heads, rows))


def _addendum(result: Result) -> Block:
    added = result.addendum
    if added is None:
        raise ValueError("no addendum")
    more = "a number not shown of" if added.selected_more is None else f"{added.selected_more:,}"
    words = (
        f"This adds to run {added.of} of {shown_time(added.at, result.run.zone)}: {added.entries_more:,} entries and "
        f"{more} selected events more; {len(added.new):,} rows of findings new, "
        f"{len(added.gone):,} gone."
    )
    rows: list[tuple[Cell, ...]] = [("new", one) for one in added.new]
    rows += [("gone", one) for one in added.gone]
    return Block("addendum", "Addendum", (words,), table(["Change", "Row"], rows) if rows else None)


def _finding(finding: Finding) -> Block:
    words = [f"{finding.citation} ({finding.basis}). {finding.reason}.", f"What to do: {finding.remedy}"]
    if finding.note:
        words.append(finding.note)
    return Block(
        f"finding-{finding.id}",
        finding.title,
        tuple(words),
        finding.table,
        status=finding.status,
        severity=finding.severity,
        level=3,
    )


def _controls(result: Result) -> Block:
    rows: list[tuple[Cell, ...]] = [(one.citation, one.title, one.status, one.reason) for one in result.controls]
    note = (
        "Titles are our own words. Whether a provision's text was read or taken from elsewhere is in the JSON (source)."
    )
    return Block("controls", "Provisions", (note,), table(["Provision", "What it asks", "Status", "Why"], rows))


def _section(section: Section) -> Block:
    words = [text for text in (section.note, section.empty) if text]
    shown = section.table if section.table.rows else None
    return Block(f"section-{section.id}", section.title, tuple(words), shown, section.chart)


def _coverage(result: Result) -> list[Block]:
    covered, zone = result.coverage, result.run.zone
    sources: list[tuple[Cell, ...]] = [
        (one.source, one.events, shown_time(one.first, zone), shown_time(one.last, zone), one.gaps, one.longest_hours)
        for one in covered.sources
    ]
    gaps: list[tuple[Cell, ...]] = [
        (one.source, shown_time(one.start, zone), shown_time(one.end, zone), one.hours) for one in covered.gaps
    ]
    heads = ["Source", "Events", "First", "Last", "Gaps", "Longest, hours"]
    found = [
        Block("coverage", "Coverage", (covered.statement, covered.rule), table(heads, sources) if sources else None)
    ]
    if gaps:
        heads = ["Source", "Silent from", "to", "Hours"]
        total = covered.gaps_total if isinstance(covered.gaps_total, int) else None
        found.append(Block("gaps", "Gaps", (), table(heads, gaps, total), level=3))
    return found


def _proof(result: Result) -> Block:
    rows: list[tuple[Cell, ...]] = [(one.name, one.status, one.detail) for one in result.proof]
    return Block("proof", "Proof of the log", (), table(["Check", "Verdict", "Detail"], rows))


def _references(result: Result) -> Block:
    rows: list[tuple[Cell, ...]] = [
        (
            one.name.replace("_", " "),
            one.version or "none loaded",
            one.rows,
            shown_time(one.loaded, result.run.zone) if one.loaded else "",
        )
        for one in result.references
    ]
    return Block("references", "Reference data", (), table(["Table", "Version", "Rows", "Loaded"], rows))


def hatched(head: Head) -> bool:
    """Whether a column's cells are drawn as masked. One's own values are there as recorded, and others' not at all."""
    return head.mask not in {"", OWN}


def cut(shown: int, total: int, where: str) -> str:
    """What is said below a table that does not show all its rows; empty where it does."""
    if shown >= total:
        return ""
    return f"The first {shown:,} of {total:,} rows. {where}"
