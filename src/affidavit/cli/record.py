"""`affidavit init` and `affidavit record`."""

from __future__ import annotations

import json
from typing import Any

import click

from affidavit.cli.common import emit, home_option, json_option, open_log
from affidavit.errors import InvalidRequest
from affidavit.event import OUTCOMES
from affidavit.log.registry import MAIN

SET_DEPTH_MAX = 8


@click.command()
@home_option
@click.option("--timezone", "zone", default=None, help="IANA zone that naive dates mean for this tenant.")
@json_option
def init(home: str, tenant: str, zone: str | None, as_json: bool) -> None:
    """Make a log in a folder: database, keys and the default tenant."""
    from affidavit.log.audit_log import AuditLog

    settings: dict[str, Any] = {"zone": zone} if zone else {}
    with AuditLog.open(home, tenant=tenant, **settings) as log:
        origins = {stream: info.origin for stream, info in log.tenant.logs.items()}
        emit(
            as_json,
            {"home": str(log.home), "tenant": log.tenant.name, "zone": log.tenant.zone, "logs": origins},
            f"Log ready in {log.home}, tenant {log.tenant.name}, zone {log.tenant.zone}\n"
            f"Back up {log.home}/keys/master.key apart from the rest; without it nothing can be signed again",
        )


@click.command()
@click.argument("action")
@home_option
@click.option("--actor", help="Who: ID or TYPE:ID.")
@click.option("--resource", help="On what: ID or TYPE:ID.")
@click.option("--outcome", type=click.Choice(OUTCOMES), default="success", show_default=True)
@click.option("--at", help="When, RFC 3339 with offset; now by default.")
@click.option("--id", "event_id", help="A UUID of your own: the same event sent twice is recorded once.")
@click.option("--stream", default=MAIN, show_default=True)
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Any other field; VALUE is JSON, else text."
)
@json_option
def record(
    action: str,
    home: str,
    tenant: str,
    actor: str | None,
    resource: str | None,
    outcome: str,
    at: str | None,
    event_id: str | None,
    stream: str,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Record one event; prints its receipt once it is durable."""
    given = (("actor", actor), ("resource", resource), ("at", at), ("id", event_id))
    event: dict[str, Any] = {"action": action, "outcome": outcome}
    event |= {name: value for name, value in given if value is not None}
    for setting in settings:
        _assign(event, setting)
    with open_log(home, tenant) as log:
        receipt = log.record(event, stream=stream)
    shown = {
        "log": receipt.log,
        "stream": receipt.stream,
        "index": receipt.index,
        "leaf": receipt.leaf.hex(),
        "t": receipt.t,
        "id": str(receipt.id),
        "duplicate": receipt.duplicate,
        "secrets_stripped": receipt.secrets,
    }
    words = (
        f"Already recorded at index {receipt.index}"
        if receipt.duplicate
        else f"Recorded at index {receipt.index}, {receipt.t}, leaf {receipt.leaf.hex()[:12]}…"
    )
    if receipt.secrets:
        words += f"\nSecrets left out: {receipt.secrets}"
    emit(as_json, shown, words)


def _assign(event: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise InvalidRequest(f"--set {setting[:80]!r} has no =", "Write --set subject.id=s17")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    except RecursionError:
        raise InvalidRequest(f"--set {path[:80]!r} is nested too deeply", "At most 64 levels") from None
    *groups, name = path.split(".")
    if len(groups) >= SET_DEPTH_MAX:
        raise InvalidRequest(f"--set {path[:80]!r} is too deep", f"At most {SET_DEPTH_MAX} levels")
    target = event
    for group in groups:
        inner = target.setdefault(group, {})
        if not isinstance(inner, dict):
            raise InvalidRequest(f"--set {path}: {group} is given as a single value too", "Give one or the other")
        target = inner
    target[name] = _text(path, value, text)


def _text(path: str, value: Any, raw: str) -> Any:
    """Numbers given for a text field stay text: `--set subject.id=17` means "17"."""
    from affidavit.paths import STRING, lookup

    known = lookup(path)
    if known is not None and known.tag == STRING and not path.startswith("change.") and value is not None:
        return raw if not isinstance(value, str) else value
    return value
