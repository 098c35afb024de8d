"""`affidavit exports …`: the export runs of a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from affidavit.cli.common import Group, emit, home_option, json_option, open_log, plural, progress_bar
from affidavit.commitment import format_time
from affidavit.errors import AffidavitError, InvalidRequest
from affidavit.export import jobs
from affidavit.export.download import download as copy_out
from affidavit.export.execute import execute
from affidavit.export.jobs import ExportRun
from affidavit.query.rendering import to_text

LISTED: int = 50


@click.group(cls=Group)
def exports() -> None:
    """Look at export runs; fetch, cancel and carry them out."""


@exports.command("list")
@home_option
@click.option("--limit", default=LISTED, show_default=True, type=click.IntRange(1, jobs.RUNS_LISTED_MAX))
@json_option
def list_runs(home: str, tenant: str, limit: int, as_json: bool) -> None:
    """The newest runs, newest first."""
    with open_log(home, tenant) as log:
        found = jobs.list_runs(log, limit)
    words = "\n".join(f"{run.id}  {format_time(run.created_us)[:19]}Z  {standing(run)}" for run in found)
    emit(as_json, {"runs": [run.to_json() for run in found]}, words or "No export runs yet")


@exports.command()
@click.argument("run_id", metavar="RUN")
@home_option
@json_option
def show(run_id: str, home: str, tenant: str, as_json: bool) -> None:
    """Say all about one run, what was asked included: in clear, as it was asked."""
    with open_log(home, tenant) as log:
        run = jobs.find(log, run_id)
    emit(as_json, {**run.to_json(), "spec": msgspec.json.decode(run.spec_text)}, lambda: _words(run))


@exports.command()
@click.argument("run_id", metavar="RUN")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False))
@home_option
@json_option
def download(run_id: str, output: str, home: str, tenant: str, as_json: bool) -> None:
    """Copy the file of a finished run to OUTPUT; it is checked on the way and recorded."""
    with open_log(home, tenant) as log:
        run = copy_out(log, run_id, Path(output))
    value = {"run": run.id, "export": run.export_id, "file": output, "bytes": run.bytes, "sha256": run.sha256}
    emit(as_json, value, f"{output}, {run.bytes:,} bytes\nSHA-256 {run.sha256}")


@exports.command()
@click.argument("run_id", metavar="RUN")
@home_option
@json_option
def cancel(run_id: str, home: str, tenant: str, as_json: bool) -> None:
    """Cancel a queued or running run."""
    with open_log(home, tenant) as log:
        run = jobs.cancel(log, run_id)
    words = "Cancelled" if run.ended else "It stops with the batch of rows it is at"
    emit(as_json, run.to_json(), words)


@exports.command()
@click.argument("run_id", metavar="RUN")
@home_option
@json_option
def run(run_id: str, home: str, tenant: str, as_json: bool) -> None:
    """Carry out a queued run here and now, without a worker."""
    with open_log(home, tenant) as log, progress_bar(as_json) as bar:
        before = jobs.find(log, run_id)
        holder = jobs.new_holder()
        claimed = jobs.claim(log.database, holder, jobs.LEASE_S, before.id)
        if claimed is None:
            raise InvalidRequest(f"run {before.id} is {before.state}", "Only what waits can be carried out")
        task = bar.add_task("Select", total=None)

        def tell(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        execute(log, claimed, holder, progress=tell)
        after = jobs.find(log, run_id)
    emit(as_json, after.to_json(), standing(after))
    if after.state != jobs.DONE:
        raise SystemExit(AffidavitError.exit_code)


def standing(run: ExportRun) -> str:
    """Where a run stands, in words."""
    if run.state == jobs.RUNNING:
        of = "" if run.total is None else f" of {run.total:,}"
        return f"running  {run.stage or 'Select'} {run.done:,}{of} rows, attempt {run.attempt}"
    if run.state == jobs.DONE:
        gone = ", expired" if run.removed_us else "" if run.file else ", not kept here"
        return f"done  {plural(run.rows or 0, 'row')}, {run.bytes:,} bytes{gone}"
    return f"{run.state}  {run.reason}".rstrip()


def _words(run: ExportRun) -> str:
    lines = [f"Run       {run.id}", f"State     {standing(run)}", f"Asked     {format_time(run.created_us)}"]
    if run.actor:
        lines.append(f"By        {run.actor}")
    lines += _asked(run)
    if run.export_id:
        lines.append(f"Export    {run.export_id}")
    if run.sha256:
        lines.append(f"SHA-256   {run.sha256}")
    if run.expires_us and not run.removed_us:
        lines.append(f"Kept to   {format_time(run.expires_us)}")
    return "\n".join([*lines, *(f"{name:13} {status}" for name, status in run.verdicts.items())])


def _asked(run: ExportRun) -> list[str]:
    spec: Any = run.spec
    try:
        query = to_text(spec.query, spec.declared)
    except AffidavitError:
        query = "too long, or of a form that has no text: see --json"
    what = f"{spec.format}{' with evidence' if run.bundle else ''}, profile {spec.profile_name}, zone {spec.zone}"
    return [f"What      {what}", f"Query     {query}"]
