"""Reference data: versions, validity, what is refused, and that each load is on the log."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.cases import reference_data, reference_tables
from affidavit.cases.reference_data import calendar, forget, list_loads, load_csv, load_rows, read, tables
from affidavit.context import acting
from affidavit.errors import InvalidRequest, NotFound
from affidavit.event import micros
from affidavit.log.registry import create_tenant

PEOPLE = "id,name,type,roles,left_on\nu1,Ada Lovelace,staff,teacher;dean,\nu2,Bob,contractor,,2026-01-31\n"


@pytest.fixture
def csv(tmp_path):
    def write(text, name="people.csv"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def test_a_file_becomes_a_version(log, csv, control_events):
    with acting(actor="officer1"):
        load = load_csv(log, "people", csv(PEOPLE))
    assert (load.version, load.rows, load.source, load.actor) == (1, 2, "people.csv", "officer1")
    (event,) = control_events
    assert event.action == "reference.loaded"
    assert event.fields["record_count"] == 2
    assert event.fields["settings.reference"] == "people"
    assert event.fields["settings.sha256"] == load.sha256
    assert "Lovelace" not in json.dumps(event.fields)
    _, rows = read(log, "people")
    first, second = rows.to_pylist()
    assert (first["id"], first["surname"], first["roles"], first["shared"]) == (
        "u1",
        "Lovelace",
        ["teacher", "dean"],
        None,
    )
    assert first["left_on_us"] == reference_tables.ALWAYS_TO_US
    assert second["left_on_us"] == micros(datetime(2026, 2, 1, tzinfo=UTC))  # the whole day is included


def test_older_versions_stay_readable(log, csv):
    load_csv(log, "people", csv(PEOPLE))
    between = datetime.now(UTC)
    load_csv(log, "people", csv("id\nu9\n"))
    load_rows(log, "people", [{"id": "u8", "shared": True, "roles": ["a", "b"], "name": None}], "00", add=True)
    assert [(one.version, one.rows) for one in list_loads(log, "people")] == [(3, 2), (2, 1), (1, 2)]
    assert read(log, "people", version=1)[1].column("id").to_pylist() == ["u1", "u2"]
    assert read(log, "people", at=between)[1].column("id").to_pylist() == ["u1", "u2"]
    assert read(log, "people")[1].column("id").to_pylist() == ["u9", "u8"]
    with pytest.raises(NotFound, match="no people version 4 loaded"):
        read(log, "people", version=4)
    with pytest.raises(NotFound, match=r"no people loaded\. Load it: affidavit reference load people"):
        read(log, "people", at=between - timedelta(days=1))


def test_what_was_never_loaded_is_empty_and_named(log, csv):
    load_csv(log, "people", csv(PEOPLE))
    found = tables(log)
    assert found.missing == ("relations", "sensitive_subjects", "calendars", "systems")
    assert found.tables["relations"].num_rows == 0
    assert found.tables["relations"].schema.names[:3] == ["actor_id", "subject_id", "relation"]
    assert found.loads["people"].version == 1
    assert tables(log, datetime(2020, 1, 1, tzinfo=UTC)).loads == {}


def test_tables_have_the_types_they_promise(log, csv):
    load_csv(log, "people", csv(PEOPLE))
    for name, content in tables(log).tables.items():
        assert content.schema.equals(reference_tables.TABLES[name].schema), name


def test_validity_is_read_in_the_tenants_zone(open_log, csv):
    log = open_log()
    create_tenant(log.database, log.keys, "berlin", "Europe/Berlin")
    berlin = open_log(tenant="berlin")
    file = csv(
        "actor_id,subject_id,relation,valid_from,valid_to\n"
        "t1,s1,teacher,2026-03-01,2026-03-28\nt1,s1,teacher,2026-03-29,2026-03-29T12:00:00Z\n"
    )
    load_csv(berlin, "relations", file)
    rows = read(berlin, "relations")[1].to_pylist()
    assert rows[0]["valid_from_us"] == micros(datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert rows[0]["valid_to_us"] == rows[1]["valid_from_us"] == micros(datetime(2026, 3, 28, 23, tzinfo=UTC))
    assert rows[1]["valid_to_us"] == micros(datetime(2026, 3, 29, 12, tzinfo=UTC))
    with pytest.raises(NotFound):
        read(log, "relations")  # another tenant's


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("people", "", "column 'id' is missing"),
        ("people", "name\nAda\n", "column 'id' is missing"),
        ("people", "id,colour\nu1,blue\n", "unknown column 'colour'. people has id, name"),
        ("people", "id,id\nu1,u1\n", "repeated column 'id'"),
        ("people", "id,name\nu1\n", "line 2: 1 cells under 2 columns"),
        ("people", "id,name\nu1,A\n,B\n", "line 3, column id is empty"),
        ("people", "id,type\nu1,boss\n", "line 2, column type: 'boss'. Allowed: staff"),
        ("people", "id,shared\nu1,perhaps\n", "line 2, column shared: 'perhaps'"),
        ("people", 'id,name\nu1,"A\nB"\nu2,C,D\n', "line 4: 3 cells"),
        ("people", 'id,name\nu1,"A\n', "line 2: unexpected end of data"),
        ("people", "id,left_on\nu1,2026-02-30\n", "line 2, column left_on: '2026-02-30' is no date or time"),
        ("people", "id\nu1\nu2\nu1\n", "line 4: id 'u1' is valid at the same time in"),
        ("people", b"id\n\xff\n", "not UTF-8 at byte 3"),
        ("people", "id,name\nu1," + "x" * 1001 + "\n", "column name has 1001 characters, at most 1000"),
        ("calendars", "date\n2026-13-01\n", "line 2, column date: '2026-13-01' is no date"),
        ("calendars", "date\n2026-12-25\n2026-12-25\n", "line 3: calendar 'default', date"),
        (
            "relations",
            "actor_id,subject_id,relation,valid_from,valid_to\na,b,c,2026-02-01,2026-01-01\n",
            "is not after",
        ),
        ("pets", "id\n1\n", "no reference table 'pets'. Allowed: people, relations"),
    ],
)
def test_mistakes_name_line_column_and_value(log, csv, control_events, table, text, message):
    with pytest.raises(InvalidRequest) as raised:
        load_csv(log, table, csv(text))
    assert message in str(raised.value)
    assert list_loads(log) == []
    assert len(control_events) == 0


def test_rows_by_the_api_are_checked_the_same(log):
    with pytest.raises(InvalidRequest, match="API row 2, column id is empty"):
        load_rows(log, "people", [{"id": "u1"}, {"name": "x"}], "00")
    with pytest.raises(InvalidRequest, match="row 1, column id: 7 is no text"):
        load_rows(log, "people", [{"id": 7}], "00")
    with pytest.raises(InvalidRequest, match="row 1: unknown column 'x'"):
        load_rows(log, "people", [{"id": "u1", "x": "y"}], "00")


def test_added_rows_may_not_contradict_those_there(log, csv):
    load_csv(log, "people", csv(PEOPLE))
    with pytest.raises(InvalidRequest, match="id 'u1' is valid at the same time"):
        load_csv(log, "people", csv("id\nu1\n"), add=True)
    assert [one.version for one in list_loads(log)] == [1]


def test_sizes_are_bounded(log, csv, monkeypatch):
    monkeypatch.setattr(reference_tables, "ROWS_MAX", 2)
    load_csv(log, "people", csv("id\nu1\nu2\n"))
    with pytest.raises(InvalidRequest, match="more than 2 rows"):
        load_csv(log, "people", csv("id\nu1\nu2\nu3\n"))
    with pytest.raises(InvalidRequest, match="more than 2 rows"):
        load_csv(log, "people", csv("id\nu4\n"), add=True)
    monkeypatch.setattr(reference_data, "FILE_BYTES_MAX", 5)
    with pytest.raises(InvalidRequest, match="6 bytes, at most 5"):
        load_csv(log, "people", csv("id\nu1\n"))
    with pytest.raises(InvalidRequest, match="Name a readable file"):
        load_csv(log, "people", csv("").parent / "nowhere.csv")


def test_versions_are_forgotten_on_the_record(log, csv, control_events):
    for _ in range(3):
        load_csv(log, "people", csv(PEOPLE))
    with pytest.raises(NotFound, match="no people version 9"):
        forget(log, "people", 9)
    assert forget(log, "people", 3) == 2
    assert [one.version for one in list_loads(log)] == [3]
    event = control_events[-1]
    assert (event.action, event.fields["record_count"]) == ("reference.forgotten", 2)
    assert load_csv(log, "people", csv(PEOPLE)).version == 4


def test_a_calendar_makes_business_days(log, csv):
    christmas = date(2026, 12, 25)
    assert calendar(log).is_business(christmas)
    load_csv(log, "calendars", csv("calendar,date,name\n,2026-12-25,Christmas\nother,2026-12-24,\n"))
    assert not calendar(log).is_business(christmas)
    assert calendar(log).is_business(date(2026, 12, 24))
    assert not calendar(log, name="other").is_business(date(2026, 12, 24))


def test_a_hundred_thousand_rows(log, csv):
    lines = "".join(f"t{n % 500},s{n},teacher,2026-01-01,2026-07-31\n" for n in range(100_000))
    load = load_csv(log, "relations", csv("actor_id,subject_id,relation,valid_from,valid_to\n" + lines))
    assert load.rows == read(log, "relations")[1].num_rows == 100_000


PERIODS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 28), st.integers(0, 6)).map(
        lambda one: (one[0], date(2026, 2, one[1]), date(2026, 2, one[1]) + timedelta(days=one[2]))
    ),
    max_size=6,
)


@given(PERIODS)
def test_a_key_is_never_valid_twice_at_once(periods):
    """Rows are taken exactly if no two of one key share a day."""
    table = reference_tables.TABLES["sensitive_subjects"]
    rows = [{"subject_id": key, "reason": "x", "valid_from": str(a), "valid_to": str(b)} for key, a, b in periods]
    shared = any(
        one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2] for one, other in combinations(periods, 2)
    )
    if shared:
        with pytest.raises(InvalidRequest, match="is valid at the same time in"):
            reference_tables.from_rows(table, rows, UTC, "test")
    else:
        assert reference_tables.from_rows(table, rows, UTC, "test").num_rows == len(rows)
