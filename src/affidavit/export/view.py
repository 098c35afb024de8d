"""View: searching a log as one reader sees it. What they see masked they can't filter, sort or facet by in clear.

A condition on a masked field by value would tell what the mask hides: ask often enough, and it is read out. It is
refused. By a token of the view's own key, as its pages show them, the same works: the tokens are turned into values
inside, over the distinct values of the field, and never leave. Every search is one event, `search.run`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import pyarrow as pa

from affidavit.commitment import format_time
from affidavit.errors import InvalidQuery, InvalidRequest
from affidavit.event import Event
from affidavit.export.configured import configured_profile
from affidavit.export.cursor import Cursors, Place
from affidavit.export.mask import KEEP, Masker
from affidavit.export.run import REASON_CHARS_MAX, query_field
from affidavit.export.select import Selector
from affidavit.export.spec import Column, ExportSpec
from affidavit.export.zones import ZoneTable
from affidavit.log.order import Key
from affidavit.log.saved_queries import read_query
from affidavit.log.vault import SqlVault
from affidavit.masking import forms
from affidavit.masking.masks import Mask, Own
from affidavit.masking.profiles import Profile
from affidavit.paths import JSON, PATHS, PUBLIC_KEYS, STRING, Path, lookup
from affidavit.query.bounds import bounds
from affidavit.query.conditions import SHORT_NAMES, TEXT_PATHS
from affidavit.query.tree import EVERYTHING, Group, Leaf, Query, all_of, check_path, is_in, replace_leaves, to_json

RUN: Final = "search.run"
COLUMNS: Final = (
    Column("time", "at"),
    Column("actor", "actor.id"),
    Column("action", "action"),
    Column("outcome", "outcome"),
    Column("type", "resource.type"),
    Column("resource", "resource.id"),
)
PAGE_ROWS: Final = 50
PAGE_ROWS_MAX: Final = 1000
VIEWER_CHARS_MAX: Final = 128
COUNT_MAX: Final = 10_000
"""Counting stops here: more is "more than"."""
FACETS_MAX: Final = 10
FACET_SHOWN: Final = 20
FACET_VALUES_MAX: Final = 10_000
"""Distinct values, the most frequent ones, that a facet is made of before masking joins some of them."""
TOKEN_VALUES_MAX: Final = 500_000
"""Distinct values of a field in the period asked for that tokens are looked up among."""
TOKEN: Final = "token"  # noqa: S105  a mask's name
_LEAVE: Final = "Leave it out, or search under a profile that shows it"
_NOTHING_SHOWN: Final = frozenset({"remove", "own"})


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of a view. `cursor` is one that a page of the same search gave."""

    query: Query = EVERYTHING
    limit: int = PAGE_ROWS
    newest_first: bool = False
    cursor: str = ""
    count: bool = False
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many match. `rows` is None where it is too small to be said; `exact` is false past COUNT_MAX."""

    rows: int | None
    exact: bool
    words: str


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value as the reader sees it, and how many events have it (`<11` where that is too few to be said)."""

    value: str
    count: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page in the order asked for, label to cell; cursors to its neighbours; count and facets if asked for.

    `places` are stream and index of each row.

    `never`: the query contradicts itself. `facets` of a field with very many values are of the most frequent ones.
    """

    rows: list[dict[str, str | None]]
    places: list[tuple[str, int]]
    next: str | None
    previous: str | None
    never: bool
    count: Count | None = None
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)


class View:
    """A log as a reader with a masking profile sees it. Safe to share between threads.

    `viewer` is whose key makes the tokens: the same viewer gets the same ones each time, another one others.
    `subject_ids` are the ids of whom a profile like `subject` shows their own values. Raises InvalidSpec where a
    profile shows those and nobody is named.
    """

    def __init__(
        self,
        log: Any,
        profile: str | Profile = "internal",
        viewer: str = "",
        *,
        columns: Sequence[Column] = COLUMNS,
        zone: str = "UTC",
        streams: tuple[str, ...] = ("main",),
        subject_ids: frozenset[str] | None = None,
    ) -> None:
        if len(viewer) > VIEWER_CHARS_MAX or not (viewer.isprintable() and viewer.isascii()):
            raise InvalidRequest(f"viewer {viewer[:40]!r}", f"At most {VIEWER_CHARS_MAX} printable ASCII characters")
        self._log = log
        self._profile = configured_profile(log, profile)
        self.spec = ExportSpec(
            columns=tuple(columns),
            profile=self._profile,
            zone=zone,
            streams=streams,
            subject_ids=subject_ids,
            declared=log.declared,
        )
        self._scope = f"view/{self._profile.name}/{viewer}"
        if self._profile.tokens == "log":
            self._scope = log.tenant.log(streams[0]).origin
        known = msgspec.json.encode(
            [log.tenant.id, self._profile.spec(), self._scope, streams, *sorted(subject_ids or ())]
        )
        self._cursors = Cursors(log.keys.derive("cursor", log.tenant.id), known)

    @property
    def text_paths(self) -> tuple[str, ...]:
        """Where free text is looked for: what the reader sees as it is."""
        masker = self._masker(ZoneTable(self.spec.zone))
        return tuple(path for path in TEXT_PATHS if masker.mask_of(path).name == KEEP)

    def read(self, text: str) -> Query:
        """A query in text, saved queries included. Raises InvalidQuery with the column."""
        return read_query(self._log, text, self.spec.zone, text_paths=self.text_paths)

    def search(self, search: Search) -> Found:
        """Answer, and record that it was asked, by whom and what: before anything is shown.

        Raises InvalidQuery for a condition or facet that the reader's masks forbid (it is recorded as denied),
        InvalidRequest for a cursor of another search.
        """
        own = {
            "query.profile": self._profile.name,
            "query.view": self._scope,
            "query.streams": ",".join(self.spec.streams),
            **{name.replace("export.", "query."): text for name, text in query_field(search.query).items()},
        }
        if search.facets:
            own["query.facets"] = ",".join(search.facets)
        try:
            found = self._search(search)
        except InvalidRequest as error:
            detail = error.message[:REASON_CHARS_MAX]
            self._log.record_own(RUN, own, event=Event(action=RUN, outcome="denied", status_detail=detail))
            raise
        self._log.record_own(RUN, {**own, "query.shown": str(len(found.rows))})
        return found

    def _search(self, search: Search) -> Found:
        if not 0 <= search.limit <= PAGE_ROWS_MAX or len(search.facets) > FACETS_MAX:
            raise InvalidRequest(
                f"{search.limit} rows and {len(search.facets)} facets",
                f"At most {PAGE_ROWS_MAX} rows and {FACETS_MAX} facets at once",
            )
        zone = ZoneTable(self.spec.zone)
        masker = self._masker(zone)
        pins = [self._log.pin(stream) for stream in self.spec.streams]
        known = msgspec.json.encode([to_json(search.query), search.newest_first])
        place = self._cursors.read(search.cursor, known) if search.cursor else None
        facets = [self._facet_path(masker, path) for path in search.facets]
        clear = self._clear(masker, search.query, pins)
        asked = bounds(search.query)  # as asked: a token that stands for nothing contradicts nothing
        rows, places, after, before = self._page(masker, zone, clear, search, pins, place)
        return Found(
            rows,
            places,
            None if after is None else self._cursors.write(after, known),
            None if before is None else self._cursors.write(before, known),
            asked.never or asked.at.empty or asked.t.empty,
            self._count(clear, pins) if search.count else None,
            {path: self._facet(masker, path, clear, pins) for path in facets},
        )

    @property
    def scope(self) -> str:
        """Whose tokens these are, for events of what was looked at."""
        return self._scope

    @property
    def profile(self) -> Profile:
        """How the reader sees fields."""
        return self._profile

    def masker(self) -> Masker:
        """What masks for this reader."""
        return self._masker(ZoneTable(self.spec.zone))

    def clear(self, query: Query, pins: Sequence[Any]) -> Query:
        """A query of this reader with values for tokens. MUST NOT leave the server. Raises InvalidQuery."""
        return self._clear(self.masker(), query, pins)

    def shown(self, batch: Any) -> list[dict[str, str | None]]:
        """Rows of the reader's, ascending by `at`, as this view's reader sees them: label to cell."""
        zone = ZoneTable(self.spec.zone)
        return self._rows(self._masker(zone), zone, batch)

    def _masker(self, zone: ZoneTable) -> Masker:
        year = int(format_time(time.time_ns() // 1000)[:4])
        vault = SqlVault(self._log.database, self._log.tenant.id, self._log.keys)
        return Masker(self.spec, self._log.keys, self._scope, zone, year, vault)

    # --- conditions ---

    def _clear(self, masker: Masker, query: Query, pins: Sequence[Any]) -> Query:
        """The query with values in the place of the view's tokens. For inside use only. Raises InvalidQuery."""
        period = _public_part(query)

        def change(leaf: Leaf) -> Query:
            mask = masker.mask_of(leaf.path)
            if mask.name == KEEP:
                if leaf.tokens:
                    raise InvalidQuery(f"{leaf.path} is shown in clear here and has no tokens", "Ask by value")
                return leaf
            if isinstance(mask, Own) and self._asks_for_own(mask, leaf):
                return leaf
            if leaf.op == "exists" and mask.name not in _NOTHING_SHOWN:
                return leaf  # a masked cell shows that much
            if not leaf.tokens:
                raise _masked(leaf.path, mask)
            if mask.name != TOKEN or self._path(leaf.path).tag != STRING or leaf.op not in ("eq", "in"):
                raise InvalidQuery(f"{leaf.path} can't be asked by token", _hint(leaf.path, mask))
            return is_in(leaf.path, self._values(masker, leaf, period, pins))

        return replace_leaves(query, change)

    def _asks_for_own(self, mask: Own, leaf: Leaf) -> bool:
        """Whether a condition is on the reader's own ids alone: what it finds is what is shown in clear."""
        values = leaf.values if leaf.op == "in" else (leaf.value,)
        whole = not mask.owners and mask.inner.name == KEEP and leaf.op in ("eq", "in") and not leaf.tokens
        return whole and frozenset(values) <= (self.spec.subject_ids or frozenset())

    def _values(self, masker: Masker, leaf: Leaf, period: Query, pins: Sequence[Any]) -> list[str]:
        """The values that these tokens stand for, of those the field has in the period."""
        found = self._log.reader.values(leaf.path, "", pins, TOKEN_VALUES_MAX + 1, period)
        if len(found) > TOKEN_VALUES_MAX:
            raise InvalidQuery(
                f"{leaf.path} has more than {TOKEN_VALUES_MAX} different values in this period",
                "Ask for a shorter period by at>=… at<…",
            )
        # A column of a change may hold JSON too, and a list answers for its elements: that would tell more than tokens.
        if leaf.path not in PATHS and self._log.reader.values(leaf.path, "", pins, 1, period, json=True):
            raise InvalidQuery(f"{leaf.path} holds JSON in this period and can't be asked by token", _LEAVE)
        values = [value for value, _ in found]
        shown = masker.keys.tokenizer(self._path(leaf.path).cls).column(pa.array(values, pa.string()), STRING)
        wanted = frozenset(leaf.tokens)
        return [value for value, token in zip(values, shown.to_pylist(), strict=True) if token in wanted]

    def _path(self, name: str) -> Path:
        return lookup(name, self._log.declared) or Path(name, JSON, "free")

    # --- pages ---

    def _page(
        self,
        masker: Masker,
        zone: ZoneTable,
        query: Query,
        search: Search,
        pins: Sequence[Any],
        place: Place | None,
    ) -> tuple[list[dict[str, str | None]], list[tuple[str, int]], Place | None, Place | None]:
        """Rows with their streams and indexes, the place after them and the one before (None: nothing lies there)."""
        back = place is not None and place.back
        descending = search.newest_first is not back
        after = None if place is None else Key(place.at_us, place.k, place.idx)
        found = self._log.reader.rows(query, pins, limit=search.limit + 1, after=after, descending=descending)
        batches = list(found) if search.limit else []
        if not any(batch.num_rows for batch in batches):
            return [], [], None, None
        whole = pa.Table.from_batches(batches).slice(0, search.limit).combine_chunks().to_batches()[0]
        more = sum(batch.num_rows for batch in batches) > search.limit
        if descending:
            whole = whole.take(pa.array(range(whole.num_rows - 1, -1, -1)))
        rows = self._rows(masker, zone, whole)
        places = self.places(whole)
        first, last = (
            (whole.column("at_us")[at].as_py(), whole.column("k")[at].as_py(), whole.column("idx")[at].as_py())
            for at in (0, -1)
        )
        if search.newest_first:
            rows, places, first, last = rows[::-1], places[::-1], last, first
        forward = Place(*last, back=False) if more or back else None
        backward = Place(*first, back=True) if (more if back else place is not None) else None
        return rows, places, forward, backward

    def places(self, batch: Any) -> list[tuple[str, int]]:
        """Stream and index of each row of a batch of the reader's."""
        streams, indexes = batch.column("k").to_pylist(), batch.column("idx").to_pylist()
        return [(self.spec.streams[k], index) for k, index in zip(streams, indexes, strict=True)]

    def _rows(self, masker: Masker, zone: ZoneTable, batch: Any) -> list[dict[str, str | None]]:
        """Rows in ascending order as the reader sees them."""
        rows = Selector(masker.paths).select(batch)
        times = rows.times("at")
        zone.extend(times[0].as_py(), times[-1].as_py())
        labels = [column.label for column in self.spec.columns]
        cells = [column.values.to_pylist() for column in masker.cells(rows)]
        return [dict(zip(labels, row, strict=True)) for row in zip(*cells, strict=True)]

    # --- counts ---

    def _count(self, query: Query, pins: Sequence[Any]) -> Count:
        rows, exact = self._log.reader.count(query, pins, COUNT_MAX)
        if not exact:
            return Count(rows, exact=False, words=f"more than {rows:,}")
        if rows < self._profile.small_cells:
            return Count(None, exact=True, words=f"fewer than {self._profile.small_cells}")
        return Count(rows, exact=True, words=f"{rows:,}")

    def _facet_path(self, masker: Masker, name: str) -> str:
        path = SHORT_NAMES.get(name, name)
        check_path(path, self._log.declared, more=SHORT_NAMES)
        mask = masker.mask_of(path)
        if mask.name in _NOTHING_SHOWN:
            raise _masked(path, mask)
        return path

    def _facet(self, masker: Masker, path: str, query: Query, pins: Sequence[Any]) -> list[FacetValue]:
        """The most frequent values as the reader sees them: tokens of fields shown as tokens, parts of others."""
        mask = masker.mask_of(path)
        total: Counter[str] = Counter()
        for tag, found in (
            (STRING, self._log.reader.values(path, "", pins, FACET_VALUES_MAX, query)),
            (JSON, self._log.reader.values(path, "", pins, FACET_VALUES_MAX, query, json=True)),
        ):
            if found:
                values = pa.array([value for value, _ in found], pa.string())
                for shown, (_, count) in zip(mask.column(values, tag).to_pylist(), found, strict=True):
                    if shown is not None:
                        total[shown] += count
        top = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))[:FACET_SHOWN]
        counts = [count for _, count in top]
        small = self._profile.small_cells
        words = forms.counts(counts, small) if small else [str(count) for count in counts]
        return [FacetValue(value, count) for (value, _), count in zip(top, words, strict=True)]


def _public_part(query: Query) -> Query:
    """The conditions on public keys that every answer meets: what tokens are looked up within."""
    parts = query.of if isinstance(query, Group) and query.op == "all" else (query,)
    return all_of(*(part for part in parts if isinstance(part, Leaf) and part.path in PUBLIC_KEYS))


def _masked(path: str, mask: Mask) -> InvalidQuery:
    return InvalidQuery(
        f"{path} is masked for this reader ({mask.name}) and can't be asked in clear", _hint(path, mask)
    )


def _hint(path: str, mask: Mask) -> str:
    if mask.name == TOKEN:
        return f"Ask by a token that this view shows: {path}:tk_…"
    return _LEAVE
