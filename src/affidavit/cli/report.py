"""`affidavit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from affidavit.cli.common import EXIT_VERDICT_FAILED, emit, home_option, json_option, open_log, plural
from affidavit.cli.queries import pointing, read_profile
from affidavit.errors import InvalidRequest
from affidavit.export.zip import new_file, storage_errors
from affidavit.log.audit_log import AuditLog
from affidavit.reports import describe
from affidavit.reports.asked import Asked
from affidavit.reports.library import library_of
from affidavit.reports.package import PACKAGE, verify_package, write_package, write_pdf
from affidavit.reports.render import FORMATS, render
from affidavit.reports.rerun import addendum, again
from affidavit.reports.result import EXCEPTION, RESULT_BYTES_MAX, Result, decode
from affidavit.reports.runner import Finished, check, run_report
from affidavit.verify import load_trust


@click.group()
def report() -> None:
    """Compliance reports: list them, show what one asks for, run one."""


@report.command("list")
@home_option
@json_option
def list_reports(home: str, tenant: str, *, as_json: bool) -> None:
    """The reports there are, your own among them."""
    with open_log(home, tenant) as log:
        library = library_of(log)
    value = [describe.brief(library, one) for one in library.reports.values()]
    emit(as_json, value, lambda: "\n".join(f"{one['id']:6} {one['framework']:24} {one['title']}" for one in value))


@report.command()
@home_option
@click.argument("name", metavar="REPORT")
@json_option
def show(home: str, tenant: str, name: str, *, as_json: bool) -> None:
    """What a report looks at: provisions, parameters, sections and rules."""
    with open_log(home, tenant) as log:
        library = library_of(log)
    found = library.report(name)
    emit(as_json, describe.whole(library, found), lambda: "\n".join(describe.lines(library, found)))


@report.command("check")
@home_option
@click.argument("name", metavar="REPORT", required=False, default="")
@json_option
def check_reports(home: str, tenant: str, name: str, *, as_json: bool) -> None:
    """Try a report, or all of them, over nothing: mistakes in your own catalogue and its SQL are named."""
    with open_log(home, tenant) as log:
        library = library_of(log)
        names = [library.report(name).id] if name else list(library.reports)
        for one in names:
            check(log, library, one)
    emit(as_json, {"checked": names}, f"{plural(len(names), 'report')} can run: {', '.join(names)}")


@report.command()
@click.argument("package", type=click.Path(dir_okay=False))
@click.option("--trust", "trust_file", required=True, type=click.Path(), help="Trust file, from outside the package.")
@json_option
@click.pass_context
def verify(ctx: click.Context, package: str, trust_file: str, *, as_json: bool) -> None:
    """Check a report's package offline: its evidence, and that the log attests this very report."""
    found = verify_package(Path(package), load_trust(trust_file))
    value = {"ok": found.ok, "bound": found.bound, **{v.name: str(v.status) for v in found.verdicts.values()}}
    lines = [f"{v.name:13} {v.status}" for v in found.verdicts.values()]
    lines.append(
        "REPORT        PASS: the log attests it" if found.bound else "REPORT        FAIL: it is not the one attested"
    )
    emit(as_json, value, "\n".join(lines))
    if not found.ok:
        ctx.exit(EXIT_VERDICT_FAILED)


@report.command()
@home_option
@click.argument("name", metavar="REPORT", required=False, default="")
@click.option("--from", "start", default="", help="First day, or a time; by default the report's days up to now.")
@click.option("--to", "end", default="", help="Last day (the whole day is included), or a time.")
@click.option("--timezone", "zone", default="", help="IANA zone; the tenant's by default.")
@click.option("--profile", default="", metavar="NAME|FILE.toml", help="How fields are masked; the report's by default.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the report; repeat.")
@click.option("--query", "text", default="", help="Only what matches, too. The report says that it was narrowed.")
@click.option("--again", "earlier", type=click.Path(dir_okay=False), help="Run the report of this JSON file again.")
@click.option("--since", type=click.Path(dir_okay=False), help="An addendum to the report of this JSON file.")
@click.option("--format", "format", type=click.Choice([*FORMATS, PACKAGE]), default="json", show_default=True)
@click.option("--evidence", is_flag=True, help="With --format pdf: attach the events with their evidence.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file.")
@json_option
def run(
    home: str,
    tenant: str,
    name: str,
    *,
    start: str,
    end: str,
    zone: str,
    profile: str,
    given: tuple[str, ...],
    text: str,
    earlier: str | None,
    since: str | None,
    format: str,
    evidence: bool,
    output: str | None,
    as_json: bool,
) -> None:
    """Run a report. Pinned to a checkpoint: --again gives the same, --since what came later."""
    if format != "json" and not output:
        raise InvalidRequest(f"--format {format} without a file", "Name it: -o FILE")
    if evidence and format != "pdf":
        raise InvalidRequest(f"--evidence with --format {format}", "A PDF can carry it, and a package always does")
    if bool(name) + bool(earlier) + bool(since) != 1:
        raise InvalidRequest("name a report, or --again FILE, or --since FILE", "One of the three")
    values = parameters_of(given)
    with open_log(home, tenant) as log, pointing(text):
        library = library_of(log)
        if earlier:
            finished = again(log, library, _read(earlier), values)
        elif since:
            finished = addendum(log, library, _read(since), values)
        else:
            shown = read_profile(profile) if profile else ""
            asked = Asked(name, start, end, zone or log.tenant.zone, shown, values, text)
            finished = run_report(log, library, asked)
        if output:
            _write(log, finished, format, Path(output), evidence=evidence)
    if as_json and not output:
        click.echo(finished.data.decode())
        return
    emit(as_json, _value(finished, output), lambda: "\n".join(_words(finished.result, output)))


def parameters_of(given: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE as they stand. Raises InvalidRequest naming what is none."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidRequest(f"--set {text[:80]!r}", "Write NAME=VALUE: --set subject=s-17")
        found[name] = value
    return found


def _write(log: AuditLog, finished: Finished, format: str, output: Path, *, evidence: bool) -> None:
    """The file asked for: one format, or everything with its evidence."""
    if format == PACKAGE:
        write_package(log, finished, output)
        return
    if evidence:
        write_pdf(log, finished, output)
        return
    with storage_errors(output), new_file(output) as (out, _):
        out.write(render(finished.result, format, output.parent))


def _read(name: str) -> Result:
    try:
        with Path(name).open("rb") as file:
            return decode(file.read(RESULT_BYTES_MAX + 1))
    except OSError as error:
        raise InvalidRequest(f"{name}: {error.strerror}", "Name the JSON file of an earlier run") from None


def _value(finished: Finished, output: str | None) -> dict[str, Any]:
    result = finished.result
    return {
        "run": result.run.id,
        "report": result.report.id,
        "file": output,
        "sha256": finished.sha256,
        "recorded": {"log": finished.receipt.log, "index": finished.receipt.index},
        "findings": {one.id: one.status for one in result.findings},
    }


def _words(result: Result, output: str | None) -> list[str]:
    count = result.counts.in_period
    inside = f"{count} events" if isinstance(count, str) else plural(count, "event")
    lines = [
        f"{result.report.id} {result.report.title}, {result.period.shown}",
        f"{inside} of {result.counts.entries:,} entries; {result.coverage.statement}",
        "",
    ]
    for one in result.findings:
        mark = f"{one.severity:8}" if one.status == EXCEPTION else " " * 8
        lines.append(f"{one.status:16} {mark} {one.title} ({one.reason})")
    if result.addendum is not None:
        lines += [
            "",
            f"Since {result.addendum.at}: {len(result.addendum.new)} rows new, {len(result.addendum.gone)} gone",
        ]
    lines += ["", f"Run {result.run.id}" + (f", in {output}" if output else "; name a file with -o to keep it")]
    return lines
