"""What second processes are told to do in tests/verify/test_second.py."""

from __future__ import annotations

import sys
import time

from affidavit.errors import IntegrityError


def echo(arguments, source, tell):
    sys.stdout.write("not a message\n")
    sys.stdout.flush()
    for line in source:
        tell({"arguments": arguments, "line": line.decode()})


def fail(arguments, _source, _tell):
    kinds = {
        "ours": IntegrityError("record 3 is changed", "Run affidavit log fsck"),
        "disk": OSError(28, "No space left on device"),
        "other": ZeroDivisionError("by zero"),
    }
    raise kinds[arguments[0]]


def hang(_arguments, _source, _tell):
    time.sleep(600)
