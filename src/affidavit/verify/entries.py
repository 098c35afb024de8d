"""The entries of one log in a bundle: parsed and hashed once, in index order, then looked up by index.

Entries are spooled to unnamed temporary files (their bytes, where each ends, and a state byte), so that memory depends
neither on their number nor on their size. In memory stay the ranges and what the supporting events are.

They are read thousands at a time: `read_entries` takes a batch in which all is as it must be, and one in which anything
is not is gone through entry by entry, which says what.
"""

from __future__ import annotations

import mmap
import re
import tempfile
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate, chain, islice
from operator import itemgetter
from typing import IO, Final, NamedTuple

from affidavit.commitment import CLOCK_SKEW_US_MAX, ENTRY_BYTES_MAX, Entry, parse_entry, parse_time
from affidavit.errors import MalformedProof
from affidavit.event import ACTION_BYTES_MAX
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.tiles import split_entries
from affidavit.verify.manifest import Range

ENTRIES_AT_ONCE: Final = 4096
EPOCH: Final = "1970-01-01T00:00:00.000000Z"
_BYTES, _ENDS, _STATES = range(3)


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


class Public(NamedTuple):
    """The texts of an entry. `c` is its commitment in base64url."""

    action: str
    at: str
    c: str
    outcome: str
    t: str

    def texts(self) -> dict[str, str]:
        """Its public keys as the query reads them."""
        return {"action": self.action, "at": self.at, "outcome": self.outcome, "t": self.t}


class Known:
    """An entry looked up, and what the query said of it by public keys alone."""

    __slots__ = ("_texts", "public", "state")

    def __init__(self, public: Public, state: int) -> None:
        self.public, self.state = public, state
        self._texts: dict[str, str] | None = None

    @property
    def texts(self) -> dict[str, str]:
        """Its public keys as the query reads them."""
        if self._texts is None:
            self._texts = self.public.texts()
        return self._texts

    @property
    def at_us(self) -> int:
        """Its `at` in microseconds."""
        return parse_time(self.public.at)

    @property
    def t_us(self) -> int:
        """Its `t` in microseconds."""
        return parse_time(self.public.t)


_TIME: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)"
_ENTRY: Final = (
    rf'\{{"action":"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)","at":"{_TIME}","c":"([A-Za-z0-9_-]{{42}}[AEIMQUYcgkosw048])",'
    rf'"outcome":"(success|failure|denied|unknown)","t":"{_TIME}","v":1\}}'
)
"""An entry as nearly all are; dates are still to be looked at."""
_ENTRIES: Final = re.compile(f"^{_ENTRY}$", re.MULTILINE)
_ACTION: Final = itemgetter(0)


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    try:
        parse_time(f"{text}T00:00:00.000000Z")
    except MalformedProof:
        return False
    return True


def texts_of(pieces: Sequence[bytes]) -> list[Public] | None:
    """The texts of these entries, where each has the form of an entry; else None."""
    joined = b"\n".join(pieces)
    if joined.count(b"\n") != len(pieces) - 1:
        return None
    try:
        found = list(map(Public._make, _ENTRIES.findall(joined.decode("ascii"))))
    except UnicodeDecodeError:
        return None
    # As many lines as entries and as many matches, at most one a line: each line is a match, and is an entry whole.
    return found if len(found) == len(pieces) else None


def read_entries(pieces: Sequence[bytes], before_t: str) -> list[Public] | None:
    """The texts of these entries, where each is in form, and `t` begins at `before_t` and never decreases; else None.

    None says nothing but that: `parse_entry` says what is wrong, if anything.
    """
    found = texts_of(pieces)
    if found is None or any(len(action) > ACTION_BYTES_MAX for action in set(map(_ACTION, found))):
        return None
    if not all(map(_is_date, {time[:10] for public in found for time in (public.at, public.t)})):
        return None
    before = before_t
    for public in found:  # times in this form are in order where their texts are
        t = public.t
        if t < before or (public.at > t and parse_time(public.at) > parse_time(t) + CLOCK_SKEW_US_MAX):
            return None
        before = t
    return found


def public_of(data: bytes) -> Public:
    """The texts of an entry that was parsed: its form puts them at known places."""
    text = data.decode("ascii")
    action = text[11 : text.index('"', 11)]
    at = 19 + len(action)  # after {"action":"…","at":"
    return Public(action, text[at : at + 27], text[at + 34 : at + 77], text[at + 90 : -42], text[-35:-8])


class Entries:
    """The entries of one log's ranges, and the supporting events outside them.

    `judge` says what the query says of an entry, or of all. `leaves` MUST be run to its end before all else is asked.
    """

    def __init__(self, k: int, ranges: tuple[Range, ...], singles: Mapping[int, bytes], judge: Judge | State) -> None:
        self.k = k
        self._ranges = ranges
        self._starts = [first for first, _ in ranges]
        self._before = [0, *accumulate(end - first for first, end in ranges)]
        self._singles = singles
        self._judge = judge
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115  closed by `close`
        self._maps: list[mmap.mmap] = []
        self._ends = memoryview(b"").cast("Q")  # where each entry ends in the file of their bytes, after a 0
        self.head: Entry | None = None  # the first of the last range
        self.last: Entry | None = None
        self.disorder = ""
        """Where `t` runs backwards, in words; empty where it never does."""

    def close(self) -> None:
        """Give up the temporary files."""
        self._ends.release()
        for mapped in self._maps:
            mapped.close()
        for file in self._files:
            file.close()

    def __len__(self) -> int:
        return self._before[-1]

    def leaves(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The leaf hash of every included entry, ascending by index; spools and checks on the way."""
        singles = deque(sorted(self._singles))
        head = self._starts[-1] if self._starts else -1
        before_t = EPOCH
        offset = 0
        self._files[_ENDS].write(bytes(8))
        for indexes, pieces in self._batches(chunks):
            found = None
            if not singles or singles[0] > indexes[-1]:
                found = read_entries(pieces, before_t)
            if found is None:
                found = []
                yield from self._one_by_one(indexes, pieces, singles, before_t, found)
            else:
                yield from [sha256(b"\x00" + data).digest() for data in pieces]
            before_t = found[-1].t
            if indexes[0] <= head <= indexes[-1]:
                self.head = parse_entry(pieces[indexes.index(head)])
            self.last = parse_entry(pieces[-1])
            ends = array("Q", accumulate(map(len, pieces), initial=offset))
            offset = ends[-1]
            self._files[_BYTES].write(b"".join(pieces))
            self._files[_ENDS].write(ends[1:].tobytes())
            self._files[_STATES].write(self._judged(found))
        for at in singles:
            before_t = self._in_order(at, before_t, self._singles[at])
            yield leaf_hash(self._singles[at])
        self._map()

    def _batches(self, chunks: Iterable[bytes]) -> Iterator[tuple[list[int], list[bytes]]]:
        """Entries with their indexes, some thousands at a time."""
        entries = split_entries(chunks)
        indexes = chain.from_iterable(range(first, end) for first, end in self._ranges)
        while wanted := list(islice(indexes, ENTRIES_AT_ONCE)):
            pieces: list[bytes] = []
            for data in islice(entries, len(wanted)):
                pieces.append(data)
                if len(data) > ENTRY_BYTES_MAX:  # out of form, and no more like it need be in memory to say so
                    break
            if pieces:
                yield wanted[: len(pieces)], pieces
            if len(pieces) < len(wanted):
                raise MalformedProof(f"entries.{self.k}.bin ends before entry {wanted[len(pieces)]}")
        if next(entries, None) is not None:
            raise MalformedProof(f"entries.{self.k}.bin has entries left over")

    def _one_by_one(
        self, indexes: list[int], pieces: list[bytes], singles: deque[int], before_t: str, found: list[Public]
    ) -> Iterator[bytes]:
        """The leaf hashes of a batch in which something is not as usual, and of the supporting events before its end.

        Fills `found`.
        """
        for index, data in zip(indexes, pieces, strict=True):
            while singles and singles[0] <= index:
                at = singles.popleft()
                if at == index:
                    if self._singles[at] != data:
                        raise MalformedProof(f"log {self.k}: event {at} is not the entry at that index")
                    continue
                before_t = self._in_order(at, before_t, self._singles[at])
                yield leaf_hash(self._singles[at])
            before_t = self._in_order(index, before_t, data)
            found.append(public_of(data))
            yield leaf_hash(data)

    def _judged(self, found: list[Public]) -> bytes:
        judge, truths = self._judge, _TRUTHS
        if isinstance(judge, State):
            return bytes([judge]) * len(found)
        return bytes([truths[judge(public.texts())] for public in found])

    def _in_order(self, index: int, before_t: str, data: bytes) -> str:
        """The `t` of an entry, which is parsed; notes where it lies before that of an earlier one."""
        parse_entry(data)
        t = public_of(data).t
        if t < before_t and not self.disorder:
            self.disorder = f"log {self.k}: t of entry {index} lies before that of an earlier entry"
        return t

    def _map(self) -> None:
        if not len(self):
            return
        for file in self._files:
            file.flush()
        self._maps = [
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE if n == _STATES else mmap.ACCESS_READ)
            for n, file in enumerate(self._files)
        ]
        self._ends = memoryview(self._maps[_ENDS]).cast("Q")

    def _rank(self, index: int) -> int:
        n = bisect_right(self._starts, index) - 1
        if n < 0 or index >= self._ranges[n][1]:
            raise MalformedProof(f"row [{self.k},{index}] is not in the ranges of its log")
        return self._before[n] + index - self._starts[n]

    def ranks(self, indexes: Sequence[int]) -> list[int]:
        """Where the entries of these indexes lie. MalformedProof where one is not in the ranges."""
        if len(self._ranges) == 1:
            first, end = self._ranges[0]
            if first <= min(indexes) and max(indexes) < end:
                return [index - first for index in indexes]
        return [self._rank(index) for index in indexes]

    def at(self, ranks: Sequence[int]) -> tuple[list[bytes], list[int]]:
        """The bytes of these entries, and what the query says of each by public keys alone."""
        data, _, states = self._maps or self._nothing()
        ends = self._ends
        return [data[ends[rank] : ends[rank + 1]] for rank in ranks], [states[rank] & ~_EXPORTED for rank in ranks]

    def mark(self, ranks: Sequence[int]) -> None:
        """Note that the rows of these entries were exported."""
        states = (self._maps or self._nothing())[_STATES]
        for rank in ranks:
            states[rank] |= _EXPORTED

    def export(self, index: int) -> Known:
        """The entry at `index`, marking it as exported. MalformedProof where it is not in the ranges."""
        ranks = [self._rank(index)]
        (data,), (state,) = self.at(ranks)
        self.mark(ranks)
        return Known(public_of(data), state)

    def each(self) -> Iterator[tuple[int, bytes]]:
        """Every entry of the ranges with its index, ascending."""
        if not self._maps:
            return
        data, ends = self._maps[_BYTES], self._ends
        rank = 0
        for first, end in self._ranges:
            for index in range(first, end):
                yield index, data[ends[rank] : ends[rank + 1]]
                rank += 1

    def _nothing(self) -> list[mmap.mmap]:
        raise MalformedProof(f"log {self.k} has no entries in the bundle")

    def left_out(self, state: State) -> tuple[int, int | None]:
        """How many entries of this state were not exported, and the index of the first."""
        if not self._maps:
            return 0, None
        states = self._maps[_STATES]
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
