"""The archive in an S3-compatible bucket.

Credentials come from the usual AWS_* environment (or the machine's role) and never from a URL. DuckDB reads segments
by ranges through a file system of our own (`BucketFiles`): no extension is loaded.
"""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from affidavit.errors import AffidavitError, InvalidRequest, MissingExtra, NotFound, StorageError

try:
    import obstore
    from fsspec import AbstractFileSystem
    from obstore.exceptions import BaseError, NotFoundError
    from obstore.store import S3Store
except ImportError:
    raise MissingExtra("An archive in a bucket", "s3") from None

SCHEME: Final = "affidavit"  # of the names DuckDB is given; never leaves the process
TAIL_BYTES: Final = 65_536  # what opening a segment reads: its footer, as a rule, and its size with it
TAILS_CACHED_MAX: Final = 256
PART_BYTES: Final = 16 * 1024 * 1024  # larger files go up in parts
_OPTIONS: Final = frozenset({"endpoint", "region"})
_STATUS_RE: Final = re.compile(r"status(?: code)?:? (\d{3})")
_KIND_RE: Final = re.compile(r"HttpError \{\s*kind: (\w+)")
_KINDS: Final = {"Timeout": "timed out", "Interrupted": "the answer broke off", "Connect": "no connection"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take. Every one ends: after `retries_max` tries more, or `retry_s` of trying."""

    connect_s: float = 10.0
    read_s: float = 30.0  # without a byte
    request_s: float = 120.0
    retries_max: int = 4
    retry_s: float = 60.0


class BucketArchive:
    """Files below one prefix of a bucket. A PUT is atomic and durable when it returned: S3's own promise."""

    def __init__(self, store: S3Store, shown: str) -> None:
        self._store = store
        self._shown = shown
        self._tails = _Tails()
        self._pid = os.getpid()

    @classmethod
    def from_url(cls, url: str, patience: Patience | None = None) -> BucketArchive:
        """`s3://bucket/prefix?endpoint=https://host&region=name`; both options may be left out.

        A plain-http endpoint is taken only from the URL, never from the environment. Raises InvalidRequest; opens no
        connection.
        """
        patience = patience or Patience()
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        options = dict(pairs)
        if parts.username is not None or parts.password is not None:
            raise InvalidRequest("archive: the URL holds credentials", "Put them into AWS_ACCESS_KEY_ID and its like")
        shown = f"s3://{parts.netloc}{parts.path}"
        if not parts.netloc or parts.fragment:
            raise InvalidRequest(f"archive {shown!r}", "s3://bucket/prefix?endpoint=…&region=…")
        if len(pairs) != len(options) or not set(options) <= _OPTIONS:
            # Values are not shown: somebody may have tried to pass a key.
            raise InvalidRequest(f"archive {shown}: options {sorted(options)}", "endpoint and region, each once")
        endpoint = urlsplit(options.get("endpoint", ""))
        if "endpoint" in options and (
            endpoint.scheme not in ("http", "https") or not endpoint.hostname or endpoint.username is not None
        ):
            raise InvalidRequest(f"archive {shown}: endpoint", "https://host:port, without credentials")
        config: dict[str, Any] = dict(options)
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={
                "allow_http": endpoint.scheme == "http",
                "connect_timeout": timedelta(seconds=patience.connect_s),
                "read_timeout": timedelta(seconds=patience.read_s),
                "timeout": timedelta(seconds=patience.request_s),
                "user_agent": "affidavit",
            },
            retry_config={
                "max_retries": patience.retries_max,
                "retry_timeout": timedelta(seconds=patience.retry_s),
                "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10)},
            },
            **config,
        )
        return cls(store, shown)

    def put(self, name: str, data: bytes) -> None:
        """Write whole, in one atomic PUT (in parts above PART_BYTES, which become a file together)."""
        _check(name)
        self._tails.forget(name)
        parts = len(data) > PART_BYTES
        try:
            self._ask(name, lambda: obstore.put(self._store, name, data, use_multipart=parts, chunk_size=PART_BYTES))
        except NotFound:
            raise StorageError(f"archive {self._shown}: no such bucket", "Make it, or mend the setting") from None

    def get(self, name: str) -> bytes:
        """Read whole."""
        _check(name)

        def read() -> bytes:
            found = obstore.get(self._store, name)
            data = bytes(found.bytes())
            self._check_length(name, len(data), found.meta["size"])
            return data

        return self._ask(name, read)

    def list(self, prefix: str) -> list[str]:
        """Sorted names."""
        _check(prefix)

        def walk() -> list[str]:
            return [str(one["path"]) for batch in obstore.list(self._store, prefix) for one in batch]

        return sorted(self._ask(prefix, walk))

    def delete(self, name: str) -> None:
        """Remove; S3 does not mind where it is gone already."""
        _check(name)
        self._tails.forget(name)
        try:
            self._ask(name, lambda: obstore.delete(self._store, name))
        except NotFound:
            return

    def size(self, name: str) -> int:
        """Bytes."""
        _check(name)
        return int(self._ask(name, lambda: obstore.head(self._store, name)["size"]))

    def register(self, connection: Any) -> Sequence[AffidavitError]:
        """DuckDB may read names of this archive and nothing else."""
        files = BucketFiles(self)
        connection.register_filesystem(files)
        connection.execute("SET allowed_directories = ?", [[f"{SCHEME}://"]])
        return files.errors

    def locate(self, name: str) -> str:
        """A name of our own scheme; DuckDB brings it back to `BucketFiles`."""
        _check(name)
        return f"{SCHEME}://{name}"

    def tail(self, name: str) -> tuple[int, bytes]:
        """(size, the last TAIL_BYTES or fewer) of a file, by one request; kept, for sealed files never change."""
        known = self._tails.get(name)
        if known is None:

            def read() -> tuple[int, bytes]:
                found = obstore.get(self._store, name, options={"range": {"suffix": TAIL_BYTES}})
                size, data = int(found.meta["size"]), bytes(found.bytes())
                self._check_length(name, len(data), min(size, TAIL_BYTES))
                return size, data

            known = self._ask(name, read)
            self._tails.add(name, known)
        return known

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Exactly the bytes [start, start + length)."""

        def read() -> bytes:
            data = bytes(obstore.get_range(self._store, name, start=start, length=length))
            self._check_length(name, len(data), length)
            return data

        return self._ask(name, read)

    def _check_length(self, name: str, found: int, wanted: int) -> None:
        if found != wanted:
            raise StorageError(f"archive {self._shown}: {name}: {found} bytes came, not {wanted}", "Try again")

    def _ask(self, name: str, request: Callable[[], T]) -> T:
        """Carry out a request; errors in our words: the bucket's own text may repeat key ids and signatures."""
        if self._pid != os.getpid():
            # The client's threads did not come along; it would wait for them for ever.
            raise StorageError(
                f"archive {self._shown}: opened before this process was forked", "Open the log in the child, after it"
            )
        try:
            return request()
        except (NotFoundError, FileNotFoundError):
            raise NotFound(f"archive has no {name}", "Restore it from a backup; run affidavit log fsck") from None
        except (BaseError, OSError, ValueError) as error:
            status = _STATUS_RE.search(str(error))
            reason = f"status {status[1]}" if status else _kind(error)
            raise StorageError(
                f"archive {self._shown}: {name}: {reason}", "Nothing was lost. Check bucket, rights and network"
            ) from None


def _kind(error: Exception) -> str:
    """What went wrong, in words of ours: the client's text is long and may repeat what the bucket answered."""
    kind = _KIND_RE.search(str(error))
    return _KINDS.get(kind[1], kind[1]) if kind else type(error).__name__


def _check(name: str) -> None:
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise InvalidRequest(f"archive name {name!r}", "Names are relative and plain")


class _Tails:
    """The ends of files read last. Bounded: TAILS_CACHED_MAX of TAIL_BYTES."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, bytes]] = OrderedDict()

    def get(self, name: str) -> tuple[int, bytes] | None:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def add(self, name: str, tail: tuple[int, bytes]) -> None:
        with self._lock:
            self._kept[name] = tail
            while len(self._kept) > TAILS_CACHED_MAX:
                self._kept.popitem(last=False)

    def forget(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)


class BucketFiles(AbstractFileSystem):  # type: ignore[misc]
    """What DuckDB sees of a bucket: read-only files, by name. `errors` are those it met, the first one first.

    DuckDB turns an exception raised here into one of its own, of which only the text is left; hence the list.
    """

    protocol = SCHEME
    cachable = False

    def __init__(self, archive: BucketArchive) -> None:
        super().__init__()
        self.archive = archive
        self.errors: list[AffidavitError] = []

    def attempt(self, read: Callable[[], T]) -> T:
        """Do a read, keeping its error for the one who asked DuckDB."""
        try:
            return read()
        except AffidavitError as error:
            self.errors.append(error)
            raise

    def open(self, path: str, mode: str = "rb", **_options: Any) -> BucketFile:
        """A file to read. Raises NotFound, StorageError."""
        if mode != "rb":
            raise InvalidRequest(f"{path} opened as {mode}", "Queries read only")
        return BucketFile(self, path.removeprefix(f"{SCHEME}://"))

    def glob(self, path: str, **_options: Any) -> list[str]:
        """Names are plain: each stands for itself."""
        return [path.removeprefix(f"{SCHEME}://")]

    def exists(self, _path: str, **_options: Any) -> bool:
        """Told by `open`."""
        return True

    def isfile(self, _path: str) -> bool:
        """There is nothing else."""
        return True

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        """Name, type and size."""
        return {"name": path, "type": "file", "size": self.size(path)}

    def size(self, path: str) -> int:
        """Bytes."""
        name = path.removeprefix(f"{SCHEME}://")
        return self.attempt(lambda: self.archive.tail(name)[0])

    def modified(self, _path: str) -> datetime:
        """One time for all: sealed files never change."""
        return datetime(1970, 1, 1, tzinfo=UTC)


class BucketFile:
    """One open file. DuckDB's threads share it and read by seek, then read: so each thread has a position of its own.

    With one position for all, a thread would read where another one has just sought.
    """

    mode = "rb"

    def __init__(self, files: BucketFiles, name: str) -> None:
        self._files = files
        self._name = name
        self._size, self._tail = files.attempt(lambda: files.archive.tail(name))
        self._own = threading.local()
        self.closed = False

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move this thread's position."""
        base = (0, self.tell(), self._size)[whence]
        self._own.position = base + offset
        return base + offset

    def tell(self) -> int:
        """This thread's position."""
        return int(getattr(self._own, "position", 0))

    def read(self, length: int = -1) -> bytes:
        """Exactly `length` bytes, fewer only at the end of the file."""
        start = self.tell()
        end = self._size if length < 0 else min(start + length, self._size)
        self._own.position = max(start, end)
        if end <= start:
            return b""
        kept_from = self._size - len(self._tail)
        if start >= kept_from:
            return self._tail[start - kept_from : end - kept_from]
        return self._files.attempt(lambda: self._files.archive.read_range(self._name, start, end - start))

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """No."""
        return False

    def seekable(self) -> bool:
        """Yes."""
        return True

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing is held."""
        self.closed = True
