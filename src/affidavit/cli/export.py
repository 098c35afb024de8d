"""`affidavit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from affidavit.cli import foresight
from affidavit.cli.common import emit, home_option, json_option, open_log, plural, progress_bar
from affidavit.cli.queries import NEVER, both, never, pointing, read_profile
from affidavit.commitment import format_time
from affidavit.errors import InvalidRequest
from affidavit.export.execute import run_here
from affidavit.export.jobs import record_refusal
from affidavit.export.run import ExportResult
from affidavit.export.sidecar import beside, has_sidecar
from affidavit.export.spec import EVIDENCE_LEVELS, FORMATS, LEGACY_COLUMNS, RESOURCE, Column, ExportSpec, legacy
from affidavit.log.audit_log import AuditLog
from affidavit.log.registry import MAIN
from affidavit.log.saved_queries import read_query
from affidavit.masking.kanonymity import K_DEFAULT
from affidavit.query.conditions import SHORT_NAMES


@click.command()
@home_option
@click.option("--from", "start", help="First day (whole day), or a time. Without an offset it means the zone.")
@click.option("--to", "end", help="Last day (the whole day is included), or a time.")
@click.option("--user", "users", multiple=True, metavar="ID", help="Only this user; repeat for more.")
@click.option(
    "--user-file", type=click.Path(dir_okay=False), help="Only users whose ids stand in this file, one a line."
)
@click.option("--action", "actions", multiple=True, metavar="A", help="Only this action; repeat for more.")
@click.option("--query", "text", default="", help='Only what matches, too: actor:u1 -outcome:success "free text".')
@click.option("--stream", "streams", multiple=True, default=(MAIN,), show_default=True, help="Repeat for more.")
@click.option("--timezone", "zone", help="IANA zone; the tenant's by default.")
@click.option(
    "--column", "labelled", multiple=True, metavar="LABEL=PATH", help="A column by label and field; repeat, in order."
)
@click.option("--columns", "listed", default="", metavar="PATH,PATH", help="Columns labelled by their own fields.")
@click.option("--profile", default="export", show_default=True, metavar="NAME|FILE.toml", help="How fields are masked.")
@click.option("--subject", "subjects", multiple=True, metavar="ID", help="With --profile subject: whose file; repeat.")
@click.option("--format", "format", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--recipient", help="Whom it is for, for the record.")
@click.option("--reason", help="What it is for, for the record.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file; with --bundle the zip.")
@click.option("--bundle", is_flag=True, help="With evidence: a zip that `affidavit verify` checks offline.")
@click.option(
    "--evidence",
    type=click.Choice(EVIDENCE_LEVELS),
    default="auto",
    show_default=True,
    help="Of a bundle or PDF. full: every entry of the period; rows: those exported; none; auto: full where it helps.",
)
@click.option("--preview", "previewed", is_flag=True, help="Instead: ten rows, and what to expect, verdicts included.")
@click.option(
    "--k-anonymity",
    "k_columns",
    default="",
    metavar="LABEL,LABEL",
    help="With --preview: how small the groups of rows are that share all cells of these columns, as masked.",
)
@click.option("--k", default=K_DEFAULT, show_default=True, type=click.IntRange(1), help="Groups under this are told.")
@click.option("--sensitive", metavar="LABEL", help="With --k-anonymity: a column that no group may give away.")
@click.option("--background", is_flag=True, help="Instead: leave it to a worker; fetch it by `affidavit exports`.")
@click.option("--key", default="", help="With --background: the same key asks for the same run, however often.")
@json_option
def export(
    home: str,
    tenant: str,
    output: str | None,
    *,
    bundle: bool,
    previewed: bool,
    background: bool,
    key: str,
    k_columns: str,
    k: int,
    sensitive: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Export events as CSV, JSON, NDJSON, Parquet, XLSX or PDF. Conditions all hold together.

    User ids leave as tokens, under a key of this export alone, unless --profile says otherwise.
    """
    foresight.check_options(
        output, previewed=previewed, background=background, key=key, columns=k_columns, sensitive=sensitive
    )
    with open_log(home, tenant) as log:
        try:
            spec = spec_of(log, **asked)
        except InvalidRequest as error:
            record_refusal(log, error)
            raise
        if output is None:
            if previewed:
                foresight.preview(
                    log, spec, bundle=bundle, as_json=as_json, k=k, columns=k_columns, sensitive=sensitive
                )
            else:
                foresight.queue(log, spec, bundle=bundle, key=key, as_json=as_json)
            return
        with progress_bar(as_json) as bar:
            task = bar.add_task("Select", total=None)

            def show(stage: str, done: int, total: int | None) -> None:
                bar.update(task, description=stage, completed=done, total=total)

            result = run_here(log, spec, Path(output), bundle=bundle, progress=show)
    words = [NEVER] if never(spec.query) else []
    manifest = None if bundle or not has_sidecar(spec) else str(beside(Path(output)))
    emit(
        as_json,
        _value(result, output, manifest),
        lambda: "\n".join([*words, *_words(result, output, manifest, bundle)]),
    )


def spec_of(
    log: AuditLog,
    *,
    start: str | None,
    end: str | None,
    users: tuple[str, ...],
    user_file: str | None,
    actions: tuple[str, ...],
    text: str,
    streams: tuple[str, ...],
    zone: str | None,
    labelled: tuple[str, ...],
    listed: str,
    profile: str,
    subjects: tuple[str, ...],
    format: str,
    recipient: str | None,
    reason: str | None,
    evidence: str,
) -> ExportSpec:
    """What the options ask for. Raises InvalidRequest naming option and value."""
    where = zone or log.tenant.zone
    with pointing(text):
        asked = read_query(log, text, where)
    query = both(legacy(start, end, (*users, *foresight.ids_of(user_file)), actions, zone=where).query, asked)
    return ExportSpec(
        query=query,
        columns=columns_of(labelled, listed) or LEGACY_COLUMNS,
        profile=read_profile(profile),
        format=format,  # type: ignore[arg-type]
        zone=where,
        evidence=evidence,  # type: ignore[arg-type]
        recipient=recipient,
        reason=reason,
        streams=tuple(streams),
        subject_ids=frozenset(subjects) or None,
        declared=log.declared,
    )


def columns_of(labelled: tuple[str, ...], listed: str) -> tuple[Column, ...]:
    """The columns of --column and --columns, in that order; none where neither is given."""
    found = []
    for text in labelled:
        label, equals, path = text.rpartition("=")
        if not equals or not label or not path:
            raise InvalidRequest(f"--column {text!r}", 'Write LABEL=PATH: --column "When=at"')
        found.append(Column(label, path))
    names = [name.strip() for name in listed.split(",") if name.strip()]
    return (*found, *(Column(name, name if name == RESOURCE else SHORT_NAMES.get(name, name)) for name in names))


def _value(result: ExportResult, output: str, manifest: str | None) -> dict[str, Any]:
    verdicts = result.verdicts
    return {
        "export": result.export_id,
        "file": output,
        "manifest": manifest,
        "rows": result.rows,
        "bytes": result.bytes,
        "sha256": result.sha256,
        "replaced": result.replaced.told(),
        "recorded": {"log": result.receipt.log, "index": result.receipt.index, "t": format_time(result.receipt.t_us)},
        "verdicts": None if verdicts is None else {v.name: str(v.status) for v in verdicts.values()},
    }


def _words(result: ExportResult, output: str, manifest: str | None, bundle: bool) -> list[str]:
    lines = [f"{plural(result.rows, 'row')} in {output}, {result.bytes:,} bytes, nothing cut"]
    if result.replaced.words:
        lines.append(f"Replaced in free text: {result.replaced.words}")
    lines += [
        f"SHA-256 {result.sha256}",
        f"On the log: export {result.export_id}, access index {result.receipt.index}",
    ]
    if manifest is not None:
        lines.append(f"What it holds is said in {manifest}")
    if result.verdicts is not None:
        lines += [f"{v.name:13} {v.status}" for v in result.verdicts.values()]
        where = output if bundle else "evidence.zip (attached to the PDF)"
        lines.append(f"Check it anywhere: affidavit verify {where} --trust FILE")
    else:
        lines.append("This file carries no evidence; add --bundle for one that verifies offline")
    return lines
