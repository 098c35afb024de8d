"""Run a report: pin, select, count, judge; and leave an event of it, whatever came of it.

A run is fixed by its id, its moment, its pins and what was asked. The same four give the same result, byte for byte:
that is how an earlier report is run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Any, Final

import msgspec
import pyarrow as pa

from affidavit.commitment import format_time
from affidavit.context import current
from affidavit.errors import InvalidQuery, InvalidRequest
from affidavit.event import new_id
from affidavit.export.configured import configured_profile
from affidavit.export.mask import Masker
from affidavit.export.spec import Column, ExportSpec
from affidavit.export.zones import ZoneTable
from affidavit.log.checkpoints import Pin
from affidavit.log.registry import CONTROL
from affidavit.log.saved_queries import read_query
from affidavit.log.vault import SqlVault
from affidavit.masking.overrides import base_name
from affidavit.paths import lookup
from affidavit.query.rendering import to_text
from affidavit.query.tree import EVERYTHING, Query, eq, to_json
from affidavit.reports import findings as verdicts
from affidavit.reports import pins as proof
from affidavit.reports import report as model
from affidavit.reports.asked import Asked, Stretch, check_years, flat, moment, selection, stretch, times, values_of
from affidavit.reports.cells import Shower
from affidavit.reports.charts import chart
from affidavit.reports.coverage import SOURCE_PATHS, coverage
from affidavit.reports.library import Library
from affidavit.reports.recording import record_created, record_failure
from affidavit.reports.result import (
    FORMAT,
    About,
    Counts,
    Finding,
    Head,
    Period,
    Reference,
    Result,
    Run,
    Section,
    Table,
    encode,
)
from affidavit.reports.sources import add_references, add_registers
from affidavit.reports.workbench import Rows, Workbench
from affidavit.version import VERSION

ROWS_MAX: Final = 50_000
"""Rows of one section or finding that are carried; the number of all is always told."""
SUBJECT: Final = "subject"
HIDDEN: Final = "Single rows are not shown under this profile: it shows counts, and hides small ones."
NOBODY: Final = "nobody"
LONG_AGO: Final = ("1970-01-01", "1970-12-31")
"""A whole year, which every profile can be asked for."""
PUBLIC_COLUMNS: Final = ("at", "action", "outcome")
_DROPPED: Final = "events.dropped"
_TREND: Final = """
SELECT strftime(local_at, CASE WHEN $period_end - $period_start > INTERVAL 120 DAY THEN '%Y-%m' ELSE '%Y-%m-%d' END)
         AS day, outcome, count(*) AS events
FROM events WHERE in_period GROUP BY ALL ORDER BY day, outcome
"""
_TREND_SECTION: Final = model.Section(
    id="trend",
    title="Trend",
    note="The report's events by day (by month in periods over 120 days) and outcome.",
    sql=_TREND,
    columns=(
        model.Column(name="day", label="Day", cls="none"),
        model.Column(name="outcome", label="Outcome", path="outcome"),
        model.Column(name="events", label="Events", type="count"),
    ),
    chart=model.Chart(kind="line", x="day", y="events", by="outcome"),
)


@dataclass(frozen=True, slots=True)
class Fixed:
    """What makes a run the same run: its id, its moment in microseconds, who ran it, and sizes by stream.

    `scope` names the run whose keys make its tokens, where that is another.
    """

    id: str
    at_us: int
    by: str
    sizes: Mapping[str, int] | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A result, its JSON, the receipt of the event that commits to it, and what an export of its events would hold.

    `within` is what its asker could see at all.
    """

    result: Result
    data: bytes
    sha256: str
    receipt: Any
    spec: ExportSpec
    within: Query = EVERYTHING


def fresh(asked: Asked, scope: str = "") -> Fixed:
    """A new run, now."""
    return Fixed(str(new_id()), time.time_ns() // 1000, asked.by or current().actor or "local", scope=scope)


def run_report(
    log: Any,
    library: Library,
    asked: Asked,
    *,
    fixed: Fixed | None = None,
    finish: Callable[[Result], Result] | None = None,
) -> Finished:
    """Run a report, and record `report.created` with the SHA-256 of its JSON; `report.failed` where it fails.

    With `fixed` an earlier run is run again as it was; `finish` may add to the result before it is recorded.
    Raises InvalidRequest for what can't be asked, NotFound, StorageError, IntegrityError.
    """
    as_run = fixed or fresh(asked)
    try:
        making = _Making(log, library, library.report(asked.report), asked, as_run)
        result = making.run()
        if finish is not None:
            result = finish(result)
    except BaseException as error:
        record_failure(log, asked, as_run.id, error)
        raise
    data = encode(result)
    digest = sha256(data).hexdigest()
    return Finished(result, data, digest, record_created(log, result, digest), making.spec, asked.within)


def make(log: Any, library: Library, asked: Asked, fixed: Fixed) -> Result:
    """The result of one run, without recording it."""
    return _Making(log, library, library.report(asked.report), asked, fixed).run()


def check(log: Any, library: Library, name: str) -> None:
    """Try a report over nothing: whether its query and all its SQL can run. Raises InvalidRequest naming the part."""
    report = library.report(name)
    given = {one: NOBODY for one, parameter in report.parameters.items() if parameter.required}
    make(log, library, Asked(report.id, *LONG_AGO, parameters=given), fresh(Asked(report.id)))


class _Making:
    """One run in progress."""

    def __init__(self, log: Any, library: Library, report: model.Report, asked: Asked, fixed: Fixed) -> None:
        self.log, self.library, self.report, self.asked, self.fixed = log, library, report, asked, fixed
        self.values = values_of(report, asked.parameters)
        self.stretch: Stretch = stretch(asked, fixed.at_us, report.days)
        self.pins: list[Pin] = proof.pinned(log, report.streams, fixed.sizes)
        self.filter = read_query(log, asked.filter, asked.zone) if asked.narrowed is None else asked.narrowed
        self.selection = selection(report, flat(self._query(), self.filter), asked, self.stretch, self.values)
        self.spec = self._spec()
        self.masker = self._masker()
        self.shower = Shower(self.masker.profile, asked.zone, log.declared)
        if self.shower.masks_times:
            check_years(self.stretch, asked.zone)
        self.parameters: dict[str, Any] = {
            **self.values,
            "period_start": moment(self.stretch.start_us),
            "period_end": moment(self.stretch.end_us),
            "heard_until": moment(max(min(self.stretch.end_us, fixed.at_us), self.stretch.start_us)),
            "now": moment(fixed.at_us),
            "zone": asked.zone,
        }
        self.counted: tuple[str, ...] = ()  # what has to be said of how registers were counted

    @property
    def own_pins(self) -> list[Pin]:
        """The logs of the report's streams."""
        return [pin for pin in self.pins if pin.stream in self.report.streams]

    def _query(self) -> Query:
        try:
            return read_query(self.log, self.report.query, self.asked.zone)
        except InvalidQuery as error:
            raise InvalidRequest(f"report {self.report.id}, query: {error.message}", error.hint) from None

    def _spec(self) -> ExportSpec:
        """What an export of the selected events would hold: the report's fields, masked as the report is."""
        profile = configured_profile(self.log, self.asked.profile or self.report.profile)
        subject = self.values.get(self.report.subject) if self.report.subject else None
        if base_name(profile.name) == SUBJECT and not subject:
            raise InvalidRequest(
                f"report {self.report.id} under profile {SUBJECT} without a person", "Choose another profile"
            )
        paths = [*PUBLIC_COLUMNS, *(path for path in self.report.fields if lookup(path, self.log.declared) is not None)]
        return ExportSpec(
            query=self.selection,
            columns=tuple(Column(path, path) for path in dict.fromkeys(paths)),
            profile=profile,
            zone=self.asked.zone,
            streams=self.report.streams,
            subject_ids=frozenset({str(subject)}) if subject else None,
            declared=self.log.declared,
        )

    def _masker(self) -> Masker:
        profile = configured_profile(self.log, self.spec.profile)
        scope = self.own_pins[0].origin if profile.tokens == "log" else self.fixed.scope or self.fixed.id
        year = int(format_time(self.fixed.at_us)[:4])
        vault = SqlVault(self.log.database, self.log.tenant.id, self.log.keys)
        return Masker(self.spec, self.log.keys, scope, ZoneTable(self.asked.zone), year, vault)

    def run(self) -> Result:
        """The result, in an engine of its own."""
        with Workbench(self.log.settings, self.log.declared, self.asked.zone) as bench:
            return self._result(bench)

    def _result(self, bench: Workbench) -> Result:
        """Everything, in the order it is needed in."""
        self._load(bench)
        period = (self.stretch.start_us, self.stretch.end_us)
        covered = coverage(bench, self.shower, self.parameters, self.report.gap_hours, self._dropped(period))
        now = moment(self.fixed.at_us).replace(tzinfo=UTC)
        references = add_references(bench, self.log, self.report.references, now)
        self.counted = add_registers(bench, self.log, self.report.registers, self.pins, self.asked.within, now)
        for view in self.report.views:
            bench.view(view.name, view.sql, self.parameters)
        number = self.shower.number
        selected = number(bench.number("SELECT count(*) FROM events", {}, "count"))
        inside = number(bench.number("SELECT count(*) FROM events WHERE in_period", {}, "count"))
        found = verdicts.in_order([self._finding(bench, rule, references) for rule in self.report.findings])
        sections = [self._section(bench, one, references) for one in (*self.report.sections, _TREND_SECTION)]
        controls = verdicts.controls_of(self.report.controls, self.library.controls, found, inside)
        counts = Counts(
            entries=sum(pin.size for pin in self.own_pins),
            selected=selected,
            in_period=inside,
            masked=number(self.shower.masked),
        )
        return Result(
            format=FORMAT,
            report=self._about(),
            run=self._run(),
            period=self._period(),
            logs=proof.shown(self.pins),
            counts=counts,
            proof=proof.checked(self.log, self.pins),
            coverage=covered,
            references=references,
            controls=controls,
            findings=found,
            sections=tuple(sections),
        )

    def _load(self, bench: Workbench) -> None:
        """The selected events, and what says when each source was heard at all."""
        period = (self.stretch.start_us, self.stretch.end_us)
        streams = [pin.stream for pin in self.own_pins]
        paths = tuple(dict.fromkeys((*self.report.fields, *SOURCE_PATHS)))
        reader = self.log.reader
        with closing(reader.fields(self.selection, self.own_pins, paths)) as batches:
            bench.events(batches, paths, streams, period)
        if self._everything:
            bench.within_period("heard")
            return
        heard = flat(self.asked.within, *times(self.stretch))
        with closing(reader.fields(heard, self.own_pins, SOURCE_PATHS)) as batches:
            bench.events(batches, SOURCE_PATHS, streams, period, "heard")

    @property
    def _everything(self) -> bool:
        """Whether the report selects all events of the period: then what was heard need not be read twice."""
        subject = self.report.subject and self.values.get(self.report.subject)
        return self._query() == EVERYTHING == self.filter and not subject

    def _dropped(self, period: tuple[int, int]) -> int:
        """How many events the recorder declared lost in the period."""
        control = [pin for pin in self.pins if pin.stream == CONTROL]
        query = flat(eq("action", _DROPPED), self.asked.within, *times(Stretch(*period)))
        with closing(self.log.reader.fields(query, control, ("record_count",))) as batches:
            counts = [text for batch in batches for text in batch.column("f0").to_pylist()]
        return sum(int(text) for text in counts if text and text.isdigit())

    def _finding(self, bench: Workbench, rule: model.Finding, references: Sequence[Reference]) -> Finding:
        control = self.library.controls[rule.control]
        lacking = verdicts.missing(rule.needs, references)
        if lacking or not control.applies:
            return verdicts.unevidenced(rule, control, lacking)
        where = f"report {self.report.id}, finding {rule.id}"
        rows = bench.rows(rule.sql, self.parameters, ROWS_MAX, where)
        population = bench.number(rule.population, self.parameters, f"{where}, population")
        table = self._table(rows, rule.columns, where)
        count = self.shower.count
        status, reason = verdicts.status_of(rows.total, population, rule.looked_at, control=control, count=count)
        number = population if count(population) == f"{population:,}" else count(population)
        return verdicts.found(rule, control, status, reason, number, table)

    def _table(self, rows: Rows, columns: Sequence[model.Column], where: str) -> Table:
        """The rows as the reader may see them: none, where the profile shows counts alone and these are no counts."""
        if self.shower.lists(columns):
            return self.shower.table(rows.table, rows.total, columns, where)
        return self.shower.table(rows.table.slice(0, 0), 0, columns, where)

    def _section(self, bench: Workbench, section: model.Section, references: Sequence[Reference]) -> Section:
        lacking = verdicts.missing(section.needs, references)
        where = f"report {self.report.id}, section {section.id}"
        if lacking:
            heads = tuple(Head(name=one.name, label=one.shown, type=one.type) for one in section.columns)
            table = Table(columns=heads, rows=(), total=0)
            return Section(id=section.id, title=section.title, note=section.note, table=table, empty=lacking)
        rows = bench.rows(section.sql, self.parameters, ROWS_MAX, where)
        table = self._table(rows, section.columns, where)
        empty = section.empty or "Nothing of this kind was recorded in the period."
        return Section(
            id=section.id,
            title=section.title,
            note=section.note,
            table=table,
            empty=empty if not rows.total else "" if table.total else HIDDEN,
            chart=chart(section.chart, section.title, table),
        )

    def _about(self) -> About:
        framework = self.library.frameworks[self.report.framework]
        return About(
            id=self.report.id,
            title=self.report.title,
            framework=framework.title,
            edition=framework.edition,
            summary=self.report.summary,
            definition=self.library.digest(self.report.id),
            retention=self.report.retention,
            retention_basis=self.report.retention_basis,
            notes=(*self.report.notes, *([framework.note] if framework.note else []), *self.counted),
        )

    def _run(self) -> Run:
        query = to_json(self.masker.query(self.selection))
        return Run(
            id=self.fixed.id,
            at=format_time(self.fixed.at_us),
            by=self.fixed.by,
            profile=self.masker.profile.name,
            zone=self.asked.zone,
            query=query,
            query_text=_text_of(self.masker.query(self.selection)),
            query_sha256=sha256(msgspec.json.encode(query)).hexdigest(),
            filter=_text_of(self.masker.query(self.filter)) if self.asked.filter else "",
            parameters={name: self._shown(name, value) for name, value in self.values.items()},
            streams=tuple(self.report.streams),
            version=VERSION,
        )

    def _shown(self, name: str, value: Any) -> Any:
        path = self.report.parameters[name].path
        if value is None or not path:
            return value if value is None or isinstance(value, int | float | str) else str(value)
        own = base_name(self.masker.profile.name) == SUBJECT
        return str(value) if own else self.shower.value(str(value), path)

    def _period(self) -> Period:
        start, end = format_time(self.stretch.start_us), format_time(self.stretch.end_us)
        times_shown = pa.table({"start": [moment(self.stretch.start_us)], "end": [moment(self.stretch.end_us)]})
        columns = [
            model.Column(name="start", type="time", cls="none"),
            model.Column(name="end", type="time", cls="none"),
        ]
        first, last = self.shower.table(times_shown, 1, columns, "period").rows[0]
        return Period(start=start, end=end, shown=f"{first} up to {last}, not included")


def _text_of(query: Query) -> str:
    try:
        return to_text(query)
    except InvalidQuery:
        return ""
