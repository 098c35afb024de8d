"""`affidavit query …`: saved queries."""

from __future__ import annotations

import click

from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.cli.queries import pointing
from affidavit.commitment import format_time
from affidavit.log import saved_queries


@click.group(cls=Group)
def query() -> None:
    """Keep queries under a name; saved:NAME stands for one in any query."""


@query.command()
@click.argument("name")
@click.argument("text")
@home_option
@json_option
def save(name: str, text: str, home: str, tenant: str, as_json: bool) -> None:
    """Keep TEXT under NAME, in the place of what it had."""
    with open_log(home, tenant) as log, pointing(text):
        saved_queries.save(log, name, text)
    emit(as_json, {"name": name, "text": text}, f"Saved. Use it as saved:{name}")


@query.command("list")
@home_option
@json_option
def list_queries(home: str, tenant: str, as_json: bool) -> None:
    """All saved queries, by name."""
    with open_log(home, tenant) as log:
        found = saved_queries.list_saved(log)
    value = [{"name": one.name, "text": one.text, "saved": format_time(one.saved_us)} for one in found]
    emit(as_json, {"queries": value}, "\n".join(f"{one.name:20} {one.text}" for one in found) or "No saved queries")


@query.command()
@click.argument("name")
@home_option
@json_option
def delete(name: str, home: str, tenant: str, as_json: bool) -> None:
    """Forget a saved query."""
    with open_log(home, tenant) as log:
        saved_queries.remove(log, name)
    emit(as_json, {"name": name}, f"{name} is gone")
