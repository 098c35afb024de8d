"""What the fault tests run in processes of their own. Each mode prints JSON lines or writes receipts to files."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

from affidavit.errors import AffidavitError, StorageError
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck

WRITERS = 4
ROUND_S_MAX = 60


def write_receipts(home, out):
    """Record for ever; each receipt goes to `out` once it is there. Two threads, so that commits are grouped."""
    sink = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with AuditLog.open(home) as log:
        rng = random.Random(os.getpid())

        def work():
            while True:
                count = rng.choice((1, 1, 2, 7))
                for receipt in log.record_many(
                    [{"action": "a", "actor": f"u{n}", "message": "m" * 50} for n in range(count)]
                ):
                    os.write(sink, f"{receipt.index} {receipt.leaf.hex()} {receipt.id}\n".encode())

        threading.Thread(target=work, daemon=True).start()
        work()


def rounds(home, folder, count, seed):
    """Rounds of WRITERS processes, each killed at a random moment. One line a round, answered by one on stdin."""
    rng = random.Random(seed)
    with AuditLog.open(f"{home}.first") as log:  # everything is imported once, not in each child
        log.record("a")
    for number in range(count):
        signal.alarm(ROUND_S_MAX)  # rather end than hang
        children = []
        for writer in range(WRITERS):
            child = os.fork()
            if child == 0:
                try:
                    write_receipts(home, f"{folder}/{number}.{writer}")
                except BaseException:  # noqa: BLE001  it must not go on as a second parent
                    traceback.print_exc()
                    os._exit(3)
            children.append(child)
        if number % 3:  # in the others some are killed while they open the log
            while not any(path.stat().st_size for path in Path(folder).glob(f"{number}.*")):
                time.sleep(0.005)
        rng.shuffle(children)
        codes = []
        for child in children:
            time.sleep(rng.uniform(0, 0.1))
            os.kill(child, signal.SIGKILL)
            codes.append(os.waitpid(child, 0)[1])
        say(codes=codes)
        if not sys.stdin.readline():
            return


def record_until_it_fails(log):
    receipts = []
    try:
        while len(receipts) < 100_000:
            receipts.append(log.record("a", message="x" * 6000))
    except StorageError as error:
        return receipts, str(error)
    return receipts, ""


def say(**values):
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def full(folder):
    """A file system of 3 MiB that fills up. Needs a mount namespace."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    filler = Path(folder, "filler")
    filler.write_bytes(bytes(1 << 20))
    with AuditLog.open(f"{folder}/home") as log:
        receipts, error = record_until_it_fails(log)
        say(step="full", receipts=len(receipts), error=error)
        again = None
        try:
            log.record("b", message="x" * 60_000)
        except AffidavitError as failure:
            again = str(failure)
        say(step="still full", error=again)
        filler.unlink()
        after = log.record("c", message="y" * 60_000)
        kept = [receipt.leaf == _leaf(log, receipt.index) for receipt in receipts]
        say(step="space again", index=after.index, kept=all(kept), size=fsck(log, "main").size)


def _leaf(log, index):
    from affidavit.tlog.merkle import leaf_hash

    return leaf_hash(log.opened("main", index).entry)


def read_only(folder):
    """A home on a file system that becomes read-only, and a folder where none can be made."""
    home = f"{folder}/home"
    with AuditLog.open(home) as log:
        log.record("a")
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    for where in (home, f"{folder}/new", folder):
        try:
            with AuditLog.open(where) as log:
                log.record("b")
            say(step=where, error="", kind="")
        except AffidavitError as error:
            say(step=where, error=str(error), kind=type(error).__name__)
    subprocess.run(["mount", "-o", "remount,rw,bind", folder], check=True)
    with AuditLog.open(home) as log:
        say(step="writable", index=log.record("c").index, size=fsck(log, "main").size)


def small_files(folder):
    """No file may grow past 1 MiB: writes fail in the middle of what SQLite does."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with AuditLog.open(f"{folder}/home") as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        receipts, error = record_until_it_fails(log)
        say(step="full", receipts=len(receipts), error=error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        after = log.record("b")
        kept = [receipt.leaf == _leaf(log, receipt.index) for receipt in receipts]
        say(step="space again", index=after.index, kept=all(kept), size=fsck(log, "main").size)


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    if mode == "rounds":
        rounds(arguments[0], arguments[1], int(arguments[2]), int(arguments[3]))
    else:
        {"full": full, "read_only": read_only, "small_files": small_files}[mode](*arguments)
