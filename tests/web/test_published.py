"""The log over HTTP is a C2SP tlog-tiles log: right paths, right encodings, nothing private."""

import gzip

from affidavit.log.worker import Worker
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.note import VerifierKey
from affidavit.tlog.proof import inclusion_proof, verify_inclusion
from affidavit.tlog.tiles import Tile, TileReader, decode_bundle


def test_a_monitor_reads_the_log_over_http_alone(tmp_path, serving):
    from affidavit import AuditLog

    with AuditLog.open(tmp_path / "home") as log:
        log.record_many([{"action": "a.b", "actor": "secret-name", "resource": f"r:{n}"} for n in range(300)])
        Worker(log).round(everything=True)
        log.record_many([{"action": "c.d"}] * 3)
        log.pin()
        keys = [VerifierKey.parse(key.vkey) for key in log.tenant.log("main").keys]
        origin = log.tenant.log("main").origin
        with serving(log) as (client, _):
            answer = client.get("/api/v1/log/main/checkpoint")
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["cache-control"] == "no-cache"
            signed = open_checkpoint(answer.content, origin, keys).checkpoint
            assert signed.size == 303
            tiles = TileReader(signed.size, lambda tile: client.get(f"/api/v1/log/main/{tile.path}").content)
            for index in (0, 255, 256, 302):
                bundle, at = divmod(index, 256)
                width = min(256, signed.size - bundle * 256)
                with client.stream("GET", f"/api/v1/log/main/{Tile(-1, bundle, width).path}") as raw:
                    assert raw.headers["content-encoding"] == "gzip"
                    assert "immutable" in raw.headers["cache-control"]
                    packed = b"".join(raw.iter_raw())
                entry = decode_bundle(gzip.decompress(packed), width)[at]
                assert b"secret-name" not in entry
                proof = inclusion_proof(signed.size, index, tiles.get_node)
                verify_inclusion(signed.size, index, leaf_hash(entry), proof, signed.root)


def test_paths_that_are_no_files_of_the_log_are_not_found(client):
    for path in ("tile/0/009", "tile/9/000", "records/x.parquet", "..%2f..%2fkeys%2fmaster.key", "tile/0/000.p/999"):
        answer = client.get(f"/api/v1/log/main/{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert client.get("/api/v1/log/nothing/checkpoint").status_code == 404
