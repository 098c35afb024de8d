"""`affidavit worker`."""

from __future__ import annotations

import signal
import threading
import time

import click

from affidavit.cli.common import home_option, open_log
from affidavit.log.worker import Work, Worker


@click.command()
@home_option
@click.option("--once", is_flag=True, help="One round, then end.")
def worker(home: str, tenant: str, once: bool) -> None:
    """Seal, merge, sign checkpoints and tidy up, for all tenants, until stopped (SIGTERM, Ctrl-C).

    Any number may run: leases keep them apart.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_log(home, tenant) as log:
        one = Worker(log)
        if once:
            _say(one.round())
            return
        click.echo(f"Worker on {log.home}: seals at 65,536 entries or {log.settings.seal_age_s:.0f} s")
        one.run(stop, _say)


def _say(work: Work) -> None:
    now = time.strftime("%H:%M:%S")
    click.echo(f"{now} sealed {work.sealed:,}, merged {work.merged}, removed {work.removed}")
    for error in work.errors:
        click.echo(f"{now} {error}", err=True)
