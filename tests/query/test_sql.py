"""The SQL of a query and its evaluation say the same of every record."""

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affidavit.errors import InvalidQuery
from affidavit.log.segment import ip_key
from affidavit.paths import PUBLIC_KEYS
from affidavit.query.address import address, network, within
from affidavit.query.bounds import bounds
from affidavit.query.evaluate import compile as compile_query
from affidavit.query.sql import IN_LIST_MAX, inside, to_sql
from affidavit.query.tree import Group, Leaf, Not, all_of, from_json, to_json

S_PATHS = ("actor.id", "source.ip", "resource.name")
J_PATHS = ("record_count", "actor.roles", "actor.mfa", "disclosure.additional_parties", "details")
FREE_PATHS = ("change.before.grade", "details.score")
INNER_PATHS = ("details.a", "details.a.b", "details.Camel-Key")
DATA = ("action", "at", "outcome", "t", *S_PATHS, *J_PATHS, *FREE_PATHS)


class Layout:
    """Two VARCHAR columns a path: text, JSON."""

    def column(self, path):
        if path in PUBLIC_KEYS:
            return f'"{path}"'
        return f'"{path}"' if path in S_PATHS + FREE_PATHS else None

    def raw(self, path):
        own = f'"{path}:j"'
        if path == "details.score":
            free = inside('"details:j"', path)
            return f'CASE WHEN "{path}" IS NULL THEN coalesce({own}, {free}) END'
        return inside('"details:j"', path) if path in INNER_PATHS else own

    def address(self, path):
        return None


@pytest.fixture(scope="module")
def db():
    with duckdb.connect() as connection:
        yield connection


text = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "A",
            "ab",
            "aBc",
            "É",
            "é",
            "%",
            "_",
            "a%b",
            "*",
            "a*b",
            "\\",
            "'",
            "\n",
            "a\nb",
            "10",
            "10.0",
            "1e1",
            "-3",
            "true",
            "null",
            "[1]",
            '"',
            "ſ",
            "\U0001f600",
            "\uffff",
            "9",
            "u1",
        ]
    ),
    st.text(alphabet="aAbB.*%_é\n", max_size=6),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
ips = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(
        [
            "10.0.0.1",
            "10.255.255.255",
            "::ffff:10.0.0.1",
            "::FFFF:0a00:1",
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:1.2.3.4",
            "::1.2.3.4",
            "1::2::3",
            ":1::",
            "1:2",
            "12345::",
            "g::",
            "01.2.3.4",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.4 ",
            "fe80::1%eth0",
            "",
            "x",
            "10.0.0.0/8",
            ":::",
            "1:2:3:4:5:6:7:8:9",
            "::ffff:1.2.3.400",
            "1.2.3.4::",
            "::1.2.3.4:5",
            ":",
            "1:::2",
            "2001:DB8::A",
        ]
    ),
    st.from_regex(r"[0-9a-f:.]{0,12}", fullmatch=True),
)
times = st.sampled_from(
    [
        "1970-01-01T00:00:00.000000Z",
        "2026-10-01T00:00:00.000000Z",
        "2026-10-01T00:00:00.000001Z",
        "2026-11-01T12:30:00.500000Z",
        "9999-12-31T23:59:59.999999Z",
    ]
)
numbers = st.one_of(
    st.integers(-20, 20),
    st.sampled_from([2**53, 2**53 + 1, 1e308, 5e-324, 0.1, -0.0, 10.0, 12345678901234567890]),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(text, numbers, st.booleans(), st.none())
free = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.lists(st.lists(scalars, max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["a", "b", "é"]), scalars, max_size=2),
)
dump = st.sampled_from(
    [{"ensure_ascii": False}, {"ensure_ascii": True}, {"ensure_ascii": False, "separators": (",", ":")}]
)
details = st.dictionaries(
    st.sampled_from(["a", "b", "Camel-Key", "score", "z"]),
    st.one_of(free, st.fixed_dictionaries({"b": free})),
    max_size=3,
)


@st.composite
def records(draw):
    public = {
        "action": draw(st.sampled_from(["auth.login", "auth.logout", "grade.updated", "a"])),
        "at": draw(times),
        "outcome": draw(st.sampled_from(["success", "failure", "denied", "unknown"])),
        "t": draw(times),
    }
    fields = {}
    for path in S_PATHS + J_PATHS + FREE_PATHS:
        if draw(st.booleans()):
            continue
        if path in S_PATHS or (path in FREE_PATHS and draw(st.booleans())):
            value = draw(st.one_of(st.none(), ips if path == "source.ip" else text))
            fields[path] = ("n", None) if value is None else ("s", value)
        else:
            value = draw(details if path == "details" else free)
            fields[path] = ("j", json.dumps(value, **draw(dump)))
    if "details.score" in fields and fields.get("details", ("n", None))[0] == "j":
        # A name is declared or not; the recorder never writes both.
        kept = json.loads(fields["details"][1])
        kept.pop("score", None)
        fields["details"] = ("j", json.dumps(kept))
    return public, fields


@st.composite
def conditions(draw):
    path = draw(st.sampled_from(DATA + INNER_PATHS))
    op = draw(st.sampled_from(["eq", "in", "prefix", "glob", "contains", "cidr", "lt", "le", "gt", "ge", "exists"]))
    time = path in ("at", "t") and op in ("eq", "in", "lt", "le", "gt", "ge")
    value = (
        times
        if time
        else st.one_of(
            text,
            ips if path == "source.ip" else text,
            numbers.map(json.dumps),
            st.sampled_from(["auth.*", "*log*", "success", "grade.updated", "auth."]),
        )
    )
    if op == "cidr":
        value = st.one_of(
            st.sampled_from(
                [
                    "10.0.0.0/8",
                    "0.0.0.0/0",
                    "::/0",
                    "::1",
                    "::ffff:10.0.0.0/104",
                    "::ffff:0:0/90",
                    "10.0.0.1",
                    "2001:db8::/32",
                    "1::/16",
                ]
            ),
            ips.filter(lambda x: network(x) is not None),
        )
    if op == "in":
        size = draw(st.sampled_from([0, 1, 3, 3, IN_LIST_MAX + 1]))
        values = draw(st.lists(value, min_size=min(size, 3), max_size=min(size, 3)))
        if size > 3 and not time:
            values += [f"u{i}" for i in range(size)] + [str(i) for i in range(size)]
        return Leaf("in", path, values=tuple(values))
    return Leaf(op, path, "" if op == "exists" else draw(value.filter(lambda v: op != "glob" or v.count("*") <= 16)))


queries = st.recursive(
    conditions(),
    lambda q: st.one_of(
        q.map(Not), st.builds(Group, st.sampled_from(["all", "any"]), st.lists(q, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def load(db, rows):
    columns = [*PUBLIC_KEYS, *(p for p in S_PATHS + FREE_PATHS), *(f"{p}:j" for p in J_PATHS + FREE_PATHS)]
    listed = ", ".join(f'"{c}" VARCHAR' for c in columns)
    db.execute(f"CREATE OR REPLACE TEMP TABLE rows (n INTEGER, {listed})")
    for n, (public, fields) in enumerate(rows):
        values = []
        for column in columns:
            path, _, kind = column.partition(":")
            tag, value = fields.get(path, ("n", None)) if path not in PUBLIC_KEYS else ("s", public[path])
            values.append(value if tag == (kind or "s") else None)
        db.execute(f"INSERT INTO rows VALUES ({', '.join('?' * (len(values) + 1))})", [n, *values])


def answers(db, query):
    sql = to_sql(query, Layout())
    assert sql.text.count("?") == len(sql.parameters)
    found = db.execute(f"SELECT n FROM rows WHERE {sql.text} ORDER BY n", list(sql.parameters)).fetchall()
    return [n for (n,) in found]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(records(), min_size=1, max_size=5), asked=st.lists(queries, min_size=1, max_size=6))
def test_sql_answers_what_the_evaluator_answers(db, rows, asked):
    load(db, rows)
    for query in asked:
        test = compile_query(query)
        assert answers(db, query) == [n for n, row in enumerate(rows) if test(*row)], to_json(query)
        assert from_json(json.loads(json.dumps(to_json(query)))) == query


@settings(max_examples=120, deadline=None)
@given(records(), queries)
def test_bounds_are_met_by_every_answer(row, query):
    public, fields = row
    if compile_query(query)(public, fields):
        found = bounds(query)
        assert not found.never
        assert found.at.meets(public["at"], public["at"])
        assert found.t.meets(public["t"], public["t"])
        assert found.actions is None or found.actions.match(public["action"])
        assert found.outcomes is None or public["outcome"] in found.outcomes
        for path, values in found.equals:
            assert fields[path] in {("s", value) for value in values}


@given(ips, ips)
def test_addresses_and_networks_agree_with_each_other(one, other):
    if address(one) is not None:
        first, last = network(one)
        assert first == last == address(one)
        assert within(one, first, last)
        assert within(other, first, last) == (address(other) == address(one))


class Literals:
    """A record as literals, for single cases."""

    def __init__(self, public, fields):
        self.fields = fields | {path: ("s", value) for path, value in public.items()}

    def column(self, path):
        tag, value = self.fields.get(path, ("n", None))
        return "'" + value.replace("'", "''") + "'" if tag == "s" else "NULL::VARCHAR"

    def raw(self, path):
        if path.startswith("details.") and path not in self.fields:
            return inside(self.raw("details"), path)
        tag, value = self.fields.get(path, ("n", None))
        return "'" + value.replace("'", "''") + "'" if tag == "j" else "NULL::VARCHAR"

    def address(self, path):
        tag, value = self.fields.get(path, ("n", None))
        found = ip_key(value) if tag == "s" else None
        if path != "source.ip":
            return None
        return "NULL::BLOB" if found is None else f"unhex('{found.hex()}')"


VECTORS = json.loads((Path(__file__).parent.parent / "vectors/query/truth.json").read_text("utf-8"))


ADDRESSES = (
    "10.0.0.1", "10.255.0.0", "9.9.9.9", "0.0.0.0", "10.0.0.01", " 10.0.0.1", "10.0.0.1/32", "10.0.0.1%a", "x", "",
    "::", "::1", "fe80::1", "fe80::1%eth0", "::ffff:10.0.0.1", "::FFFF:a00:1", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1",
)  # fmt: skip
NETWORKS = (
    "10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "::/0", "::1", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "::ffff:0:0/80",
    "2001:db8::/32", "fe80::/10",
)  # fmt: skip


@pytest.mark.parametrize("net", NETWORKS)
def test_sortable_addresses_answer_as_texts_do(db, net):
    for negated in (False, True):
        leaf = Leaf("cidr", "source.ip", net)
        query = Not(leaf) if negated else leaf
        for value in ADDRESSES:
            sql = to_sql(query, Literals({}, {"source.ip": ("s", value)}))
            (found,) = db.execute(f"SELECT count(*) WHERE {sql.text}", list(sql.parameters)).fetchone()
            assert bool(found) is compile_query(query)({}, {"source.ip": ("s", value)}), (net, value, negated)


@pytest.mark.parametrize("vector", [v for v in VECTORS["vectors"] if v["truth"] is not None], ids=lambda v: v["name"])
def test_vector(db, vector):
    fields = vector["fields"]
    if fields is None or "hidden" in fields.values() or "token" in json.dumps(vector["query"]):
        fields = {}  # the public conditions decide
    query = from_json(vector["query"])
    for tree, truth in ((query, vector["truth"]), (Not(query), not vector["truth"])):
        try:
            sql = to_sql(tree, Literals(VECTORS["public"], fields))
        except InvalidQuery:
            assert "token" in json.dumps(vector["query"])
            return
        assert db.execute(f"SELECT 1 WHERE {sql.text}", list(sql.parameters)).fetchall() == [(1,)] * truth


def test_tokens_are_asked_of_the_tokens_column(db):
    token = "tk_abcdefghijklmnopqrstuvwxyz"
    query = all_of(Leaf("in", "actor.id", tokens=(token,)), Leaf("eq", "action", "a"))
    sql = to_sql(query, Layout(), token=lambda path: f'"token of {path}"')
    assert sql.parameters == (token, "a")
    assert '"token of actor.id" IN (?)' in sql.text
    with pytest.raises(InvalidQuery, match="by token"):
        to_sql(query, Layout())
    with pytest.raises(InvalidQuery, match="prefix"):
        to_sql(Leaf("prefix", "actor.id", tokens=(token,)), Layout(), token=str)


@given(st.text(max_size=6))
def test_no_operand_and_no_path_reaches_the_text(value):
    marked = f"ö{value}".replace("\0", "")
    for op in ("eq", "prefix", "glob", "contains", "lt"):
        assert "ö" not in to_sql(Leaf(op, "details", marked), Layout()).text
    with pytest.raises(InvalidQuery):
        inside("d", f"details.{marked}")


def test_long_lists_are_joined_not_searched(db):
    load(db, [(dict.fromkeys(PUBLIC_KEYS, "a"), {"actor.id": ("s", "u7"), "actor.roles": ("j", '["u9"]')})])
    many = tuple(f"u{i}" for i in range(10_000))
    for path in ("actor.id", "actor.roles"):
        assert answers(db, Leaf("in", path, values=many)) == [0]
        assert answers(db, Not(Leaf("in", path, values=many))) == []
        assert len(to_sql(Leaf("in", path, values=many), Layout()).parameters) <= 4


def test_hostile_globs_are_linear(db):
    """LIKE would take 5,000 to the power of the stars."""
    load(db, [(dict.fromkeys(PUBLIC_KEYS, "a"), {"resource.name": ("s", "a" * 5_000)})])
    query = Leaf("glob", "resource.name", "*a" * 14 + "*b*")
    assert answers(db, query) == []
    assert compile_query(query)({}, {"resource.name": ("s", "a" * 5_000)}) is False
