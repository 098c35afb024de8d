"""The entries of one log in a bundle: parsed and hashed once, in index order, then looked up by index.

Entries are spooled to unnamed temporary files (their bytes, a table of 56 bytes and one state byte each), so that
memory depends neither on their number nor on their size. In memory stay the ranges and what the supporting events are.
"""

from __future__ import annotations

import mmap
import re
import struct
import tempfile
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import IO, Final

from affidavit.commitment import CLOCK_SKEW_US_MAX, ENTRY_BYTES_MAX, Entry, parse_entry, parse_time
from affidavit.errors import MalformedProof
from affidavit.event import ACTION_BYTES_MAX
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.tiles import split_entries
from affidavit.verify.manifest import Range

_ROW: Final = struct.Struct(">3Q32s")  # offset of the entry's end, at, t, c
_WRITE_ENTRIES: Final = 4096


class State(IntEnum):
    """What the query says of an entry by public keys alone; EXPORTED is added once its row was seen."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2
    EXPORTED = 4


_TRUTHS: Final = {True: int(State.TRUE), False: int(State.FALSE), None: int(State.UNKNOWN)}
TRUTH_OF: Final = {state: truth for truth, state in _TRUTHS.items()}
"""What a state without EXPORTED says."""
_EXPORTED: Final = int(State.EXPORTED)
Judge = Callable[[Mapping[str, str]], bool | None]


class Known:
    """An entry looked up: its times (microseconds), its commitment, what the query said of it by public keys alone."""

    __slots__ = ("_bytes", "_public", "_span", "at_us", "c", "state", "t_us")

    def __init__(self, at_us: int, t_us: int, c: bytes, state: int, data: mmap.mmap, span: tuple[int, int]) -> None:
        self.at_us, self.t_us, self.c, self.state = at_us, t_us, c, state
        self._bytes, self._span = data, span
        self._public: dict[str, str] | None = None

    @property
    def public(self) -> dict[str, str]:
        """Its texts as the query reads them."""
        if self._public is None:
            start, end = self._span
            self._public = public_texts(self._bytes[start:end])
        return self._public


_TIME: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"
_FAST: Final = re.compile(
    rf'\{{"action":"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)","at":"{_TIME}","c":"([A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048])",'
    rf'"outcome":"(success|failure|denied|unknown)","t":"{_TIME}","v":1\}}'.encode()
)
"""An entry as nearly all are. What it does not match, or is of no real date, is for `parse_entry` to say."""
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


@lru_cache(maxsize=4096)
def _day_us(text: str) -> int:
    return parse_time(f"{text}T00:00:00.000000Z")


@lru_cache(maxsize=86_400)
def _clock_us(text: str) -> int:
    return ((int(text[:2]) * 60 + int(text[3:5])) * 60 + int(text[6:8])) * 1_000_000


def read_entry(data: bytes) -> tuple[Entry, dict[str, str]]:
    """The entry and its texts, strictly: what `parse_entry` and `public_texts` give, in one go."""
    found = _FAST.fullmatch(data)
    if found is None or len(data) > ENTRY_BYTES_MAX or found.end(1) - found.start(1) > ACTION_BYTES_MAX:
        return parse_entry(data), public_texts(data)
    action, at, c, outcome, t = found[1].decode(), found[2].decode(), found[3], found[4].decode(), found[5].decode()
    at_us = _day_us(at[:10]) + _clock_us(at[11:19]) + int(at[20:26])
    t_us = _day_us(t[:10]) + _clock_us(t[11:19]) + int(t[20:26])
    if at_us > t_us + CLOCK_SKEW_US_MAX:
        return parse_entry(data), public_texts(data)
    raw = a2b_base64(c.translate(_STANDARD) + b"=")
    return Entry(action, at_us, raw, outcome, t_us), {"action": action, "at": at, "outcome": outcome, "t": t}


def public_texts(data: bytes) -> dict[str, str]:
    """The texts of an entry that was parsed: its form puts them at known places."""
    text = data.decode("ascii")
    action = text[11 : text.index('"', 11)]
    at = 19 + len(action)  # after {"action":"…","at":"
    return {"action": action, "at": text[at : at + 27], "outcome": text[at + 90 : -42], "t": text[-35:-8]}


class Entries:
    """The entries of one log's ranges, and the supporting events outside them.

    `leaves` MUST be run to its end before anything else is asked.
    """

    def __init__(self, k: int, ranges: tuple[Range, ...], singles: Mapping[int, bytes], judge: Judge | None) -> None:
        self.k = k
        self._ranges = ranges
        self._starts = [first for first, _ in ranges]
        self._before = [0, *accumulate(end - first for first, end in ranges)]
        self._singles = singles
        self._judge = judge
        self._bytes: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._table: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._states: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._maps: tuple[mmap.mmap, mmap.mmap, mmap.mmap] | None = None
        self.head: Entry | None = None  # the first of the last range
        self.last: Entry | None = None
        self.disorder = ""
        """Where `t` runs backwards, in words; empty where it never does."""

    def close(self) -> None:
        """Give up the temporary files."""
        for mapped in self._maps or ():
            mapped.close()
        for file in (self._bytes, self._table, self._states):
            file.close()

    def __len__(self) -> int:
        return self._before[-1]

    def leaves(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The leaf hash of every included entry, ascending by index; spools and checks on the way."""
        singles = sorted(self._singles)
        head = self._starts[-1] if self._starts else -1
        single = t_us = 0
        offset, table, states, pieces = 0, [], bytearray(), []
        judge, pack, truths = self._judge, _ROW.pack, _TRUTHS
        for index, data in self._indexed(chunks):
            while single < len(singles) and singles[single] <= index:
                at = singles[single]
                single += 1
                if at == index:
                    if self._singles[at] != data:
                        raise MalformedProof(f"log {self.k}: event {at} is not the entry at that index")
                    continue
                t_us = self._in_order(at, t_us, parse_entry(self._singles[at]))
                yield leaf_hash(self._singles[at])
            entry, public = read_entry(data)
            if entry.t_us < t_us and not self.disorder:
                self._in_order(index, t_us, entry)
            t_us = entry.t_us
            if index == head:
                self.head = entry
            self.last = entry
            states.append(0 if judge is None else truths[judge(public)])
            pieces.append(data)
            offset += len(data)
            table.append(pack(offset, entry.at_us, t_us, entry.c))
            if len(pieces) >= _WRITE_ENTRIES:
                self._write(pieces, table, states)
            yield sha256(b"\x00" + data).digest()
        for at in singles[single:]:
            t_us = self._in_order(at, t_us, parse_entry(self._singles[at]))
            yield leaf_hash(self._singles[at])
        self._write(pieces, table, states)
        self._map()

    def _indexed(self, chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        entries = split_entries(chunks)
        for first, end in self._ranges:
            for index in range(first, end):
                data = next(entries, None)
                if data is None:
                    raise MalformedProof(f"entries.{self.k}.bin ends before entry {index}")
                yield index, data
        if next(entries, None) is not None:
            raise MalformedProof(f"entries.{self.k}.bin has entries left over")

    def _in_order(self, index: int, before_us: int, entry: Entry) -> int:
        if entry.t_us < before_us and not self.disorder:
            self.disorder = f"log {self.k}: t of entry {index} lies before that of an earlier entry"
        return entry.t_us

    def _write(self, pieces: list[bytes], table: list[bytes], states: bytearray) -> None:
        self._bytes.write(b"".join(pieces))
        self._table.write(b"".join(table))
        self._states.write(states)
        pieces.clear()
        table.clear()
        states.clear()

    def _map(self) -> None:
        if not len(self):
            return
        for file in (self._bytes, self._table, self._states):
            file.flush()
        self._maps = (
            mmap.mmap(self._bytes.fileno(), 0, access=mmap.ACCESS_READ),
            mmap.mmap(self._table.fileno(), 0, access=mmap.ACCESS_READ),
            mmap.mmap(self._states.fileno(), 0, access=mmap.ACCESS_WRITE),
        )

    def _rank(self, index: int) -> int:
        n = bisect_right(self._starts, index) - 1
        if n < 0 or index >= self._ranges[n][1]:
            raise MalformedProof(f"row [{self.k},{index}] is not in the ranges of its log")
        return self._before[n] + index - self._starts[n]

    def export(self, index: int) -> Known:
        """The entry at `index`, marking it as exported. MalformedProof where it is not in the ranges."""
        rank = self._rank(index)
        data, table, states = self._maps or self._nothing()
        end, at_us, t_us, c = _ROW.unpack_from(table, rank * _ROW.size)
        start = _ROW.unpack_from(table, (rank - 1) * _ROW.size)[0] if rank else 0
        state = states[rank]
        states[rank] = state | _EXPORTED
        return Known(at_us, t_us, c, state & ~_EXPORTED, data, (start, end))

    def each(self) -> Iterator[tuple[int, bytes]]:
        """Every entry of the ranges with its index, ascending."""
        if self._maps is None:
            return
        data, table, _ = self._maps
        start = rank = 0
        for first, end in self._ranges:
            for index in range(first, end):
                until = _ROW.unpack_from(table, rank * _ROW.size)[0]
                yield index, data[start:until]
                start, rank = until, rank + 1

    def _nothing(self) -> tuple[mmap.mmap, mmap.mmap, mmap.mmap]:
        raise MalformedProof(f"log {self.k} has no entries in the bundle")

    def left_out(self, state: State) -> tuple[int, int | None]:
        """How many entries of this state were not exported, and the index of the first."""
        if self._maps is None:
            return 0, None
        states = self._maps[2]
        count, rank = 0, -1
        for start in range(0, len(states), 1 << 20):
            piece = states[start : start + (1 << 20)]
            found = piece.count(state)
            if found and not count:
                rank = start + piece.index(state)
            count += found
        if not count:
            return 0, None
        n = bisect_right(self._before, rank) - 1
        return count, self._starts[n] + rank - self._before[n]
