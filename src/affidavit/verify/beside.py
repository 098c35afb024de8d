"""The openings hashed in a second process, while this one reads entries and walks the rows.

The second process reads the bundle by itself, writes the rows' commitments to a temporary file, 32 bytes each in
row order, and tells over a pipe how many there are. What it finds out of form is raised here, at the same row.
"""

from __future__ import annotations

import gc
import multiprocessing
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

from affidavit.commitment import HASH_BYTES
from affidavit.errors import AffidavitError, MalformedProof, StorageError
from affidavit.verify import strict
from affidavit.verify.archive import Archive
from affidavit.verify.openings import LINE_BYTES_MAX, Hasher, read_rows

CHUNK_ROWS: Final = 4096
STOP_S: Final = 10.0


def hash_openings(bundle: str, out: str, tell: Connection) -> None:
    """What the second process does. Tells (rows, message): rows more in `out`, or an error; (0, "") at the end."""
    gc.disable()  # rows make no cycles
    try:
        with Archive(Path(bundle)) as archive, Path(out).open("ab") as file:
            lines = strict.lines(archive.chunks("openings.ndjson"), "openings.ndjson", LINE_BYTES_MAX)
            hasher = Hasher(archive.chunks("salts.bin"), archive.chunks("hidden.bin"))
            found: list[bytes] = []
            for row in read_rows(lines, hasher):
                found.append(row.c)
                if len(found) == CHUNK_ROWS:
                    _give(file.write, file.flush, found, tell)
            _give(file.write, file.flush, found, tell)
        tell.send((0, ""))
    except (AffidavitError, ValueError, OverflowError, RecursionError, OSError) as error:
        tell.send((0, str(error) or type(error).__name__))
    except BrokenPipeError:
        pass  # nobody listens any more
    finally:
        tell.close()


def _give(write: object, flush: object, found: list[bytes], tell: Connection) -> None:
    if found:
        write(b"".join(found))  # type: ignore[operator]
        flush()  # type: ignore[operator]
        tell.send((len(found), ""))
        found.clear()


class Beside:
    """The commitments of a bundle's rows, made by a second process from now on. A context manager."""

    def __init__(self, bundle: Path) -> None:
        context = multiprocessing.get_context("spawn")  # whoever calls may have threads
        self._file = tempfile.NamedTemporaryFile()  # noqa: SIM115  closed by __exit__
        self._ear, mouth = context.Pipe(duplex=False)
        self._process = context.Process(target=hash_openings, args=(str(bundle), self._file.name, mouth), daemon=True)
        self._process.start()
        mouth.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.close()
        if self._process.is_alive():
            self._process.terminate()
        self._process.join(STOP_S)
        self._file.close()

    def commitments(self) -> Iterator[bytes]:
        """Every row's, in order. Raises what the second process found; StorageError where it died."""
        while True:
            try:
                rows, message = self._ear.recv()
            except EOFError:
                raise StorageError("the second process ended too early", "Use one process") from None
            if message:
                raise MalformedProof(message)
            if not rows:
                return
            data = self._file.read(rows * HASH_BYTES)
            for at in range(0, len(data), HASH_BYTES):
                yield data[at : at + HASH_BYTES]
