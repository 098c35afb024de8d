"""What a CloudTrail record acted on: its first resource, or else the request parameter that names one.

The table is data. A row is (path into the parameters, type); the first row that leads to text wins, in the
request or the response: what a call made comes before what it was made in. Types are `<service>_<noun>`, as
an ARN or "AWS::S3::Bucket" give them too: s3_bucket.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from affidavit.errors import InvalidEvent
from affidavit.event import Resource
from affidavit.record import snake

_KEY_CHARS_MAX: Final = 256  # longer texts are not cached

_ROWS: Final = """
acm: certificateArn certificate
apigateway: restApiId rest_api
athena: workGroup workgroup, queryExecutionId query_execution
autoscaling: autoScalingGroupName group, launchConfigurationName launch_configuration
cloudformation: stackName stack, stackSetName stack_set
cloudtrail: trailName trail, name trail, trailNameList.0 trail, eventDataStore event_data_store
cognito-idp: userPoolId user_pool
config: configurationRecorderName configuration_recorder, configRuleName config_rule
dynamodb: tableName table, tableArn table, backupArn backup
ec2: instancesSet.items.0.instanceId instance, vpc.vpcId vpc, subnet.subnetId subnet,
 routeTable.routeTableId route_table, internetGateway.internetGatewayId internet_gateway,
 CreateNatGatewayResponse.natGateway.natGatewayId nat_gateway, instanceId instance, snapshotId snapshot,
 volumeId volume, imageId image, groupId security_group, groupName security_group, routeTableId route_table,
 subnetId subnet, internetGatewayId internet_gateway, natGatewayId nat_gateway, networkInterfaceId
 network_interface, networkAclId network_acl, vpcEndpointId vpc_endpoint, flowLogId flow_log, allocationId
 address, associationId association, vpcId vpc, vpcSet.items.0.vpcId vpc, keyName key_pair
ecr: repositoryName repository
ecs: service service, task task, taskDefinition task_definition, cluster cluster, clusterName cluster
eks: nodegroupName nodegroup, name cluster, clusterName cluster
elasticloadbalancing: loadBalancerArn load_balancer, loadBalancerName load_balancer,
 targetGroupArn target_group
events: name rule, rule rule
glue: databaseName database, jobName job
guardduty: detectorId detector
iam: instanceProfileName instance_profile, roleName role, groupName group, userName user, policyArn policy,
 policyName policy, sAMLProviderArn saml_provider, openIDConnectProviderArn oidc_provider,
 serverCertificateName server_certificate
kinesis: streamName stream, streamARN stream
kms: keyId key, aliasName alias, keyMetadata.keyId key
lambda: functionName function, layerName layer
logs: logGroupName log_group, destinationName destination
organizations: accountId account, policyId policy, organizationalUnitId organizational_unit
rds: dBInstanceIdentifier db_instance, dBClusterIdentifier db_cluster, dBSnapshotIdentifier db_snapshot,
 dBClusterSnapshotIdentifier db_cluster_snapshot, resourceName resource
redshift: clusterIdentifier cluster
route53: hostedZoneId hosted_zone, id hosted_zone
route53domains: domainName domain
rolesanywhere: trustAnchorId trust_anchor, profileId profile
s3: bucketName bucket, name access_point
secretsmanager: secretId secret, name secret, aRN secret
ses: identity identity
sns: topicArn topic, name topic, subscriptionArn subscription
sqs: queueUrl queue, queueName queue
ssm: name parameter, names.0 parameter, instanceId managed_instance, documentName document,
 resourceId resource, commandId command
sts: roleArn role
states: stateMachineArn state_machine, executionArn execution
wafv2: webACLArn web_acl
"""


def _table(text: str) -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    table = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        service, _, rows = line.partition(": ")
        prefix = "iam" if service == "sts" else service.replace("-", "_")
        pairs = (row.split() for row in rows.split(","))
        table[service] = tuple((tuple(path.split(".")), f"{prefix}_{noun}") for path, noun in pairs)
    return table


PARAMETERS: Final = _table(_ROWS)


def find(service: str, resources: Any, request: Any, response: Any) -> Resource | None:
    """The resource acted on, or None. Raises InvalidEvent where `resources` is no list of objects."""
    if resources:
        if not isinstance(resources, list):
            raise InvalidEvent("resources is no list", field="resources")
        for entry in resources:
            if not isinstance(entry, dict):
                raise InvalidEvent("resources holds what is no object", field="resources")
            if (named := _named(entry)) is not None:
                return named
    told = [parameters for parameters in (request, response) if isinstance(parameters, dict) and parameters]
    if not told:
        return None
    for path, kind in PARAMETERS.get(service, ()):
        for parameters in told:
            name = parameters.get(path[0])
            if name is None:
                continue
            if len(path) > 1:
                name = _dig(name, path)
            if isinstance(name, str) and name:
                if kind == "s3_bucket" and isinstance(key := parameters.get("key"), str) and key:
                    return Resource(type="s3_object", id=f"{name}/{key}")
                return Resource(type=kind, id=name)
    return None


def _dig(value: Any, path: tuple[str, ...]) -> Any:
    for step in path[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step == "0" and value:
            value = value[0]
        else:
            return None
    return value


def _named(resource: dict[str, Any]) -> Resource | None:
    arn = resource.get("ARN") or resource.get("arn") or resource.get("ARNPrefix")
    kind = resource.get("type")
    for value, name in ((arn, "resources.ARN"), (kind, "resources.type")):
        if value is not None and not isinstance(value, str):
            raise InvalidEvent(f"{name} is {type(value).__name__}, not text", field=name)
    if not arn:
        return None
    return Resource(type=_type(kind) if kind else _arn_type(arn), id=arn)


@lru_cache(maxsize=1024)
def _cached_type(kind: str) -> str | None:
    """ "AWS::S3::Bucket" as "s3_bucket"."""
    return "_".join(filter(None, map(snake, kind.removeprefix("AWS::").split("::")))) or None


def _type(kind: str) -> str | None:
    return _cached_type(kind) if len(kind) <= _KEY_CHARS_MAX else None


_ARN: Final = re.compile(r"arn:[^:]*:([^:]+):[^:]*:[^:]*:(?:([A-Za-z0-9-]+)[:/])?")


def _arn_type(arn: str) -> str | None:
    match = _ARN.match(arn)
    if match is None:
        return None
    if match[1] == "s3":
        return "s3_object" if "/" in arn else "s3_bucket"
    return _type(f"{match[1]}::{match[2] or ''}")
