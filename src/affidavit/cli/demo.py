"""`affidavit demo`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from zoneinfo import ZoneInfo

import click

from affidavit.cli.common import plural, progress_bar
from affidavit.cli.serve import PORT, announce
from affidavit.errors import InvalidRequest
from affidavit.log.audit_log import AuditLog
from affidavit.verify import Result
from affidavit.verify.words import words


@click.command()
@click.option("--home", default=None, type=click.Path(file_okay=False), help="Folder to keep; else a temporary one.")
@click.option("--events", default=5000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@click.option(
    "--estate",
    is_flag=True,
    help="Instead an invented school, clinic, shop, payment service and IT, with findings planted for every report.",
)
@click.option("--serve/--no-serve", "with_server", default=True, show_default=True, help="Serve the form afterwards.")
@click.option("--port", default=None, type=int, help=f"0 is any free port; by default {PORT}, else a free one.")
def demo(home: str | None, events: int, estate: bool, with_server: bool, port: int | None) -> None:
    """Make up a campus and its events, export last month, verify it as a stranger would, and serve the form."""
    with _folder(home, kept=not with_server) as folder:
        if estate:
            _show_estate(folder, events, with_server=with_server, port=port)
            return
        _show(folder, events, with_server=with_server, port=port)


@contextmanager
def _folder(home: str | None, *, kept: bool) -> Iterator[Path]:
    if home is not None:
        yield Path(home)
    elif kept:
        yield Path(mkdtemp(prefix="affidavit-demo-"))
    else:
        with TemporaryDirectory(prefix="affidavit-demo-") as made:
            click.echo("A temporary demo: it goes when you stop it. To keep it: affidavit demo --home DIR\n")
            yield Path(made)


def _show(home: Path, events: int, *, with_server: bool, port: int | None) -> None:
    from affidavit import demo as campus

    began = time.monotonic()
    now = datetime.now(ZoneInfo(campus.ZONE))
    log, recorded = campus.open_campus(home, now, events)
    with log:
        if recorded:
            first = campus.month_before(now)[0]
            click.echo(f"Recorded {plural(recorded, 'event')} of an invented campus, {first:%-d %B %Y} to now")
        else:
            click.echo(f"There is a log already, of {plural(campus.entries(log), 'event')}; nothing was added")
        click.echo(f"  log       {home}, zone {log.tenant.zone}, {time.monotonic() - began:.1f} s\n")

        bundle, result = campus.export_month(log, now)
        click.echo(f"Exported the month before: {plural(result.rows, 'row')} of CSV with evidence, user ids as tokens")
        click.echo(f"  bundle    {bundle}, {result.bytes / 1e6:.1f} MB\n")

        trust, found = campus.verify_as_stranger(log, bundle)
        click.echo("Verified as whoever receives it would, from these two files alone:")
        click.echo(f"  affidavit verify {bundle} --trust {trust}\n")
        click.echo(_verdicts(found))
        if with_server:
            _serve(log, port)


def _show_estate(home: Path, events: int, *, with_server: bool, port: int | None) -> None:
    from affidavit.estate import estate
    from affidavit.estate.plan import ZONE

    with progress_bar(quiet=False) as bar:
        task = bar.add_task("Recording", total=events)
        now = datetime.now(ZoneInfo(ZONE))
        log, recorded = estate.open_estate(home, now, events, progress=lambda done: bar.update(task, completed=done))
    with log:
        if recorded:
            click.echo(
                f"Recorded {plural(recorded, 'event')} of an invented estate, and its reference data; all synthetic"
            )
        else:
            click.echo("There is a log already; nothing was added")
        click.echo(f"  log       {home}, zone {log.tenant.zone}\n")
        click.echo(f"Cases:    affidavit case list --home {home}")
        click.echo(f"Reports:  affidavit report list --home {home}")
        if with_server:
            _serve(log, port)


def _verdicts(found: Result) -> str:
    """The verdicts with their reasons, and what no bundle proves, without the numbered steps between them."""
    blocks = words(found).strip().split("\n\n")
    return "\n\n".join(block for block in blocks if block.startswith("AUTHENTIC")) + f"\n\n{blocks[-1]}"


def _serve(log: AuditLog, port: int | None) -> None:
    from affidavit.web import server

    try:
        listener = server.listen(port=PORT if port is None else port)
    except InvalidRequest:
        if port is not None:
            raise
        listener = server.listen(port=0)
    with listener:
        click.echo("")
        server.serve(log, listener, announce)
