"""Who is refused before any route: foreign hosts, foreign pages, large bodies. And what every answer carries."""

from __future__ import annotations

import pytest

from affidavit.web.guards import BODY_BYTES_MAX, host_name

PATH = "/api/export-compliance-logs"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:8765"])
def test_loopback_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1", "10.0.0.1:80"])
def test_other_hosts_are_misdirected(client, host):
    answer = client.post(PATH, json={}, headers={"Host": host})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")


@pytest.mark.parametrize(
    ("host", "name"),
    [("a", "a"), ("a:1", "a"), ("[::1]", "::1"), ("a:b", ""), ("a:1:2", ""), (":1", ""), ("a:999999", "")],
)
def test_host_names(host, name):
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:1"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Host": "localhost:1", "Origin": "http://localhost:2"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
    ],
)
def test_pages_of_other_origins_cannot_post(client, headers, status):
    answer = client.post(PATH, json={}, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "another origin" in answer.json()["detail"]


def test_bodies_have_a_limit_by_length(client):
    answer = client.post(PATH, content=b" " * (BODY_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["title"]) == (413, "Request Entity Too Large")
    assert str(BODY_BYTES_MAX) in answer.json()["detail"]


def test_bodies_have_a_limit_as_they_come(client):
    def parts():
        for _ in range(20):
            yield b" " * 65_536

    answer = client.post(PATH, content=parts(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_a_body_at_the_limit_is_read(client):
    body = b'{"format":"json"}'.ljust(BODY_BYTES_MAX)
    assert client.post(PATH, content=body, headers={"Content-Type": "application/json"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/healthz", 200), ("GET", "/none", 404), ("PUT", "/healthz", 405), ("POST", PATH, 422)],
)
def test_every_answer_has_its_headers(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_problems_of_addresses_and_methods(client):
    unknown, wrong = client.get("/none"), client.get(PATH)
    assert unknown.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address",
        "errors": [],
    }
    assert (wrong.status_code, wrong.headers["allow"], wrong.json()["status"]) == (405, "POST", 405)


@pytest.mark.parametrize(("given", "kept"), [("req-1", True), ("a b", False), ("x" * 129, False), ("<script>", False)])
def test_request_ids_are_kept_where_they_are_sound(client, given, kept):
    shown = client.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert (shown == given) is kept
    assert shown
