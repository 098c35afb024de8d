"""Requests made of the OpenAPI description: the service answers as it says it does, whatever it is sent."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from affidavit import AuditLog
from affidavit.log import configuration

ENDLESS = {"/api/v1/events/live", "/api/v1/exports/{run_id}/progress"}
QUICK = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    with AuditLog.open(tmp_path_factory.mktemp("described")) as opened:
        opened.record_many([{"action": "login", "actor": f"u{n}"} for n in range(5)])
        yield opened


@pytest.fixture(scope="module")
def schema(client):
    return schemathesis.openapi.from_url(f"{client.base_url}/api/v1/openapi.json")


def test_answers_are_as_described(schema, log):
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        if operation.path in ENDLESS:
            continue

        @QUICK
        @given(case=operation.as_strategy())
        def answers(case):
            # What a query language or a mask refuses can't be said in a schema.
            case.call_and_validate(timeout=20, excluded_checks=[positive_data_acceptance])

        answers()
        # Or one that was switched off here would be so for all that follow.
        configuration.change(log, dict.fromkeys(configuration.KEYS), "a test of the description")
