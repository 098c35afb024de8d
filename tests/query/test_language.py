"""The query language: what each form means, what it refuses and where, and that it round-trips."""

import json
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affidavit.errors import InvalidQuery
from affidavit.paths import DeclaredFields
from affidavit.query.conditions import SHORT_NAMES, TEXT_PATHS
from affidavit.query.language import QUERY_TEXT_CHARS_MAX, parse
from affidavit.query.rendering import to_text
from affidavit.query.tree import EVERYTHING, Group, Leaf, Not, all_of, any_of, from_json, is_path, to_json

TOKEN = "tk_abcdefghijklmnopqrstuvwxyz"
DECLARED = DeclaredFields.from_tables(
    {"grade": {"type": "number"}, "term": {"type": "string"}, "born": {"type": "date"}, "peer": {"class": "ip"}}
)


def one(path, value, op="eq"):
    return Leaf(op, path, value)


def text(value):
    return any_of(*(Leaf("contains", path, value) for path in TEXT_PATHS))


MEANINGS = {
    "actor:u1": one("actor.id", "u1"),
    "user:u1": one("actor.id", "u1"),
    "actor:service:cron": all_of(one("actor.type", "service"), one("actor.id", "cron")),
    "action:auth.*": one("action", "auth.", "prefix"),
    "action:*.login": one("action", "*.login", "glob"),
    'action:"auth.*"': one("action", "auth.*"),
    "action=auth.*": one("action", "auth.*"),
    "-outcome:success": Not(one("outcome", "success")),
    "NOT outcome:success": Not(one("outcome", "success")),
    "resource:record:17": all_of(one("resource.type", "record"), one("resource.id", "17")),
    "resource:record:*": all_of(one("resource.type", "record"), Leaf("exists", "resource.id")),
    "resource:17": one("resource.id", "17"),
    "resource:arn:aws:s3:::b": one("resource.id", "arn:aws:s3:::b"),
    "resource:https://x/y": one("resource.id", "https://x/y"),
    "resource.id:a:b": one("resource.id", "a:b"),
    "resource:*": Leaf("exists", "resource.id"),
    "subject:student:9": all_of(one("subject.type", "student"), one("subject.id", "9")),
    "ip:10.0.0.0/8": one("source.ip", "10.0.0.0/8", "cidr"),
    "ip:10.0.0.1": one("source.ip", "10.0.0.1"),
    "ip:2001:DB8::1": one("source.ip", "2001:DB8::1", "cidr"),
    "ip:10.*": one("source.ip", "10.", "prefix"),
    'ip:"10.0.0.0/8"': one("source.ip", "10.0.0.0/8"),
    "details.peer:10.0.0.0/8": one("details.peer", "10.0.0.0/8", "cidr"),
    "action:(a,b , c)": Leaf("in", "action", values=("a", "b", "c")),
    "action:(a,b*)": any_of(one("action", "a"), one("action", "b", "prefix")),
    "action:(a)": one("action", "a"),
    "record_count:10..20": all_of(one("record_count", "10", "ge"), one("record_count", "20", "le")),
    "record_count:..20": one("record_count", "20", "le"),
    "record_count>=1e3": one("record_count", "1e3", "ge"),
    "details.grade:9..10": all_of(one("details.grade", "9", "ge"), one("details.grade", "10", "le")),
    "details.other:9..10": all_of(one("details.other", "9", "ge"), one("details.other", "10", "le")),
    "details.born:2000-01-01..2000-12-31": all_of(
        one("details.born", "2000-01-01", "ge"), one("details.born", "2000-12-31", "le")
    ),
    "resource.id:../../etc/passwd": one("resource.id", "../../etc/passwd"),
    "details.x:*": Leaf("exists", "details.x"),
    "details.Camel-Key.b:1": one("details.Camel-Key.b", "1"),
    "change.after.grade:A": one("change.after.grade", "A"),
    'message~"disk full"': one("message", "disk full", "contains"),
    'message:""': one("message", ""),
    r'message:"a\"b\\c\d"': one("message", r'a"b\c\d'),
    "actor.mfa:true": one("actor.mfa", "true"),
    f"actor:{TOKEN}": Leaf("eq", "actor.id", tokens=(TOKEN,)),
    f"actor:({TOKEN},{TOKEN})": Leaf("in", "actor.id", tokens=(TOKEN, TOKEN)),
    f'actor:"{TOKEN}"': one("actor.id", TOKEN),
    "": EVERYTHING,
    " \n": EVERYTHING,
    "*": EVERYTHING,
    "at>=2026-10-01": one("at", "2026-10-01T00:00:00.000000Z", "ge"),
    "at<2026-10-01": one("at", "2026-10-01T00:00:00.000000Z", "lt"),
    "at<=2026-10-01": one("at", "2026-10-02T00:00:00.000000Z", "lt"),
    "at>2026-10-01": one("at", "2026-10-02T00:00:00.000000Z", "ge"),
    "at:2026": all_of(one("at", "2026-01-01T00:00:00.000000Z", "ge"), one("at", "2027-01-01T00:00:00.000000Z", "lt")),
    "t:2026-12": all_of(one("t", "2026-12-01T00:00:00.000000Z", "ge"), one("t", "2027-01-01T00:00:00.000000Z", "lt")),
    "at:2026-10-01..2026-10-02": all_of(
        one("at", "2026-10-01T00:00:00.000000Z", "ge"), one("at", "2026-10-03T00:00:00.000000Z", "lt")
    ),
    "at:2026-10-01T12:30+02:00": all_of(
        one("at", "2026-10-01T10:30:00.000000Z", "ge"), one("at", "2026-10-01T10:31:00.000000Z", "lt")
    ),
    'at>="2026-10-01 12:30:15.25"': one("at", "2026-10-01T12:30:15.250000Z", "ge"),
    "at:2026-10-01T12:30:00.000001Z": one("at", "2026-10-01T12:30:00.000001Z"),
    "at>9999-12-31": Group("any", ()),
    "at<=9999": EVERYTHING,
}


@pytest.mark.parametrize("query", MEANINGS)
def test_meaning(query):
    assert parse(query, DECLARED) == MEANINGS[query]


def test_free_text_is_looked_for_in_the_documented_fields_and_declared_text():
    assert parse('"free text"') == text("free text") == parse('("free text")')
    assert parse("*free*") == text("free")
    fields = [leaf.path for leaf in parse("x", DECLARED).of]
    assert fields == [*TEXT_PATHS, "details.peer", "details.term"]
    assert parse("x", text_paths=("message",)) == one("message", "x", "contains")


def test_precedence_and_parentheses():
    a, b, c = (one("action", name) for name in "abc")
    assert parse("action:a action:b OR action:c") == any_of(all_of(a, b), c)
    assert parse("action:a (action:b OR action:c)") == all_of(a, any_of(b, c))
    assert parse("action:a AND NOT (action:b action:c)") == all_of(a, Not(all_of(b, c)))
    assert parse("NOT -action:a") == Not(Not(a))
    assert parse("(((action:a)))") == a


@pytest.mark.parametrize(
    ("query", "column", "says"),
    [
        ("acto:u1", 1, "actor"),
        ("outcome:success resurce:1", 17, "resource"),
        ("details.grde.x:1 sourc.ip:1", 18, "source.ip"),
        ("actor:", 7, "no value"),
        ("actor:u1 OR", 12, "missing"),
        ("OR a", 1, "missing"),
        ("(actor:u1", 1, "("),
        ("actor:u1)", 9, ")"),
        ("()", 1, "empty"),
        ('actor:"u1', 7, "quote"),
        ("actor:(a,b", 7, "closed"),
        ("actor:(a,)", 10, "no value"),
        ("actor:()", 8, "no value"),
        ("actor>(a,b)", 8, "no list"),
        ("actor:Mozilla/5(X11)", 16, "Quote"),
        ("at >= 2026", 4, "spaces"),
        ("a - b", 3, "alone"),
        ("record_count:abc", 14, "number"),
        ("record_count:20..10", 14, "backwards"),
        ("record_count:..", 14, "range"),
        ("at:2026-10-02..2026-10-01", 4, "backwards"),
        ("at:2026-10-01..x", 16, "no time"),
        ("at:2026-02-30", 4, "no real time"),
        ("at:1969", 4, "1970"),
        ("at:2026-10-01T25", 4, "no real time"),
        ("at:yesterday", 4, "no time"),
        ("ip:10.0.0/8", 4, "network"),
        ("ip:10.0.0.0/33", 4, "network"),
        ("foo*bar", 1, "*"),
        ("**", 1, "empty"),
        ('""', 1, "empty"),
        ("message:" + "*a" * 17, 9, "stars"),
        ("message:" + "a" * 9000, 9, "too long"),
        ("actor:a\0b", 7, "NUL"),
        ("-" * 100 + "a", 29, "deep"),
        ("(" * 100 + "a" + ")" * 100, 15, "deep"),
        ("a" * (QUERY_TEXT_CHARS_MAX + 1), QUERY_TEXT_CHARS_MAX, "characters"),
    ],
)
def test_refusals_say_where_and_what_to_do(query, column, says):
    with pytest.raises(InvalidQuery) as caught:
        parse(query)
    assert caught.value.column == column
    assert says in str(caught.value)
    assert caught.value.hint


def test_unknown_zone():
    with pytest.raises(InvalidQuery, match="Europe/Nowhere"):
        parse("at:2026", zone="Europe/Nowhere")
    with pytest.raises(InvalidQuery, match="time zone"):
        parse("at:2026", zone="../../etc/passwd")


@pytest.mark.parametrize(
    ("query", "zone", "start", "end"),
    [
        ("at:2026-03-29", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("at:2026-10-25", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("at:2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T02:00"),  # no midnight
        ("at:2026-11-01", "America/Havana", "2026-11-01T04:00", "2026-11-02T05:00"),  # two midnights
        ("at:2026-10", "Asia/Kathmandu", "2026-09-30T18:15", "2026-10-31T18:15"),
        ("at:2026-10-25T02:30+01:00", "Europe/Berlin", "2026-10-25T01:30", "2026-10-25T01:31"),
        ("at:2026-10-25T03", "Europe/Berlin", "2026-10-25T02:00", "2026-10-25T03:00"),
    ],
)
def test_local_times(query, zone, start, end):
    assert parse(query, zone=zone) == all_of(
        one("at", f"{start}:00.000000Z", "ge"), one("at", f"{end}:00.000000Z", "lt")
    )


@pytest.mark.parametrize(("query", "happens"), [("2026-10-25T02:30", "twice"), ("2026-03-29T02:30", "never")])
def test_a_time_that_is_not_one_instant_needs_its_offset(query, happens):
    with pytest.raises(InvalidQuery, match=rf"happens {happens} in Europe/Berlin.*\+01:00") as caught:
        parse(f"at>={query}", zone="Europe/Berlin")
    assert "+02:00" in caught.value.hint


def test_before_1970_in_a_zone_ahead_is_1970():
    assert parse("at>=1970-01-01", zone="Asia/Tokyo") == one("at", "1970-01-01T00:00:00.000000Z", "ge")


def test_short_names_are_paths_of_the_table():
    assert all(is_path(path) for path in SHORT_NAMES.values())
    assert all(is_path(path) for path in TEXT_PATHS)


words = st.sampled_from(
    [
        "actor",
        "action",
        "at",
        "t",
        "record_count",
        "details.x",
        "details.grade",
        "ip",
        "resource",
        "message",
        "outcome",
        ":",
        "=",
        "~",
        ">=",
        "<",
        ">",
        "<=",
        "(",
        ")",
        '"',
        "*",
        "-",
        "..",
        ",",
        " ",
        " OR ",
        " AND ",
        " NOT ",
        "\\",
        "2026-10-01",
        "2026",
        "T12:30",
        "+02:00",
        "10",
        "-5",
        "1e400",
        "10.0.0.0/8",
        "::1",
        "a",
        "é",
        "record:17",
        TOKEN,
        "\n",
        "\0",
        "\ud800",
    ]
)
texts = st.one_of(st.text(max_size=40), st.lists(words, max_size=14).map("".join))


@settings(max_examples=500, deadline=None)
@given(texts, st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]))
def test_nothing_but_invalid_query_comes_out_and_what_is_read_can_be_written(query, zone):
    try:
        tree = parse(query, DECLARED, zone)
    except InvalidQuery as error:
        assert 1 <= error.column <= len(query) + 1  # noqa: PT017
        return
    assert from_json(json.loads(json.dumps(to_json(tree))), DECLARED) == tree
    try:
        written = to_text(tree, DECLARED)
    except InvalidQuery:
        return
    assert parse(written, DECLARED, UTC) == tree


leaves = st.one_of(
    st.builds(
        one,
        st.sampled_from(["actor.id", "source.ip", "message", "record_count", "details.x", "action", "outcome"]),
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
            st.sampled_from(["a*", "10", "1..2", "10.0.0.0/8", "::1", TOKEN, "OR", "a b", "record:17", "2026", "*"]),
        ),
        st.sampled_from(["eq", "contains", "lt", "ge"]),
    ),
    st.builds(
        lambda v: Leaf("in", "actor.id", values=tuple(v)),
        st.lists(st.text('ab*" ,()', max_size=3), min_size=2, max_size=4),
    ),
    st.just(Leaf("exists", "details.x")),
)
trees = st.recursive(
    leaves,
    lambda q: (
        q.map(Not)
        | st.builds(
            lambda op, of: Group(op, tuple(of)), st.sampled_from(["all", "any"]), st.lists(q, min_size=2, max_size=3)
        )
    ),
    max_leaves=5,
)


def flat(query):
    """Nested groups of `all` taken apart, as reading does."""
    if isinstance(query, Not):
        return Not(flat(query.of))
    if isinstance(query, Leaf):
        return query
    parts = [flat(part) for part in query.of]
    if query.op == "all":
        parts = [x for part in parts for x in (part.of if isinstance(part, Group) and part.op == "all" else (part,))]
    return Group(query.op, tuple(parts))


@settings(max_examples=150, deadline=None)
@given(trees)
def test_a_tree_written_as_text_reads_back(tree):
    try:
        written = to_text(tree)
    except InvalidQuery as error:
        assert "no text form" in str(error)  # noqa: PT017
        return
    assert parse(written) == flat(tree)


def test_hostile_texts_take_linear_work():
    """Each of the greatest length; whatever is quadratic or recursive shows."""
    size = QUERY_TEXT_CHARS_MAX
    for piece in (
        "a.",
        "a ",
        "-",
        "(",
        '"',
        "actor:(a,",
        "a:",
        "a*",
        "..",
        "\\",
        '"\\"',
        "OR ",
        "a-",
        "at:2026-",
        "message:*a ",
    ):
        try:
            parse((piece * size)[:size])
        except InvalidQuery as error:
            assert error.column  # noqa: PT017
