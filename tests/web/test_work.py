"""Places: each is given back once, whatever becomes of what held it."""

from __future__ import annotations

import pytest

from affidavit.errors import Busy
from affidavit.settings import Settings
from affidavit.web.work import EXPORTS_AT_ONCE_MAX, LISTENERS_MAX, Work


def go_wrong(work, what):
    """Give a place back inside its block, which then raises."""
    with getattr(work, what)() as done:
        try:
            raise ValueError("gone wrong")
        finally:
            done()


@pytest.mark.parametrize(("what", "places"), [("exporting", EXPORTS_AT_ONCE_MAX), ("listening", LISTENERS_MAX)])
def test_a_place_is_given_back_once(what, places):
    """Given back in a block that then raises, or twice after it, it is one place all the same."""
    work = Work(Settings())
    with pytest.raises(ValueError, match="gone wrong"):
        go_wrong(work, what)
    with getattr(work, what)() as done:
        pass
    done()
    done()
    held = []
    for _ in range(places):
        with getattr(work, what)() as done:
            held.append(done)
    with pytest.raises(Busy), getattr(work, what)():
        pass
    held[0]()
    with getattr(work, what)():
        pass
    with pytest.raises(Busy), getattr(work, what)():
        pass
