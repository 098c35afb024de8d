"""The standalone server: one process; without sign-in on the loopback address alone, and saying so."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from affidavit.errors import InvalidRequest
from affidavit.export.worker import ExportWork, ExportWorker
from affidavit.log.audit_log import AuditLog
from affidavit.log.worker import Work as LogWork
from affidavit.log.worker import Worker
from affidavit.settings import proxies
from affidavit.web.app import create_app
from affidavit.web.guards import LOOPBACK_NAMES, LoopbackHosts
from affidavit.web.logs import Logs
from affidavit.web.work import Work

HOST: Final = "127.0.0.1"
PORT: Final = 8765
PORT_MAX: Final = 65_535
STOP_TIMEOUT_S: Final = 10
CONNECTIONS_MAX: Final = 512
NO_SIGN_IN: Final = (
    "There is no sign-in (see --sign-in): every user of this machine may do everything. "
    "It answers on the loopback address only"
)

logger = logging.getLogger("affidavit.web")


def listen(host: str = HOST, port: int = PORT, *, sign_in: bool = False) -> socket.socket:
    """A listening socket; port 0 is any free one.

    Raises InvalidRequest for other hosts than the loopback address without `sign_in`, and for a port that is taken.
    """
    if host not in LOOPBACK_NAMES and not sign_in:
        raise InvalidRequest(
            f"host {host[:80]!r} is not the loopback address, and there is no sign-in",
            f"Use --sign-in, or {HOST}, localhost or ::1",
        )
    if not 0 <= port <= PORT_MAX:
        raise InvalidRequest(f"port {port}", f"0 to {PORT_MAX}; 0 is any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InvalidRequest(
            f"port {port} of {host}: {error.strerror}", "Choose another, or --port 0 for any free one"
        ) from error


def serve(
    log: AuditLog,
    listener: socket.socket,
    started: Callable[[str], None] = lambda _address: None,
    *,
    sign_in: bool = False,
    secure: bool = False,
    url: str = "",
) -> None:
    """Serve `log` on `listener` until SIGTERM or SIGINT, then end what is under way within STOP_TIMEOUT_S.

    `started` is called with the address once requests are answered. `sign_in`, `secure` and `url` as for `create_app`,
    `url` by default the listener's own. With a sign-in every tenant's logs are served, each to its own; without one
    only loopback names are answered, and `log` is the only one. It stays the caller's to close.
    """
    logs = Logs(log, every=sign_in)
    try:
        with working(log):
            Server(logs, listener, started, sign_in=sign_in, secure=secure, url=url).run()
    finally:
        logs.close()


@contextmanager
def working(log: AuditLog) -> Iterator[None]:
    """Seal, sign checkpoints and carry out exports beside the block, for all tenants: what `affidavit worker` does.

    More workers may run in other processes. At the end an export under way is put back for the next worker.
    """
    stop = threading.Event()
    with ExportWorker(log) as exports:
        rounds = (
            threading.Thread(target=Worker(log).run, args=(stop, _tell_of), name="affidavit-worker"),
            threading.Thread(target=exports.run, args=(stop, _tell_of), name="affidavit-exports"),
        )
        for one in rounds:
            one.start()
        try:
            yield
        finally:
            stop.set()
            for one in rounds:
                one.join()


def _tell_of(work: LogWork | ExportWork) -> None:
    for error in work.errors:
        logger.error("in the background: %s", error)


class Server(uvicorn.Server):
    """A uvicorn server that tells when it listens, and returns after a signal instead of raising it anew."""

    def __init__(
        self,
        log: AuditLog | Logs,
        listener: socket.socket,
        started: Callable[[str], None],
        *,
        sign_in: bool = False,
        secure: bool = False,
        url: str = "",
    ) -> None:
        app = create_app(log, sign_in=sign_in, secure=secure, url=url or address(listener))
        self._work: Work = app.state.work
        first = log.first.log if isinstance(log, Logs) else log
        trusted = proxies(first.settings.trusted_proxies)
        config = uvicorn.Config(
            app if sign_in else LoopbackHosts(app),
            access_log=False,
            lifespan="off",
            limit_concurrency=CONNECTIONS_MAX,
            log_level="warning",
            proxy_headers=bool(trusted),  # else nobody stands before us whose word on addresses would count
            forwarded_allow_ips=trusted,
            server_header=False,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            ws="none",
        )
        super().__init__(config)
        self._listener = listener
        self._tell = started

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Until stopped."""
        super().run(sockets or [self._listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go whoever listens for news, then stop."""
        self._work.closing = True
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        self._tell(address(self._listener))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal. Its default action would end the process before the log is closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def address(listener: socket.socket) -> str:
    """The URL of a listening socket.

    >>> with listen(port=0) as listener:
    ...     address(listener).startswith("http://127.0.0.1:")
    True
    """
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
