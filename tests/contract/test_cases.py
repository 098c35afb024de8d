"""Cases and reference data: the same on every database, with several at work at once."""

from concurrent.futures import ThreadPoolExecutor

from affidavit.cases.caseload import Caseload
from affidavit.cases.deadlines import REQUEST
from affidavit.cases.reference_data import list_loads, load_rows, read, tables
from affidavit.errors import InvalidRequest

ACCESS = {"law": "gdpr", "right": "access", "subject_id": "s1"}


def test_of_many_who_close_a_case_one_does(log):
    load = Caseload(log)
    number = load.open(REQUEST, ACCESS).id

    def close(turn):
        try:
            load.change(number, "closed", {"outcome": "withdrawn"})
        except InvalidRequest as error:
            return error.message
        return turn

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(close, range(4)))
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert {answer for answer in answers if isinstance(answer, str)} == {
        f"request {number} is closed: it can't be closed"
    }
    found = load.case(number)
    assert [one.step for one in found.history] == ["received", "closed"]
    assert found.problems == []


def test_the_same_number_at_once_is_one_case(log):
    load = Caseload(log)

    def begin(_turn):
        try:
            return load.open(REQUEST, ACCESS, id="R-1").id
        except InvalidRequest as error:
            return error.message

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(begin, range(4)))
    assert answers == ["R-1", *["case R-1 exists already"] * 3]
    assert len(load.cases()["R-1"].history) == 1


def test_loads_at_once_are_versions_one_after_another(log):
    def add(turn):
        return load_rows(log, "people", [{"id": f"u{turn}"}], "00", add=True).version

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(pool.map(add, range(4)))
    assert versions == [1, 2, 3, 4]
    assert sorted(read(log, "people")[1].column("id").to_pylist()) == ["u0", "u1", "u2", "u3"]
    assert [one.rows for one in list_loads(log, "people")] == [4, 3, 2, 1]


def test_large_tables_come_back_whole(log):
    rows = [{"actor_id": f"t{n % 97}", "subject_id": f"s{n}", "relation": "teacher"} for n in range(20_000)]
    load_rows(log, "relations", rows, "00")
    found = tables(log)
    assert found.tables["relations"].column("subject_id").to_pylist() == [f"s{n}" for n in range(20_000)]
    assert found.loads["relations"].rows == 20_000
