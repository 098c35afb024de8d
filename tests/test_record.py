"""Records: which fields an event becomes, what is taken out of it and what is refused."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidEvent
from affidavit.event import EVENT_BYTES_MAX, convert_event, decode_event, micros
from affidavit.paths import PATH_RE, PATHS, DeclaredFields, lookup
from affidavit.record import COLUMNS_MAX, DEPTH_MAX, INTEGER_MAX, SECRET_NAMES, flatten, is_secret, snake

NONE = DeclaredFields()
DECLARED = DeclaredFields.from_toml(
    """
    [fields.email]
    class = "email"
    column = true
    [fields.score]
    type = "number"
    [fields.paid]
    type = "boolean"
    [fields.born]
    type = "date"
    class = "subject_date"
    [fields.tags]
    type = "list"
    """
)


def fields_of(event, declared=NONE, **options):
    record = flatten(convert_event({"action": "a", **event}), declared, **options)
    found = {p: (t, v) for p, t, v in zip(record.paths, record.tags, record.values, strict=True)}
    assert len(found) == len(record.paths), "a path twice"
    found.pop("id")
    return found


def refused(event, declared=NONE, **options):
    with pytest.raises(InvalidEvent) as caught:
        fields_of(event, declared, **options)
    return caught.value.field


EVERYTHING = {
    "id": "0199a0e5-0000-7000-8000-000000000001",
    "at": "2026-10-01T12:00:00Z",
    "outcome": "denied",
    "status_detail": "locked",
    "severity": "high",
    "message": "m",
    "actor": {
        "id": "u1", "type": "user", "name": "Ada", "roles": ["a", "b"], "is_privileged": True, "is_service": False,
        "session": "s", "mfa": True, "on_behalf_of": "u2",
    },
    "source": {"ip": "10.0.0.1", "device": "d", "user_agent": "ua", "geo": "g", "app": "p", "request_id": "r"},
    "target": "t",
    "resource": {"type": "grade", "id": "17", "name": "n", "owner": "o"},
    "record_count": 3,
    "data_categories": ["grades"],
    "classification": "internal",
    "subject": {"id": "s1", "type": "student", "name": "Bo", "relationship": "pupil"},
    "basis": {
        "purpose": "p", "lawful_basis": "l", "legitimate_interest": "i", "justification": "j", "ticket": "t",
        "consent_ref": "c", "exemption_code": "e",
    },
    "disclosure": {
        "recipient": {"name": "n", "type": "t", "address": "a", "country": "US"},
        "additional_parties": [{"name": "x", "interest": "y"}, {"name": "z"}],
        "description": "d", "method": "m", "redisclosure_notice": True, "threat": "t",
    },
    "change": {
        "before": {"grade": "B"}, "after": {"grade": "A", "count": 2, "gone": None},
        "requested_by": "r", "approved_by": "a", "tested_by": "t", "back_out": "b",
    },
    "case": {
        "request_id": "r", "right": "access", "received_at": "1", "due_at": "2", "closed_at": "3", "outcome": "o",
        "denial_basis": "d", "incident_id": "i", "aware_at": "4", "discovered_at": "5",
    },
    "controls": ["c1"],
    "retention_class": "rc",
    "legal_hold": False,
    "details": {"free": 1},
}  # fmt: skip


def test_every_field_of_an_event_has_its_path_with_its_tag():
    found = fields_of(EVERYTHING)
    columns = {path for path in found if path.startswith(("change.before.", "change.after."))}
    assert set(found) - columns == set(PATHS) - {"id", "secrets_stripped"}
    assert {path: tag for path, (tag, _) in found.items() if path not in columns and PATHS[path].tag != tag} == {}
    assert {path: found[path] for path in columns} == {
        "change.before.grade": ("s", "B"),
        "change.after.grade": ("s", "A"),
        "change.after.count": ("j", "2"),
        "change.after.gone": ("n", None),
    }
    assert found["actor.roles"] == ("j", '["a","b"]')
    assert found["actor.is_service"] == ("j", "false")
    assert found["disclosure.additional_parties"] == ("j", '[{"name":"x","interest":"y"},{"name":"z"}]')
    assert found["details"] == ("j", '{"free":1}')


def test_the_rest_of_a_record():
    record = flatten(convert_event({"action": "a", **EVERYTHING}), NONE)
    assert record[:5] == ("a", micros(datetime(2026, 10, 1, 12, tzinfo=UTC)), "denied", UUID(EVERYTHING["id"]), True)
    assert all(a < b for a, b in pairwise(record.paths))
    assert record.secrets == 0
    made = flatten(convert_event({"action": "a"}), NONE)
    assert (made.at_us, made.outcome, made.given, made.event_id.version) == (None, "success", False, 7)
    assert made.values == (str(made.event_id),)


def test_own_fields_are_added_in_path_order():
    record = flatten(convert_event({"action": "a", "message": "m"}), NONE, {"export.id": "x", "view.k": "y"})
    assert record.paths == ("export.id", "id", "message", "view.k")
    assert record.tags == "ssss"


def test_references_are_split():
    found = fields_of({"actor": "user:7", "resource": "arn:aws:s3:::b", "subject": "17"})
    assert found == {
        "actor.id": ("s", "7"),
        "actor.type": ("s", "user"),
        "resource.id": ("s", "arn:aws:s3:::b"),
        "subject.id": ("s", "17"),
    }


def test_empty_text_is_kept_and_absent_is_not():
    assert fields_of({"message": "", "target": None, "details": {}, "change": {"before": {}}}) == {"message": ("s", "")}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gradeValue", "grade_value"),
        ("Grade Value", "grade_value"),
        ("HTTPStatus", "http_status"),
        ("grade-value", "grade_value"),
        ("__grade__", "grade"),
        ("9lives", "x9lives"),
        ("a.b", "a_b"),
        ("x2Y", "x2_y"),
        ("naïve", "na_ve"),
        ("日本", ""),
        ("", ""),
        ("_", ""),
    ],
)
def test_snake_case(name, path):
    assert snake(name) == path


@given(st.text(max_size=20))
def test_snake_case_is_a_path_component_and_stays_itself(name):
    assert not snake(name) or PATH_RE.match(snake(name))
    assert snake(snake(name)) == snake(name)


@pytest.mark.parametrize("group", ["before", "after"])
@pytest.mark.parametrize("pair", [("gradeValue", "grade_value"), ("a b", "a-b"), ("A", "a"), ("x9", "9")])
def test_columns_that_fall_together_are_refused(group, pair):
    assert refused({"change": {group: dict.fromkeys(pair, 1)}}) == f"change.{group}.{snake(pair[0])}"


def test_the_same_column_before_and_after():
    assert len(fields_of({"change": {"before": {"A": 1}, "after": {"a": 2}}})) == 2


@pytest.mark.parametrize("name", ["", "日本", "_", "x" * 200])
def test_columns_that_are_no_path(name):
    assert refused({"change": {"after": {name: 1}}}) == "change.after"


def test_column_limits():
    longest = "x" * (128 - len("change.before."))
    assert f"change.before.{longest}" in fields_of({"change": {"before": {longest: 1}}})
    assert refused({"change": {"before": {longest + "x": 1}}}) == "change.before"
    assert len(fields_of({"change": {"after": {f"c{n}": n for n in range(COLUMNS_MAX)}}})) == COLUMNS_MAX
    assert refused({"change": {"after": {f"c{n}": n for n in range(COLUMNS_MAX + 1)}}}) == "change.after"


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "Pass-Word", "passwd", "pass_word", "secret", "session_token", "sessionToken",
     "SESSION-TOKEN", "access.token", "access token", "cvv", "CVV", "pin", "private_key", "privateKey", "_secret_"],
)  # fmt: skip
def test_secret_names(name):
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["passwords_reset", "pinned", "secretary", "token", "shipping", "key", "", "pin_count"]
)
def test_names_that_only_look_like_secrets(name):
    assert not is_secret(name)


def test_what_callers_send_does_not_stay_in_memory():
    """Long names and wide records come from whoever may record: they are not remembered."""
    import sys

    from affidavit import record
    from affidavit.commitment import _frame, _shape, commit_record

    for n in range(50):
        assert not is_secret(f"{n}" + "x" * 10_000)
        wide = flatten(convert_event({"action": "a", "change": {"after": {f"c{n}_{i}": i for i in range(200)}}}), NONE)
        assert len(commit_record(wide.paths, wide.tags, wide.values, bytes(32))) == 32
    assert max(map(len, record._name_cache)) <= 64
    before = [cache.cache_info().currsize for cache in (_shape, _frame, record._shape)]
    flatten(convert_event({"action": "a", "change": {"after": {f"other_{i}": i for i in range(200)}}}), NONE)
    commit_record(wide.paths, wide.tags, wide.values, bytes(32))
    assert [cache.cache_info().currsize for cache in (_shape, _frame, record._shape)] == before
    assert sys.getsizeof(record._name_cache) < 1 << 20


def test_secret_names_are_normalised_and_the_named_ones_are_there():
    assert {"password", "passwd", "secret", "sessiontoken", "accesstoken", "cvv", "pin", "privatekey"} <= SECRET_NAMES
    assert all(name.isalnum() and name == name.lower() for name in SECRET_NAMES)


SECRETIVE = {
    "details": {"Password": "hunter2", "kept": 1, "deep": [{"session-token": "hunter2", "x": [{"CVV": 1}]}]},
    "change": {"before": {"PIN": "hunter2", "grade": "B"}, "after": {"config": {"api": {"privateKey": ["hunter2"]}}}},
}


def test_secrets_are_left_out_at_any_depth_and_counted():
    record = flatten(convert_event({"action": "a", **SECRETIVE}), NONE)
    assert record.secrets == 5
    assert "hunter2" not in str(record)
    assert "CVV" not in str(record)
    found = dict(zip(record.paths, record.values, strict=True))
    assert found["secrets_stripped"] == "5"
    assert json.loads(found["details"]) == {"kept": 1, "deep": [{"x": [{}]}]}
    assert found["change.after.config"] == '{"api":{}}'
    assert "change.before.pin" not in found


def test_secrets_can_be_refused():
    assert refused(SECRETIVE, refuse_secrets=True) == "change.before.PIN"
    assert refused({"details": {"a": [{"secret": 1}]}}, refuse_secrets=True) == "details.a.secret"
    assert fields_of({"details": {"a": 1}}, refuse_secrets=True)


def test_the_event_given_is_not_changed():
    event = convert_event({"action": "a", "details": {"password": "x", "y": {"pin": 1}}})
    flatten(event, NONE)
    assert event.details == {"password": "x", "y": {"pin": 1}}


@dataclass
class Account:
    name: str
    password: str
    balance: float = 1.5


class Colour(StrEnum):
    RED = "red"


def test_objects_are_looked_through_like_everything_else():
    found = fields_of({
        "details": {"account": Account("x", "hunter2"), "d": Decimal("1.50"), "c": Colour.RED, "u": UUID(int=0)},
        "change": {"after": {"when": datetime(2026, 1, 1, tzinfo=UTC)}},
    })  # fmt: skip
    assert json.loads(found["details"][1]) == {
        "account": {"name": "x", "balance": 1.5},
        "d": "1.50",
        "c": "red",
        "u": "00000000-0000-0000-0000-000000000000",
    }
    assert found["change.after.when"] == ("s", "2026-01-01T00:00:00Z")
    assert found["secrets_stripped"] == ("j", "1")


# --- what can't be kept ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda x: {"details": {"x": x}}, "details.x"),
        (lambda x: {"details": {"x": [{"y": x}]}}, "details.x.y"),
        (lambda x: {"details": {"x": Account("n", "p", x)}}, "details.x.balance"),
        (lambda x: {"change": {"after": {"x": x}}}, "change.after.x"),
    ],
)
def test_numbers_that_are_not_finite(make, field, bad):
    assert refused(make(bad)) == field


PLACES = [
    (lambda x: {"message": x}, "message"),
    (lambda x: {"actor": x}, "actor.id"),
    (lambda x: {"actor": {"name": x}}, "actor.name"),
    (lambda x: {"actor": {"roles": ["r", x]}}, "actor.roles"),
    (lambda x: {"controls": [x]}, "controls"),
    (lambda x: {"disclosure": {"additional_parties": [{"name": x}]}}, "disclosure.additional_parties"),
    (lambda x: {"change": {"before": {"c": x}}}, "change.before.c"),
    (lambda x: {"change": {"before": {"c": [x]}}}, "change.before.c"),
    (lambda x: {"change": {"before": {"c": {x: 1}}}}, "change.before.c"),
    (lambda x: {"details": {"c": x}}, "details.c"),
    (lambda x: {"details": {"c": [[x]]}}, "details.c"),
    (lambda x: {"details": {"email": x}}, "details.email"),
    (lambda x: {"details": {x: 1}}, "details"),
    (lambda x: {"details": {"c": {x: 1}}}, "details"),
]


@pytest.mark.parametrize(("make", "field"), PLACES)
@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "é\x00", "\\\x00", "\\\\\x00"])
def test_nul_is_refused_wherever_it_stands(make, field, bad):
    assert refused(make(bad), DECLARED) == field


@pytest.mark.parametrize(("make", "field"), PLACES)
@pytest.mark.parametrize("bad", ["\ud800", "a\udfffb"])
def test_lone_surrogates_are_refused_wherever_they_stand(make, field, bad):
    assert refused(make(bad), DECLARED).split(".")[0] == field.split(".")[0]


@pytest.mark.parametrize(("make", "field"), PLACES)
@pytest.mark.parametrize("good", [r"\u0000", r"\\u0000", "\\", "\x01\x7f\n\t", "😀", "\uffff", "\u2028", "e\u0301"])
def test_what_only_looks_like_nul_and_all_other_text_is_kept(make, field, good):
    assert fields_of(make(good), DECLARED)


def nested(depth):
    value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"x": value}
    return value


def test_depth():
    # The value of `details` is itself an object: one level.
    assert fields_of({"details": {"x": nested(DEPTH_MAX - 1)}})
    assert refused({"details": {"x": nested(DEPTH_MAX)}}).startswith("details.x")
    assert refused({"change": {"after": {"x": nested(500)}}}).startswith("change.after.x")
    with pytest.raises(InvalidEvent, match=str(DEPTH_MAX)):
        flatten(decode_event('{"action":"a","details":{"x":' + "[" * 500 + "]" * 500 + "}}"), NONE)


def test_size_is_counted_in_bytes_over_all_fields():
    room = EVENT_BYTES_MAX - 36  # the id
    assert fields_of({"message": "x" * (room - 1), "target": "y"})
    for event in ({"message": "x" * room, "target": "y"}, {"message": "é" * (room // 2 + 1)}):
        with pytest.raises(InvalidEvent, match=str(EVENT_BYTES_MAX)):
            fields_of(event)


def test_numbers():
    assert fields_of({"record_count": INTEGER_MAX})["record_count"] == ("j", str(INTEGER_MAX))
    assert refused({"record_count": INTEGER_MAX + 1}) == "record_count"
    assert refused({"record_count": -(2**70)}) == "record_count"
    assert fields_of({"change": {"after": {"x": 2**70}}})["change.after.x"] == ("j", "1180591620717411303424")
    assert (
        fields_of({"details": {"x": 1.5, "y": -0.0, "z": 2**63}})["details"][1]
        == '{"x":1.5,"y":-0.0,"z":9223372036854775808}'
    )


def test_keys_must_be_text():
    with pytest.raises(InvalidEvent):
        fields_of({"details": {"x": {1: 2}}})


# --- declared fields ---------------------------------------------------------------------------------------------


def test_declared_details_are_fields_of_their_own():
    found = fields_of(
        {"details": {"email": "a@b", "score": 7, "paid": True, "born": "2001-01-01", "tags": [1], "free": {"x": None}}},
        DECLARED,
    )
    assert found == {
        "details": ("j", '{"free":{"x":null}}'),
        "details.born": ("s", "2001-01-01"),
        "details.email": ("s", "a@b"),
        "details.paid": ("j", "true"),
        "details.score": ("j", "7"),
        "details.tags": ("j", "[1]"),
    }
    assert all(lookup(path, DECLARED).tag == tag for path, (tag, _) in found.items())


def test_declared_null_is_an_explicit_null():
    assert fields_of({"details": {"email": None}}, DECLARED) == {"details.email": ("n", None)}


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", 1), ("email", ["a"]), ("score", "7"), ("score", True), ("paid", 1), ("paid", "true"), ("born", 2001),
     ("tags", "a"), ("tags", {"a": 1})],
)  # fmt: skip
def test_declared_types_are_kept(name, value):
    assert refused({"details": {name: value}}, DECLARED) == f"details.{name}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(alphabet="abc_ ", max_size=4), x, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["x", "Y-z", "e mail", "ü"]), json_values, max_size=4))
def test_json_values_come_back_as_they_were_given(details):
    found = fields_of({"details": details})
    assert json.loads(found.get("details", ("j", "{}"))[1]) == details
