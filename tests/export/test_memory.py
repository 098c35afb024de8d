"""Memory does not grow with rows: measured in a process of its own, over a reader that makes rows as asked."""

import json
import os
import subprocess
import sys

import pytest

GROWTH_MIB_MAX = 32

SCRIPT = r"""
import json, os, resource, sys
from pathlib import Path
from types import SimpleNamespace
import pyarrow as pa
from affidavit.export.openings import OpeningsWriter, salts_of
from affidavit.export import rows as exported
from affidavit.export.rows import Rows
from affidavit.export.spec import ExportSpec
from affidavit.export.zip import Spool
from affidavit.log.keys import Keys
from affidavit.verify.archive import STORED

BATCH = 8192
exported.configured = lambda log, spec: spec  # no database to read it from

def batch(first):
    n = range(first, first + BATCH)
    fields = [f'{{"actor.id":"user{i}","resource.id":"=r{i},x","resource.type":"enrollment","source.ip":"10.0.0.1"}}'
              for i in n]
    return pa.record_batch({
        "k": pa.array([0] * BATCH, pa.int32()), "idx": pa.array(n, pa.int64()),
        "at_us": pa.array([1_700_000_000_000_000 + i * 1_000_000 for i in n], pa.int64()),
        "t_us": pa.array([1_700_000_000_000_000 + i * 1_000_000 for i in n], pa.int64()),
        "action": ["grade.updated"] * BATCH, "outcome": ["success"] * BATCH,
        "c": pa.array([bytes(32)] * BATCH, pa.binary(32)),
        "seed": pa.array([i.to_bytes(32) for i in n], pa.binary(32)), "tags": ["ssss"] * BATCH, "fields": fields,
    })

class Reader:
    def __init__(self, batches): self.batches = batches
    def rows(self, query, pins, **_):
        for n in range(self.batches):
            yield batch(n * BATCH)

def run(batches):
    log = SimpleNamespace(tenant=SimpleNamespace(id="t"),
        pin=lambda stream: SimpleNamespace(origin="o", stream=stream, size=1), reader=Reader(batches),
        database=None, keys=Keys(b"k" * 32))
    rows = Rows(log, ExportSpec(zone="Europe/Berlin", format=sys.argv[2]), "x", year=2026, bundle=True)
    folder = Path(sys.argv[1])
    spools = [Spool("openings.ndjson", folder), Spool("salts.bin", folder, STORED), Spool("hidden.bin", folder, STORED)]
    openings = OpeningsWriter(spools, rows.masker.open_paths)
    data = Spool("data", folder)
    for chunk in rows.chunks(also=lambda rows: openings.write(rows.batch, salts_of(rows.batch))):
        data.write(chunk)
    return rows.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

small, before = run(2)
large, after = run(13)
print(json.dumps([small, before, large, after]))
"""


@pytest.mark.parametrize("format", ["csv", "ndjson", "parquet", "xlsx"])
def test_a_hundred_thousand_rows_take_the_memory_of_a_few(tmp_path, format):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), format]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert done.returncode == 0, done.stderr
    small, before, large, after = json.loads(done.stdout)
    assert (small, large) == (2 * 8192, 13 * 8192)
    assert after - before < GROWTH_MIB_MAX
