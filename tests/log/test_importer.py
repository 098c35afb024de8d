"""Imports: nothing lost, nothing twice, whatever happened to the import or the files in between."""

import gzip
import io
import json
import shutil
from pathlib import Path

import pytest

from affidavit.errors import InvalidRequest, StorageError
from affidavit.log import importer
from affidavit.log.audit_log import AuditLog
from affidavit.log.fsck import fsck
from affidavit.log.importer import ImportResult, import_files, rejects_writer
from tests.interchange.cloudtrail_samples import record as trail

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "cloudtrail"


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch):
    monkeypatch.setattr(importer, "BATCH_ITEMS", 10)


def line(n, **fields):
    return json.dumps({"action": "a", "at": "2026-01-01T00:00:00Z", "actor": f"u{n}", **fields})


@pytest.fixture
def file(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()

    def do(lines, name="x.jsonl"):
        data = "".join(f"{one}\n" for one in lines).encode()
        path = folder / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return do


@pytest.fixture
def run(log):
    def do(*paths, format="jsonl", **options):
        rejects = []
        result = import_files(log, paths, format, on_reject=rejects.append, **options)
        assert result.recorded + result.known + result.rejected == result.items
        return result, rejects

    return do


def actors(log):
    size = log.pin().size
    found = [dict(zip(o.paths, o.values, strict=True)) for o in (log.opened("main", n) for n in range(size))]
    return [one.get("actor.id") for one in found]


def test_a_file_comes_in_order_and_a_second_time_not_at_all(log, file, run, clean):
    path = file([line(n) for n in range(35)])
    assert run(path) == (ImportResult(files=1, items=35, recorded=35), [])
    assert actors(log) == [f"u{n}" for n in range(35)]
    assert run(path)[0] == ImportResult(files=1, items=35, known=35)
    assert clean()["main"].size == 35


def test_months_later_when_ledger_and_file_name_are_gone(log, file, run):
    """Ids are made of what a line says and where: the log itself knows them."""
    from affidavit.log.schema import import_batches

    path = file([line(n) for n in range(12)])
    run(path)
    with log.database.write() as connection:
        connection.execute(import_batches.delete())
    assert run(path)[0] == ImportResult(files=1, items=12, known=12)
    assert run(path.rename(path.with_name("renamed.jsonl")))[0].recorded == 0
    assert log.pin().size == 12


def test_a_file_that_grew(log, file, run):
    run(file([line(n) for n in range(15)]))
    result, _ = run(file([line(n) for n in range(33)]))
    assert (result.known, result.recorded) == (15, 18)
    assert actors(log) == [f"u{n}" for n in range(33)]


def test_a_file_that_was_mended(log, file, run, clean):
    lines = [line(n) for n in range(30)]
    lines[12] = '{"action":"a","at":"2026-01-01"}'
    result, (reject,) = run(file(lines))
    assert (result.recorded, result.rejected) == (29, 1)
    assert (reject.line, reject.field, reject.raw) == (13, "at", lines[12])
    lines[12] = line(12)
    result, rejects = run(file(lines))
    assert (result.known, result.recorded, result.rejected, rejects) == (29, 1, 0, [])
    assert sorted(actors(log)) == sorted(f"u{n}" for n in range(30))
    assert clean()["main"].size == 30


@pytest.mark.parametrize("batches_before", [0, 1, 2, 4])
def test_an_import_that_died_goes_on(log, file, run, monkeypatch, batches_before, clean):
    path = file([line(n) for n in range(50)])
    submit, left = AuditLog.submit_prepared, [batches_before]

    def dies(self, *args, **kwargs):
        if left[0] == 0:
            raise StorageError("disk full")
        left[0] -= 1
        return submit(self, *args, **kwargs)

    monkeypatch.setattr(AuditLog, "submit_prepared", dies)
    with pytest.raises(StorageError):
        import_files(log, [path], "jsonl")
    monkeypatch.undo()
    log.flush()
    result, _ = run(path)
    assert result.known + result.recorded == 50
    assert result.recorded >= 50 - 10 * batches_before
    assert actors(log) == [f"u{n}" for n in range(50)]
    assert clean()["main"].size == 50


def test_the_ledger_and_the_events_are_one_transaction(log, file, run, monkeypatch):
    """A batch whose transaction fails at its ledger leaves no event behind."""
    path = file([line(n) for n in range(5)])
    with monkeypatch.context() as patch:
        patch.setattr(importer.time, "time_ns", lambda: "no number")
        with pytest.raises((StorageError, TypeError)):
            import_files(log, [path], "jsonl")
    assert log.pin().size == 0
    assert run(path)[0].recorded == 5


BAD = [
    ("{", ""),
    ('{"action":"Bad"}', "action"),
    ('{"action":"a","at":"2026-01-01T00:00:00"}', "at"),
    ('{"action":"a","actr":"x"}', "actr"),
    ('{"action":"a","actor":5}', "actor"),
    ('{"action":"a","actor":"\\ud800"}', "actor"),
    ('{"action":"a","details":{"x":"\\u0000"}}', "details.x"),
    ('{"action":"a","details":{"x":' + "[" * 100 + "]" * 100 + "}}", "details.x"),
    ('{"action":"a","at":"2999-01-01T00:00:00Z"}', "at"),
    ('{"action":"a","message":"' + "x" * (1 << 20) + '"}', ""),
]


def test_rejects_are_named_by_line_and_field_and_the_rest_goes_on(log, file, run):
    good = [line(n) for n in range(len(BAD) + 1)]
    lines = [good[0]]
    for n, (bad, _) in enumerate(BAD, 1):
        lines += [bad, good[n]]
    path = file(lines)
    result, rejects = run(path)
    assert (result.recorded, result.rejected) == (len(BAD) + 1, len(BAD))
    assert [(one.line, one.field) for one in rejects] == [(2 * n, field) for n, (_, field) in enumerate(BAD, 1)]
    for reject, (bad, _) in zip(rejects, BAD, strict=True):
        assert reject.source == str(path)
        assert reject.error
        assert bad.startswith(reject.raw[:1000])
        assert len(reject.raw) <= importer.RAW_CHARS_IN_REJECTS
    again, rejects = run(path)
    assert (again.recorded, again.known, again.rejected, rejects) == (0, len(BAD) + 1, len(BAD), [])
    third, _ = run(path)
    assert third == again


def test_bytes_that_are_not_utf8(log, file, run):
    path = file([line(0)])
    path.write_bytes(b'{"action":"a","actor":"\xff"}\n' + path.read_bytes())
    result, (reject,) = run(path)
    assert (result.recorded, reject.line) == (1, 1)
    assert "\\xff" in reject.raw


def test_an_id_used_for_two_events_across_files(log, file, run):
    same = "0199a0e5-0000-7000-8000-000000000001"
    one, two = file([line(0, id=same)], "1.jsonl"), file([line(1, id=same), line(0, id=same)], "2.jsonl")
    result, (reject,) = run(one, two)
    assert (result.recorded, result.known, result.rejected) == (1, 1, 1)
    assert (reject.source, reject.line, reject.field) == (str(two), 1, "id")


def test_equal_lines(log, file, run):
    """Equal lines at two places of a file are two events; the same file under two names is one, if lines have times."""
    one = file([line(0)] * 3, "1.jsonl")
    assert run(one)[0].recorded == 3
    assert run(file([line(0)] * 3, "2.jsonl"))[0].known == 3
    assert run(one, label="other system")[0].recorded == 3
    timeless = '{"action":"a"}'
    assert run(file([timeless], "3.jsonl"), file([timeless], "4.jsonl"))[0].recorded == 2


def test_folders_and_gzip(log, file, run):
    first = file([line(n) for n in range(3)], "a.jsonl.gz")
    file([line(n) for n in range(3, 6)], "b.ndjson")
    file(["not one"], "c.txt")
    seen = []
    result, _ = run(first.parent, progress=lambda *args: seen.append(args[:3]))
    assert (result.files, result.recorded) == (2, 6)
    assert [Path(name).name for name, _, _ in seen] == ["a.jsonl.gz", "b.ndjson"]
    assert all(0 < done <= total for _, done, total in seen)


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_file_is_a_reject_and_the_others_go_on(log, file, run, cut, clean):
    lines = [line(n, message=f"{n * 7919 % 10007}") for n in range(400)]
    damaged = file(lines, "a.jsonl.gz")
    data = damaged.read_bytes()
    damaged.write_bytes(data[: int(len(data) * cut)])
    good = file([line(n) for n in range(1000, 1005)], "b.jsonl")
    result, rejects = run(damaged, good)
    assert rejects[-1].source == str(damaged)
    assert (rejects[-1].line, rejects[-1].raw) == (0, "")
    assert "a.jsonl.gz" in rejects[-1].error
    assert result.files == 2
    assert actors(log)[-5:] == [f"u{n}" for n in range(1000, 1005)]
    again, more = run(damaged, good)
    assert (again.recorded, again.known, again.rejected) == (0, result.recorded, result.rejected)
    assert [one.line for one in more] == [0]
    damaged.write_bytes(data)
    whole, _ = run(damaged, good)
    assert sorted(actors(log)) == sorted(f"u{n}" for n in [*range(400), *range(1000, 1005)])
    assert whole.rejected == 0
    assert clean()["main"].size == 405


def test_what_can_not_be_imported_at_all(log, tmp_path, file):
    path = file([line(0)])
    for options, words in (
        ({"format": "csv"}, "'csv'"),
        ({"label": "x" * 300}, "label"),
        ({"label": "\ud800"}, "label"),
    ):
        with pytest.raises(InvalidRequest, match=words):
            import_files(log, [path], **{"format": "jsonl", **options})
    with pytest.raises(InvalidRequest, match="no such file"):
        import_files(log, [path, tmp_path / "missing"], "jsonl")
    assert log.pin().size == 0


def test_streams(log, file, run):
    from affidavit.errors import Forbidden, NotFound

    path = file([line(0)])
    with pytest.raises(NotFound):
        run(path, stream="nothing")
    with pytest.raises(Forbidden):
        run(path, stream="access")


def test_secrets_are_counted(log, file, run):
    assert run(file([line(0, details={"pin": 1}), line(1)]))[0].secrets == 1


def test_cloudtrail_files(log, tmp_path, run):
    made = [trail(n) for n in range(25)]
    (tmp_path / "one.json").write_text(json.dumps({"Records": made}))
    (tmp_path / "two.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [*made[20:], trail(99)]}).encode()))
    result, rejects = run(tmp_path / "one.json", tmp_path / "two.json.gz", format="cloudtrail")
    assert (result.recorded, result.known, rejects) == (26, 5, [])
    shutil.move(tmp_path / "one.json", tmp_path / "elsewhere.json")
    assert run(tmp_path / "elsewhere.json", format="cloudtrail")[0].known == 25


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published trail is not here")
def test_the_published_trail(log, run, monkeypatch):
    monkeypatch.setattr(importer, "BATCH_ITEMS", 1000)
    result, rejects = run(PUBLISHED, format="cloudtrail")
    assert (result.items, result.recorded + result.known, rejects) == (2900, 2900, [])
    assert run(PUBLISHED, format="cloudtrail")[0].known == 2900


def test_the_rejects_file(log, file):
    out = io.StringIO()
    import_files(log, [file(["{", line(0), '{"action":"é"}'])], "jsonl", on_reject=rejects_writer(out))
    found = [json.loads(one) for one in out.getvalue().splitlines()]
    assert [(one["line"], one["field"], one["raw"]) for one in found] == [(1, "", "{"), (3, "action", '{"action":"é"}')]
    assert set(found[0]) == {"source", "line", "field", "error", "raw"}


def test_a_second_process_gives_the_same_log(tmp_path):
    """What `affidavit import` does with large files: parsed elsewhere, sequenced here."""
    import subprocess
    import sys

    lines = [
        f'{{"action":"a.b","at":"2024-03-01T00:00:00Z","actor":"u{n}","details":{{"pin":1}}}}' for n in range(3000)
    ]
    lines[1500] = "{not json"
    (tmp_path / "e.jsonl").write_text("\n".join(lines) + "\n")
    program = tmp_path / "run.py"
    program.write_text(
        "import sys\n"
        "from affidavit.log.audit_log import AuditLog\n"
        "from affidavit.log.importer import import_files\n"
        "if __name__ == '__main__':\n"
        "    rejects = []\n"
        "    with AuditLog.open(sys.argv[1]) as log:\n"
        "        for _ in range(2):\n"
        "            r = import_files(log, [sys.argv[2]], 'jsonl', on_reject=rejects.append, elsewhere=True)\n"
        "            sys.stdout.write(f'{r.recorded} {r.known} {r.rejected} {r.secrets}\\n')\n"
        "    sys.stdout.write(f'{[(one.line, one.field) for one in rejects]}\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "home"), str(tmp_path / "e.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["2999 0 1 2999", "0 2999 1 0", "[(1501, '')]"], done.stderr
    with AuditLog.open(tmp_path / "home") as log:
        assert fsck(log, "main").size == 2999
