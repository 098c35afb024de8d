"""FileStream: a file sent while it is made. Threads make it, the loop only passes it on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final

import anyio
from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CLIENT_STALL_S_MAX: Final = 120.0
"""A client that takes nothing for so long is taken for gone."""

logger = logging.getLogger("affidavit.web")


class FileStream(Response):
    """Sends the chunks of a blocking iterator that has a `close`, one at a time: memory holds one chunk.

    `chunks` is closed in any case, in a thread, so that what it records of a client gone is recorded. When it raises,
    the connection breaks off: HTTP has no other way to say that a file begun is none. `done` is called at the end.
    """

    def __init__(
        self,
        first: bytes,
        chunks: Iterator[bytes],
        *,
        media_type: str,
        headers: dict[str, str],
        done: Callable[[], None],
    ) -> None:
        super().__init__(None, headers=headers, media_type=media_type)
        del self.headers["Content-Length"]  # of the empty body it was made with
        self._first = first
        self._chunks = chunks
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the signature of ASGI
        """Send it all, or break off."""
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
            with anyio.CancelScope(shield=True):
                try:
                    await run_sync(getattr(self._chunks, "close", _nothing))
                finally:
                    self._done()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        chunk: bytes | None = self._first
        while chunk is not None:
            with anyio.move_on_after(CLIENT_STALL_S_MAX) as patience:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if patience.cancelled_caught:
                logger.warning("a client took nothing for %s s; its download was broken off", CLIENT_STALL_S_MAX)
                return
            try:
                chunk = await run_sync(next, self._chunks, None)
            except Exception:
                logger.exception("an export broke off")
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _nothing() -> None:
    """For iterators without a close."""
