"""Killed at random moments, again and again: what was acknowledged is there, and nothing is half there.

A handful of rounds by default; AFFIDAVIT_LONG=1 runs many more.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.schema import event_ids, journal, logs

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]
ROUNDS = 600 if os.environ.get("AFFIDAVIT_LONG") else 8
CHILDREN = Path(__file__).with_name("children.py")


def receipts_of(folder, number):
    """(index, leaf, id) of every receipt of a round. The last line of a killed process may be cut off."""
    for path in folder.glob(f"{number}.*"):
        whole = path.read_text().rpartition("\n")[0]
        for line in whole.splitlines():
            index, leaf, event_id = line.split()
            yield int(index), bytes.fromhex(leaf), event_id


def check(log, receipts):
    """Indexes from 0 without gap, each receipt with its leaf; the size."""
    info = log.tenant.log("main")
    with log.database.read() as connection:
        size = connection.execute(select(logs.c.size).where(logs.c.id == info.id)).scalar_one()
        rows = connection.execute(
            select(journal.c.idx, journal.c.leaf).where(journal.c.log_id == info.id).order_by(journal.c.idx)
        ).all()
        ids = connection.execute(select(event_ids.c.idx).where(event_ids.c.log_id == info.id)).scalars().all()
    assert [row.idx for row in rows] == list(range(size))
    assert sorted(ids) == list(range(size))
    assert len({index for index, _, _ in receipts}) == len(receipts)
    assert len({event_id for _, _, event_id in receipts}) == len(receipts)
    lost = [index for index, leaf, _ in receipts if index >= size or bytes(rows[index].leaf) != leaf]
    assert lost == []
    return size


def test_four_writers_killed_at_random_moments(tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    home, out = tmp_path / "home", tmp_path / "out"
    out.mkdir()
    sys.stdout.write(f"seed {seed}\n")
    command = [sys.executable, str(CHILDREN), "rounds", str(home), str(out), str(ROUNDS), str(seed)]
    receipts = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as rounds:
        for number in range(ROUNDS):
            assert json.loads(rounds.stdout.readline())["codes"] == [9, 9, 9, 9], "a writer ended by itself"
            receipts += receipts_of(out, number)
            with AuditLog.open(home) as log:
                size = check(log, receipts)
                if number % 3 == 0:
                    assert fsck(log, "main").size == size
                    log.pin()
            rounds.stdin.write("go on\n")
            rounds.stdin.flush()
    with AuditLog.open(home) as log:
        size = check(log, receipts)
        assert log.record("a").index == size
        assert fsck(log, "main").size == size + 1
    assert len(receipts) >= ROUNDS // 3 * 2
