import contextlib
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog import (
    Frontier,
    Tile,
    TileReader,
    consistency_proof,
    inclusion_proof,
    tiles_for_range,
    verify_consistency,
    verify_inclusion,
)
from affidavit.tlog.tiles import (
    ENTRIES,
    ENTRY_BYTES_MAX,
    TILES_CACHED_MAX,
    bundles_for_range,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_entries,
    encode_tile,
    grow_tiles,
    split_entries,
)
from tests.tlog.naive import leaves_of, mth

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "tiles.json").read_text())
LEAVES = leaves_of(66_000)


def cut(tiles: dict[Tile, bytes]):
    return tiles.__getitem__


@pytest.mark.parametrize("case", VECTORS["paths"], ids=lambda case: case["path"])
def test_paths(case):
    tile = Tile(case["level"], case["index"], case["width"])
    assert tile.path == case["path"]
    assert Tile.parse(case["path"]) == tile


@pytest.mark.parametrize("path", VECTORS["bad_paths"])
def test_what_is_no_path(path):
    with pytest.raises(MalformedProof):
        Tile.parse(path)


@given(st.integers(-1, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level, index, width):
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


@given(st.from_regex(r"tile/[0-9e]{1,2}/(x[0-9]{3}/){0,2}[0-9]{3}(\.p/[0-9]{1,3})?", fullmatch=True) | st.text())
def test_noise_as_a_path(path):
    with contextlib.suppress(MalformedProof):
        assert Tile.parse(path).path == path


@pytest.mark.parametrize("case", VECTORS["growth"], ids=lambda case: f"{case['old']} to {case['new']}")
def test_the_tiles_of_growth(case):
    paths = [tile.path for tile in tiles_for_range(case["old"], case["new"])]
    assert (len(paths), paths[:1], paths[-4:]) == (case["count"], case["first"], case["last"])


def test_the_bundles_of_growth():
    assert bundles_for_range(300, 300) == []
    assert bundles_for_range(255, 513) == [Tile(ENTRIES, 0), Tile(ENTRIES, 1), Tile(ENTRIES, 2, 1)]
    for grow in (bundles_for_range, tiles_for_range):
        with pytest.raises(InvalidRequest):
            grow(2, 1)


def test_a_log_grown_in_steps_proves_everything_from_its_tiles():
    # Crosses a full tile of level 1, so that there are nodes of three tile levels.
    frontier, tiles = Frontier(), {}
    for size in (1, 2, 255, 256, 257, 700, 65_535, 65_536, 66_000):
        tiles.update(grow_tiles(frontier, LEAVES[frontier.size : size], cut(tiles)))
        assert {tile for tile in tiles if tile.width == 256} >= {
            tile for tile in tiles_for_range(0, size) if tile.width == 256
        }
    assert {tile.level for tile in tiles} == {0, 1, 2}
    reader = TileReader(len(LEAVES), cut(tiles))
    root = frontier.root()
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        proof = inclusion_proof(len(LEAVES), index, reader.get_node)
        verify_inclusion(len(LEAVES), index, LEAVES[index], proof, root)
    for old in (1, 257, 65_536, 65_999):
        older = Frontier()
        older.extend(LEAVES[:old])
        proof = consistency_proof(old, len(LEAVES), reader.get_node)
        verify_consistency(old, len(LEAVES), proof, older.root(), root)
    assert reader.get_node(16, 0) == tiles[Tile(2, 0, 1)]
    assert reader.get_node(3, 9) == mth(LEAVES[72:80])


@pytest.mark.parametrize(("level", "index"), [(0, 5), (2, 1), (3, 0), (-1, 0), (0, -1), (64, 0)])
def test_nodes_that_the_tree_does_not_have(level, index):
    reader = TileReader(5, lambda tile: encode_tile(LEAVES[: tile.width]))
    with pytest.raises(InvalidRequest):
        reader.get_node(level, index)
    with pytest.raises(InvalidRequest):
        TileReader(-1, reader.get_node)


def test_a_tile_of_another_size_is_refused():
    reader = TileReader(5, lambda tile: bytes(32 * tile.width + 1))
    with pytest.raises(MalformedProof, match="width 5 has 160 bytes, not 161"):
        reader.get_node(0, 0)


def test_a_reader_keeps_few_tiles():
    asked = []
    reader = TileReader(2**20, lambda tile: asked.append(tile) or bytes(8192))
    for index in [*range(TILES_CACHED_MAX), 0, TILES_CACHED_MAX, 0, 1]:
        reader.get_node(0, index * 256)
    # The one not used for longest was let go, and read again.
    assert [tile.index for tile in asked] == [*range(TILES_CACHED_MAX), TILES_CACHED_MAX, 1]


def test_tiles_in_bytes():
    assert decode_tile(encode_tile(LEAVES[:256])) == LEAVES[:256]
    for hashes in ([], LEAVES[:257], [b""], [bytes(31)]):
        with pytest.raises(MalformedProof):
            encode_tile(hashes)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_reads_back(entries):
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


def test_a_bundle_in_bytes():
    assert encode_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    assert decode_bundle(encode_bundle([b"x" * ENTRY_BYTES_MAX] * 256)) == [b"x" * ENTRY_BYTES_MAX] * 256
    for entries in ([], [b""] * 257, [b"x" * (ENTRY_BYTES_MAX + 1)]):
        with pytest.raises(InvalidRequest):
            encode_bundle(entries)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01", b"\x00\x00\x00", b"\x00\x00" * 2, b"\x00\x00" * 257])
def test_what_is_no_bundle_of_one(data):
    with pytest.raises(MalformedProof):
        decode_bundle(data, 1)


@given(st.binary(max_size=60), st.integers(1, 256))
def test_noise_as_a_bundle(data, width):
    try:
        entries = decode_bundle(data, width)
    except MalformedProof:
        return
    assert encode_bundle(entries) == data


@given(st.lists(st.binary(max_size=20)), st.lists(st.integers(0, 400), max_size=6))
def test_a_stream_may_be_cut_anywhere(entries, cuts):
    data = encode_entries(entries)
    borders = [0, *sorted(at for at in cuts if at <= len(data)), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(borders)]
    assert list(split_entries(chunks)) == entries
