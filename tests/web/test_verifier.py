"""The verifier page and the trust file over HTTP."""

from __future__ import annotations

import hashlib

import pytest

from affidavit.verify.page import html


def test_the_page_comes_under_its_own_policy(client):
    if html() is None:
        pytest.skip("the verifier page is not built: make page")
    answer = client.get("/verify.html")
    assert answer.content == html()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("; frame-ancestors 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_other_page_may_be_framed(client):
    answer = client.get("/api/v1/status")
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_without_the_page_it_says_so(client, monkeypatch):
    monkeypatch.setattr("affidavit.web.routes.verifier.html", lambda: None)
    answer = client.get("/verify.html")
    assert (answer.status_code, answer.json()["detail"].split(".")[0]) == (
        404,
        "this installation came without the verifier page",
    )


def test_the_trust_file_is_the_logs_own(client, log):
    answer = client.get("/api/v1/trust")
    assert answer.json() == log.trust()
    assert answer.headers["content-disposition"] == 'attachment; filename="default-trust.json"'
    if html() is not None:
        assert hashlib.sha256(html()).hexdigest() in answer.json()["verify_html"]
