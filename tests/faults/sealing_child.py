"""A process that records, seals or reads until it is killed. `python sealing_child.py ROLE HOME DATABASE`."""

import random
import sys

from affidavit.log import merger, sealer
from affidavit.log.audit_log import AuditLog
from affidavit.log.worker import Worker
from affidavit.query.tree import EVERYTHING

sealer.SEGMENT_ROWS = merger.SEGMENT_ROWS = 512
merger.MERGED_ROWS = 2048


def say(*words):
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def record(log):
    while True:
        batch = [{"action": "a.b", "actor": f"u{n}", "details": {"n": n}} for n in range(random.randrange(1, 40))]
        for receipt in log.record_many(batch):
            say(receipt.index, receipt.leaf.hex())


def seal(log):
    worker = Worker(log)
    while True:
        errors = [error for error in worker.round(everything=random.random() < 0.3).errors if "lease" not in error]
        if errors:
            say("error", errors[0])


def read(log):
    while True:
        pin = log.pin()
        indexes = sorted(i for b in log.reader.rows(EVERYTHING, [pin]) for i in b.column("idx").to_pylist())
        if indexes != list(range(pin.size)):
            say("error", f"read {len(indexes)} of {pin.size}")


if __name__ == "__main__":
    role, home, database = sys.argv[1:]
    with AuditLog.open(home, database=database) as opened:
        say("ready")
        {"record": record, "seal": seal, "read": read}[role](opened)
