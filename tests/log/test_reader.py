"""Reading the tail: order, pins, limits, and the same answers as the evaluator gives on what was recorded."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from affidavit.commitment import format_time, parse_entry
from affidavit.errors import IntegrityError, InvalidQuery
from affidavit.log.plan import Window, plan
from affidavit.log.schema import journal
from affidavit.log.tail import Tails
from affidavit.log.worker import Worker
from affidavit.query.evaluate import compile as compile_query
from affidavit.query.tree import EVERYTHING, Group, Leaf, Not, eq, to_json

START = datetime(2026, 1, 1, tzinfo=UTC)


def keys(log, query=EVERYTHING, pins=None, **options):
    batches = list(log.reader.rows(query, pins or [log.pin()], **options))
    return [
        (at, k, idx)
        for b in batches
        for at, k, idx in zip(*(b.column(c).to_pylist() for c in ("at_us", "k", "idx")), strict=True)
    ]


def at(minute):
    return (START + timedelta(minutes=minute)).isoformat()


@pytest.mark.parametrize(
    ("query", "fetched"),
    [
        (eq("action", "case.opened"), 1),
        (Leaf("prefix", "action", "case."), 2),
        (Group("any", (Leaf("prefix", "action", "case_"), eq("action", "login"))), 5),
        (Group("any", tuple(Leaf("prefix", "action", f"case.{n}") for n in range(65))), 8),  # too many to ask for
        (EVERYTHING, 8),
    ],
)
def test_the_journal_is_asked_for_the_actions_that_can_match(log, query, fetched):
    """One query of few actions must not take a whole tail out of the database; _ is no joker."""
    log.record_many(
        [{"action": name, "at": at(1)} for name in ["login"] * 5 + ["case.opened", "case.closed", "case-x"]]
    )
    with plan(log.database, query, [log.pin()], Tails()) as planned:
        rows = [batch.num_rows for part in planned.parts for batch in planned.tail(part, Window(None, None))]
    assert sum(rows) == fetched


def test_rows_come_by_at_then_log_then_index(log):
    log.record_many([{"action": "a", "at": at(minute)} for minute in (5, 1, 3, 1, 5, 0)])
    assert [idx for _, _, idx in keys(log)] == [5, 1, 3, 2, 0, 4]
    assert [idx for _, _, idx in keys(log, descending=True)] == [4, 0, 2, 3, 1, 5]
    log.record_own("report.viewed", {"view.id": "x"})
    both = keys(log, pins=[log.pin("access"), log.pin("main")])
    assert both == sorted(both)
    assert [(k, idx) for _, k, idx in both][-1] == (0, 0)


def test_a_row_holds_the_record(log):
    receipt = log.record(
        "a", actor="u1", details={"ü": [1, None]}, change={"after": {"x": None}}, at=at(0), outcome="denied"
    )
    (batch,) = log.reader.rows(EVERYTHING, [log.pin()])
    (row,) = batch.to_pylist()
    opened = log.opened("main", 0)
    assert json.loads(row["fields"]) == dict(zip(opened.paths, opened.values, strict=True))
    assert list(json.loads(row["fields"])) == sorted(opened.paths)
    assert (row["tags"], row["seed"], row["action"], row["outcome"]) == (opened.tags, opened.seed, "a", "denied")
    assert (row["t_us"], format_time(row["at_us"])) == (receipt.t_us, "2026-01-01T00:00:00.000000Z")


def test_what_came_after_the_pin_is_not_seen(log):
    pins = [log.pin()]
    for n in range(4):
        log.record("a", at=at(-n))
        pins.append(log.pin())
    for size, pin in enumerate(pins):
        assert sorted(idx for _, _, idx in keys(log, pins=[pin])) == list(range(size))
        assert log.reader.count(EVERYTHING, [pin]) == (size, True)
        assert log.reader.count(eq("action", "a"), [pin]) == (size, True)
        assert list(log.reader.entries(pin, 0, size)) == [log.opened("main", n).entry for n in range(size)]


def test_limits_pages_and_batches(log):
    log.record_many([{"action": "ab"[n % 2], "at": at(n * 7 % 50)} for n in range(50)])
    whole = keys(log)
    assert len(whole) == 50
    assert keys(log, batch_rows=7) == whole
    for descending in (False, True):
        ordered = whole[::-1] if descending else whole
        assert keys(log, limit=9, descending=descending) == ordered[:9]
        assert keys(log, limit=0, descending=descending) == []
        seen, after = [], None
        while page := keys(log, limit=8, after=after, descending=descending):
            seen += page
            from affidavit.log.order import Key

            after = Key(*page[-1])
        assert seen == ordered
    assert log.reader.count(eq("action", "a"), [log.pin()]) == (25, True)
    assert log.reader.count(eq("action", "a"), [log.pin()], limit=25) == (25, True)
    assert log.reader.count(eq("action", "a"), [log.pin()], limit=24) == (24, False)


def test_values(log):
    log.record_many(
        [{"action": "a", "actor": actor} for actor in ("u1", "u2", "u2", "v1", "u%", "u_")] + [{"action": "b"}]
    )
    pins = [log.pin()]
    assert log.reader.values("actor.id", "u", pins, 10) == [("u2", 2), ("u%", 1), ("u1", 1), ("u_", 1)]
    assert log.reader.values("actor.id", "u%", pins, 10) == [("u%", 1)]
    assert log.reader.values("actor.id", "", pins, 1) == [("u2", 2)]
    assert log.reader.values("action", "", pins, 5) == [("a", 6), ("b", 1)]
    assert log.reader.values("nothing.here", "", pins, 5) == []


@pytest.mark.parametrize("hostile", ["'; DROP TABLE journal; --", '"', "\\", "%", "?", "{}", "$.x", "é😀", "a\nb"])
def test_hostile_values_are_values(log, hostile):
    log.record_many([{"action": "a", "actor": hostile, "details": {hostile: hostile}}, {"action": "b", "actor": "x"}])
    for leaf in (eq("actor.id", hostile), Leaf("prefix", "actor.id", hostile), Leaf("contains", "actor.id", hostile)):
        assert [idx for _, _, idx in keys(log, leaf)] == [0]


def test_the_window_of_evidence(log, clock):
    times = []
    for _ in range(6):
        clock.now += 10
        times.append(log.record("a").t_us)
    pin = log.pin()
    asked = (0, times[0], times[0] + 1, times[3], times[5], times[5] + 99)
    assert [log.reader.window_start(pin, t) for t in asked] == [0, 0, 0, 2, 4, 5]


def test_a_gap_is_named(log):
    log.record_many([{"action": "a"}] * 5)
    pin = log.pin()
    with log.database.write() as connection:
        connection.execute(journal.delete().where(journal.c.idx == 2))
    with pytest.raises(IntegrityError, match="entry 2 is missing"):
        list(log.reader.entries(pin, 0, 5))


def test_a_reader_that_stops_early_leaves_no_lock(log):
    log.record_many([{"action": "a"}] * 500)
    rows = log.reader.rows(EVERYTHING, [log.pin()], batch_rows=10)
    assert next(rows).num_rows
    log.record("b")
    rows.close()
    assert log.record("c").index == 501


# --- the same answers as the evaluator -------------------------------------------------------------------------------

POOL = ["", "a", "A", "ab", "u1", "u2", "10.0.0.1", "::1", "7", "7.0", "true", "é", "%", "_", "x*", "\\", "'"]


def events(rng, count):
    def some(*values):
        return rng.choice(values)

    for n in range(count):
        event = {"action": some("auth.login", "auth.logout", "grade.updated"), "outcome": some("success", "denied"),
                 "at": at(rng.randrange(30))}  # fmt: skip
        if n % 3:
            event["actor"] = {"id": some(*POOL), "roles": [some(*POOL) for _ in range(rng.randrange(3))]}
        if n % 4:
            event["source"] = {"ip": some("10.0.0.1", "10.1.2.3", "192.0.2.1", "::1", "no address")}
            event["record_count"] = rng.randrange(-3, 12)
        if n % 2:
            event["change"] = {"after": {"grade": some("A", None, 7, [1, "A"], {"x": 1}, True)}}
            event["details"] = {
                "score": some(1, 2.5, None),
                "free": {"x": some(*POOL, 7, 7.5, None, True)},
                "k": some(*POOL),
            }
        yield event


def conditions(rng):
    path = rng.choice(
        ["action", "outcome", "at", "t", "actor.id", "actor.roles", "source.ip", "record_count", "change.after.grade",
         "details.score", "details.free.x", "details.k", "details.none", "resource.id", "secrets_stripped"]
    )  # fmt: skip
    if path in ("at", "t"):
        op = rng.choice(["lt", "le", "gt", "ge", "eq"])
        return Leaf(op, path, format_time(int(START.timestamp() * 1_000_000) + rng.randrange(30) * 60_000_000))
    op = rng.choice(["eq", "in", "prefix", "glob", "contains", "lt", "le", "gt", "ge", "exists", "cidr"])
    if op == "exists":
        return Leaf(op, path)
    if op == "in":
        return Leaf(op, path, values=tuple(rng.sample(POOL, rng.randrange(4))))
    if op == "cidr":
        return Leaf(op, "source.ip", rng.choice(["10.0.0.0/8", "0.0.0.0/0", "::/0", "10.0.0.1"]))
    return Leaf(op, path, rng.choice([*POOL, "auth.*", "*log*", "success", "A", "2", "[1]"]))


def queries(rng, depth=0):
    kind = rng.random()
    if depth > 2 or kind < 0.5:
        return conditions(rng)
    if kind < 0.65:
        return Not(queries(rng, depth + 1))
    return Group(rng.choice(["all", "any"]), tuple(queries(rng, depth + 1) for _ in range(rng.randrange(1, 4))))


def test_queries_answer_what_the_evaluator_answers(home, open_log):
    rng = random.Random(20261001)
    open_log().close()
    (home / "fields.toml").write_text('[fields.score]\ntype = "number"\n')
    log = open_log()
    log.record_many(list(events(rng, 120)))
    pin = log.pin()
    records = []
    for index in range(pin.size):
        opened = log.opened("main", index)
        entry = parse_entry(opened.entry)
        public = {
            "action": entry.action,
            "outcome": entry.outcome,
            "at": format_time(entry.at_us),
            "t": format_time(entry.t_us),
        }
        cells = zip(opened.tags, opened.values, strict=True)
        records.append((public, dict(zip(opened.paths, cells, strict=True))))
    answered = set()
    for _ in range(120):
        query = queries(rng)
        test = compile_query(query)
        expected = [index for index, record in enumerate(records) if test(*record)]
        assert sorted(idx for _, _, idx in keys(log, query, [pin])) == expected, to_json(query)
        answered.add(len(expected))
    assert len(answered) > 20, "the queries tell little apart"


@pytest.mark.parametrize("sealed", [False, True])
def test_declaring_a_field_changes_no_answer_about_earlier_records(open_log, home, sealed):
    before = open_log()
    details = [{"x": "foo"}, {"x": "bar"}, {"x": None}, {}, {"x": 5}, {"x": ["foo", "p"]}, {"x": {"y": "foo"}}]
    before.record_many([{"action": "a", "details": one} for one in details * 37])
    (home / "fields.toml").write_text('[fields.x]\ntype = "string"\n')
    log = open_log()
    if sealed:
        Worker(log).round(everything=True)
    log.record_many([{"action": "a", "details": one} for one in ({"x": "foo"}, {"x": None}, {}, {"z": "foo"})])
    for op in ("eq", "prefix", "contains", "exists", "gt"):
        leaf = Leaf(op, "details.x", "4" if op == "gt" else "" if op == "exists" else "foo")
        for query in (leaf, Not(leaf)):
            assert sorted(idx for _, _, idx in keys(log, query)) == expected(log, query), (op, query)
    assert dict(log.reader.values("details.x", "", [log.pin()], 9)) == {"foo": 38, "bar": 37}


def expected(log, query):
    test = compile_query(query)
    found = []
    for index in range(log.pin().size):
        one = log.opened("main", index)
        entry = parse_entry(one.entry)
        public = {"action": entry.action, "outcome": entry.outcome}
        fields = dict(zip(one.paths, zip(one.tags, one.values, strict=True), strict=True))
        if test(public, fields):
            found.append(index)
    return found


@pytest.mark.parametrize("path", ["x' OR 1=1 --", "change.after.a'b", 'details.x"]', "Ä"])
def test_what_is_no_path_never_becomes_sql(log, path):
    log.record("a")
    for json_too in (False, True):
        try:
            found = log.reader.values(path, "", [log.pin()], 5, json=json_too)
        except InvalidQuery:
            continue
        assert found == []


@pytest.mark.parametrize("net", ["10.0.0.0/8", "10.1.0.7", "::/0", "fe80::/10", "192.168.0.0/16"])
def test_networks_find_the_same_sealed_or_not(log, net):
    odd = ("::1", "fe80::9", "fe80::9%eth0", "::ffff:10.1.0.7", "10.1.0.7%a", "host", None)
    events = [{"action": "a", "at": at(n), "source": {"ip": f"10.{n % 3}.0.{n % 11}"}} for n in range(256)]
    events += [{"action": "a", "at": at(n), "source": {"ip": odd[n % len(odd)]}} for n in range(256)]
    log.record_many(events)
    cells = [{} if event["source"]["ip"] is None else {"source.ip": ("s", event["source"]["ip"])} for event in events]
    for sealed in (False, True):
        if sealed:
            assert Worker(log).round(everything=True).sealed == len(events)
        for query in (Leaf("cidr", "source.ip", net), Not(Leaf("cidr", "source.ip", net))):
            matches = compile_query(query)
            assert {idx for _, _, idx in keys(log, query)} == {n for n, cell in enumerate(cells) if matches({}, cell)}
