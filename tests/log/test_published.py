"""The log as tlog-tiles files: a reader of the files alone gets the same tree."""

import gzip

import pytest

from affidavit.errors import NotFound
from affidavit.log.published import read
from affidavit.log.worker import Worker
from affidavit.tlog.checkpoint import open_checkpoint
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.note import VerifierKey
from affidavit.tlog.proof import inclusion_proof, verify_inclusion
from affidavit.tlog.tiles import Tile, TileReader, decode_bundle


@pytest.fixture
def half_sealed(log):
    log.record_many([{"action": "a.b", "actor": f"u{n}"} for n in range(600)])
    Worker(log).round(everything=True)
    log.record_many([{"action": "c.d"}] * 5)
    return log


def test_a_monitor_can_check_every_entry_from_the_files_alone(half_sealed):
    log = half_sealed
    keys = [VerifierKey.parse(key.vkey) for key in log.tenant.log("main").keys]
    log.pin()
    signed = open_checkpoint(read(log, "main", "checkpoint").data, log.pin().origin, keys).checkpoint
    assert signed.size == 605
    tiles = TileReader(signed.size, lambda tile: read(log, "main", tile.path).data)
    for index in (0, 255, 256, 511, 512, 599, 604):
        bundle, at = divmod(index, 256)
        width = min(256, signed.size - bundle * 256)
        found = read(log, "main", Tile(-1, bundle, width).path)
        assert (found.encoding, found.immutable) == ("gzip", True)
        entry = decode_bundle(gzip.decompress(found.data), width)[at]
        proof = inclusion_proof(signed.size, index, tiles.get_node)
        verify_inclusion(signed.size, index, leaf_hash(entry), proof, signed.root)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/002.p/94",
        "tile/0/003.p/1",
        "tile/entries/002",
        "tile/1/000",
        "tile/0/2",
        "x",
        "../keys",
        "tile/0/000.p/256",
        "records/0.parquet",
    ],
)
def test_what_is_not_there_is_not_found(half_sealed, path):
    with pytest.raises(NotFound):
        read(half_sealed, "main", path)


def test_partial_tiles_of_every_width_agree_with_the_full_one(half_sealed):
    whole = read(half_sealed, "main", "tile/0/000").data
    for width in (1, 7, 255):
        assert read(half_sealed, "main", f"tile/0/000.p/{width}").data == whole[: 32 * width]
    assert read(half_sealed, "main", "tile/1/000.p/2").data == (
        half_sealed.tree("main").node(8, 0) + half_sealed.tree("main").node(8, 1)
    )
