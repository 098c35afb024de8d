"""The archive: named, immutable files in a folder or a bucket. The sealed part of every log lives here.

Names are relative, made by us (`<tenant id>/<stream>/log/tile/…`, `…/records/…parquet`). What `put` returned from is
durable; a reader sees a whole file or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from affidavit.errors import AffidavitError, InvalidRequest, NotFound, StorageError

TEMPORARY: Final = ".part"


class Archive(Protocol):
    """A place for files. Implementations: FolderArchive, BucketArchive; one contract suite runs against both."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file whole. MUST be durable and atomic when it returns; replacing equal names is allowed."""
        ...

    def get(self, name: str) -> bytes:
        """Read a file whole. MUST raise NotFound where there is none."""
        ...

    def list(self, prefix: str) -> list[str]:
        """Names below the folder `prefix`, sorted. MUST NOT show unfinished files."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file; MUST NOT fail where it is gone already."""
        ...

    def size(self, name: str) -> int:
        """Bytes of a file. MUST raise NotFound."""
        ...

    def register(self, connection: Any) -> Sequence[AffidavitError]:
        """Make a DuckDB connection able to read `locate`d names, by ranges, and nothing else once external access
        is turned off. Extensions MUST NOT be downloaded. Errors met while reading appear in the result, in order.
        """
        ...

    def locate(self, name: str) -> str:
        """What DuckDB's read_parquet is given for a name, after `register`."""
        ...


def open_archive(url: str, home: Path) -> Archive:
    """The archive of a setting: empty is the folder `archive` of the home; `s3://bucket/prefix` a bucket."""
    if not url:
        return FolderArchive(home / "archive")
    scheme = urlsplit(url).scheme
    if scheme == "s3":
        from affidavit.log.bucket import BucketArchive

        return BucketArchive.from_url(url)
    if scheme not in ("", "file"):
        raise InvalidRequest(f"archive {url!r}: {scheme} is not supported", "A folder, or s3://bucket/prefix")
    return FolderArchive(Path(urlsplit(url).path if scheme else url))


class FolderArchive:
    """Files below one folder. Writes go to a temporary name, are fsynced, renamed, and the folder is fsynced."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def put(self, name: str, data: bytes) -> None:
        """Write durably: file, rename, and every folder that gained a name."""
        path = self._path(name)
        temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
        try:
            self._make(path.parent)
            with temporary.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StorageError(f"archive {path}: {error.strerror}", "Nothing was lost; it is tried again") from error

    def get(self, name: str) -> bytes:
        """Read whole."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"archive has no {name}", "Restore it from a backup; run affidavit log fsck") from None
        except OSError as error:
            raise StorageError(f"archive {name}: {error.strerror}", "Check the disk") from error

    def list(self, prefix: str) -> list[str]:
        """Sorted names."""
        return sorted(self._walk(self._path(prefix)))

    def _walk(self, folder: Path) -> Iterator[str]:
        for base, _, files in os.walk(folder):
            for file in files:
                if not file.endswith(TEMPORARY):
                    yield (Path(base) / file).relative_to(self.root).as_posix()

    def delete(self, name: str) -> None:
        """Remove; the folder is fsynced so that it stays removed."""
        path = self._path(name)
        try:
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"archive {path}: {error.strerror}", "Check the disk") from error

    def size(self, name: str) -> int:
        """Bytes."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            raise NotFound(f"archive has no {name}", "Restore it from a backup; run affidavit log fsck") from None

    def register(self, connection: Any) -> Sequence[AffidavitError]:
        """DuckDB may read below this folder and nowhere else. Its own errors say it all."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection.execute("SET allowed_directories = ?", [[f"{self.root}/"]])
        return ()

    def locate(self, name: str) -> str:
        """The absolute path."""
        return str(self._path(name))

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise InvalidRequest(f"archive name {name!r}", "Names are relative and plain")
        return self.root.joinpath(*parts)

    def _make(self, folder: Path) -> None:
        """Make a folder and make its names durable, from the top down."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)
            sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Fsync a folder, so that names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
