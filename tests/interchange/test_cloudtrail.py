"""CloudTrail: the shapes files take, what each field becomes, and that nothing but InvalidEvent comes out."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidEvent, InvalidRequest
from affidavit.event import EVENT_BYTES_MAX, Actor, Event, Resource, Source
from affidavit.interchange import FORMATS, Item, cloudtrail, expand
from affidavit.interchange.cloudtrail import batches, parse
from affidavit.interchange.cloudtrail_resource import PARAMETERS
from affidavit.paths import DeclaredFields
from affidavit.record import flatten
from tests.interchange.cloudtrail_samples import (
    ACCOUNT,
    DIGEST,
    FAILED_LOGIN,
    INSIGHT,
    ROLE_SESSION,
    SERVICE,
    record,
)

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "cloudtrail"
THREE = [record(number) for number in range(3)]


def event(made=None, **changes):
    return parse(Item(1, json.dumps(made or record(**changes)).encode()))


def items(path, data, size=1000):
    path.write_bytes(data)
    return [item for batch in batches(path, batch_size=size) for item in batch.items]


# Files


def test_the_format_is_listed_under_its_name():
    assert FORMATS["cloudtrail"] == ("cloudtrail", batches, parse)


def many(made, separator="\n"):
    return separator.join(json.dumps(one) for one in made).encode()


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"Records": THREE}).encode(),
        json.dumps({"Records": THREE}, indent=2).encode(),
        json.dumps({"Records": THREE}, separators=(",", ":")).encode() + b"\n",
        b'{"Records": [\n' + many(THREE, ",\n") + b"\n]}\n",
        json.dumps(THREE).encode(),
        json.dumps(THREE, indent=1).encode(),
        many(THREE),
        many(THREE, "\r\n") + b"\r\n",
        b"\xef\xbb\xbf" + many(THREE),
        many([{"Records": THREE[:1]}, {"Records": THREE[1:]}]),
        many([{"Records": THREE[:1]}, {"Records": THREE[1:]}], ""),
        gzip.compress(json.dumps({"Records": THREE[:2]}).encode())
        + gzip.compress(json.dumps({"Records": THREE[2:]}).encode()),
    ],
    ids=["document", "indented", "compact", "a-line-each", "list", "list-indented", "lines", "crlf", "bom",
         "documents-a-line", "documents-joined", "members"],
)  # fmt: skip
def test_every_shape_gives_the_same_records(tmp_path, data):
    found = items(tmp_path / "a.json", data)
    assert [(item.line, json.loads(item.raw)) for item in found] == list(enumerate(THREE, 1))


@pytest.mark.parametrize("data", [b"", b" \n", b'{"Records":[]}', b"[]", json.dumps(DIGEST).encode()])
def test_empty_files_and_digest_files_hold_nothing(tmp_path, data):
    assert items(tmp_path / "a.json", data) == []


@pytest.mark.parametrize("data", [b"no json", b"{}", b"7", b"null", b'{"Records":null}', b'{"a":[1]}'])
def test_what_is_no_trail_is_one_refused_item(tmp_path, data):
    [item] = items(tmp_path / "a.json", data)
    with pytest.raises(InvalidEvent):
        parse(item)


def test_one_bad_record_is_refused_alone(tmp_path):
    data = json.dumps({"Records": THREE}).encode().replace(b'"readOnly": true', b'"readOnly": NaN', 2)
    good = [item for item in items(tmp_path / "a.json", data) if b"NaN" not in item.raw]
    assert [(item.line, parse(item).id.int & 3) for item in good] == [(3, 2)]


def test_a_bad_first_line_does_not_hide_the_others(tmp_path):
    found = items(tmp_path / "a.ndjson", b'{"eventVersion": "1.0", oops\n' + many(THREE))
    assert [item.line for item in found] == [1, 2, 3, 4]
    with pytest.raises(InvalidEvent):
        parse(found[0])
    assert parse(found[3]).id == event(THREE[2]).id


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("shape", ["document", "lines"])
def test_a_file_that_ends_early_gives_its_whole_records_then_the_error(tmp_path, compress, shape):
    made = [record(number) for number in range(3000)]
    data = many(made) if shape == "lines" else json.dumps({"Records": made}).encode()
    data = gzip.compress(data)[:-2000] if compress else data[:-700]
    path = tmp_path / "a.json"
    path.write_bytes(data)
    got = []
    try:
        for batch in batches(path, batch_size=100):
            got += batch.items
    except InvalidRequest as error:
        assert "a.json: " in str(error)  # noqa: PT017 - cut lines of plain text are a bad item, no error
    else:
        assert (shape, compress) == ("lines", False)
        with pytest.raises(InvalidEvent):
            parse(got.pop())
    assert 1000 < len(got) < 3000
    assert [parse(item).id for item in got] == [event(one).id for one in made[: len(got)]]


@pytest.mark.parametrize("shape", ["document", "lines"])
def test_a_record_longer_than_an_event_is_refused_with_its_size(tmp_path, shape):
    made = [record(1), record(2, userAgent="x" * EVENT_BYTES_MAX), record(3)]
    found = items(tmp_path / "a", many(made) if shape == "lines" else json.dumps(made).encode())
    assert parse(found[0]).id.int & 3 == 1
    assert parse(found[2]).id.int & 3 == 3
    assert len(found[1].raw) <= 4096
    with pytest.raises(InvalidEvent, match=f"event of {len(json.dumps(made[1]))} bytes"):
        parse(found[1])


def test_a_document_too_large_for_memory_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudtrail, "DOCUMENT_BYTES_MAX", 3000)
    with pytest.raises(InvalidRequest, match=r"a: one document of more than 3000 bytes.*jq"):
        items(tmp_path / "a", json.dumps({"Records": [record(n) for n in range(9)]}).encode())
    assert len(items(tmp_path / "a", many(record(n) for n in range(9)))) == 9


def test_the_same_record_in_two_files_has_one_id(tmp_path):
    (tmp_path / "a.json").write_bytes(json.dumps({"Records": THREE}).encode())
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(many(THREE)))
    found = [parse(item).id for path in expand([tmp_path]) for batch in batches(path) for item in batch.items]
    assert len(found) == 6
    assert len(set(found)) == 3


# Fields


def test_a_request_by_a_user_becomes_an_event_field_by_field():
    assert event() == Event(
        action="aws.rds.describe_db_instances",
        id=event().id,
        at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        outcome="success",
        actor=Actor(id=f"arn:aws:iam::{ACCOUNT}:user/mira", type="iam_user", name="mira",
                    session="AKIAEXAMPLE", mfa=True),
        source=Source(ip="203.0.113.7", user_agent="aws-cli/2.15"),
        target="rds.amazonaws.com",
        resource=Resource(type="rds_db_instance", id="grades"),
        details={
            "event_version": "1.09",
            "identity": {
                "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": ACCOUNT,
                "sessionContext": {"sessionIssuer": {}, "attributes": {"mfaAuthenticated": "true"}},
            },
            "region": "eu-central-1",
            "request": {"dBInstanceIdentifier": "grades"},
            "request_id": "0b9c",
            "read_only": True,
            "event_type": "AwsApiCall",
            "management": True,
            "account": ACCOUNT,
            "event_category": "Management",
        },
    )  # fmt: skip
    assert str(event().id) == record()["eventID"]


def test_a_role_session_is_for_a_person_and_a_service_is_itself():
    assert event(userIdentity=ROLE_SESSION).actor == Actor(
        id=ROLE_SESSION["arn"], type="assumed_role", session="ASIAEXAMPLE", roles=("Registrar",), mfa=False,
        on_behalf_of="u-42",
    )  # fmt: skip
    assert event(userIdentity=SERVICE).actor == Actor(
        id="inspector2.amazonaws.com", type="aws_service", is_service=True
    )
    assert event(userIdentity={"type": "Root", "arn": "r"}).actor == Actor(id="r", type="root", is_privileged=True)
    assert event(userIdentity={"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u-1"}}).actor == Actor(
        id="u-1", type="identity_center_user"
    )
    assert event(userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"}).actor == Actor(
        id="AWS Internal", is_service=True
    )
    assert event(userIdentity=None).actor is None


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("AccessDenied", "denied"),
        ("AccessDeniedException", "denied"),
        ("Client.UnauthorizedOperation", "denied"),
        ("UnauthorizedOperation", "denied"),
        ("UnauthorizedAccess", "denied"),
        ("VpceAccessDenied", "denied"),
        ("ThrottlingException", "failure"),
        ("NoSuchBucketPolicy", "failure"),
        ("Client.InvalidVpcID.NotFound", "failure"),
    ],
)
def test_error_codes_are_denials_or_failures(code, outcome):
    made = event(errorCode=code, errorMessage="why")
    assert (made.outcome, made.status_detail, made.message) == (outcome, code, "why")
    assert made.details["error_code"] == code


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "success"),
        ({"errorCode": ""}, "success"),
        ({"errorMessage": "it broke"}, "failure"),
        ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Success"}}, "success"),
        ({"eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}, "failure"),
        ({"eventName": "CheckMfa", "eventType": "AwsConsoleSignIn"}, "unknown"),
        ({"eventName": "UserAuthentication", "eventType": "AwsServiceEvent",
          "serviceEventDetails": {"UserAuthentication": "Success"}}, "success"),
        ({"eventName": "RotationFailed", "eventType": "AwsServiceEvent"}, "unknown"),
        ({"eventType": "AwsVpceEvent"}, "success"),
    ],
)  # fmt: skip
def test_without_an_error_code_the_record_is_taken_at_its_word(changes, outcome):
    assert event(**changes).outcome == outcome


def test_a_failed_sign_in_is_a_failure_of_a_hidden_user_without_mfa():
    made = event(FAILED_LOGIN)
    assert (made.action, made.outcome) == ("aws.signin.console_login", "failure")
    assert made.actor == Actor(
        id="HIDDEN_DUE_TO_SECURITY_REASONS", type="iam_user", name="HIDDEN_DUE_TO_SECURITY_REASONS", mfa=False
    )


def test_an_insight_is_an_observation():
    made = event(INSIGHT)
    assert (made.action, made.outcome, made.actor) == ("aws.cloudtrail.insight_start", "unknown", None)
    assert made.details["insight_details"] == INSIGHT["insightDetails"]
    with pytest.raises(InvalidEvent, match=r"insightDetails\.state"):
        event(INSIGHT | {"insightDetails": {"state": "?"}})


@pytest.mark.parametrize(
    ("source", "name", "action"),
    [
        ("ec2.amazonaws.com", "RunInstances", "aws.ec2.run_instances"),
        ("ec2.amazonaws.com.cn", "RunInstances", "aws.ec2.run_instances"),
        ("entitlement.marketplace.amazonaws.com", "GetX", "aws.entitlement-marketplace.get_x"),
        ("resource-explorer-2.amazonaws.com", "ListIndexes", "aws.resource-explorer-2.list_indexes"),
        ("s3.amazonaws.com", "REST.GET.OBJECT", "aws.s3.rest_get_object"),
        ("lambda.amazonaws.com", "Invoke20150331", "aws.lambda.invoke20150331"),
    ],
)
def test_actions_are_service_and_name(source, name, action):
    assert event(eventSource=source, eventName=name).action == action


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("2001:db8::1", Source(ip="2001:db8::1")),
        ("AWS Internal", Source(app="AWS Internal")),
        ("rds.amazonaws.com", Source(app="rds.amazonaws.com")),
        ("999.1.1.1", Source(app="999.1.1.1")),
        ("1" * 5000, Source(app="1" * 5000)),
        ("", None),
        (None, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_source_is_an_address_or_an_application(address, source):
    assert event(sourceIPAddress=address, userAgent=None).source == source


@pytest.mark.parametrize(
    ("changes", "resource"),
    [
        ({"resources": [{"ARN": "arn:aws:s3:::b", "type": "AWS::S3::Bucket"}]}, ("s3_bucket", "arn:aws:s3:::b")),
        ({"resources": [{"ARN": "arn:aws:s3:::b/k"}]}, ("s3_object", "arn:aws:s3:::b/k")),
        ({"resources": [{"ARN": "arn:aws:s3:::b"}]}, ("s3_bucket", "arn:aws:s3:::b")),
        (
            {"resources": [{"ARN": "arn:aws:secretsmanager:r:1:secret:x"}]},
            ("secretsmanager_secret", "arn:aws:secretsmanager:r:1:secret:x"),
        ),
        ({"resources": [{"ARN": "no arn"}]}, (None, "no arn")),
        ({"resources": [{"type": "AWS::X::Y"}, {"ARN": "arn:2", "type": "AWS::X::Y"}]}, ("x_y", "arn:2")),
        ({"resources": [{"accountId": "1"}]}, ("rds_db_instance", "grades")),
        (
            {"eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "b", "key": "a/k"}},
            ("s3_object", "b/a/k"),
        ),
        ({"eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "b"}}, ("s3_bucket", "b")),
        (
            {
                "eventSource": "ec2.amazonaws.com",
                "requestParameters": {"instancesSet": {"items": [{"imageId": "ami"}]}, "subnetId": "s"},
                "responseElements": {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
            },
            ("ec2_instance", "i-1"),
        ),
        (
            {
                "eventSource": "iam.amazonaws.com",
                "requestParameters": {"policyArn": "p", "roleName": "r"},
            },
            ("iam_role", "r"),
        ),
        ({"eventSource": "sts.amazonaws.com", "requestParameters": {"roleArn": "arn:r"}}, ("iam_role", "arn:r")),
        ({"eventSource": "iam.amazonaws.com", "requestParameters": {"roleName": 7}}, None),
        ({"eventSource": "never.amazonaws.com"}, None),
        ({"requestParameters": "text"}, None),
    ],
)
def test_the_resource_is_the_first_listed_or_what_the_parameters_name(changes, resource):
    made = event(**changes).resource
    assert (made and (made.type, made.id)) == resource


def test_the_table_of_parameters_is_well_formed():
    for service, rows in PARAMETERS.items():
        assert rows, service
        assert len({path for path, _ in rows}) == len(rows), service
        assert all(kind.islower() and kind.isidentifier() for _, kind in rows), service


def test_fields_that_cloudtrail_adds_later_are_kept():
    made = event(newThing={"a": 1}, request="mine", requestParameters={"x": 1}, emptyThing=[], zero=0)
    assert made.details["new_thing"] == {"a": 1}
    assert made.details["request"] == {"x": 1}
    assert made.details["request_"] == "mine"
    assert made.details["zero"] == 0
    assert "empty_thing" not in made.details


def test_secrets_in_responses_do_not_reach_the_record():
    made = event(responseElements={"credentials": {"sessionToken": "s3cr3t"}, "user": "mira"})
    kept = flatten(made, DeclaredFields())
    assert kept.secrets == 1
    assert "s3cr3t" not in "".join(value or "" for value in kept.values)


def test_a_record_of_the_first_format_without_id_gets_the_same_made_id_every_time():
    made = record(eventID=None)
    assert event(made).id == event(made).id
    assert event(made).id.version == 8


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"eventName": None}, "eventName"),
        ({"eventName": ""}, "eventName"),
        ({"eventName": 7}, "eventName"),
        ({"eventName": "時"}, "eventName"),
        ({"eventName": "x" * 129}, "eventName"),
        ({"eventName": "x" * 121}, "eventName"),
        ({"eventSource": None}, "eventSource"),
        ({"eventSource": ".amazonaws.com"}, "eventSource"),
        ({"eventSource": ["ec2"]}, "eventSource"),
        ({"eventSource": "x" * 129}, "eventSource"),
        ({"eventTime": None}, "eventTime"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"eventTime": "2024-05-06T07:08:09"}, "eventTime"),
        ({"eventTime": 1714979289}, "eventTime"),
        ({"eventTime": "1969-05-06T07:08:09Z"}, "eventTime"),
        ({"eventID": "7"}, "eventID"),
        ({"eventID": 7}, "eventID"),
        ({"eventID": "z" * 36}, "eventID"),
        ({"errorCode": 403}, "errorCode"),
        ({"errorMessage": {}}, "errorMessage"),
        ({"userAgent": ["x"]}, "userAgent"),
        ({"resources": [{"accountId": "1"}, 7]}, "resources"),
        ({"sourceIPAddress": 1}, "sourceIPAddress"),
        ({"resources": {"ARN": "x"}}, "resources"),
        ({"resources": ["x"]}, "resources"),
        ({"resources": [{"ARN": 1}]}, "resources.ARN"),
        ({"resources": [{"ARN": "x", "type": {}}]}, "resources.type"),
        ({"userIdentity": "mira"}, "userIdentity"),
        ({"userIdentity": {"arn": 1}}, "userIdentity.arn"),
        ({"userIdentity": {"type": []}}, "userIdentity.type"),
        ({"userIdentity": {"onBehalfOf": 1}}, "userIdentity.onBehalfOf"),
        ({"userIdentity": {"sessionContext": 1}}, "userIdentity.sessionContext"),
        ({"userIdentity": {"sessionContext": {"attributes": "x"}}}, "userIdentity.sessionContext.attributes"),
        ({"userIdentity": {"sessionContext": {"sessionIssuer": "x"}}},
         "userIdentity.sessionContext.sessionIssuer"),
    ],
)  # fmt: skip
def test_a_malformed_field_is_named(changes, field):
    with pytest.raises(InvalidEvent) as caught:
        event(**changes)
    assert caught.value.field == field
    assert field.split(".")[-1] in str(caught.value)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.just("\x00")
    | st.just("9" * 400),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["items", "ARN", "type", "attributes", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
BASES = [record(), record(userIdentity=ROLE_SESSION, resources=[{"ARN": "a", "type": "t"}]), FAILED_LOGIN, INSIGHT]


def mutate(value, draw):
    """Replace something somewhere in `value`."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: mutate(value[key], draw)}
    return draw(JUNK)


@given(base=st.sampled_from(BASES), data=st.data())
def test_a_mutated_record_is_an_event_or_refused_and_so_is_its_record(base, data):
    raw = bytearray(json.dumps(mutate(base, data.draw)).encode())
    if raw and data.draw(st.integers(0, 3)) == 0:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = parse(Item(1, bytes(raw)))
        flatten(made, DeclaredFields())
    except InvalidEvent:
        return
    assert made.id is not None
    assert made.action.startswith("aws.")


@given(st.binary(max_size=80))
def test_any_bytes_are_refused(raw):
    with pytest.raises(InvalidEvent):
        parse(Item(1, raw))


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="needs the published trail beside the checkout")
def test_a_published_trail_is_read_whole():
    events = [parse(item) for path in expand([PUBLISHED]) for batch in batches(path) for item in batch.items]
    assert len(events) == len({made.id for made in events}) == 2900
    assert Counter(made.outcome for made in events) == {
        "success": 2558, "failure": 240, "denied": 60, "unknown": 42,
    }  # fmt: skip
    kept = [flatten(made, DeclaredFields()) for made in events]
    assert sum(made.secrets for made in kept) > 0
