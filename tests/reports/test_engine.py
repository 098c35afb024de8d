"""The engine: what SQL of a report can reach, what it is given, and what its readers may see of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from affidavit.errors import InvalidRequest
from affidavit.event import micros, new_id
from affidavit.masking.profiles import builtin
from affidavit.masking.tokens import TokenKeys
from affidavit.query.tree import Leaf
from affidavit.reports.asked import Asked, stretch, values_of
from affidavit.reports.cells import Shower
from affidavit.reports.render import render
from affidavit.reports.render.page import facts
from affidavit.reports.report import Column
from affidavit.reports.rerun import compared
from affidavit.reports.runner import Fixed, make, run_report
from affidavit.reports.workbench import Workbench
from affidavit.settings import Settings
from affidavit.testing import capture_events

AT = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
YEAR = ("2024-01-01", "2024-12-31")
LATER = datetime(2024, 6, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def bench():
    with Workbench(Settings(), None, "Europe/Berlin") as made:
        schema = {"k": pa.int32(), "idx": pa.int64(), "at_us": pa.int64(), "t_us": pa.int64()}
        batch = pa.record_batch(
            {
                **{name: pa.array([0], kind) for name, kind in schema.items()},
                "action": ["a"],
                "outcome": ["success"],
                "f0": ["true"],
                "f1": ["7"],
            }
        )
        made.events([batch], ["actor.mfa", "record_count"], ["main"], (0, 1))
        yield made


def fixed(at=LATER):
    return Fixed(str(new_id()), micros(at), "tester")


def test_events_have_types_places_and_local_times(bench):
    row = bench.rows("SELECT * FROM events", {}, 10, "part").table.to_pylist()[0]
    assert (row["actor_mfa"], row["record_count"], row["ref"], row["in_period"]) == (True, 7, "main/0", True)
    assert row["local_at"] == datetime(1970, 1, 1, 1)  # noqa: DTZ001  a TIMESTAMP has no zone


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM batch",  # a variable of this program
        "COPY events TO 'x.csv'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "SET memory_limit = '1TB'",
        "DROP TABLE events_kept",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_sql_reaches_nothing_outside(bench, sql):
    batch = pa.table({"x": [1]})
    with pytest.raises(InvalidRequest, match="part"):
        bench.rows(sql, {}, 10, "part")
    assert bench.number("SELECT count(*) FROM events", {}, "part") == len(batch)


def test_errors_of_sql_quote_no_value(bench):
    with pytest.raises(InvalidRequest) as caught:
        bench.rows("SELECT CAST('Ada Brandt' AS INTEGER)", {}, 10, "part")
    assert "Ada" not in str(caught.value)


def test_parameters_are_bound_not_pasted(bench):
    hostile = "x'; DROP TABLE events_kept; --"
    assert bench.rows("SELECT $x AS x", {"x": hostile}, 10, "part").table.to_pylist() == [{"x": hostile}]
    with pytest.raises(InvalidRequest, match=r"\$y"):
        bench.rows("SELECT $y", {"x": 1}, 10, "part")


def test_rows_are_cut_and_counted_whole(bench):
    found = bench.rows("SELECT range AS n FROM range(20000) ORDER BY n", {}, 10, "part")
    assert (found.table.num_rows, found.total) == (10, 20000)
    assert found.table.column("n").to_pylist() == list(range(10))


# --- masks ----------------------------------------------------------------------------------------------------------


class Keys(TokenKeys):
    """Token keys of a test."""


def shower(profile, **binding):
    return Shower(builtin(profile).bind(keys=Keys(b"k" * 32, "scope"), year=2024, **binding), "UTC", None)


def shown(profile, columns, data, **binding):
    table = pa.table(data)
    return shower(profile, **binding).table(table, table.num_rows, columns, "part")


def test_columns_are_masked_by_field_and_by_class():
    columns = [
        Column(name="a", path="subject.id"),
        Column(name="b", cls="email"),
        Column(name="c", path="actor.id"),
        Column(name="d", cls="free"),
    ]
    data = {"a": ["s1"], "b": ["ada@example.org"], "c": ["u1"], "d": ["write to bob@example.org"]}
    token, mail, actor, free = shown("auditor", columns, data).rows[0]
    assert token.startswith("tk_")
    assert mail.endswith("@example.org")
    assert mail != "ada@example.org"
    assert actor == "u1"
    assert "bob@" not in free
    assert shown("internal", columns, data).rows[0][:2] == ("s1", "ada@example.org")
    assert shown("public", columns, data).rows[0] == (None, None, None, None)


def test_masked_columns_say_so():
    table = shown(
        "auditor", [Column(name="a", path="subject.id"), Column(name="b", path="action")], {"a": ["s"], "b": ["x"]}
    )
    assert [bool(head.mask) for head in table.columns] == [True, False]


def test_own_values_stay_and_others_go():
    """Under the profile subject; where a row does not say whose it is, it is nobody's."""
    columns = [Column(name="name", path="subject.name"), Column(name="id", path="subject.id", hidden=True)]
    data = {"name": ["Ada", "Bela"], "id": ["s1", "s2"]}
    table = shown("subject", columns, data, ids=frozenset({"s1"}))
    assert table.rows == (("Ada",), (None,))
    assert [head.name for head in table.columns] == ["name"]
    assert shown("subject", columns[:1], {"name": ["Ada"]}, ids=frozenset({"s1"})).rows == ((None,),)


def test_small_counts_are_suppressed_where_the_profile_asks():
    columns = [Column(name="n", type="count")]
    data = {"n": [0, 1, 10, 11, None]}
    assert [row[0] for row in shown("public", columns, data).rows] == [0, "<11", "<11", 11, None]
    assert [row[0] for row in shown("auditor", columns, data).rows] == [0, 1, 10, 11, None]


def test_public_reports_show_counts_alone_and_hide_small_ones(log, library):
    """No row of a single event, and no small number in the words of a finding either."""
    log.record_many(logins(12))
    log.record_many(logins(12, actor="u2", start=AT + timedelta(days=2)))
    result = make(log, library, Asked("H3", *YEAR, profile="public"), fixed())
    found = next(one for one in result.findings if one.id == "brute_force")
    assert (found.status, found.reason, found.table.rows[0][2]) == ("exception", "<11 of 24 attempts", 12)
    assert found.population == 24
    few = next(one for one in result.findings if one.id == "success_after_failures")
    assert few.status == "not evidenced"
    result = make(log, library, Asked("S2", *YEAR, profile="public", filter="actor:u1"), fixed())
    assert all(section.table.places == () for section in result.sections)
    log.record({"action": "admin.command", "actor": {"id": "a1", "is_privileged": True}, "at": AT})
    result = make(log, library, Asked("S2", *YEAR, profile="public"), fixed())
    ticket = next(one for one in result.findings if one.id == "no_ticket")
    assert (ticket.status, ticket.reason, ticket.population) == ("exception", "<11 of <11 privileged acts", "<11")
    assert ticket.table.rows == ()
    population = next(one for one in result.sections if one.id == "population")
    assert (population.table.rows, population.table.total) == ((), 0)
    assert "not shown under this profile" in population.empty


def test_public_reports_tell_no_times_and_no_small_numbers(log, library):
    """Neither of the selection nor of what each source recorded, nor in the words that say it."""
    log.record_many([{"action": "auth.login", "at": AT + timedelta(hours=n), "target": "many"} for n in range(12)])
    log.record({"action": "auth.login", "at": AT, "target": "few"})
    asked = Asked("H3", *YEAR, profile="public")
    result = make(log, library, asked, fixed())
    by_events = {one.events: one for one in result.coverage.sources}
    assert set(by_events) == {12, "<11"}
    assert {(one.first, one.last, one.gaps, one.longest_hours) for one in by_events.values()} == {
        ("2024", "2024", "<11", None)
    }
    assert (result.coverage.gaps, result.coverage.gaps_total) == ((), "<11")
    assert "with <11 gaps" in result.coverage.statement
    assert (result.counts.selected, result.counts.in_period, result.counts.masked) == (13, 13, result.counts.masked)
    few = make(log, library, replace(asked, filter="target:few"), fixed())
    assert (few.counts.selected, few.counts.in_period) == ("<11", "<11")
    assert "1 events" not in str(few.controls)
    assert compared(result, few).selected_more is None
    assert "<11 in the period, <11 selected, of 13 entries" in dict(facts(few))["Events"]
    for name in ("html", "csv", "xlsx"):
        assert render(few, name)
    exact = make(log, library, replace(asked, profile="internal"), fixed())
    assert exact.coverage.sources[0].first == "2024-03-04T12:00:00.000000Z"
    assert exact.counts.selected == 13


@pytest.mark.parametrize(
    ("start", "end"),
    [("", ""), ("2024-01-02", "2024-12-31"), ("2024-01-01", "2024-12-31T23:59:58"), ("2024-01-01", "")],
)
def test_who_sees_years_alone_asks_for_years_alone(log, library, start, end):
    """Counts of shorter and shorter periods would tell the times that the profile masks."""
    with pytest.raises(InvalidRequest, match="times are masked"):
        make(log, library, Asked("H3", start, end, profile="public"), fixed())
    assert make(log, library, Asked("H3", start, end, profile="internal"), fixed())
    assert make(log, library, Asked("H3", *YEAR, "Europe/Berlin", profile="public"), fixed())


def test_public_reports_name_no_places_and_no_times():
    columns = [Column(name="at", type="time")]
    data = {"at": pa.array([AT.replace(tzinfo=None)], pa.timestamp("us")), "ref": ["main/7"]}
    table = shown("public", columns, data)
    assert table.rows == (("2024",),)
    assert table.places == ()
    assert shown("internal", columns, data).places == ((("main", 7),),)


def test_lists_are_masked_item_by_item():
    table = shown("auditor", [Column(name="who", type="list", cls="subject")], {"who": [["a", "b"]]})
    tokens = table.rows[0][0].split(", ")
    assert [one.startswith("tk_") for one in tokens] == [True, True]
    assert len(set(tokens)) == 2


def test_a_column_the_sql_does_not_give_is_named():
    with pytest.raises(InvalidRequest, match="'b'"):
        shown("internal", [Column(name="b", type="number")], {"a": [1]})


# --- what is asked --------------------------------------------------------------------------------------------------


def test_periods_are_whole_days_of_the_zone():
    found = stretch(Asked("H3", "2024-03-31", "2024-03-31", "Europe/Berlin"), micros(LATER))
    assert (found.end_us - found.start_us) == 23 * 3600 * 1_000_000
    open_end = stretch(Asked("H3", "2024-03-31"), micros(LATER))
    assert open_end.end_us == micros(LATER) + 1
    default = stretch(Asked("H3"), micros(LATER), 30)
    assert default.end_us - default.start_us == 30 * 86_400_000_000
    with pytest.raises(InvalidRequest, match="before"):
        stretch(Asked("H3", "2024-04-01", "2024-03-01"), micros(LATER))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"failures": "many"}, "failures"),
        ({"failures": 0}, "at least 1"),
        ({"minutes": "100000"}, "at most 1440"),
        ({"failure": 3}, "no parameter 'failure'"),
    ],
)
def test_parameters_are_checked(library, given, words):
    with pytest.raises(InvalidRequest, match=words):
        values_of(library.reports["H3"], given)


def test_a_report_about_a_person_needs_the_person(log, library):
    with pytest.raises(InvalidRequest, match="subject"):
        make(log, library, Asked("F1"), fixed())


def test_the_profile_of_a_person_needs_a_person(log, library):
    with pytest.raises(InvalidRequest, match="without a person"):
        make(log, library, Asked("H3", profile="subject"), fixed())


# --- a run ----------------------------------------------------------------------------------------------------------


def logins(count, outcome="failure", step_s=60, actor="u1", start=AT):
    return [
        {
            "action": "auth.login",
            "outcome": outcome,
            "at": start + timedelta(seconds=n * step_s),
            "actor": {"id": actor},
            "source": {"ip": "203.0.113.9"},
            "target": "shop",
        }
        for n in range(count)
    ]


def test_every_run_is_an_event_that_commits_to_its_result(log, library):
    with capture_events(log, stream="access") as events:
        done = run_report(log, library, Asked("H3", "2024-03-01", by="officer-1"))
    [event] = events
    assert event.action == "report.created"
    assert event.fields["run.id"] == done.result.run.id
    assert event.fields["run.report"] == "H3"
    assert event.fields["export.sha256"] == done.sha256
    assert done.result.run.by == "officer-1"


def test_a_failed_run_is_an_event_too(log, library):
    with capture_events(log, stream="access") as events, pytest.raises(InvalidRequest):
        run_report(log, library, Asked("H3", parameters={"failures": 0}))
    assert [(event.action, event.outcome) for event in events] == [("report.failed", "failure")]


def test_the_head_says_what_was_looked_at(log, library):
    log.record_many(logins(3))
    result = make(log, library, Asked("H3", "2024-03-01", "2024-03-31", "Europe/Berlin", filter="target:shop"), fixed())
    assert result.period.shown == "2024-03-01 00:00:00+01:00 up to 2024-04-01 00:00:00+02:00, not included"
    assert "action:auth.*" in result.run.query_text
    assert result.run.filter == "target:shop"
    assert (result.counts.entries, result.counts.selected, result.counts.in_period) == (3, 3, 3)
    assert [one.stream for one in result.logs] == ["main", "control"]
    assert [(one.name, one.status) for one in result.proof[:2]] == [("SIGNED", "PASS"), ("ROOTED", "PASS")]
    assert result.report.edition
    assert len(result.report.definition) == len(result.run.query_sha256) == 64


def test_values_of_masked_fields_are_tokens_in_the_head(log, library):
    result = make(log, library, Asked("G2", profile="auditor", parameters={"subject": "c-4711"}), fixed())
    assert result.run.parameters["subject"].startswith("tk_")
    assert "c-4711" not in str(result)


def test_coverage_tells_silence_at_both_ends_and_between(log, library):
    day = timedelta(days=1)
    for at in (AT, AT + day / 4, AT + 3 * day):
        log.record({"action": "a", "at": at, "target": "erp"})
    asked = Asked("H3", "2024-03-03", "2024-03-09")
    covered = make(log, library, asked, fixed()).coverage
    assert [(one.source, one.events, one.gaps) for one in covered.sources] == [("erp", 3, 3)]
    assert [one.hours for one in covered.gaps] == [36.0, 66.0, 60.0]
    assert make(log, library, Asked("H3", "2024-03-03", "2024-03-09", filter="action:zzz"), fixed()).coverage == covered


def test_coverage_counts_what_the_recorder_declared_lost(log, library):
    log.record({"action": "a", "at": AT, "target": "erp"})
    event = {"action": "events.dropped", "record_count": 12, "at": AT}
    from affidavit.event import convert_event

    log.record_own("events.dropped", {"log.stream": "main"}, stream="control", event=convert_event(event))
    covered = make(log, library, Asked("H3", "2024-03-03", "2024-03-09"), fixed()).coverage
    assert covered.dropped == 12
    assert "12 events lost" in covered.statement
    bound = Asked("H3", "2024-03-03", "2024-03-09", within=Leaf("lt", "at", "2024-03-04T00:00:00.000000Z"))
    assert make(log, library, bound, fixed()).coverage.dropped == 0


def test_a_sample_is_drawn_by_its_seed(log, library):
    acts = [
        {"action": "admin.command", "actor": {"id": f"a{n}", "is_privileged": True}, "at": AT + timedelta(minutes=n)}
        for n in range(40)
    ]
    log.record_many(acts)

    def sample(seed):
        asked = Asked("S2", "2024-03-01", parameters={"seed": seed, "sample_size": 5})
        result = make(log, library, asked, fixed())
        return next(one for one in result.sections if one.id == "sample").table.places

    assert sample(1) == sample(1)
    assert len(set(sample(1))) == 5
    assert sample(1) != sample(2)


def test_thresholds_are_met_at_the_number_itself(log, library):
    log.record_many(logins(9, actor="nine"))
    log.record_many(logins(10, actor="ten", start=AT + timedelta(days=1)))
    result = make(log, library, Asked("H3", "2024-03-01"), fixed())
    found = next(one for one in result.findings if one.id == "brute_force")
    assert [row[0] for row in found.table.rows] == ["ten"]
    assert len(found.table.places[0]) == 10


def test_sql_of_every_report_runs_over_sealed_segments_too(log, library):
    from affidavit.log.worker import Worker

    log.record_many(logins(12))
    before = make(log, library, Asked("H3", "2024-03-01"), fixed())
    Worker(log).round(everything=True)
    log.record_many(logins(1, start=AT + timedelta(days=20)))
    after = make(log, library, Asked("H3", "2024-03-01", "2024-03-10"), fixed())
    assert after.findings == before.findings
