"""Fields read one by one are the fields of whole records, wherever they lie."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from affidavit.errors import IntegrityError
from affidavit.export.select import Projected, Selector
from affidavit.log import reader
from affidavit.log.audit_log import AuditLog
from affidavit.log.worker import Worker
from affidavit.paths import PATHS
from affidavit.query.tree import EVERYTHING, eq

START = datetime(2026, 1, 1, tzinfo=UTC)
DECLARED = '[fields.course]\ntype = "string"\n[fields.seats]\ntype = "number"\n'
OUTSIDE = {
    "change.before.grade", "change.after.grade", "change.after.score", "details.course", "details.seats",
    "details.undeclared", "query.text",
}  # fmt: skip
EVENTS = (
    {"action": "a"},
    {"action": "b.c", "outcome": "denied", "actor": {"id": "=1", "roles": ["x", "ü"], "mfa": True, "name": 'q"\\'}},
    {"action": "a", "actor": "u1", "subject": "student:s,1", "source": {"ip": "::1", "user_agent": "a\r\nb\t\x01"}},
    {"action": "a", "change": {"before": {"grade": None}, "after": {"grade": "A", "score": 1.5}}},
    {"action": "a", "change": {"before": {"grade": "null"}, "after": {"grade": {"x": [1]}, "score": "1.5"}}},
    {"action": "a", "details": {"course": "Latin", "seats": 12, "undeclared": "x", "other": [None]}},
    {"action": "a", "details": {"course": "", "seats": 12.5}, "message": "😀 'é'", "target": ""},
    {"action": "a", "record_count": 10**12, "data_categories": ["grades"], "legal_hold": False},
)


@pytest.fixture
def log(tmp_path):
    (tmp_path / "fields.toml").write_text(DECLARED)
    with AuditLog.open(tmp_path / "home", declared_fields=str(tmp_path / "fields.toml")) as opened:
        yield opened


def record(log, count):
    """`count` events in no order of time."""
    log.record_many(
        [{**EVENTS[n % len(EVENTS)], "at": START + timedelta(minutes=n * 37 % count)} for n in range(count)]
    )


def whole(log, paths, query, limit):
    """Times and cells of whole records."""
    selector = Selector(paths, whole=True)
    found = [selector.select(batch) for batch in log.reader.rows(query, [log.pin()], limit=limit) if batch.num_rows]
    return cells(found, paths)


def chosen(log, paths, query, limit):
    """Times and cells as the reader gives them field by field."""
    with closing(log.reader.columns(query, [log.pin()], paths, limit=limit)) as batches:
        return cells([Projected(batch) for batch in batches], paths)


def cells(found, paths):
    columns = []
    for path in sorted(paths):
        column = []
        for rows in found:
            got = rows.column(path)
            json = got.json if not isinstance(got.json, bool) else pa.array([got.json] * len(got.values))
            there = [(value, kind) for value, kind in zip(got.values.to_pylist(), json.to_pylist(), strict=True)]
            column += [(None, None) if value is None else (value, kind) for value, kind in there]
        columns.append(column)
    return [value for rows in found for value in rows.times("at").to_pylist()], columns


@pytest.mark.parametrize("query", [EVERYTHING, eq("action", "a"), eq("change.after.grade", "A")])
@pytest.mark.parametrize("limit", [None, 0, 1, 300])
def test_fields_are_those_of_whole_records(log, query, limit):
    record(log, 280)
    Worker(log).round(everything=True)  # 256 of them
    record(log, 40)
    paths = {"action", "outcome", *PATHS, *OUTSIDE}
    times, columns = whole(log, paths, query, limit)
    assert chosen(log, paths, query, limit) == (times, columns)
    assert (len(times) > 0) is (limit != 0)
    assert times == sorted(times)
    for path in ("subject.id", "source.user_agent", "actor.roles"):
        assert chosen(log, {path}, query, limit)[1] == [columns[sorted(paths).index(path)]]


def test_every_path_of_the_examples_is_read(log):
    record(log, len(EVENTS))
    paths = {"actor.id", "actor.roles", "source.ip", "record_count", "details", *OUTSIDE - {"query.text"}}
    _, columns = chosen(log, paths, EVERYTHING, None)
    there = {path for path, column in zip(sorted(paths), columns, strict=True) if any(value for value, _ in column)}
    assert there == paths - {"details.undeclared"}


def test_both_times_are_read_when_asked_for(log):
    record(log, 5)
    (batch,) = log.reader.columns(EVERYTHING, [log.pin()], {"at", "t"})
    (rows,) = log.reader.rows(EVERYTHING, [log.pin()])
    assert Projected(batch).times("t").to_pylist() == rows.column("t_us").to_pylist()
    assert batch.column_names == ["k", "idx", "at_us", "t_us"]


@pytest.mark.parametrize(("rows", "size"), [(1, 1 << 30), (100, 1 << 30), (1 << 20, 1)])
def test_batches_are_gathered_up_to_their_limits(log, monkeypatch, rows, size):
    monkeypatch.setattr(reader, "COLUMN_ROWS", rows)
    monkeypatch.setattr(reader, "COLUMN_BYTES", size)
    monkeypatch.setattr(reader, "BATCH_ROWS", 64)
    record(log, 300)
    batches = list(log.reader.columns(EVERYTHING, [log.pin()], {"actor.id"}))
    assert sum(batch.num_rows for batch in batches) == 300
    found = [index for batch in batches for index in batch.column("idx").to_pylist()]
    assert sorted(found) == list(range(300))
    assert all(batch.num_rows <= max(rows, 64) for batch in batches)
    assert len(batches) > 1


def test_a_read_that_fails_or_is_left_lets_go(log, monkeypatch):
    record(log, 300)
    monkeypatch.setattr(reader, "COLUMN_ROWS", 50)
    monkeypatch.setattr(reader, "BATCH_ROWS", 50)
    batches = log.reader.columns(EVERYTHING, [log.pin()], {"actor.id"})
    assert next(batches).num_rows
    batches.close()

    def broken(*_args, **_options):
        raise IntegrityError("a segment is damaged")

    monkeypatch.setattr(log.reader, "_source", broken)
    with pytest.raises(IntegrityError, match="damaged"):
        next(log.reader.columns(EVERYTHING, [log.pin()], {"actor.id"}))
    monkeypatch.undo()
    assert sum(batch.num_rows for batch in log.reader.columns(EVERYTHING, [log.pin()], {"actor.id"})) == 300
