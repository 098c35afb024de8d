"""`affidavit init` and `affidavit record`."""

import json

import pytest

from affidavit.log.audit_log import AuditLog


def fields(home, index):
    with AuditLog.open(home) as log:
        opened = log.opened("main", index)
    return dict(zip(opened.paths, opened.values, strict=True)), json.loads(opened.entry)


def test_init_makes_a_home_and_leaves_one_alone(call, home):
    code, out, err = call("init", "--timezone", "Europe/Berlin")
    assert (code, err) == (0, "")
    assert f"Log ready in {home}" in out
    assert "Europe/Berlin" in out
    assert "master.key" in out
    key = (home / "keys/master.key").read_bytes()
    code, out, _ = call("init", "--json")
    assert code == 0
    value = json.loads(out)
    assert (value["home"], value["tenant"], value["zone"]) == (str(home), "default", "Europe/Berlin")
    assert set(value["logs"]) == {"main", "access", "control"}
    assert (home / "keys/master.key").read_bytes() == key


def test_init_in_a_zone_that_is_none(call):
    code, _, err = call("init", "--timezone", "Mars/Olympus")
    assert code == 2
    assert "Mars/Olympus" in err


@pytest.mark.usefixtures("made")
def test_a_receipt_in_words_and_as_json(call, asked):
    code, out, err = call("record", "login", "--actor", "u1")
    assert (code, err) == (0, "")
    assert out.startswith("Recorded at index 0, ")
    value = asked("record", "login", "--actor", "u1")
    assert set(value) == {"log", "stream", "index", "leaf", "t", "id", "duplicate", "secrets_stripped"}
    assert (value["index"], value["stream"], value["duplicate"], len(value["leaf"])) == (1, "main", False, 64)


@pytest.mark.usefixtures("made")
def test_every_option(asked, home):
    asked(
        "record", "grade.updated", "--resource", "enrollment:17", "--outcome", "denied",
        "--at", "2026-01-01T12:00:00+01:00", "--id", "0199a0e5-0000-7000-8000-000000000001",
        "--set", "actor.id=u1", "--set", "actor.mfa=true", "--set", "subject.id=17", "--set", "record_count=3",
        "--set", "change.before.grade=B", "--set", 'change.after.grade={"x":[1]}', "--set", "details.free=a=b",
        "--set", "target=",
    )  # fmt: skip
    found, entry = fields(home, 0)
    assert found == {
        "actor.id": "u1", "actor.mfa": "true", "change.after.grade": '{"x":[1]}', "change.before.grade": "B",
        "details": '{"free":"a=b"}', "id": "0199a0e5-0000-7000-8000-000000000001", "record_count": "3",
        "resource.id": "17", "resource.type": "enrollment", "subject.id": "17", "target": "",
    }  # fmt: skip
    assert (entry["action"], entry["outcome"], entry["at"]) == (
        "grade.updated",
        "denied",
        "2026-01-01T11:00:00.000000Z",
    )


@pytest.mark.usefixtures("made")
def test_the_same_event_twice_and_another_under_its_id(call, asked):
    event = ("record", "login", "--actor", "u1", "--id", "0199a0e5-0000-7000-8000-000000000001")
    assert not asked(*event)["duplicate"]
    assert asked(*event)["duplicate"]
    assert call(*event)[1] == "Already recorded at index 0\n"
    code, _, err = call(*event, "--outcome", "denied")
    assert code == 3
    assert "already used" in err


@pytest.mark.usefixtures("made")
def test_secrets_are_left_out_and_said(call, asked):
    code, out, _ = call("record", "login", "--set", "details.password=hunter2")
    assert (code, "Secrets left out: 1" in out) == (0, True)
    assert asked("record", "login", "--set", "details.pin=1")["secrets_stripped"] == 1


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("Login",), 3, "action 'Login'"),
        (("a", "--at", "2026-01-01T12:00:00"), 3, "offset"),
        (("a", "--at", "2999-01-01T12:00:00Z"), 3, "300 s"),
        (("a", "--id", "17"), 3, "UUID"),
        (("a", "--set", "colour=red"), 3, "colour"),
        (("a", "--set", "record_count=many"), 3, "record_count"),
        (("a", "--set", "details.x=NaN"), 3, "details.x"),
        (("a", "--set", "details.x=\x00"), 3, "details.x"),
        (("a", "--set", "no equals sign"), 2, "has no ="),
        (("a", "--set", "=x"), 2, "has no ="),
        (("a", "--actor", "u1", "--set", "actor.name=Ada"), 2, "actor is given as a single value too"),
        (("a", "--set", ".".join("abcdefghijk") + "=1"), 2, "too deep"),
        (("a", "--stream", "control"), 5, "control"),
        (("a", "--stream", "nothing"), 4, "'nothing'"),
    ],
)
def test_what_is_refused(call, arguments, code, words):
    found, out, err = call("record", *arguments)
    assert (found, out) == (code, "")
    assert words in err
    found, out, _ = call("record", *arguments, "--json")
    assert found == code
    assert words in json.dumps(json.loads(out), ensure_ascii=False)


def test_a_value_nested_too_deeply_is_refused(call, made):
    code, _, err = call("record", "a.b", "--set", "details.x=" + "[" * 100_000)
    assert (code, "nested too deeply" in err) == (2, True)
