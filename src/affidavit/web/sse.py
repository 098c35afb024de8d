"""Server-sent events: news sent while the client listens, from something that is asked again and again."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import anyio
import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from affidavit.errors import AffidavitError

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT_S: Final = 15.0
"""A comment this often where there is no news: proxies and clients see that the line stands."""
STALL_S_MAX: Final = 30.0
"""A client that takes nothing for so long is taken for gone."""
RETRY_MS: Final = 3000

logger = logging.getLogger("affidavit.web")
_encode = msgspec.json.Encoder().encode


class Message:
    """One event: its name, its data (sent as JSON) and its id, which a client comes back with."""

    __slots__ = ("raw",)

    def __init__(self, event: str, data: Any, id: str = "") -> None:
        known = f"id: {id}\n" if id else ""
        self.raw = f"event: {event}\n{known}data: ".encode() + _encode(data) + b"\n\n"


HEARTBEAT: Final = b": still here\n\n"


class EventStream(Response):
    """Sends the messages of `source`, heartbeats where it gives None, until it ends or the client goes.

    `done` is called at the end, whatever came.
    """

    def __init__(self, source: AsyncIterator[Message | None], done: Callable[[], None]) -> None:
        super().__init__(None, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._source = source
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the signature of ASGI
        """Send until the end."""
        try:
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                await self._send_all(send)
                group.cancel_scope.cancel()
        finally:
            self._done()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._put(send, f"retry: {RETRY_MS}\n\n".encode())
        silent_since = anyio.current_time()
        try:
            async for message in self._source:
                now = anyio.current_time()
                if message is None and now - silent_since < HEARTBEAT_S:
                    continue
                silent_since = now
                if not await self._put(send, HEARTBEAT if message is None else message.raw):
                    logger.warning("a listener took nothing for %s s and was broken off", STALL_S_MAX)
                    return
        except AffidavitError as error:
            logger.exception("a stream of events broke off")
            await self._put(send, Message("problem", {"status": error.http_status, "detail": str(error)}).raw)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _put(self, send: Send, data: bytes) -> bool:
        with anyio.move_on_after(STALL_S_MAX) as patience:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        return not patience.cancelled_caught
