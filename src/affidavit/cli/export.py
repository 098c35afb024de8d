"""`affidavit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from affidavit.cli.common import emit, home_option, json_option, open_log, plural, progress_bar
from affidavit.commitment import format_time
from affidavit.export.run import ExportResult, run_export
from affidavit.export.spec import FORMATS, legacy


@click.command()
@home_option
@click.option("--from", "start", help="First day (whole day), or a time. Without an offset it means the zone.")
@click.option("--to", "end", help="Last day (the whole day is included), or a time.")
@click.option("--user", "users", multiple=True, metavar="ID", help="Only this user; repeat for more.")
@click.option("--action", "actions", multiple=True, metavar="A", help="Only this action; repeat for more.")
@click.option("--timezone", "zone", help="IANA zone; the tenant's by default.")
@click.option("--format", "format", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="The file; with --bundle the zip.")
@click.option("--bundle", is_flag=True, help="With evidence: a zip that `affidavit verify` checks offline.")
@json_option
def export(
    home: str,
    tenant: str,
    start: str | None,
    end: str | None,
    users: tuple[str, ...],
    actions: tuple[str, ...],
    zone: str | None,
    format: str,
    output: str,
    bundle: bool,
    as_json: bool,
) -> None:
    """Export events to CSV or JSON. User ids leave as tokens, under a key of this export alone."""
    with open_log(home, tenant) as log, progress_bar(as_json) as bar:
        task = bar.add_task("Select", total=None)

        def show(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        spec = legacy(start, end, users, actions, format, zone or log.tenant.zone)
        result = run_export(log, spec, Path(output), bundle=bundle, progress=show)
    emit(as_json, _value(result, output), lambda: _words(result, output, bundle=bundle))


def _value(result: ExportResult, output: str) -> dict[str, Any]:
    verdicts = result.verdicts
    return {
        "export": result.export_id,
        "file": output,
        "rows": result.rows,
        "bytes": result.bytes,
        "sha256": result.sha256,
        "recorded": {"log": result.receipt.log, "index": result.receipt.index, "t": format_time(result.receipt.t_us)},
        "verdicts": None if verdicts is None else {v.name: str(v.status) for v in verdicts.values()},
    }


def _words(result: ExportResult, output: str, *, bundle: bool) -> str:
    lines = [
        f"{plural(result.rows, 'row')} in {output}, {result.bytes:,} bytes, nothing cut",
        f"SHA-256 {result.sha256}",
        f"On the log: export {result.export_id}, access index {result.receipt.index}",
    ]
    if bundle and result.verdicts is not None:
        lines += [f"{v.name:13} {v.status}" for v in result.verdicts.values()]
        lines.append(f"Check it anywhere: affidavit verify {output} --trust FILE")
    else:
        lines.append("This file carries no evidence; add --bundle for one that verifies offline")
    return "\n".join(lines)
