"""What a preparing process sends is what sequencing needs, and nothing is lost on the way."""

import msgspec
import pytest

from affidavit.errors import InvalidEvent
from affidavit.interchange.source import Item
from affidavit.log.preparation import Recipe
from affidavit.log.preparers import Elsewhere, Here, pack, prepare_items, unpack
from affidavit.paths import DeclaredFields

RECIPE = Recipe(7, DeclaredFields(), b"k" * 32, refuse_secrets=False)
LINES = [
    b'{"action": "login", "at": "2026-10-01T08:00:00Z", "actor": "user:ann", "source": {"ip": "192.0.2.1"}}',
    b'{"action": "grade.update", "id": "0199e3a0-0000-7000-8000-000000000001", "details": {"pwd": "x", "n": null}}',
    '{"action": "export", "message": "Grüße ☂", "outcome": "failure"}'.encode(),
    b'{"action": "Not an action"}',
    b"no JSON",
]
ITEMS = [Item(number, line) for number, line in enumerate(LINES, 1)]


def test_packing_keeps_all_that_sequencing_needs():
    prepared = prepare_items("jsonl", RECIPE, ITEMS)
    assert [isinstance(one, InvalidEvent) for one in prepared] == [False, False, False, True, True]
    for before, after in zip(prepared, unpack(7, pack(prepared)), strict=True):
        if isinstance(before, InvalidEvent):
            assert isinstance(after, InvalidEvent)
            assert (str(after), after.field) == (str(before), before.field)
        else:
            assert after == before._replace(record=before.record._replace(paths=(), values=()))


@pytest.mark.parametrize("kind", [Here, Elsewhere])
def test_answers_come_in_order_of_the_batches(kind):
    preparer = kind("jsonl", RECIPE)
    try:
        waiting = [preparer.submit(ITEMS[first : first + 2]) for first in (0, 2, 0)]
        answers = [one() for one in waiting]
    finally:
        preparer.close()
    assert [len(one) for one in answers] == [2, 2, 2]
    told = [
        [msgspec.json.decode(one.fields) if not isinstance(one, InvalidEvent) else None for one in batch]
        for batch in answers
    ]
    assert told[0] == told[2]
    assert told[0][0]["source.ip"] == "192.0.2.1"
    assert told[1][0]["message"] == "Grüße ☂"
    assert told[1][1] is None
