"""`affidavit log …`: status, checkpoint, trust, fsck, prove."""

from __future__ import annotations

import base64
from typing import Any

import click
import msgspec

from affidavit.cli.common import Group, emit, home_option, json_option, open_log, progress_bar
from affidavit.log.fsck import fsck as check
from affidavit.log.proofs import prove as make_proof
from affidavit.log.registry import MAIN
from affidavit.log.status import status as read_status


@click.group(cls=Group)
def log() -> None:
    """Look at the log itself."""


@log.command()
@home_option
@json_option
def status(home: str, tenant: str, as_json: bool) -> None:
    """Sizes, newest checkpoints and what was counted."""
    with open_log(home, tenant) as opened:
        value = read_status(opened)
    emit(as_json, value, lambda: _status_words(value))


def _status_words(value: dict[str, Any]) -> str:
    lines = [f"Tenant {value['tenant']}, zone {value['zone']}"]
    for stream, one in value["logs"].items():
        newest = one["checkpoint"]
        signed = f"newest checkpoint {newest['size']:,} at {newest['at']}" if newest else "no checkpoint yet"
        lines.append(f"{stream:8} {one['size']:>12,} entries, {signed}")
        lines += [f"{'':8} {count:>12,} {name.replace('_', ' ')}" for name, count in one["counters"].items()]
    return "\n".join(lines)


@log.command()
@home_option
@click.option("--stream", default=MAIN, show_default=True)
@json_option
def checkpoint(home: str, tenant: str, stream: str, as_json: bool) -> None:
    """Sign the present size and root, and print the signed note (C2SP tlog-checkpoint)."""
    with open_log(home, tenant) as opened:
        pin = opened.pin(stream)
    note = pin.note.decode()
    root = base64.b64encode(pin.root).decode()
    emit(as_json, {"origin": pin.origin, "size": pin.size, "root": root, "note": note}, note.rstrip("\n"))


@log.command()
@home_option
def trust(home: str, tenant: str) -> None:
    """Print the trust file: the keys a verifier needs. Hand it over by another way than the bundles."""
    with open_log(home, tenant) as opened:
        click.echo(msgspec.json.format(msgspec.json.encode(opened.trust())).decode())


@log.command()
@home_option
@json_option
def fsck(home: str, tenant: str, as_json: bool) -> None:
    """Rebuild every commitment, entry and tree from what is stored. Ends with 7 at the first mismatch."""
    with open_log(home, tenant) as opened, progress_bar(as_json) as bar:
        results = []
        for info in opened.tenant.logs.values():
            task = bar.add_task(info.stream, total=None)
            results.append(
                check(opened.database, info, lambda done, size, task=task: bar.update(task, completed=done, total=size))
            )
    value = [
        {"origin": r.origin, "stream": r.stream, "size": r.size, "root": r.root.hex(), "checkpoints": r.checkpoints}
        for r in results
    ]
    words = "\n".join(
        f"{r.stream:8} {r.size:>12,} entries rebuilt, root {r.root.hex()[:12]}…, checkpoints agreeing: {r.checkpoints}"
        for r in results
    )
    emit(as_json, {"ok": True, "logs": value}, f"{words}\nClean: what is stored is what was committed")


@log.command()
@click.argument("index", type=click.IntRange(min=0))
@home_option
@click.option("--stream", default=MAIN, show_default=True)
def prove(index: int, home: str, tenant: str, stream: str) -> None:
    """Print entry INDEX, its inclusion proof and the checkpoint it holds for, as JSON."""
    with open_log(home, tenant) as opened:
        click.echo(msgspec.json.format(msgspec.json.encode(make_proof(opened, stream, index))).decode())
