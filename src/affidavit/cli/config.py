"""`affidavit config …`: what a tenant's officers set."""

from __future__ import annotations

from typing import Any, Final

import click

from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.cli.search import table
from affidavit.commitment import format_time
from affidavit.log import configuration
from affidavit.log.configuration import KEYS, Configuration

_SET_HELP: Final = """Set KEY to VALUE, and record it.

\b
audit_logging     on, off
retention         "7 years", "18 months", "30 days", none
export_formats    csv,json,ndjson,parquet,xlsx,pdf
export_frequency  never, daily, weekly, monthly, quarterly
masking           JSON, mask by class or path: '{"ip": "remove"}'
"""


@click.group(cls=Group)
def config() -> None:
    """Look at a tenant's configuration, and change it."""


@config.command()
@home_option
@json_option
def show(home: str, tenant: str, as_json: bool) -> None:
    """Every key with its value; who set it, when and why."""
    with open_log(home, tenant) as log:
        found = configuration.read(log)
    emit(as_json, value_of(found), lambda: _words(found))


@config.command("set", help=_SET_HELP)
@click.argument("key", type=click.Choice(KEYS))
@click.argument("value")
@click.option("--reason", default="", help="Why, for the record. audit_logging needs one.")
@home_option
@json_option
def set_key(key: str, value: str, reason: str, home: str, tenant: str, as_json: bool) -> None:
    """Change one key."""
    _change({key: value}, reason, home, tenant, as_json=as_json)


@config.command("unset")
@click.argument("key", type=click.Choice(KEYS))
@click.option("--reason", default="", help="Why, for the record.")
@home_option
@json_option
def unset_key(key: str, reason: str, home: str, tenant: str, as_json: bool) -> None:
    """Take KEY back to its default, and record it."""
    _change({key: None}, reason, home, tenant, as_json=as_json)


def _change(values: dict[str, Any], reason: str, home: str, tenant: str, *, as_json: bool) -> None:
    with open_log(home, tenant) as log:
        found = configuration.change(log, values, reason)
    emit(as_json, value_of(found), lambda: "\n".join(f"{key}: {found.text(key)}" for key in values))


def value_of(found: Configuration) -> dict[str, Any]:
    """For machines."""
    changed = {
        name: {"at": format_time(one.at_us), "by": one.actor, "reason": one.reason}
        for name, one in found.changed.items()
    }
    return {**{key: getattr(found, key) for key in KEYS}, "changed": changed}


def _words(found: Configuration) -> str:
    rows = [["key", "value", "set"]]
    for key in KEYS:
        mark = found.changed.get(key)
        who = "" if mark is None else f"{format_time(mark.at_us)[:19]}Z {mark.actor} {mark.reason}".rstrip()
        rows.append([key, found.text(key), who or "default"])
    return table(rows)
