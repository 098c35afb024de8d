"""The page that verifies bundles in a browser: `verify.html` beside this module, built in verifier/ (make page).

It is put into every bundle. A distribution built without it makes bundles without it: the format lets it be absent.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

PAGE: Final = "verify.html"


@cache
def html() -> bytes | None:
    """The page, or None where this distribution has none."""
    try:
        return (Path(__file__).parent / PAGE).read_bytes()
    except FileNotFoundError:
        return None
