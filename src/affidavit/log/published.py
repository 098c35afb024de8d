"""The log as C2SP tlog-tiles files, whole and partial: what a monitor or witness reads of it.

Sealed bundles and full tiles come from the archive as they are stored; what is still in the journal, and every
partial tile, is made from entries and leaves. Holds no personal data, but the times of acts: publishing is the
tenant's choice.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import select

from affidavit.errors import MalformedProof, NotFound
from affidavit.log import checkpoints
from affidavit.log.audit_log import AuditLog
from affidavit.log.schema import logs
from affidavit.log.tree import pack_bundle
from affidavit.tlog.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, encode_bundle, encode_tile


class Resource(NamedTuple):
    """One file: its bytes, media type, content encoding (or ""), and whether it can ever change."""

    data: bytes
    media_type: str
    encoding: str
    immutable: bool


def read(log: AuditLog, stream: str, path: str) -> Resource:
    """`checkpoint`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]` of a stream. Raises NotFound."""
    if path == "checkpoint":
        return Resource(_checkpoint(log, stream), "text/plain; charset=utf-8", "", immutable=False)
    try:
        tile = Tile.parse(path)
    except MalformedProof as error:
        raise NotFound(error.message, error.hint) from None
    info = log.tenant.log(stream)
    with log.database.read() as connection:
        head = connection.execute(select(logs.c.size, logs.c.sealed).where(logs.c.id == info.id)).one()
    level = max(tile.level, 0)
    if (tile.first + tile.width) << (TILE_HEIGHT * level) > head.size:
        raise NotFound(f"{path} lies past the end of a log of {head.size} entries", "Read the checkpoint first")
    if tile.level == ENTRIES:
        entries = list(log.entries(stream).read(tile.first, tile.first + tile.width))
        return Resource(pack_bundle(encode_bundle(entries)), "application/octet-stream", "gzip", immutable=True)
    if tile.width == TILE_WIDTH and (tile.first + TILE_WIDTH) << (TILE_HEIGHT * level) <= head.sealed:
        data = log.archive.get(f"{info.folder}/log/{path}")
    else:
        tree = log.tree(stream)
        data = encode_tile([tree.node(TILE_HEIGHT * level, tile.first + at) for at in range(tile.width)])
    return Resource(data, "application/octet-stream", "", immutable=True)


def _checkpoint(log: AuditLog, stream: str) -> bytes:
    """The newest checkpoint; a new one is signed at most every `checkpoint_interval_s` while the log changes."""
    kept = checkpoints.newest(log.database, log.tenant.log(stream))
    if kept is not None:
        size, note, when_us = kept
        age_s = (time.time_ns() // 1000 - when_us) / 1_000_000
        if age_s < log.settings.checkpoint_interval_s or size == checkpoints.size_of(
            log.database, log.tenant.log(stream)
        ):
            return note
    return log.pin(stream).note
