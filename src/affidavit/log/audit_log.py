"""AuditLog: the facade. Record events, pin, read, prove; everything else of Affidavit stands on these calls."""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from sqlalchemy import select

from affidavit import settings as settings_module
from affidavit.commitment import SEED_BYTES
from affidavit.errors import AffidavitError, Busy, IntegrityError, InvalidEvent, InvalidRequest, NotFound
from affidavit.event import Event
from affidavit.log import checkpoints, configuration, keys, outside, recovery, registry
from affidavit.log.archive import open_archive
from affidavit.log.catalogue import list_segments
from affidavit.log.checkpoints import Pin
from affidavit.log.database import Database
from affidavit.log.entries import Entries, row_entry
from affidavit.log.journal import Placed, Prepared, Receipt
from affidavit.log.opening import declared_fields, find_or_create
from affidavit.log.preparation import Preparation, Recipe, check_stream, to_event
from affidavit.log.reader import Reader, find_record
from affidavit.log.recorder import Extra, Figures, Job, Recorder
from affidavit.log.registry import CONTROL, DEFAULT_TENANT, MAIN, Tenant
from affidavit.log.schema import journal, logs
from affidavit.log.tree import Tree
from affidavit.paths import DeclaredFields

DEFAULT_HOME: Final = "affidavit-data"


@dataclass(frozen=True, slots=True)
class Opened:
    """One entry with the record behind it: what proofs and evidence are made from. Private."""

    entry: bytes
    paths: tuple[str, ...]
    tags: str
    values: tuple[str | None, ...]
    seed: bytes


class AuditLog:
    """The logs of one tenant. Thread-safe; usable in a forked child. Use `AuditLog.open`."""

    def __init__(
        self,
        home: Path,
        settings: settings_module.Settings,
        database: Database,
        log_keys: keys.Keys,
        tenant: Tenant,
        declared: DeclaredFields,
    ) -> None:
        self.home = home
        self.settings = settings
        self.database = database
        self.keys = log_keys
        self.tenant = tenant
        self.declared = declared
        self.archive = open_archive(settings.archive, home)
        self.reader = Reader(database, self.archive, settings, tenant, declared)
        self._recorder = Recorder(
            database, group_events_max=settings.group_events_max, queue_events_max=settings.queue_events_max
        )
        self.recorder_figures: Callable[[], Figures] = self._recorder.figures
        self._prepare = Preparation(tenant, declared, log_keys.derive("dedupe", tenant.id), settings.secrets)
        self._drops = _Drops()
        self._trees: dict[str, Tree] = {}
        self._finalizer = weakref.finalize(self, _close, self._recorder, database)

    @classmethod
    def open(
        cls,
        home: str | os.PathLike[str] = DEFAULT_HOME,
        *,
        tenant: str = DEFAULT_TENANT,
        create: bool = True,
        check: bool = True,
        **settings: Any,
    ) -> Self:
        """Open the log kept in the folder `home`, making it where `create` allows.

        `check` compares each log's head with its checkpoint kept outside the database.

        Raises NotFound for a missing home or tenant, InvalidRequest for settings, StorageError for the database.
        """
        folder = Path(home)
        if not folder.is_dir():
            if not create:
                raise NotFound(f"no log in {folder}", f"Make one: affidavit init --home {folder}")
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise InvalidRequest(f"{folder}: {error.strerror}", "Choose a folder that can be made") from error
        loaded = settings_module.load(folder, **settings)
        configuration.defaults(loaded)
        url = loaded.database or f"sqlite:///{folder.resolve() / 'journal.db'}"
        if not create and not loaded.database and not (folder / "journal.db").exists():
            raise NotFound(f"no log in {folder}", f"Make one: affidavit init --home {folder}")
        # A journal was made under a key: where that is lost, a fresh one would only hide it.
        fresh = create and (bool(loaded.database) or not (folder / "journal.db").exists())
        log_keys = keys.load(folder, create=fresh)
        database = Database(url, busy_timeout_s=loaded.busy_timeout_s)
        try:
            database.prepare()
            found = find_or_create(database, log_keys, tenant, loaded.zone, create=create)
            archive = open_archive(loaded.archive, folder)
            for info in found.logs.values() if check else ():
                recovery.check(database, archive, folder, info)
            return cls(folder, loaded, database, log_keys, found, declared_fields(folder, loaded, found))
        except BaseException:
            database.close()
            raise

    # --- recording -----------------------------------------------------------------------------------------------

    def record(self, action: str | Event | Mapping[str, Any], /, *, stream: str = MAIN, **fields: Any) -> Receipt:
        """Record one event; returns when it is durable.

        `action` is the action's name with the other fields as keywords, or a whole Event or mapping. Raises
        InvalidEvent (nothing recorded), Busy, StorageError (nothing acknowledged), LoggingOff (refused, and counted).
        """
        return self.submit(action, stream=stream, **fields).result()

    def submit(
        self, action: str | Event | Mapping[str, Any], /, *, stream: str = MAIN, **fields: Any
    ) -> Future[Receipt]:
        """The same without waiting: a future of the receipt. Invalid events raise at once."""
        check_stream(stream)
        prepared = self._prepare(to_event(action, fields), stream)
        answer: Future[Receipt] = _uncancellable()
        inner = self._recorder.submit(Job([prepared])).add_done_callback
        inner(lambda done: self._hand_over(done, prepared, stream, answer))
        return answer

    def record_buffered(self, action: str | Event | Mapping[str, Any], /, *, stream: str = MAIN, **fields: Any) -> bool:
        """Record without waiting for durability. False when the queue was full: the event is dropped and counted,
        and the gap is itself recorded on `control` as soon as there is room. Invalid events raise. While audit logging
        is off events are counted, and no more.
        """
        check_stream(stream)
        prepared = self._prepare(to_event(action, fields), stream)
        try:
            self._recorder.submit(Job([prepared], patient=True))
        except Busy:
            self._drops.add(stream)
            return False
        self._report_drops()
        return True

    def record_many(
        self, events: Sequence[Event | Mapping[str, Any]], *, stream: str = MAIN
    ) -> list[Receipt | InvalidEvent]:
        """Record a batch in order, in one transaction: a receipt or the reason for each. Returns when durable."""
        return self.submit_many(events, stream=stream).result()

    def submit_many(
        self,
        events: Sequence[Event | Mapping[str, Any]],
        *,
        stream: str = MAIN,
        extra: Extra | None = None,
        checked: bool = False,
    ) -> Future[list[Receipt | InvalidEvent]]:
        """The same without waiting. `extra` runs inside the transaction (the import's ledger uses it).

        With `checked` Events MUST come from `decode_event` or `convert_event`; they are not checked again.
        """
        check_stream(stream)
        results: list[Receipt | InvalidEvent | None] = [None] * len(events)
        batch: list[Prepared] = []
        seeds = os.urandom(SEED_BYTES * len(events))  # one call to the system, not one an event
        for at, event in enumerate(events):
            seed = seeds[at * SEED_BYTES : (at + 1) * SEED_BYTES]
            try:
                whole = event if checked and isinstance(event, Event) else to_event(event, {})
                batch.append(self._prepare(whole, stream, seed=seed))
            except InvalidEvent as error:
                results[at] = error
        answer: Future[list[Receipt | InvalidEvent]] = _uncancellable()

        def hand_over(done: Future[list[Receipt | InvalidEvent]]) -> None:
            failure = done.exception()
            if failure is not None:
                answer.set_exception(failure)
                return
            receipts = iter(done.result())
            answer.set_result([result if result is not None else next(receipts) for result in results])

        self.submit_prepared(batch, stream=stream, extra=extra).add_done_callback(hand_over)
        return answer

    def submit_prepared(
        self, batch: Sequence[Prepared], *, stream: str = MAIN, extra: Extra | None = None
    ) -> Future[list[Receipt | InvalidEvent]]:
        """Sequence events that were prepared before, for this stream: a receipt or the reason for each, in order."""
        check_stream(stream)
        answer: Future[list[Receipt | InvalidEvent]] = _uncancellable()

        def hand_over(done: Future[list[Placed]]) -> None:
            failure = done.exception()
            if failure is not None:
                answer.set_exception(failure)
                return
            pairs = zip(done.result(), batch, strict=True)
            answer.set_result([self._receipt(placed, prepared, stream) for placed, prepared in pairs])

        self._recorder.submit(Job(batch, extra)).add_done_callback(hand_over)
        return answer

    def recipe(self, stream: str) -> Recipe:
        """What preparing events of a stream elsewhere needs. Private: it holds a key."""
        key = self.keys.derive("dedupe", self.tenant.id)
        return Recipe(self.tenant.log(stream).id, self.declared, key, self.settings.secrets == "refuse")

    def record_own(
        self,
        action: str,
        own: dict[str, str],
        *,
        stream: str = registry.ACCESS,
        event: Event | None = None,
        extra: Extra | None = None,
    ) -> Receipt:
        """Record one of Affidavit's own events: `own` are its fields of own groups (docs/reference/events.md).

        `extra` runs inside the transaction: what the event tells of is done with it or not at all. What it raises is
        raised here, and nothing is recorded.
        """
        return self.record_own_all([(action, own, event)], stream=stream, extra=extra)[0]

    def record_own_all(
        self,
        events: Sequence[tuple[str, dict[str, str], Event | None]],
        *,
        stream: str,
        extra: Extra | None = None,
        locks: frozenset[int] = frozenset(),
    ) -> list[Receipt]:
        """Several of them, in one transaction. `locks` are the logs whose heads `extra` changes, by their ids."""
        batch = [self.own_prepared(action, own, stream=stream, event=event) for action, own, event in events]
        placed = self._recorder.submit(Job(batch, extra, locks=locks)).result()
        receipts = []
        for found, prepared in zip(placed, batch, strict=True):
            receipt = self._receipt(found, prepared, stream)
            if isinstance(receipt, InvalidEvent):
                raise receipt
            receipts.append(receipt)
        return receipts

    def own_prepared(
        self, action: str, own: dict[str, str], *, stream: str = CONTROL, event: Event | None = None
    ) -> Prepared:
        """One of them, ready for whoever sequences it in a transaction of their own."""
        base = event if event is not None else Event(action=action)
        return self._prepare(msgspec.structs.replace(base, action=action), stream, own)

    def _receipt(self, placed: Placed, prepared: Prepared, stream: str) -> Receipt | InvalidEvent:
        if isinstance(placed, InvalidEvent):
            return placed
        index, leaf, t_us, duplicate = placed
        record = prepared.record
        return Receipt(
            self.tenant.log(stream).origin,
            stream,
            index,
            leaf,
            t_us,
            record.event_id,
            duplicate,
            record.secrets,
        )

    def _hand_over(self, done: Future[list[Placed]], prepared: Prepared, stream: str, answer: Future[Receipt]) -> None:
        failure = done.exception()
        if failure is not None:
            answer.set_exception(failure)
            return
        result = self._receipt(done.result()[0], prepared, stream)
        if isinstance(result, InvalidEvent):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def _report_drops(self) -> None:
        for stream, count in self._drops.take():
            event = Event(action="events.dropped", outcome="failure", record_count=count)
            prepared = self._prepare(event, CONTROL, {"log.stream": stream, "log.reason": "queue full"})
            log_id = self.tenant.log(stream).id

            def add(connection: Any, _placed: Any, log_id: int = log_id, count: int = count) -> None:
                self.database.count(connection, log_id, "dropped", count)

            try:
                self._recorder.submit(Job([prepared], add, patient=True))
            except AffidavitError:
                self._drops.add(stream, count)

    # --- reading and proving -------------------------------------------------------------------------------------

    def pin(self, stream: str = MAIN) -> Pin:
        """Sign a checkpoint of the stream's log at its present size.

        An ended log, named by its origin, is never signed again: its newest checkpoint is what it is pinned to.
        """
        info = self.tenant.log(stream)
        if info in self.tenant.ended:
            return checkpoints.last_kept(self.database, info)
        pin = checkpoints.pin(self.database, self.keys, info)
        try:
            outside.keep(self.home, info, pin)
        except IntegrityError:  # signed by a key that another process has begun since this one opened the log
            outside.keep(self.home, registry.with_present_keys(self.database, info), pin)
        return pin

    def tree(self, stream: str) -> Tree:
        """Subtree hashes of the stream's log."""
        log = self.tenant.log(stream)
        found = self._trees.get(log.origin)
        if found is None:
            found = self._trees[log.origin] = Tree(self.database, self.archive, log)
        return found

    def subtree_hash(self, pin: Pin) -> Callable[[int, int], bytes]:
        """RFC 6962 hash of leaves [i, j) of a pinned log, for `tlog.range_proof`."""
        return self.tree(pin.origin).subtree_hash

    def entries(self, stream: str) -> Entries:
        """The entries of the stream's log, by index."""
        return Entries(self.database, self.archive, self.tenant.log(stream))

    def opened(self, stream: str, index: int) -> Opened:
        """Entry and record at an index. Raises NotFound."""
        log = self.tenant.log(stream)
        with self.database.read() as connection:
            row = connection.execute(select(journal).where(journal.c.log_id == log.id, journal.c.idx == index)).first()
            size = connection.execute(select(logs.c.size).where(logs.c.id == log.id)).scalar_one()
            segment = next((one for one in list_segments(connection, log.id) if one.first <= index < one.end), None)
        if not 0 <= index < size:
            raise NotFound(f"stream {stream} has no index {index}", "affidavit log status shows the size")
        if segment is not None:
            entry = next(self.entries(stream).read(index, index + 1))
            return Opened(entry, *find_record(self.archive, self.settings, segment, index))
        if row is None:
            raise IntegrityError(f"log {log.origin}: record {index} is missing", "Run affidavit log fsck")
        fields = msgspec.json.decode(row.fields, type=dict[str, str | None])
        if len(fields) != len(row.tags):
            raise IntegrityError(
                f"record {index} of {log.origin}: {len(fields)} fields with {len(row.tags)} tags",
                "Run affidavit log fsck",
            )
        return Opened(row_entry(row), tuple(fields), row.tags, tuple(fields.values()), bytes(row.seed))

    def trust(self) -> dict[str, Any]:
        """The trust file of this tenant: every log with its keys. Hand it to verifiers by another way than bundles."""
        from affidavit.verify.page import html

        tenant = registry.find_tenant(self.database, self.tenant.name)  # read afresh: keys may have been rotated
        logs = [
            {
                "origin": log.origin,
                "stream": log.stream,
                "keys": [{"vkey": key.vkey, "from_size": key.from_size, "to_size": key.to_size} for key in log.keys],
            }
            for log in (*tenant.logs.values(), *tenant.ended)
        ]
        return {
            "tenant": self.tenant.id,
            "name": self.tenant.name,
            "logs": logs,
            "witnesses": [],
            "quorum": 0,
            "timestamp_roots": [],
            "verify_html": [] if (page := html()) is None else [hashlib.sha256(page).hexdigest()],
        }

    def flush(self) -> bool:
        """Wait for everything buffered. False when it could not be written in time."""
        return self._recorder.flush()

    def close(self) -> None:
        """Flush and close. Safe to call twice."""
        if self._finalizer.alive:
            self._report_drops()
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class _Drops:
    """Counts events dropped per stream until they are reported."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, stream: str, count: int = 1) -> None:
        with self._lock:
            self._counts[stream] = self._counts.get(stream, 0) + count

    def take(self) -> list[tuple[str, int]]:
        if not self._counts:
            return []
        with self._lock:
            taken = list(self._counts.items())
            self._counts.clear()
            return taken


def _uncancellable() -> Future[Any]:
    """A future of what is handed over already: nobody can take it back."""
    answer: Future[Any] = Future()
    answer.set_running_or_notify_cancel()
    return answer


def _close(recorder: Recorder, database: Database) -> None:
    recorder.close()
    database.close()
