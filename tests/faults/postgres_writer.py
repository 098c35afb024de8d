"""A writer process for test_postgres.py: records for ever, each receipt to a file once it is there; errors go on."""

import os
import sys
import time

from affidavit.errors import StorageError
from affidavit.log.audit_log import AuditLog


def write(home, url, out):
    sink = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        try:
            with AuditLog.open(home, database=url) as log:
                number = 0
                while True:
                    count = (1, 2, 12)[number % 3]
                    number += 1
                    for receipt in log.record_many([{"action": "a", "actor": f"u{n}"} for n in range(count)]):
                        os.write(sink, f"{receipt.index} {receipt.leaf.hex()} {receipt.id}\n".encode())
        except StorageError:
            time.sleep(0.05)


if __name__ == "__main__":
    write(*sys.argv[1:])
