"""What a file says of itself: its period, in every way a query can bound it, and its facts for people."""

import json

import pytest

from affidavit.query.tree import EVERYTHING, Leaf, Not, all_of, any_of, is_in, to_json
from affidavit.verify.about import QUERY_CHARS_MAX, About, Counts, Period, facts, period_of

A, B, C = (f"2026-0{n}-01T00:00:00.000000Z" for n in (1, 2, 3))
LAST = "9999-12-31T23:59:59.999999Z"


def at(op, value, path="at"):
    return Leaf(op, path, value)


@pytest.mark.parametrize(
    ("query", "of", "start", "end"),
    [
        (EVERYTHING, "at", None, None),
        (at("ge", A), "at", A, None),
        (at("gt", A), "at", A.replace("000Z", "001Z"), None),
        (at("lt", B), "at", None, B),
        (at("le", B), "at", None, B.replace("000Z", "001Z")),
        (all_of(at("ge", A), at("ge", B), at("lt", C)), "at", B, C),
        (all_of(at("ge", A), at("lt", C), at("lt", B, "t")), "at", A, C),
        (all_of(at("ge", A, "t"), at("le", B, "t")), "t", A, B.replace("000Z", "001Z")),
        (any_of(at("ge", A), at("lt", C)), "at", None, None),
        (all_of(any_of(at("ge", A), at("lt", C)), Not(at("lt", B))), "at", None, None),
        (at("le", LAST), "at", None, None),
        (at("gt", LAST), "at", LAST, None),
    ],
)
def test_the_period_is_what_every_row_must_lie_in(query, of, start, end):
    assert period_of(query).to_json() == {"of": of, "from": start, "before": end}


def about(**more):
    given = {
        "export_id": "id", "created": A, "tenant": "t", "profile": "p", "zone": "UTC", "evidence": "full",
        "query": to_json(EVERYTHING), "period": Period("at", None, None),
        "columns": [{"label": "a", "path": "at", "mask": {"mask": "keep"}}],
    }  # fmt: skip
    return About(**{**given, **more})


def test_its_json_is_compact_and_its_keys_are_in_order():
    text = about(reason='ü "x"\n').text()
    assert list(json.loads(text)) == [
        "export", "tenant", "period", "zone", "query", "profile", "columns", "evidence",
    ]  # fmt: skip
    assert '"reason":"ü \\"x\\"\\n"' in text
    assert json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) == text
    assert Counts(1, 2).text() == '{"rows":1,"masked":2,"erased":0,"purged":0,"truncated":false}'


def test_facts_are_whole_or_say_what_is_not():
    said = dict(facts(about(), Counts(3, 2, truncated=True)))
    assert said["Period"] == "from the first entry, to the last (by at)"
    assert (said["For"], said["Cut off"], said["Rows"]) == ("not said", "yes", "3")
    long = is_in("action", [f"a{n}" for n in range(1000)])
    said = dict(facts(about(query=to_json(long)), Counts(0, 0)))
    assert len(said["Query"]) < QUERY_CHARS_MAX + 100
    assert said["Query"].endswith("characters, whole in manifest.json)")
