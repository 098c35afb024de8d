"""Made-up CloudTrail records in the shapes the user guide documents."""

from copy import deepcopy

ACCOUNT = "111122223333"


def record(number=0, **changes):
    """A sound record; `changes` replace top-level fields, None removes one."""
    made = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/mira",
            "accountId": ACCOUNT,
            "accessKeyId": "AKIAEXAMPLE",
            "userName": "mira",
            "sessionContext": {"sessionIssuer": {}, "attributes": {"mfaAuthenticated": "true"}},
        },
        "eventTime": "2024-05-06T07:08:09Z",
        "eventSource": "rds.amazonaws.com",
        "eventName": "DescribeDBInstances",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"dBInstanceIdentifier": "grades"},
        "responseElements": None,
        "requestID": "0b9c",
        "eventID": f"00000000-0000-4000-8000-{number:012x}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    made.update(changes)
    return {key: deepcopy(value) for key, value in made.items() if value is not None or key not in changes}


ROLE_SESSION = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:mira@example.org",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Registrar/mira@example.org",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "userName": "Registrar", "arn": f"arn:aws:iam::{ACCOUNT}:role/Registrar"},
        "attributes": {"mfaAuthenticated": "false", "creationDate": "2024-05-06T07:00:00Z"},
    },
    "onBehalfOf": {"userId": "u-42", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-1"},
}
SERVICE = {"type": "AWSService", "invokedBy": "inspector2.amazonaws.com"}
FAILED_LOGIN = record(
    eventSource="signin.amazonaws.com",
    eventName="ConsoleLogin",
    eventType="AwsConsoleSignIn",
    userIdentity={
        "type": "IAMUser",
        "accountId": ACCOUNT,
        "accessKeyId": "",
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
    },
    errorMessage="No username found in supplied account",
    requestParameters=None,
    responseElements={"ConsoleLogin": "Failure"},
    additionalEventData={"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/"},
)
INSIGHT = {
    "eventVersion": "1.08",
    "eventTime": "2024-05-06T07:08:00Z",
    "awsRegion": "eu-central-1",
    "eventID": "11111111-2222-4333-8444-555555555555",
    "eventType": "AwsCloudTrailInsight",
    "recipientAccountId": ACCOUNT,
    "sharedEventID": "22222222-2222-4333-8444-555555555555",
    "insightDetails": {
        "state": "Start",
        "eventSource": "ssm.amazonaws.com",
        "eventName": "UpdateInstanceInformation",
        "insightType": "ApiCallRateInsight",
    },
    "eventCategory": "Insight",
}
DIGEST = {
    "awsAccountId": ACCOUNT,
    "digestStartTime": "2024-05-06T07:00:00Z",
    "digestEndTime": "2024-05-06T08:00:00Z",
    "digestS3Bucket": "trail",
    "logFiles": [],
    "previousDigestSignature": "00",
}
