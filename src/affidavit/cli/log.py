"""`affidavit log …`: status, checkpoint, trust, fsck, prove."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import click
import msgspec
from rich.progress import Progress, TaskID

from affidavit.cli.common import Group, emit, home_option, json_option, open_log, progress_bar
from affidavit.errors import IntegrityError, InvalidRequest, StorageError
from affidavit.log import checkpoints, recovery
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck as check
from affidavit.log.proofs import prove as make_proof
from affidavit.log.registry import CONTROL, MAIN
from affidavit.log.status import status as read_status
from affidavit.log.worker import Worker

FSCK_PROCESSES: Final = 2


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
    if value["stopped"]:
        lines.append(f"Audit logging is OFF since {value['stopped']}: events are refused, and counted")
    for stream, one in value["logs"].items():
        newest = one["checkpoint"]
        signed = f"newest checkpoint {newest['size']:,} at {newest['at']}" if newest else "no checkpoint yet"
        lines.append(f"{stream:8} {one['size']:>12,} entries, {one['sealed']:,} sealed, {signed}")
        lines += [f"{'':8} {count:>12,} {name.replace('_', ' ')}" for name, count in one["counters"].items()]
    lines += [f"{one['stream']:8} ended: {one['origin']}, named by that instead of a stream" for one in value["ended"]]
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


def _mover(bar: Progress, task: TaskID) -> Callable[[int, int], None]:
    return lambda done, size: bar.update(task, completed=done, total=size)


@log.command()
@home_option
@json_option
def fsck(home: str, tenant: str, as_json: bool) -> None:
    """Rebuild every commitment, entry and tree from what is stored. Ends with 7 at the first mismatch."""
    with open_log(home, tenant) as opened, progress_bar(as_json) as bar:
        results = []
        for stream in opened.tenant.logs:
            task = bar.add_task(stream, total=None)
            results.append(check(opened, stream, _mover(bar, task), processes=FSCK_PROCESSES))
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


@log.command()
@home_option
@click.option("--everything", is_flag=True, help="Whatever fills whole tiles of 256, however new.")
@json_option
def seal(home: str, tenant: str, everything: bool, as_json: bool) -> None:
    """Seal and merge what is due now. A worker does it by itself."""
    with open_log(home, tenant) as opened:
        work = Worker(opened).round(everything=everything)
    for error in work.errors:
        click.echo(f"affidavit: {error}", err=True)
    emit(
        as_json,
        {"sealed": work.sealed, "merged": work.merged, "removed": work.removed, "errors": work.errors},
        f"{work.sealed:,} entries sealed, {work.merged} segments merged, {work.removed} replaced files removed",
    )
    if work.errors:
        raise SystemExit(StorageError.exit_code)


@log.command("rotate-key")
@home_option
@click.option("--stream", default=MAIN, show_default=True)
@json_option
def rotate_key(home: str, tenant: str, stream: str, as_json: bool) -> None:
    """Begin a new checkpoint key. Both keys sign the present size; hand out the trust file again."""
    with open_log(home, tenant) as opened:
        info = opened.tenant.log(stream)
        key = checkpoints.rotate_key(opened, stream)
        opened.pin(stream)
    emit(
        as_json,
        {"origin": info.origin, "vkey": key.vkey, "from_size": key.from_size},
        f"{key.vkey} signs {stream} from size {key.from_size:,} on\nHand out the trust file again: affidavit log trust",
    )


@log.command("continue")
@home_option
@click.option("--stream", required=True)
@click.confirmation_option(prompt="End this stream's log as it stands and begin an empty one under a new origin?")
@json_option
def continue_log(home: str, tenant: str, stream: str, as_json: bool) -> None:
    """After a restore that lost signed entries: go on in a new log.

    The old one stays as it is and is never signed again.
    """
    with AuditLog.open(home, tenant=tenant, create=False, check=False) as opened:
        if _behind(opened, stream) is None:
            raise InvalidRequest(f"stream {stream} is whole: nothing that was signed is missing", "Go on as it is")
        if stream != CONTROL and _behind(opened, CONTROL) is not None:
            raise InvalidRequest(
                f"that {stream} goes on is recorded on {CONTROL}, which has lost entries too",
                f"First: affidavit log continue --stream {CONTROL}",
            )
        old, new, found = recovery.continue_under_new_origin(opened, stream)
    emit(
        as_json,
        {"ended": old.origin, "begun": new.origin, **found},
        f"{old.origin} ended at {found['size']:,} entries ({found['signed']:,} were signed)\n"
        f"{stream} goes on in {new.origin}\nHand out the trust file again: affidavit log trust",
    )


def _behind(log: AuditLog, stream: str) -> IntegrityError | None:
    """Why a stream's log can't go on as it is; None where it can."""
    try:
        recovery.check(log.database, log.archive, log.home, log.tenant.log(stream))
    except IntegrityError as error:
        return error
    return None
