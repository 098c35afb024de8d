"""`affidavit key …`: API keys."""

from __future__ import annotations

from typing import Any

import click

from affidavit.access import accounts, keys
from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.cli.grants import grant_of, grant_options, line

ONCE = "Keep it now: it is shown this once"


@click.group(cls=Group)
def key() -> None:
    """API keys: for programs, sent as Authorization: Bearer afk_…"""


@key.command()
@click.argument("name")
@home_option
@grant_options("developer")
@json_option
def add(name: str, home: str, tenant: str, as_json: bool, **granted: Any) -> None:
    """Make a key called NAME and print it, this once."""
    with open_log(home, tenant) as log:
        made, text = keys.create_key(log, name, grant_of(log, **granted))
    emit(as_json, {**made.to_json(), "key": text}, f"{text}\n{ONCE}")


@key.command()
@click.argument("name")
@home_option
@click.option("--overlap", type=int, default=0, metavar="HOURS", help="The old one works so long; by default not.")
@json_option
def rotate(name: str, home: str, tenant: str, overlap: int, as_json: bool) -> None:
    """Give key NAME another secret; the old one ends at once, or after --overlap."""
    with open_log(home, tenant) as log:
        made, text = keys.rotate_key(log, name, overlap)
    emit(as_json, {**made.to_json(), "key": text}, f"{text}\n{ONCE}")


@key.command()
@click.argument("name")
@home_option
@json_option
def revoke(name: str, home: str, tenant: str, as_json: bool) -> None:
    """End key NAME at once."""
    with open_log(home, tenant) as log:
        ended = accounts.end(log, "key", name)
    emit(as_json, ended.to_json(), f"{name} has ended")


@key.command("list")
@home_option
@json_option
def list_keys(home: str, tenant: str, as_json: bool) -> None:
    """All keys, ended ones too."""
    with open_log(home, tenant) as log:
        found = accounts.list_accounts(log, "key")
    emit(as_json, {"keys": [one.to_json() for one in found]}, "\n".join(map(line, found)) or "No keys yet")
