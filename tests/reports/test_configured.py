"""Reports under the masks of a tenant's configuration."""

from __future__ import annotations

import pytest

from affidavit.errors import InvalidRequest
from affidavit.log import configuration
from affidavit.reports.asked import Asked
from affidavit.reports.runner import run_report

EVENT = {"action": "login", "actor": {"id": "planted-id", "type": "user"}, "source": {"ip": "203.0.113.7"}}


def test_a_report_shows_no_more_than_the_configuration_lets_it(log, library):
    log.record_many([EVENT] * 3)
    before = run_report(log, library, Asked("IR", profile="auditor"))
    assert b"planted-id" in before.data
    configuration.change(log, {"masking": {"staff": "token", "ip": "remove"}}, "a test of masks")
    after = run_report(log, library, Asked("IR", profile="auditor"))
    assert b"planted-id" not in after.data
    assert after.result.run.profile.endswith("+configuration")


def test_the_profile_of_a_person_still_needs_a_person(log, library):
    configuration.change(log, {"masking": {"ip": "remove"}}, "a test of masks")
    with pytest.raises(InvalidRequest, match="without a person"):
        run_report(log, library, Asked("H3", profile="subject"))
