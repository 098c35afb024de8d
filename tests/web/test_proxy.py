"""Whose word on addresses counts: trusted proxies', and nobody else's."""

from __future__ import annotations

import json

import pytest

from affidavit import AuditLog
from affidavit.errors import InvalidRequest
from affidavit.settings import proxies

MINE = "127.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "header", "told"),
    [
        ("", "203.0.113.7", MINE),
        ("192.0.2.1", "203.0.113.7", MINE),
        (MINE, "203.0.113.7", "203.0.113.7"),
        (
            "127.0.0.0/8, 10.0.0.0/8",
            "198.51.100.9, 203.0.113.7, 10.1.2.3",
            "203.0.113.7",
        ),  # what is before may be made up
        (MINE, "", MINE),
        ("127.0.0.1,::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_address_on_the_log(tmp_path, serving, access, trusted, header, told):
    with AuditLog.open(tmp_path, trusted_proxies=trusted) as log, serving(log) as (client, _):
        client.get("/api/v1/events", headers={"X-Forwarded-For": header} if header else {})
        (event,) = access(log, "search.run")
    assert json.loads(event)["source.ip"] == told


@pytest.mark.parametrize("text", ["*", "10.0.0.1/8", "proxy.example.org", "10.0.0.0/8 127.0.0.1"])
def test_what_is_no_address_is_refused(tmp_path, text):
    with pytest.raises(InvalidRequest, match="trusted_proxies"):
        AuditLog.open(tmp_path, trusted_proxies=text)
    assert proxies("") == []
