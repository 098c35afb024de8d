"""One contract for every archive, then what is a bucket's alone: ranges, faults, secrets."""

import contextlib
import random
import threading

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from affidavit import AuditLog
from affidavit.errors import InvalidRequest, NotFound, StorageError
from affidavit.log.archive import FolderArchive, open_archive
from affidavit.log.bucket import TAIL_BYTES, BucketArchive, Patience
from affidavit.log.engine import connect
from affidavit.log.fsck import fsck
from affidavit.log.proofs import prove
from affidavit.log.sealer import SealPolicy, seal
from affidavit.query.tree import EVERYTHING, Leaf
from affidavit.settings import Settings
from tests.servers import Bucket

KEY_ID, KEY = "AKIDEXAMPLE000000000", "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
IMPATIENT = Patience(connect_s=2, read_s=0.4, request_s=2, retries_max=2, retry_s=5)
GROUP_ROWS = 2048


@pytest.fixture(scope="module")
def server():
    one = Bucket()
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)


@pytest.fixture
def url(server):
    server.faults.clear()
    yield f"s3://{server.make()}/some/prefix?endpoint={server.endpoint}&region=us-east-1"
    server.faults.clear()


@pytest.fixture
def bucket(url):
    return BucketArchive.from_url(url, IMPATIENT)


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.s3)])
def archive_url(request, tmp_path):
    """The setting `archive`."""
    return str(tmp_path / "archive") if request.param == "folder" else request.getfixturevalue("url")


@pytest.fixture
def archive(archive_url, tmp_path):
    return open_archive(archive_url, tmp_path)


# --- the contract ----------------------------------------------------------------------------------------------------


def test_what_was_put_is_there_whole(archive):
    data = random.Random(1).randbytes(300_000)
    archive.put("t/main/records/a.parquet", data)
    assert archive.get("t/main/records/a.parquet") == data
    assert archive.size("t/main/records/a.parquet") == len(data)
    archive.put("t/main/records/a.parquet", b"other")
    assert archive.get("t/main/records/a.parquet") == b"other"
    archive.put("t/main/empty", b"")
    assert archive.get("t/main/empty") == b""


def test_names_are_listed_sorted_and_by_folder(archive):
    names = ["t/main/log/tile/0/x001/000", "t/main/log/tile/0/001", "t/main/records/1.parquet", "t/main2/log/x", "u/y"]
    for name in names:
        archive.put(name, b"x")
    assert archive.list("t") == sorted(names[:4])
    assert archive.list("t/main") == sorted(names[:3])  # and not main2
    assert archive.list("t/main/records") == [names[2]]
    assert archive.list("v") == []


def test_more_names_than_one_page_of_a_listing(archive):
    for number in range(1005 if isinstance(archive, FolderArchive) else 30):
        archive.put(f"t/{number:05d}", b"")
    assert archive.list("t") == sorted(archive.list("t"))
    assert len(archive.list("t")) in (1005, 30)


def test_what_is_missing_is_not_found(archive):
    for ask in (archive.get, archive.size):
        with pytest.raises(NotFound, match="t/none"):
            ask("t/none")
    archive.delete("t/none")
    archive.put("t/some", b"x")
    archive.delete("t/some")
    archive.delete("t/some")
    with pytest.raises(NotFound):
        archive.get("t/some")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "a/../b", "a//b", "./a", "a/"])
def test_only_plain_names(archive, name):
    with pytest.raises(InvalidRequest):
        archive.put(name, b"x")
    with pytest.raises(InvalidRequest):
        archive.locate(name)


def segment(rows, seed):
    """Parquet of several row groups, with every kind of column that segments have."""
    dice = random.Random(seed)
    table = pa.table(
        {
            "idx": pa.array(range(rows), pa.int64()),
            "at": pa.array([1_700_000_000_000_000 + 997 * n for n in range(rows)], pa.timestamp("us", tz="UTC")),
            "id": pa.array([dice.randbytes(16) for _ in range(rows)], pa.binary(16)),
            "seed": pa.array([dice.randbytes(32) for _ in range(rows)], pa.binary(32)),
            "actor": [f"user-{dice.randrange(5000)}" for _ in range(rows)],
            "rare": [None if dice.random() < 0.9 else "ü" * dice.randrange(60) for _ in range(rows)],
            "details": ["{" + "x" * dice.randrange(200) + "}" for _ in range(rows)],
        }
    )
    out = pa.BufferOutputStream()
    pq.write_table(table, out, row_group_size=GROUP_ROWS, compression="zstd", write_page_index=True)
    return out.getvalue().to_pybytes(), table


@pytest.fixture(scope="module")
def segments():
    return [segment(20_000 + 1000 * n, n) for n in range(3)]


def ask(archive, threads, sql, names):
    with connect(Settings(query_threads=threads), archive) as connection:
        places = ", ".join("?" * len(names))
        found = connection.sql(sql.format(f"read_parquet([{places}])"), params=[archive.locate(n) for n in names])
        with found.to_arrow_reader(8192) as reader:
            return reader.read_all()


@pytest.mark.parametrize("threads", [1, 2, 4, 8])
def test_every_column_of_every_row_group_is_read_right(archive, segments, threads):
    names = [f"t/main/records/{n}.parquet" for n in range(len(segments))]
    for name, (data, _) in zip(names, segments, strict=True):
        archive.put(name, data)
    whole = pa.concat_tables([table for _, table in segments]).sort_by([("idx", "ascending"), ("seed", "ascending")])
    for _ in range(3):
        found = ask(archive, threads, "SELECT * FROM {} ORDER BY idx, seed", names)
        for name in whole.column_names:
            assert found.column(name).cast(whole.schema.field(name).type).equals(whole.column(name)), name
        some = ask(archive, threads, "SELECT actor, details FROM {} WHERE idx = 12345 ORDER BY details", names)
        assert some.column("details").to_pylist() == sorted(t.column("details")[12345].as_py() for _, t in segments)


def test_queries_reach_the_archive_and_nothing_else(archive, segments, tmp_path):
    archive.put("t/a.parquet", segments[0][0])
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with connect(Settings(), archive) as connection:
        for hostile in (
            f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')",
            "SELECT * FROM read_text('/etc/passwd')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SELECT * FROM read_parquet('s3://elsewhere/x.parquet')",
            "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(hostile)
        assert connection.execute("SELECT count(*) FROM read_parquet(?)", [archive.locate("t/a.parquet")]).fetchone()
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_segment_is_named(archive, segments):
    archive.put("t/a.parquet", segments[0][0])
    with pytest.raises((NotFound, StorageError), match=r"b\.parquet"):
        ask(archive, 2, "SELECT * FROM {}", ["t/a.parquet", "t/b.parquet"])


def test_what_is_sealed_reads_as_before(archive_url, tmp_path):
    with AuditLog.open(tmp_path / "home", archive=archive_url) as log:
        rng = random.Random(7)
        log.record_many(
            [
                {
                    "action": rng.choice(["grade.updated", "login", "record.viewed"]),
                    "actor": f"u{rng.randrange(9)}",
                    "resource": f"enrollment:{n}",
                    "source": {"ip": f"10.0.{n % 7}.{n % 200}"},
                    "details": {"n": n, "text": "ü" * rng.randrange(20)},
                }
                for n in range(1100)
            ]
        )
        pin = log.pin()
        queries = [EVERYTHING, Leaf("eq", "actor.id", "u3"), Leaf("prefix", "resource.id", "99")]

        def answers():
            return [[b.to_pylist() for b in log.reader.rows(query, [pin])] for query in queries]

        def flat(answer):
            return [[row for batch in one for row in batch] for one in answer]

        before, opened = flat(answers()), log.opened("main", 700)
        assert seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(1e9, 72), everything=True) == 1024
        assert flat(answers()) == before
        assert log.opened("main", 700) == opened
        assert prove(log, "main", 700)["size"] == 1100
        assert [bytes(one) for one in log.entries("main").read(250, 260)]
        assert fsck(log, "main").size == 1100
        assert len(log.archive.list(f"{log.tenant.log('main').folder}/records")) == 1


# --- buckets alone ---------------------------------------------------------------------------------------------------


@pytest.mark.s3
def test_ranges_are_read_not_whole_objects(server, bucket, segments):
    data, table = segments[2]
    bucket.put("t/a.parquet", data)
    server.faults.clear()
    found = ask(bucket, 2, "SELECT actor FROM {} WHERE idx = 9999", ["t/a.parquet"])
    assert found.column("actor").to_pylist() == [table.column("actor")[9999].as_py()]
    assert len(data) > 8 * TAIL_BYTES
    assert server.faults.bytes_sent < TAIL_BYTES + len(data) // 8
    assert all(span.startswith("bytes=") for _, span in server.faults.requests)
    server.faults.clear()
    ask(bucket, 2, "SELECT actor FROM {} WHERE idx = 9999", ["t/a.parquet"])
    assert server.faults.bytes_sent < len(data) // 8  # the footer is kept


@pytest.mark.s3
def test_large_files_go_up_in_parts(bucket, monkeypatch):
    monkeypatch.setattr("affidavit.log.bucket.PART_BYTES", 5 * 1024 * 1024)
    data = random.Random(3).randbytes(11 * 1024 * 1024)
    bucket.put("t/large", data)
    assert bucket.size("t/large") == len(data)
    assert bucket.get("t/large") == data


@pytest.mark.s3
def test_a_short_trouble_is_outlived(server, bucket):
    bucket.put("t/x", b"x" * 1000)
    for ask in (lambda: bucket.put("t/y", b"y"), lambda: bucket.get("t/x"), lambda: bucket.list("t")):
        server.faults.clear()
        server.faults.answers = [500, 503]
        ask()
        assert len(server.faults.requests) == 3


@pytest.mark.s3
@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_lasting_trouble_ends_in_an_error_without_secrets(server, bucket, segments, status):
    bucket.put("t/a.parquet", segments[0][0])
    server.faults.clear()
    server.faults.status = status
    tries = [
        lambda: bucket.put("t/x", b"x"),
        lambda: bucket.get("t/x"),
        lambda: bucket.list("t"),
        lambda: bucket.size("t/x"),
        lambda: bucket.delete("t/x"),
        lambda: ask(bucket, 2, "SELECT * FROM {}", ["t/a.parquet"]),
    ]
    for attempt in tries:
        server.faults.requests.clear()
        with pytest.raises(StorageError) as caught:
            attempt()
        assert 1 <= len(server.faults.requests) <= 9  # bounded, and DuckDB may ask for several at once
        shown = f"{caught.value} {caught.value.__cause__} {caught.value.args}"
        assert KEY not in shown
        assert KEY_ID not in shown
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.s3
def test_a_slow_bucket_ends_in_an_error(server, bucket, segments):
    bucket.put("t/a.parquet", segments[0][0])
    server.faults.delay_s = 1.2
    with pytest.raises(StorageError, match="timed out"):
        bucket.get("t/a.parquet")
    with pytest.raises(StorageError):
        ask(bucket, 2, "SELECT * FROM {}", ["t/a.parquet"])


@pytest.mark.s3
def test_bodies_cut_short_never_pass(server, bucket, segments):
    data = segments[0][0]
    bucket.put("t/a.parquet", data)
    server.faults.truncate = 1
    assert_whole_or_error(lambda: bucket.get("t/a.parquet"), data)
    server.faults.truncate = 100
    with pytest.raises(StorageError):
        bucket.get("t/a.parquet")
    with pytest.raises(StorageError):
        ask(bucket, 2, "SELECT * FROM {}", ["t/a.parquet"])


def assert_whole_or_error(read, data):
    with contextlib.suppress(StorageError):
        assert read() == data


@pytest.mark.s3
def test_a_missing_bucket_is_told(server):
    archive = BucketArchive.from_url(f"s3://no-such-bucket/x?endpoint={server.endpoint}&region=us-east-1", IMPATIENT)
    with pytest.raises(StorageError, match="no such bucket"):
        archive.put("t/x", b"x")


@pytest.mark.s3
def test_no_server_at_all(url, server):
    dead = BucketArchive.from_url(url.replace(server.endpoint, "http://127.0.0.1:9"), IMPATIENT)
    with pytest.raises(StorageError, match="no connection"):
        dead.get("t/x")


@pytest.mark.s3
def test_a_forked_child_is_told_rather_than_left_waiting(bucket, monkeypatch):
    monkeypatch.setattr("affidavit.log.bucket.os.getpid", lambda: 1)
    with pytest.raises(StorageError, match="forked"):
        bucket.get("t/x")


@pytest.mark.s3
def test_many_threads_share_one_bucket(bucket):
    failures = []

    def work(number):
        try:
            for turn in range(5):
                bucket.put(f"t/{number}", bytes([number, turn]))
                assert bucket.get(f"t/{number}") == bytes([number, turn])
        except Exception as error:  # noqa: BLE001  told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://AKID:secret@bucket/x", "credentials"),
        ("s3:///x", "s3://bucket"),
        ("s3://bucket/x#f", "s3://bucket"),
        ("s3://bucket/x?aws_secret_access_key=hunter2", "options"),
        ("s3://bucket/x?region=a&region=b", "options"),
        ("s3://bucket/x?endpoint=ftp://h", "endpoint"),
        ("s3://bucket/x?endpoint=https://u:hunter2@h", "endpoint"),
    ],
)
def test_bad_urls_are_refused_without_repeating_secrets(url, told):
    with pytest.raises(InvalidRequest) as caught:
        BucketArchive.from_url(url)
    assert told in str(caught.value)
    assert "secret@" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.s3
def test_plain_http_comes_from_the_url_only(server, url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    archive = BucketArchive.from_url(url.partition("?")[0], IMPATIENT)
    server.faults.clear()
    with pytest.raises(StorageError):
        archive.get("t/x")
    assert server.faults.requests == []


@pytest.mark.s3
def test_the_setting_archive_end_to_end(url, tmp_path):
    assert isinstance(open_archive(url, tmp_path), BucketArchive)
    with AuditLog.open(tmp_path / "home", archive=url) as log:
        log.record_many([{"action": "a.b", "actor": f"u{n % 5}"} for n in range(600)])
        sealed = seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(1e9, 72), everything=True)
        assert sealed == 512
    with AuditLog.open(tmp_path / "home", archive=url) as log:
        pin = log.pin()
        assert log.reader.count(Leaf("eq", "actor.id", "u1"), [pin]) == (120, True)
        assert prove(log, "main", 3)["size"] == 600
        assert not (tmp_path / "home" / "archive").exists()


@pytest.mark.s3
def test_a_seal_that_the_bucket_refuses_deletes_nothing(server, url, tmp_path):
    with AuditLog.open(tmp_path / "home") as log:
        archive = BucketArchive.from_url(url, IMPATIENT)
        log.record_many([{"action": "a.b", "actor": f"u{n % 5}"} for n in range(600)])
        info = log.tenant.log("main")
        server.faults.status = 503
        with pytest.raises(StorageError):
            seal(log.database, archive, info, SealPolicy(1e9, 72), everything=True)
        log.reader._archive = archive
        assert sum(b.num_rows for b in log.reader.rows(EVERYTHING, [log.pin()])) == 600
        server.faults.clear()
        assert seal(log.database, archive, info, SealPolicy(1e9, 72), everything=True) == 512
        assert sum(b.num_rows for b in log.reader.rows(EVERYTHING, [log.pin()])) == 600
