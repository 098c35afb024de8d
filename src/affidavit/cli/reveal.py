"""`affidavit reveal`."""

from __future__ import annotations

import click

from affidavit.cli.common import emit, home_option, json_option, open_log
from affidavit.cli.search import table
from affidavit.log import vault


@click.command()
@click.argument("tokens", nargs=-1, required=True, metavar="TOKEN...")
@click.option("--reason", required=True, help="Why: it is recorded with the tokens.")
@home_option
@json_option
def reveal(tokens: tuple[str, ...], reason: str, home: str, tenant: str, as_json: bool) -> None:
    """Turn vault tokens (vt_…) back into the values they stand for. Recorded before anything is told."""
    with open_log(home, tenant) as log:
        found = vault.reveal(log, tokens, reason)
    value = [{"token": token, "class": cls, "value": text} for token, (cls, text) in found.items()]
    emit(as_json, {"tokens": value}, lambda: table([[token, cls, text] for token, (cls, text) in found.items()]))
