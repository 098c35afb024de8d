"""The log over HTTP as C2SP tlog-tiles: checkpoint, tiles, entry bundles."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from affidavit.access.principal import Principal
from affidavit.log import published
from affidavit.web.problems import documented
from affidavit.web.who import TileReader, unbound
from affidavit.web.work import log_of, work_of

IMMUTABLE: Final = "public, max-age=31536000, immutable"

router = APIRouter(tags=["log"])


@router.get(
    "/api/v1/log/{stream}/{path:path}",
    responses=documented(401, 403, 404, 422, 503),
    response_class=Response,
    summary="One file of a stream's log: checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]",
)
async def log_file(request: Request, stream: str, path: str, who: Principal = TileReader) -> Response:
    """C2SP tlog-tiles. Entry bundles are gzip by Content-Encoding; tiles never change, the checkpoint does."""
    unbound(who)
    found = await work_of(request).glance(published.read, log_of(request), stream, path)
    headers = {"Cache-Control": IMMUTABLE if found.immutable else "no-cache"}
    if found.encoding:
        headers["Content-Encoding"] = found.encoding
    return Response(found.data, media_type=found.media_type, headers=headers)
