"""Report: what a report is, as data. Frameworks, controls and reports are read from TOML (docs/how-to/reports.md).

Pure: structs and their checks. A report's SQL runs over the table `events` and over registers and reference data,
in an engine that reads nothing else.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, Literal, get_args

import msgspec

from affidavit.errors import InvalidRequest
from affidavit.paths import CLASSES, STRING, DeclaredFields, Path, lookup
from affidavit.query.tree import DETAILS_RE
from affidavit.ready import ready

Severity = Literal["low", "medium", "high", "critical"]
Basis = Literal["required", "practice"]
"""Whether the provision's text asks for what a finding checks, or good practice does."""
Source = Literal["text", "secondary", "general"]
"""How a control's content was verified: the rule's text was read, a secondary source was, or general knowledge."""
Kind = Literal["text", "list", "time", "date", "number", "count", "boolean"]
ChartKind = Literal["bars", "line", "heat"]
Axis = Literal["", "hours", "weekdays"]
"""Values an axis has always, so that what nothing happened at is seen too; "" is those that occur."""
ParameterType = Literal["text", "integer", "number", "date", "choice"]
Register = Literal["requests", "incidents", "logs"]
Reference = Literal["people", "relations", "sensitive_subjects", "calendars", "systems"]

ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "severity": get_args(Severity),
    "basis": get_args(Basis),
    "source": get_args(Source),
    "kind": get_args(ChartKind),
    "x_axis": get_args(Axis),
    "by_axis": get_args(Axis),
    "registers": get_args(Register),
    "references": get_args(Reference),
    "needs": get_args(Reference),
    "class": CLASSES,
}
"""What a key may hold, for messages. `type` depends on where it stands."""
TYPES: Final = {"columns": get_args(Kind), "parameters": get_args(ParameterType)}
HISTORY_ALL: Final = -1
RESERVED: Final = frozenset({"period_start", "period_end", "heard_until", "now", "zone", "gap"})
"""Parameters every SQL may name; no report can call its own so."""
NAME_RE: Final = r"[a-z][a-z0-9_]{0,63}\Z"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: frozen, strict."""


@ready
class Framework(_Part, frozen=True):
    """A body of rules, in the edition the reports were written against."""

    title: str
    edition: str
    note: str = ""


@ready
class Control(_Part, frozen=True):
    """One provision. `title` is our paraphrase. `applies` false, with its `reason`, makes it not applicable."""

    framework: str
    citation: str
    title: str
    source: Source
    valid_from: date | None = None
    applies: bool = True
    reason: str = ""


class Parameter(_Part, frozen=True):
    """What a reader can set. `path` is the field whose value it is; `least` and `most` bound numbers."""

    title: str
    type: ParameterType = "text"
    default: Any = None
    required: bool = False
    path: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


class Column(_Part, frozen=True, rename={"cls": "class"}):
    """One column. It is masked as the field `path`, or as any field of class `class`; counts by `small_cells`.

    Text MUST have one of both. `hidden` columns are there for masks that need them and are never shown.
    """

    name: str
    label: str = ""
    type: Kind = "text"
    path: str = ""
    cls: str = ""
    hidden: bool = False

    def field(self, declared: DeclaredFields | None) -> Path | None:
        """The field it is masked as; None for numbers that no field's mask is for."""
        if self.path:
            return lookup(self.path, declared) or Path(self.path, STRING, "free")
        return Path(self.name, STRING, self.cls) if self.cls else None

    @property
    def shown(self) -> str:
        """Its label."""
        return self.label or self.name.replace("_", " ").capitalize()


class Chart(_Part, frozen=True):
    """A picture of a section's rows: `y` over `x`, one series for each value of `by`."""

    kind: ChartKind
    x: str
    y: str
    by: str = ""
    x_axis: Axis = ""
    by_axis: Axis = ""
    title: str = ""


class View(_Part, frozen=True):
    """A named intermediate result, made once and open to all later SQL of the report."""

    name: str
    sql: str


class Section(_Part, frozen=True):
    """A table. `needs` are reference data without which it says so and stays empty."""

    id: str
    title: str
    sql: str
    columns: tuple[Column, ...]
    note: str = ""
    empty: str = ""
    chart: Chart | None = None
    needs: tuple[Reference, ...] = ()


class Finding(_Part, frozen=True):
    """A rule. Each row of `sql` is one exception, with `refs` (or `ref`), the places of its events.

    `population` counts what was looked at: where it is 0 nothing is evidenced, which is never a pass.
    """

    id: str
    title: str
    severity: Severity
    control: str
    basis: Basis
    population: str
    sql: str
    columns: tuple[Column, ...]
    remedy: str
    looked_at: str = "events"
    citation: str = ""
    note: str = ""
    needs: tuple[Reference, ...] = ()


@ready
class Report(_Part, frozen=True):
    """One report.

    `query` selects its events in the period, by default the last `days` days; with `history_days` those before it are
    in `events` too (`in_period` is false), and HISTORY_ALL means all of them. `subject` is the parameter that names
    the person whom a report is about. `retention` is how long evidence is to be kept, `retention_basis` why.
    """

    title: str
    framework: str
    summary: str
    readers: tuple[str, ...]
    profile: str
    retention: str
    retention_basis: str
    controls: tuple[str, ...]
    fields: tuple[str, ...]
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    id: str = ""
    query: str = "*"
    streams: tuple[str, ...] = ("main",)
    days: int = 30
    history_days: int = 0
    subject: str = ""
    gap_hours: float = 24.0
    registers: tuple[Register, ...] = ()
    references: tuple[Reference, ...] = ()
    parameters: dict[str, Parameter] = {}
    views: tuple[View, ...] = ()
    notes: tuple[str, ...] = ()

    def check(self, where: str, controls: dict[str, Control], declared: DeclaredFields | None) -> None:
        """Check what the types don't say. Raises InvalidRequest naming file, key and what is allowed."""
        for path in self.fields:
            if not _is_field(path, declared):
                raise wrong(where, "fields", path, "Name paths of docs/reference/events.md, or declared fields")
        for name in self.controls:
            if name not in controls:
                raise wrong(where, "controls", name, f"Controls: {', '.join(sorted(controls))}")
        for name in self.parameters:
            if name in RESERVED or not re.match(NAME_RE, name):
                raise wrong(
                    where, "parameters", name, f"Lower-case words with _, and none of {', '.join(sorted(RESERVED))}"
                )
        if self.subject and self.subject not in self.parameters:
            raise wrong(where, "subject", self.subject, f"Parameters: {', '.join(self.parameters) or 'none'}")
        ids = [*(one.id for one in self.sections), *(one.id for one in self.findings)]
        for name in (*ids, *(one.name for one in self.views)):
            if not re.match(NAME_RE, name):
                raise wrong(where, "id or name", name, "A lower-case letter, then letters, digits and _, 64 at most")
        for twice in {one for one in ids if ids.count(one) > 1}:
            raise wrong(where, "id", twice, "Give each section and finding an id of its own")
        for section in self.sections:
            here = f"{where}, section {section.id}"
            _check_columns(here, section.columns, declared)
            self._check_needs(here, section.needs)
            _check_chart(here, section)
        for finding in self.findings:
            here = f"{where}, finding {finding.id}"
            _check_columns(here, finding.columns, declared)
            self._check_needs(here, finding.needs)
            if finding.control not in self.controls:
                raise wrong(here, "control", finding.control, f"The report's: {', '.join(self.controls)}")

    def _check_needs(self, where: str, needs: tuple[str, ...]) -> None:
        for name in needs:
            if name not in self.references:
                raise wrong(where, "needs", name, f"The report's references: {', '.join(self.references) or 'none'}")


def _is_field(path: str, declared: DeclaredFields | None) -> bool:
    return lookup(path, declared) is not None or DETAILS_RE.match(path) is not None


def _check_columns(where: str, columns: tuple[Column, ...], declared: DeclaredFields | None) -> None:
    for column in columns:
        here = f"{where}, column {column.name}"
        if column.path and not _is_field(column.path, declared):
            raise wrong(here, "path", column.path, "Name a path of docs/reference/events.md")
        if column.cls and column.cls not in CLASSES:
            raise wrong(here, "class", column.cls, f"Allowed: {', '.join(CLASSES)}")
        if column.type in {"text", "list"} and not column.path and not column.cls:
            raise InvalidRequest(f"{here}: text without path or class", "Say what it is, so that masks can find it")


def _check_chart(where: str, section: Section) -> None:
    if section.chart is None:
        return
    names = [column.name for column in section.columns]
    for key in ("x", "y", "by"):
        name = getattr(section.chart, key)
        if name and name not in names:
            raise wrong(f"{where}, chart", key, name, f"Columns: {', '.join(names)}")


def wrong(where: str, key: str, value: object, hint: str) -> InvalidRequest:
    """What is wrong in a catalogue's file."""
    return InvalidRequest(f"{where}: {key} = {str(value)[:120]!r}", hint)
