"""What `affidavit user` and `affidavit key` share: the options that say what an account may do, and its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from affidavit.access.accounts import Account, Grant, end_of_day
from affidavit.access.principal import ROLES
from affidavit.log.audit_log import AuditLog

Command = TypeVar("Command", bound=Callable[..., Any])


def grant_options(default_role: str) -> Callable[[Command], Command]:
    """`--role`, `--profile`, `--stream`, `--from`, `--to`, `--expires`."""
    options = (
        click.option("--role", type=click.Choice(list(ROLES)), default=default_role, show_default=True),
        click.option("--profile", default="", help="The only masking profile they see events through."),
        click.option("--stream", "streams", multiple=True, help="The only streams they may read; repeat for more."),
        click.option("--from", "start", default="", help="They see events that happened from this day or time on,"),
        click.option("--to", "end", default="", help="and up to the end of this one."),
        click.option("--expires", default="", metavar="DATE", help="Last day it works, in the tenant's zone."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def grant_of(
    log: AuditLog, *, role: str, profile: str, streams: tuple[str, ...], start: str, end: str, expires: str
) -> Grant:
    """What the options say. Raises InvalidRequest for a date that is none."""
    until = end_of_day(expires, log.tenant.zone) if expires else None
    return Grant(role, profile, streams, start, end, until)  # type: ignore[arg-type]


def line(account: Account) -> str:
    """One account in a list."""
    shown = account.to_json()
    bounds = [f"{key} {shown[key]}" for key in ("profile", "from", "to") if shown[key]]
    if shown["streams"]:
        bounds.append(f"streams {', '.join(shown['streams'])}")
    if shown["ended"]:
        bounds.append(f"ended {shown['ended'][:10]}")
    elif shown["expires"]:
        bounds.append(f"until {shown['expires'][:16]}Z")
    if shown["state"] == "invited" and account.kind == "person":
        bounds.append("invited, not here yet")
    if shown["issuer"]:
        bounds.append(f"by {shown['issuer']}")
    return f"{account.name:24} {account.grant.role:10} {'; '.join(bounds)}".rstrip()
