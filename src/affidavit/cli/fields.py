"""`affidavit fields …`: the fields a tenant declares for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from affidavit.cli.common import Group, emit, home_option, json_option, open_log, plural
from affidavit.errors import InvalidRequest
from affidavit.log.registry import CONTROL, declare_fields
from affidavit.paths import DeclaredFields


@click.group(cls=Group)
def fields() -> None:
    """Declare fields of your own: details.NAME, with a type and a class."""


@fields.command("list")
@home_option
@json_option
def list_fields(home: str, tenant: str, as_json: bool) -> None:
    """The declared fields of the tenant, those of the home's own file included."""
    with open_log(home, tenant) as log:
        found = log.declared
    emit(as_json, {"fields": found.to_tables()}, lambda: _words(found) or "No fields declared")


@fields.command("set")
@click.argument("file", type=click.Path(dir_okay=False))
@home_option
@json_option
def set_fields(file: str, home: str, tenant: str, as_json: bool) -> None:
    """Declare the fields of FILE (TOML): new ones are added, those there are get its class, label and column.

    A field once declared stays, with its type, since records hold it. Processes under way know them after a restart.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file}: {error}", "Name a readable file of UTF-8") from None
    given = DeclaredFields.from_toml(text)
    with open_log(home, tenant) as log:
        whole = DeclaredFields()

        def put(connection: Any, _placed: Any) -> None:
            nonlocal whole
            whole = declare_fields(connection, log.tenant.id, given)

        log.record_own("fields.declared", {"settings.fields": ",".join(given.fields)}, stream=CONTROL, extra=put)
    emit(as_json, {"fields": whole.to_tables()}, f"{plural(len(given.fields), 'field')} declared\n{_words(whole)}")


def _words(found: DeclaredFields) -> str:
    return "\n".join(
        f"details.{one.name:24} {one.type:8} {one.cls:14} {one.label}".rstrip() for one in found.fields.values()
    )
