"""`affidavit user …`: people."""

from __future__ import annotations

from typing import Any

import click

from affidavit.access import accounts, people
from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.cli.grants import grant_of, grant_options, line


@click.group(cls=Group)
def user() -> None:
    """People who may sign in where the service runs with --sign-in."""


@user.command()
@click.argument("name")
@home_option
@grant_options("viewer")
@json_option
def add(name: str, home: str, tenant: str, as_json: bool, **granted: Any) -> None:
    """Add a person called NAME, and print the one-time link by which they choose a password."""
    with open_log(home, tenant) as log:
        token = people.invite(log, name, grant_of(log, **granted))
    _say_link(as_json, name, token)


@user.command()
@click.argument("name")
@home_option
@json_option
def invite(name: str, home: str, tenant: str, as_json: bool) -> None:
    """Print another link for NAME; their password and sessions end at once."""
    with open_log(home, tenant) as log:
        token = people.invite_again(log, name)
    _say_link(as_json, name, token)


@user.command()
@click.argument("name")
@home_option
@json_option
def end(name: str, home: str, tenant: str, as_json: bool) -> None:
    """End the access of NAME, and every session of theirs, at once."""
    with open_log(home, tenant) as log:
        ended = accounts.end(log, "person", name)
    emit(as_json, ended.to_json(), f"{name} has no access any more")


@user.command()
@click.argument("name")
@home_option
@grant_options("viewer")
@json_option
def change(name: str, home: str, tenant: str, as_json: bool, **granted: Any) -> None:
    """Give NAME another role and other bounds, in the place of all they had; it acts at once."""
    with open_log(home, tenant) as log:
        changed = accounts.change(log, "person", name, grant_of(log, **granted))
    emit(as_json, changed.to_json(), line(changed))


@user.command()
@click.argument("name")
@home_option
@json_option
def restore(name: str, home: str, tenant: str, as_json: bool) -> None:
    """Give NAME, whose access ended, access again, with the password they had."""
    with open_log(home, tenant) as log:
        restored = accounts.restore(log, name)
    emit(as_json, restored.to_json(), f"{name} has access again")


@user.command("list")
@home_option
@json_option
def list_users(home: str, tenant: str, as_json: bool) -> None:
    """All people, those without access any more too."""
    with open_log(home, tenant) as log:
        found = accounts.list_accounts(log, "person")
    emit(as_json, {"users": [one.to_json() for one in found]}, "\n".join(map(line, found)) or "Nobody yet")


def _say_link(as_json: bool, name: str, token: str) -> None:
    path = f"/welcome?token={token}"
    words = f"{name} chooses a password, once, within {people.LINK_H} hours, at this path of the service:\n{path}"
    emit(as_json, {"name": name, "path": path}, words)
