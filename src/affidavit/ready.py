"""Ready: types whose values are read from JSON or TOML, prepared when their module is imported.

msgspec works out what it must know of a type at its first use, and keeps it on the type before it is whole (seen with
0.22). Two threads that use a type first at the same moment end the process. So nothing may be left to the first use.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def ready(kind: type[T]) -> type[T]:
    """A decorator of structs and dataclasses: msgspec then knows all it must of one, and of the types in it."""
    msgspec.json.Decoder(kind)
    return kind
