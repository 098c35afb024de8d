"""Openings written in a second process, while this one reads, masks and writes the data file.

Rows go there as Arrow batches through a pipe; it writes the same spools by the same code, in the same order, so the
bytes are the same. Few rows stay here. What fails there fails the export here, in its words.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import IO, Any, Final

import pyarrow as pa

from affidavit.errors import StorageError
from affidavit.export.openings import COLUMNS, OpeningsWriter, Some, salts_of
from affidavit.export.zip import Spool
from affidavit.verify.second import READY_S, Second, possible

ROWS_FROM: Final = 16_384
"""Fewer rows are written before a second process would have begun."""
HELD_BYTES_MAX: Final = 32 << 20
"""Of rows kept while it begins."""
SALTS: Final = "salts"
"""Column of the rows' salts, in the place of seeds: those stay here."""
PATHS: Final = b"paths"
"""Metadata of the columns that say in which rows some fields are open."""
AHEAD: Final = 4
"""Batches that may lie there unwritten."""


class Openings:
    """Takes rows as `OpeningsWriter` does, and has them written here or, where there are many, in a second process.

    `expected` is how many rows will come, where that is known: a second process then begins before they do, or never.
    """

    def __init__(
        self, spools: Sequence[Spool], open_paths: AbstractSet[str], *, processes: int, expected: int | None = None
    ) -> None:
        self._spools = spools
        self._open_paths = open_paths
        self._held: list[tuple[pa.RecordBatch, Some]] = []
        self._held_rows = self._held_bytes = 0
        self._second: Second | None = None
        self._sink: Any = None  # pyarrow.ipc.RecordBatchStreamWriter
        self._schema: Any = None
        self._rows = 0
        self._here: OpeningsWriter | None = None
        few = expected is not None and expected < ROWS_FROM
        if processes < 2 or few or not possible() or (expected is not None and not self._begin()):
            self._stay()

    def write(self, batch: pa.RecordBatch, some: Some = ()) -> None:
        """The openings of these rows, in their order."""
        if self._here is not None:
            self._here.write(batch, salts_of(batch), some)
        elif self._sink is not None:
            self._send(batch, some)
        else:
            self._hold(batch, some)

    def finish(self) -> None:
        """Wait until all is written."""
        if self._second is None or self._sink is None:
            if self._here is None:
                self._stay()
            return
        with self._spoken_to() as second:
            self._sink.close()
            second.inlet.close()
        told = second.hear()
        if told["rows"] != self._rows:
            raise StorageError(f"the second process wrote {told['rows']} of {self._rows} rows", "Try again")
        for spool, found in zip(self._spools, told["spools"], strict=True):
            spool.adopt(**found)

    def close(self) -> None:
        """Let go of the second process, however far it came."""
        if self._second is not None:
            self._second.stop()
            self._second = None

    def _hold(self, batch: pa.RecordBatch, some: Some) -> None:
        self._held.append((batch, some))
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        if self._second is None and self._held_rows < ROWS_FROM:
            return
        if self._second is None and not self._begin():
            self._stay()
        elif self._ready(READY_S if self._held_bytes >= HELD_BYTES_MAX else 0.0):
            self._go(some)
        elif self._held_bytes >= HELD_BYTES_MAX:
            self._stay()

    def _begin(self) -> bool:
        what = [sorted(self._open_paths), [[spool.name, spool.method, spool.descriptor] for spool in self._spools]]
        descriptors = [spool.descriptor for spool in self._spools]
        try:
            self._second = Second("affidavit.export.elsewhere:write_openings", [json.dumps(what)], descriptors)
        except OSError:
            return False
        return True

    def _ready(self, timeout_s: float) -> bool:
        return self._second is not None and self._second.ready(timeout_s)

    def _go(self, some: Some) -> None:
        """Send what was held; from now on rows are written there."""
        own = [
            pa.field(f"own{n}", pa.bool_(), metadata={PATHS: json.dumps(sorted(s))}) for n, (s, _) in enumerate(some)
        ]
        self._schema = pa.schema([*self._held[0][0].select(COLUMNS).schema, pa.field(SALTS, pa.binary()), *own])
        with self._spoken_to() as second:
            self._sink = pa.ipc.new_stream(second.inlet, self._schema)
        held, self._held = self._held, []
        for batch, rows_some in held:
            self._send(batch, rows_some)

    def _send(self, batch: pa.RecordBatch, some: Some) -> None:
        arrays = [*(batch.column(name) for name in COLUMNS), pa.array(salts_of(batch), pa.binary())]
        arrays += [pa.array(rows_open, pa.bool_()) for _, rows_open in some]
        with self._spoken_to() as second:
            self._sink.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
            second.inlet.flush()
        self._rows += batch.num_rows

    @contextmanager
    def _spoken_to(self) -> Iterator[Second]:
        """The second process; where it is gone, what it said at last is raised."""
        if self._second is None:
            raise StorageError("the second process is gone", "Try again, or use one process")
        try:
            yield self._second
        except OSError:
            self._second.hear()
            raise

    def _stay(self) -> None:
        """Write what was held here; so it goes on."""
        self.close()
        self._here = OpeningsWriter(self._spools, self._open_paths)
        held, self._held = self._held, []
        for batch, some in held:
            self._here.write(batch, salts_of(batch), some)


def write_openings(arguments: Sequence[str], source: IO[bytes], tell: Callable[[dict[str, Any]], None]) -> None:
    """What the second process does: write all rows that come, then tell how many, and what the spools hold."""
    gc.disable()  # rows make no cycles
    open_paths, parts = json.loads(arguments[0])
    spools = [Spool(name, None, method, os.fdopen(descriptor, "r+b")) for name, method, descriptor in parts]
    writer = OpeningsWriter(spools, frozenset(open_paths))
    rows = 0
    for batch, some in _ahead(source):
        writer.write(batch, batch.column(SALTS).to_pylist(), some)
        rows += batch.num_rows
    for spool in spools:
        spool.finish()
    tell({"rows": rows, "spools": [spool.found() for spool in spools]})


def _ahead(source: IO[bytes]) -> Iterator[tuple[pa.RecordBatch, Some]]:
    """The batches that come, read by a thread while others are written: nobody waits for a single batch."""
    read: Queue[pa.RecordBatch | Exception | None] = Queue(AHEAD)

    def reading() -> None:
        try:
            for batch in pa.ipc.open_stream(source):
                read.put(batch)
            read.put(None)
        except Exception as error:  # noqa: BLE001  told by the other thread
            read.put(error)

    Thread(target=reading, daemon=True).start()
    while (found := read.get()) is not None:
        if isinstance(found, Exception):
            raise found
        own = [field for field in found.schema if field.metadata and PATHS in field.metadata]
        yield found, [(frozenset(json.loads(f.metadata[PATHS])), found.column(f.name).to_pylist()) for f in own]
