"""`affidavit backup` and `affidavit restore`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from affidavit.cli.common import emit, home_option, json_option, open_log, plural
from affidavit.cli.search import table
from affidavit.errors import IntegrityError
from affidavit.log.audit_log import DEFAULT_HOME
from affidavit.log.backup import backup as make_backup
from affidavit.log.restore import RestoredLog
from affidavit.log.restore import restore as make_home


@click.command()
@click.argument("target", metavar="DEST", type=click.Path(file_okay=False))
@click.option("--dump", default="", metavar="COMMAND", help="With PostgreSQL: the command that dumps the database.")
@home_option
@json_option
def backup(target: str, dump: str, home: str, tenant: str, as_json: bool) -> None:
    """Copy database, archive and checkpoints to the folder DEST, all tenants, while others write.

    Another backup to the same folder copies what is new. The master key is not in it: keep it apart.
    """
    with open_log(home, tenant) as log:
        found, copied = make_backup(log, Path(target), dump=shlex.split(dump), tell=_teller(quiet=as_json))
    words = [f"{sum(found.logs.values()):,} entries of {plural(len(found.tenants), 'tenant')} in {target}"]
    words.append(f"{plural(copied.files, 'archive file')} copied, {copied.bytes:,} bytes")
    if found.archive != "folder":
        words.append(f"Not copied: the bucket {found.archive}")
    words.append("The master key is not in it: keep it apart, without it nothing can be signed again")
    emit(as_json, {**asdict(found), "copied": {"files": copied.files, "bytes": copied.bytes}}, "\n".join(words))


@click.command()
@click.argument("source", metavar="SRC", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--home",
    default=DEFAULT_HOME,
    show_default=True,
    envvar="AFFIDAVIT_HOME",
    type=click.Path(file_okay=False),
    help="Folder to make the log in. The master key is there already, or in AFFIDAVIT_MASTER_KEY.",
)
@click.option(
    "--checkpoints", type=click.Path(exists=True, file_okay=False), help="Folder with newer checkpoints, kept apart."
)
@json_option
def restore(source: str, home: str, checkpoints: str | None, as_json: bool) -> None:
    """Make a home from the backup in the folder SRC, and say how each log stands.

    Ends with 7 where a log does not go on: entries that were signed are missing.
    """
    notes = None if checkpoints is None else Path(checkpoints)
    found, results = make_home(Path(source), Path(home), notes=notes, tell=_teller(quiet=as_json))
    stuck = [one for one in results if one.problem]
    rows = [["tenant", "stream", "in the backup", "now", ""], *map(_row, results)]
    words = [f"Backup of {found.made}", table(rows), *(f"{one.tenant}/{one.stream}: {one.problem}" for one in stuck)]
    emit(as_json, {**asdict(found), "restored": [asdict(one) for one in results]}, "\n".join(words))
    if stuck:
        raise SystemExit(IntegrityError.exit_code)


def _row(one: RestoredLog) -> list[str]:
    state = "does not go on" if one.problem else "caught up from the archive" if one.size > one.backed_up else "goes on"
    return [one.tenant, one.stream, f"{one.backed_up:,}", f"{one.size:,}", state]


def _teller(*, quiet: bool) -> Callable[[str], None]:
    return lambda stage: None if quiet else click.echo(f"… {stage}", err=True)
