"""What `affidavit export` does beside an export: preview and estimate, a run for the worker, ids from a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from affidavit.cli.common import emit, plural
from affidavit.cli.queries import NEVER
from affidavit.cli.search import table
from affidavit.errors import InvalidRequest
from affidavit.export import jobs
from affidavit.export.anonymity import anonymity
from affidavit.export.estimate import Estimate, estimate
from affidavit.export.spec import ExportSpec
from affidavit.log.audit_log import AuditLog
from affidavit.masking.kanonymity import KAnonymity
from affidavit.query.tree import QUERY_LIST_MAX


def ids_of(file: str | None) -> tuple[str, ...]:
    """One id a line, blank lines left out. Raises InvalidRequest for a file that can't be read or holds too many."""
    if file is None:
        return ()
    try:
        with Path(file).open(encoding="utf-8") as lines:
            found = tuple(dict.fromkeys(id for line in lines if (id := line.strip())))  # noqa: A001
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"--user-file {file}: {error}", "Name a readable file of UTF-8, one id a line") from None
    if not 0 < len(found) <= QUERY_LIST_MAX:
        raise InvalidRequest(f"--user-file {file}: {len(found):,} ids", f"Give 1 to {QUERY_LIST_MAX:,}, one a line")
    return found


def preview(
    log: AuditLog, spec: ExportSpec, *, bundle: bool, as_json: bool, k: int, columns: str, sensitive: str | None
) -> None:
    """Print the first rows and what to expect; with `columns`, how small the groups over these are."""
    found = estimate(log, spec, bundle=bundle)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    groups = anonymity(log, spec, names, k=k, sensitive=sensitive) if names else None
    value = asdict(found) | ({} if groups is None else {"k_anonymity": {**asdict(groups), "holds": groups.holds}})
    words = "" if groups is None else f"\n{_groups(groups)}"
    emit(as_json, value, lambda: _words(found, spec, bundle=bundle) + words)


def _groups(found: KAnonymity) -> str:
    over = ", ".join(found.columns)
    if found.holds:
        lines = [f"{found.k}-anonymous over {over}: smallest of {plural(found.groups, 'group')} has {found.smallest}"]
    else:
        small = f"{plural(found.groups_under_k, 'group')} under {found.k}, the smallest of {found.smallest}"
        lines = [
            f"Not {found.k}-anonymous over {over}: {plural(found.rows_under_k, 'row')} of {found.rows:,} are in {small}"
        ]
    if found.diversity is not None:
        alone = ": belonging to a group tells the value" if found.diversity == 1 else ""
        lines.append(f"Least number of different sensitive values in a group: {found.diversity}{alone}")
    lines.append("This says nothing of other columns, or of what a reader knows besides")
    return "\n".join(lines)


def _words(found: Estimate, spec: ExportSpec, *, bundle: bool) -> str:
    if found.never:
        return NEVER
    labels = [column.label for column in spec.columns]
    blocks = []
    if found.preview:
        blocks.append(table([labels, *([row[label] or "" for label in labels] for row in found.preview)]))
    least = "" if found.exact else "more than "
    about = f"{least}{plural(found.rows, 'row')}, about {_size(found.bytes)}, about {found.seconds:.0f} s"
    blocks.append(about[0].upper() + about[1:])
    if found.replaced:
        blocks.append(f"Replaced in the free text of the first {plural(found.sampled, 'row')}: {found.replaced}")
    if not bundle and spec.format != "pdf":
        blocks.append("This file would carry no evidence. Of a bundle (--bundle):")
    blocks.append("\n".join(f"{one.name:13} {one.state:13} {one.reason}" for one in found.verdicts))
    return "\n".join(blocks)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def queue(log: AuditLog, spec: ExportSpec, *, bundle: bool, key: str, as_json: bool) -> None:
    """Leave the export to a worker, and say how to fetch it."""
    run = jobs.request(log, spec, bundle=bundle, key=key)
    words = f"Run {run.id} is {run.state}\nFetch it: affidavit exports download {run.id} -o FILE"
    emit(as_json, run.to_json(), words)


def check_options(
    output: str | None, *, previewed: bool, background: bool, key: str, columns: str, sensitive: str | None
) -> None:
    """Refuse options that do not go together."""
    if columns and not previewed:
        raise click.UsageError("--k-anonymity needs --preview: it is asked before the file is made")
    if sensitive is not None and not columns:
        raise click.UsageError("--sensitive needs --k-anonymity")
    if key and not background:
        raise click.UsageError("--key needs --background: it is for asking a worker twice and getting one run")
    if previewed and background:
        raise click.UsageError("--preview and --background exclude each other")
    if (output is None) is not (previewed or background):
        raise click.UsageError("Give -o FILE, or --preview, or --background")
