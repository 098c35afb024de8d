"""`affidavit tenant …`."""

from __future__ import annotations

import click

from affidavit.cli.common import Group, emit, home_option, json_option, open_log
from affidavit.log import registry
from affidavit.settings import zone as check_zone


@click.group(cls=Group)
def tenant() -> None:
    """Tenants: each with its own logs, keys, folder and files."""


@tenant.command()
@click.argument("name")
@home_option
@click.option("--timezone", "zone", default="UTC", show_default=True, help="IANA zone that naive dates mean.")
@json_option
def create(name: str, home: str, tenant: str, zone: str, as_json: bool) -> None:
    """Make tenant NAME with its three logs."""
    check_zone(zone)
    with open_log(home, tenant) as log:
        made = registry.create_tenant(log.database, log.keys, name, zone)
    with open_log(home, name) as log:
        log.record_own("tenant.created", {"settings.zone": zone}, stream=registry.CONTROL)
    origins = {stream: info.origin for stream, info in made.logs.items()}
    emit(
        as_json,
        {"tenant": made.name, "id": made.id, "zone": zone, "logs": origins},
        f"Tenant {name} ready, zone {zone}",
    )


@tenant.command("list")
@home_option
@json_option
def list_tenants(home: str, tenant: str, as_json: bool) -> None:
    """Name all tenants."""
    with open_log(home, tenant) as log:
        names = registry.list_tenants(log.database)
    emit(as_json, {"tenants": names}, "\n".join(names))
