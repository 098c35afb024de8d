"""`affidavit reference …`: people, relations, sensitive subjects, calendars, systems."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from affidavit.cases import reference_data
from affidavit.cases.reference_data import load_json
from affidavit.cases.reference_tables import TABLES
from affidavit.cli.common import Group, emit, home_option, json_option, open_log, plural
from affidavit.commitment import format_time

ROWS_SHOWN: Final = 20
_TABLE: Final = click.argument("table", type=click.Choice(list(TABLES)))


@click.group(cls=Group)
def reference() -> None:
    """Reference data: what reports need and events don't carry. Private to the tenant."""


@reference.command()
@_TABLE
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
@click.option("--add", is_flag=True, help="Add its rows to those there; without, they take their place.")
@json_option
def load(table: str, file: Path, home: str, tenant: str, add: bool, as_json: bool) -> None:
    """Load the CSV FILE as the next version of TABLE."""
    with open_log(home, tenant) as log:
        loaded = reference_data.load_csv(log, table, file, add=add)
    emit(as_json, load_json(loaded), f"{table} version {loaded.version}: {plural(loaded.rows, 'row')}")


@reference.command("list")
@click.argument("table", type=click.Choice(list(TABLES)), required=False, default=None)
@home_option
@json_option
def list_loads(table: str | None, home: str, tenant: str, as_json: bool) -> None:
    """Every version of every table, or of TABLE."""
    with open_log(home, tenant) as log:
        found = reference_data.list_loads(log, table or "")
    lines = [
        f"{one.table:20} {one.version:>4}  {format_time(one.loaded_us)[:19]}Z  {plural(one.rows, 'row')}"
        for one in found
    ]
    emit(as_json, {"loads": [load_json(one) for one in found]}, "\n".join(lines) or "Nothing loaded yet")


@reference.command()
@_TABLE
@home_option
@click.option("--version", type=int, default=None, help="That version; by default the newest.")
@click.option("--rows", "count", default=ROWS_SHOWN, show_default=True, type=click.IntRange(0), help="At most so many.")
@json_option
def show(table: str, home: str, tenant: str, version: int | None, count: int, as_json: bool) -> None:
    """The first rows of a version of TABLE."""
    with open_log(home, tenant) as log:
        loaded, rows = reference_data.read(log, table, version=version)
    shown = reference_data.as_given(table, rows, count)
    lines = [", ".join(f"{name} {value}" for name, value in row.items() if value not in (None, "")) for row in shown]
    words = f"{table} version {loaded.version}: {plural(loaded.rows, 'row')}"
    emit(as_json, {**load_json(loaded), "first": shown}, "\n".join([words, *lines]))


@reference.command()
@_TABLE
@click.argument("before", type=int)
@home_option
@json_option
def forget(table: str, before: int, home: str, tenant: str, as_json: bool) -> None:
    """Destroy the versions of TABLE before version BEFORE; reports as of then are not evidenced any more."""
    with open_log(home, tenant) as log:
        count = reference_data.forget(log, table, before)
    emit(as_json, {"table": table, "before": before, "forgotten": count}, f"{plural(count, 'version')} destroyed")
