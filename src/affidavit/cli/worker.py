"""`affidavit worker`."""

from __future__ import annotations

import signal
import threading
import time

import click

from affidavit.cli.common import home_option, open_log
from affidavit.export.worker import ExportWork, ExportWorker
from affidavit.log.worker import Work, Worker


@click.command()
@home_option
@click.option("--once", is_flag=True, help="What is due now, then end.")
def worker(home: str, tenant: str, once: bool) -> None:
    """Seal, merge, sign checkpoints, carry out export runs and tidy up, for all tenants, until stopped.

    SIGTERM and Ctrl-C stop it; a run under way waits for the next worker. Any number may run: leases keep them apart.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_log(home, tenant) as log, ExportWorker(log) as exporting:
        one = Worker(log)
        if once:
            _say(one.round())
            _say_exports(_all_runs(exporting, stop))
            return
        click.echo(f"Worker on {log.home}: seals at 65,536 entries or {log.settings.seal_age_s:.0f} s, takes exports")
        beside = threading.Thread(target=exporting.run, args=(stop, _say_exports), name="affidavit-exports")
        beside.start()
        try:
            one.run(stop, _say)
        finally:
            stop.set()
            beside.join()


def _all_runs(exporting: ExportWorker, stop: threading.Event) -> ExportWork:
    """Rounds until no run waits."""
    everything = ExportWork()
    while not stop.is_set():
        work = exporting.round(stop)
        everything.runs |= work.runs
        everything.expired += work.expired
        everything.errors += work.errors
        if not work.runs:
            break
    return everything


def _say(work: Work) -> None:
    now = time.strftime("%H:%M:%S")
    click.echo(f"{now} sealed {work.sealed:,}, merged {work.merged}, removed {work.removed}")
    for error in work.errors:
        click.echo(f"{now} {error}", err=True)


def _say_exports(work: ExportWork) -> None:
    now = time.strftime("%H:%M:%S")
    for run_id, state in work.runs.items():
        click.echo(f"{now} export run {run_id}: {state}")
    if work.expired:
        click.echo(f"{now} {work.expired} export files expired and were removed")
    for error in work.errors:
        click.echo(f"{now} {error}", err=True)
