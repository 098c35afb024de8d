"""The openings hashed in a second process, while this one reads entries and walks the rows.

The second process reads the bundle by itself, writes the rows' commitments to a temporary file, 32 bytes each in
row order, and tells how many there are. What it finds out of form is raised here, at the same row.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, Self

from affidavit.commitment import HASH_BYTES
from affidavit.errors import MalformedProof, StorageError
from affidavit.verify import strict
from affidavit.verify.archive import Archive
from affidavit.verify.openings import LINE_BYTES_MAX, Hasher, Openings
from affidavit.verify.second import Second

LISTEN_ROWS: Final = 1024
"""Commitments read from the file at once."""


def hash_openings(arguments: Sequence[str], _source: IO[bytes], tell: Callable[[dict[str, Any]], None]) -> None:
    """What the second process does: tells of `rows` more in the file, of 0 at the end."""
    gc.disable()  # rows make no cycles
    bundle, descriptor = arguments
    try:
        with Archive(Path(bundle)) as archive, os.fdopen(int(descriptor), "ab") as file:
            lines = strict.lines(archive.chunks("openings.ndjson"), "openings.ndjson", LINE_BYTES_MAX)
            openings = Openings(lines, Hasher(archive.chunks("salts.bin"), archive.chunks("hidden.bin")))
            for stretch in openings.stretches():
                rows = openings.batch(stretch)
                for some in [rows] if rows is not None else ([row] for row in openings.rows(stretch)):
                    file.write(b"".join([row.c for row in some]))
                    file.flush()
                    tell({"rows": len(some)})
    except (ValueError, OverflowError, RecursionError) as error:
        raise MalformedProof(str(error)) from None
    tell({"rows": 0})


class Beside:
    """The commitments of a bundle's rows, made by a second process from now on. A context manager.

    Raises OSError where no process can be started.
    """

    def __init__(self, bundle: Path) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        try:
            arguments = [str(bundle.absolute()), str(self._file.fileno())]
            self._second = Second("affidavit.verify.beside:hash_openings", arguments, [self._file.fileno()])
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._second.stop()
        self._file.close()

    def ready(self) -> bool:
        """Whether the second process works at all."""
        return self._second.ready()

    def commitments(self) -> Iterator[bytes]:
        """Every row's, in order. Raises what the second process found; StorageError where it died."""
        at = 0
        while rows := self._second.hear()["rows"]:
            for first in range(0, rows, LISTEN_ROWS):
                size = min(LISTEN_ROWS, rows - first) * HASH_BYTES
                # By place: the file and where it is written belong to the other process too.
                data = os.pread(self._file.fileno(), size, at)
                if len(data) != size:
                    raise StorageError("the second process wrote less than it told", "Use one process")
                at += size
                for start in range(0, size, HASH_BYTES):
                    yield data[start : start + HASH_BYTES]
