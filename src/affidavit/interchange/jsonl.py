"""JSON lines: one event of the native model a line, as `affidavit.event` declares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from affidavit.event import Event, decode_event
from affidavit.interchange.source import BATCH_ITEMS, Batch, Item, Origin, group, made_id, screen
from affidavit.interchange.stream import Stream, lines

NAME: Final = "jsonl"


def batches(path: Path, label: str = "", batch_size: int = BATCH_ITEMS) -> Iterator[Batch]:
    """Read the lines of `path` (gzip or not) in constant memory. Blank lines are skipped and counted.

    Raises InvalidRequest for damaged content and a bad label, StorageError where the file can't be read.
    """
    stream = Stream(path)
    origin = Origin.of(NAME, label, path)
    items = (Item(number, raw, origin, size) for number, raw, size in lines(stream.chunks()))
    return group(path, origin, stream, items, batch_size)


def parse(item: Item) -> Event:
    """The event of a line; a line without id gets a made one. Raises InvalidEvent naming the field, nothing
    else.

    The made id is of label, number and content; where the line has no time either, of the file's base name
    too: equal lines without any time in two files are two events.
    """
    screen(item)
    event = decode_event(item.raw)
    if event.id is None:
        return msgspec.structs.replace(event, id=made_id(item, named=event.at is None))
    return event
