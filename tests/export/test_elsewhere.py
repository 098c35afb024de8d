"""Openings written by a second process are those that one process writes, and what goes wrong there is said here."""

from __future__ import annotations

import hashlib
import os
import signal
from contextlib import ExitStack, closing, contextmanager

import pyarrow as pa
import pytest

from affidavit.errors import IntegrityError, StorageError
from affidavit.export import ExportSpec, elsewhere, run_export
from affidavit.export.elsewhere import Openings
from affidavit.export.zip import Spool
from affidavit.verify import verify_bundle
from affidavit.verify.archive import DEFLATED, STORED

ROWS = 500


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """A second process from the first row on, on any machine."""
    monkeypatch.setattr(elsewhere, "ROWS_FROM", 1)
    monkeypatch.setattr(elsewhere, "HELD_BYTES_MAX", 0)
    monkeypatch.setattr(elsewhere, "possible", lambda: True)


def batch(first, rows=ROWS, *, seed=True, tags="sjn"):
    n = range(first, first + rows)
    fields = [f'{{"a":"x{i}","details":"{{\\"n\\":{i}}}","z":null}}' if i % 3 else '{"a":""}' for i in n]
    return pa.record_batch(
        {
            "k": pa.array([0] * rows, pa.int32()),
            "idx": pa.array(n, pa.int64()),
            "tags": [tags if i % 3 else "s" for i in n],
            "seed": pa.array([i.to_bytes(32) if seed else None for i in n], pa.binary(32)),
            "fields": fields,
            "other": ["not sent"] * rows,
        }
    )


@contextmanager
def openings(folder, processes=2):
    with ExitStack() as stack:
        methods = {"openings.ndjson": DEFLATED, "salts.bin": STORED, "hidden.bin": STORED}
        parts = [Spool(name, folder, method) for name, method in methods.items()]
        for part in parts:
            stack.callback(part.close)
        made = Openings(parts, frozenset({"a"}), processes=processes)
        stack.callback(made.close)
        yield made, parts


def written(folder, processes, batches, some=lambda _: ()):
    with openings(folder, processes) as (made, parts):
        for one in batches:
            made.write(one, some(one))
        made.finish()
        for part in parts:
            part.finish()
        return [(p.size, p.crc, p.stored, p.sha256, hashlib.sha256(b"".join(p.read())).hexdigest()) for p in parts]


def test_two_processes_write_what_one_writes(tmp_path):
    batches = [batch(n * ROWS) for n in range(5)]
    one, two = (written(tmp_path, n, batches) for n in (1, 2))
    assert one == two
    assert all(size for size, *_ in one)


def test_fields_open_in_some_rows_alone_are_open_in_the_same_rows(tmp_path):
    def some(rows):
        return [(frozenset({"z"}), [i % 2 == 0 for i in range(rows.num_rows)])]

    batches = [batch(n * ROWS) for n in range(2)]
    one, two = (written(tmp_path, n, batches, some) for n in (1, 2))
    assert one == two
    assert one != written(tmp_path, 2, batches)


def test_what_is_wrong_with_a_record_is_said_here(tmp_path):
    for bad, words in (
        (batch(ROWS, seed=False), "record 500 has no seed"),
        (batch(ROWS, tags="sj"), "2 tags for 3 fields"),
    ):
        with pytest.raises(IntegrityError, match=words):
            written(tmp_path, 2, [batch(0), bad, *(batch(n * ROWS) for n in range(2, 40))])


@pytest.mark.faults
def test_a_killed_process_fails_the_export_and_leaves_no_file(log, record, out, monkeypatch):
    record(*(("grade.read", f"u{n}", f"grade:{n}", "2026-01-01") for n in range(50)))
    go = Openings._go

    def killed(self, some):
        os.kill(self._second._process.pid, signal.SIGKILL)
        self._second._process.wait()
        go(self, some)

    monkeypatch.setattr(Openings, "_go", killed)
    with pytest.raises(StorageError, match="ended too early"):
        run_export(log, ExportSpec(), out / "bundle.zip", bundle=True)
    assert list(out.iterdir()) == []


@pytest.mark.faults
def test_one_that_is_killed_at_work_is_noticed(tmp_path):
    def go_on(made):
        for n in range(1, 200):
            made.write(batch(n * ROWS))
        made.finish()

    with openings(tmp_path) as (made, _):
        made.write(batch(0))
        os.kill(made._second._process.pid, signal.SIGKILL)
        with pytest.raises(StorageError, match="ended too early"):
            go_on(made)


def test_without_one_the_rows_are_written_here(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(11, "no more processes")

    batches = [batch(0), batch(ROWS)]
    wanted = written(tmp_path, 1, batches)
    monkeypatch.setattr(elsewhere, "Second", refuse)
    assert written(tmp_path, 2, batches) == wanted


def test_an_interpreter_that_is_none_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    batches = [batch(0), batch(ROWS)]
    assert written(tmp_path, 2, batches) == written(tmp_path, 1, batches)


def test_a_bundle_made_by_two_verifies(log, record, out):
    record(*(("grade.read", f"u{n}", f"grade:{n}", "2026-01-01") for n in range(300)))
    run_export(log, ExportSpec(), out / "two.zip", bundle=True)
    result = verify_bundle(out / "two.zip", log.trust())
    assert result.ok
    assert result.facts["rows"] == 300


def test_one_begins_before_the_rows_where_their_number_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "ROWS_FROM", 10)
    with ExitStack() as stack:
        parts = [stack.enter_context(closing(Spool(name, tmp_path, STORED))) for name in ("a", "b", "c")]
        many, few, unknown = (Openings(parts, frozenset(), processes=2, expected=n) for n in (10, 9, None))
        for made in (many, few, unknown):
            stack.callback(made.close)
        assert many._second is not None
        assert few._here is not None
        assert (unknown._second, unknown._here) == (None, None)
