"""What a query's bounds are. That every answer meets them is tested beside the SQL."""

import pytest

from affidavit.query.bounds import VALUES_MAX, Actions, Bounds, Range, bounds
from affidavit.query.language import parse
from affidavit.query.tree import NOTHING, Leaf, Not, all_of

OCT, NOV = "2026-10-01T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z"
OCT_NEXT = "2026-10-01T00:00:00.000001Z"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("*", Bounds()),
        ("at>=2026-10 at<2026-11", Bounds(at=Range(OCT, NOV))),
        ("t:2026-10", Bounds(t=Range(OCT, NOV))),
        ("-at<2026-10", Bounds(at=Range(OCT, None))),
        ("-(at<2026-10 OR at>=2026-11)", Bounds(at=Range(OCT, NOV))),
        ("at:2026-10 OR at:2026-09", Bounds(at=Range("2026-09-01T00:00:00.000000Z", NOV))),
        ("at:2026-10 OR actor:u1", Bounds()),
        ("at>=2026-11 at<2026-10", Bounds(never=True)),
        ("(at>=2026-11 at<2026-10) OR outcome:denied", Bounds(outcomes=frozenset({"denied"}))),
        ("-outcome:success -outcome:denied", Bounds(outcomes=frozenset({"failure", "unknown"}))),
        ("outcome:success outcome:denied", Bounds(never=True)),
        ("outcome:nonsense", Bounds(never=True)),
        ("action:(a,b) action:(b,c)", Bounds(actions=Actions(frozenset({"b"})))),
        ("action:a.* action:a.b.*", Bounds(actions=Actions(frozenset(), frozenset({"a.b."})))),
        ("action:a.* action:(a.b,c)", Bounds(actions=Actions(frozenset({"a.b"})))),
        ("action:a.* action:b.*", Bounds(never=True)),
        ("action:a.* OR action:b", Bounds(actions=Actions(frozenset({"b"}), frozenset({"a."})))),
        ("-action:a", Bounds()),
        ("actor:u1", Bounds(equals=(("actor.id", frozenset({"u1"})),))),
        ("actor:(u1,u2)", Bounds(equals=(("actor.id", frozenset({"u1", "u2"})),))),
        ("actor:u1 OR actor:u2", Bounds(equals=(("actor.id", frozenset({"u1", "u2"})),))),
        ("actor:u1 OR subject:u2", Bounds()),
        ("-actor:u1", Bounds()),
        ("details.x:1", Bounds()),
        ("role:admin", Bounds()),
    ],
)
def test_bounds(query, wanted):
    assert bounds(parse(query)) == wanted


def test_ends_that_belong_to_the_range_move_by_a_microsecond():
    assert bounds(Leaf("le", "at", OCT)).at == Range(None, OCT_NEXT)
    assert bounds(Leaf("gt", "at", OCT)).at == Range(OCT_NEXT, None)
    assert bounds(Leaf("eq", "t", OCT)).t == Range(OCT, OCT_NEXT)
    assert bounds(Leaf("le", "at", "9999-12-31T23:59:59.999999Z")).at == Range()


def test_nothing_and_long_lists():
    assert bounds(NOTHING).never
    assert bounds(Leaf("in", "actor.id")).never
    assert bounds(Not(Leaf("in", "actor.id"))) == Bounds()
    many = Leaf("in", "actor.id", values=tuple(map(str, range(VALUES_MAX + 1))))
    assert bounds(many) == Bounds()
    few = Leaf("eq", "subject.id", "9")
    assert bounds(all_of(many, few)).equals == (("subject.id", frozenset({"9"})),)


@pytest.mark.parametrize(
    ("first", "last", "meets"),
    [
        (OCT, OCT, True),
        ("2026-09-01", "2026-09-30", False),
        (NOV, NOV, False),
        ("2026-09-01", OCT, True),
        ("2026", "2027", True),
    ],
)
def test_meets(first, last, meets):
    assert Range(OCT, NOV).meets(first, last) is meets
