"""Interchange: other systems' formats. A reader turns a file into batches of items, an item into an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from affidavit.event import Event
from affidavit.interchange import cloudtrail, jsonl
from affidavit.interchange.source import Batch, Item, expand

__all__ = ["FORMATS", "Batch", "Format", "Item", "expand"]


class Format(NamedTuple):
    """A format that can be read.

    `batches(path, label, batch_size)` MUST yield the same batches for the same bytes, in file order, in
    constant memory (or up to a declared limit), and MUST raise nothing but InvalidRequest and StorageError,
    after what was readable. `parse(item)` MUST be pure, MUST give an id that is the same for the same item,
    and MUST raise nothing but InvalidEvent.
    """

    name: str
    batches: Callable[[Path, str, int], Iterator[Batch]]
    parse: Callable[[Item], Event]


FORMATS: Final[dict[str, Format]] = {
    jsonl.NAME: Format(jsonl.NAME, jsonl.batches, jsonl.parse),
    cloudtrail.NAME: Format(cloudtrail.NAME, cloudtrail.batches, cloudtrail.parse),
}
