"""Tiles and entry bundles: a log as static files (C2SP tlog-tiles).

A tile of level l has up to 256 nodes of level 8·l, side by side. An entry bundle has the entries under a tile
of level 0. The last of each level may be partial; it is replaced, never changed.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog.merkle import HASH_BYTES, SIZE_MAX, Frontier, NodeRun, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
TILE_LEVEL_MAX = 63
ENTRIES = -1
"""The level of entry bundles."""
ENTRY_BYTES_MAX = 2**16 - 1
TILES_CACHED_MAX = 256
"""Tiles a reader keeps: at most 2 MiB."""

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile: its level (-1 for an entry bundle), its index on that level, and its width."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (
            ENTRIES <= self.level <= TILE_LEVEL_MAX
            and 0 <= self.index <= SIZE_MAX // TILE_WIDTH
            and 1 <= self.width <= TILE_WIDTH
        ):
            raise MalformedProof(f"No tile has level {self.level}, index {self.index}, width {self.width}")

    @property
    def path(self) -> str:
        """Where it is, below the log's prefix: `tile/0/x001/x234/067`, `tile/entries/000.p/12`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        name, rest = f"{self.index % 1000:03d}", self.index // 1000
        while rest:
            name, rest = f"x{rest % 1000:03d}/{name}", rest // 1000
        return f"tile/{level}/{name}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile with exactly this path, or MalformedProof."""
        match = _PATH.fullmatch(path)
        if match is not None:
            level, name, width = match.groups()
            index = int(name.replace("x", "").replace("/", ""))
            tile = cls(ENTRIES if level == "entries" else int(level), index, int(width or TILE_WIDTH))
            if tile.path == path:
                return tile
        raise MalformedProof(f"Not the path of a tile: {path[:200]!r}", "Like tile/0/x001/x234/067.p/12.")

    @property
    def first(self) -> int:
        """The index of the first node (or entry) it holds, on its own level."""
        return self.index * TILE_WIDTH


def tiles_for_range(old_size: int, new_size: int) -> list[Tile]:
    """The tiles that a log must write when it grows from `old_size` to `new_size`, full and partial, lowest
    first.
    """
    _check_growth(old_size, new_size)
    tiles: list[Tile] = []
    for level in range(TILE_LEVEL_MAX + 1):
        old, new = old_size >> (TILE_HEIGHT * level), new_size >> (TILE_HEIGHT * level)
        if old == new:
            break
        tiles += _row(level, old, new)
    return tiles


def bundles_for_range(old_size: int, new_size: int) -> list[Tile]:
    """The entry bundles that a log must write when it grows from `old_size` to `new_size`."""
    _check_growth(old_size, new_size)
    return _row(ENTRIES, old_size, new_size)


def grow_tiles(
    frontier: Frontier, leaf_hashes: Sequence[bytes], get_tile: Callable[[Tile], bytes]
) -> list[tuple[Tile, bytes]]:
    """Extend `frontier` by these leaf hashes; returns the tiles to write, with their bytes, lowest level
    first.

    `get_tile` gives the partial tiles of the size before; it is not asked when there are none to go on with.
    """
    old_size = frontier.size
    runs = {run.level: run for run in frontier.extend_with_nodes(leaf_hashes)}
    return [(tile, _tile_bytes(tile, runs, get_tile)) for tile in tiles_for_range(old_size, frontier.size)]


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile of these hashes."""
    data = b"".join(hashes)
    if not 1 <= len(hashes) <= TILE_WIDTH or len(data) != HASH_BYTES * len(hashes):
        raise MalformedProof(f"A tile has 1 to {TILE_WIDTH} hashes of {HASH_BYTES} bytes, not {len(hashes)}")
    return data


def decode_tile(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """The `width` hashes of a tile, or MalformedProof when it has more or fewer bytes."""
    if len(data) != width * HASH_BYTES:
        raise MalformedProof(f"A tile of width {width} has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Entries as tlog-tiles writes them: each its length, uint16 big-endian, and its bytes. Any number of
    them.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise InvalidRequest(f"An entry of {len(entry)} bytes is above the limit of {ENTRY_BYTES_MAX}")
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def split_entries(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The entries of a stream in that encoding, which may be cut into chunks anywhere.

    Raises MalformedProof when the stream ends inside an entry.
    """
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        at, end = 0, len(data)
        while end - at >= 2:
            stop = at + 2 + (data[at] << 8 | data[at + 1])
            if stop > end:
                break
            yield data[at + 2 : stop]
            at = stop
        rest = data[at:]
    if rest:
        raise MalformedProof(f"The entries end inside an entry, {len(rest)} bytes after the last whole one")


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle of 1 to 256 entries."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise InvalidRequest(f"An entry bundle has 1 to {TILE_WIDTH} entries, not {len(entries)}")
    return encode_entries(entries)


def decode_bundle(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """The `width` entries of a bundle, or MalformedProof."""
    entries: list[bytes] = []
    for entry in split_entries([data]):
        entries.append(entry)
        if len(entries) > TILE_WIDTH:
            break
    if len(entries) != width:
        raise MalformedProof(f"An entry bundle of width {width} does not hold {width} entries")
    return entries


class TileReader:
    """The nodes of a tree of `size` leaves, computed from its tiles: `get_node` is what provers ask for.

    `get_tile(tile)` MUST return the bytes of that tile; a partial one may have been replaced by a wider one,
    whose first hashes are the same, and the caller then cuts it. Nothing read is verified here: verify the
    proof.
    """

    def __init__(self, size: int, get_tile: Callable[[Tile], bytes]) -> None:
        if not 0 <= size <= SIZE_MAX:
            raise InvalidRequest(f"A tree can't have {size} leaves")
        self.size = size
        self._get_tile = get_tile
        self._cache: OrderedDict[Tile, list[bytes]] = OrderedDict()

    def get_node(self, level: int, index: int) -> bytes:
        """The root of the complete subtree of 2**level leaves from index * 2**level."""
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise InvalidRequest(f"There is no complete node ({level}, {index}) in a tree of {self.size}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        hashes = self._hashes(tile_level, first // TILE_WIDTH)
        row = hashes[first % TILE_WIDTH : first % TILE_WIDTH + (1 << height)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[0::2], row[1::2], strict=True)]
        return row[0]

    def _hashes(self, level: int, index: int) -> list[bytes]:
        on_level = self.size >> (TILE_HEIGHT * level)
        tile = Tile(level, index, min(TILE_WIDTH, on_level - index * TILE_WIDTH))
        hashes = self._cache.get(tile)
        if hashes is None:
            hashes = decode_tile(self._get_tile(tile), tile.width)
            self._cache[tile] = hashes
            if len(self._cache) > TILES_CACHED_MAX:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(tile)
        return hashes


def _check_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size <= SIZE_MAX:
        raise InvalidRequest(f"A log can't grow from {old_size} to {new_size}")


def _row(level: int, old: int, new: int) -> list[Tile]:
    """The tiles to write on one level when it grows from `old` hashes to `new`."""
    if old == new:
        return []
    tiles = [Tile(level, index) for index in range(old // TILE_WIDTH, new // TILE_WIDTH)]
    if new % TILE_WIDTH:
        tiles.append(Tile(level, new // TILE_WIDTH, new % TILE_WIDTH))
    return tiles


def _tile_bytes(tile: Tile, runs: dict[int, NodeRun], get_tile: Callable[[Tile], bytes]) -> bytes:
    run = runs[tile.level * TILE_HEIGHT]
    kept: list[bytes] = []
    if run.first > tile.first:
        width = run.first - tile.first
        kept = decode_tile(get_tile(Tile(tile.level, tile.index, width)), width)
    start = tile.first + len(kept) - run.first
    return encode_tile([*kept, *run.hashes[start : start + tile.width - len(kept)]])
