"""Embedded: five lines in an existing application, under a path of its own."""

from __future__ import annotations

import threading

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from affidavit import acting
from affidavit.errors import InvalidRequest
from affidavit.web import create_app, mount, server

LEGACY = "/api/export-compliance-logs"


class Acting:
    """What an application's own sign-in would do."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        with acting(actor="officer7", request_id="outer-1"):
            await self.app(scope, receive, send)


def existing_application(log):
    app = FastAPI()

    @app.get("/hello")
    def hello() -> dict[str, bool]:
        return {"hello": True}

    mount(app, log)
    app.add_middleware(Acting)
    return app


@pytest.fixture(scope="module")
def base(log):
    listener = server.listen(port=0)
    one = uvicorn.Server(uvicorn.Config(existing_application(log), log_level="warning", lifespan="on"))
    thread = threading.Thread(target=one.run, kwargs={"sockets": [listener]})
    thread.start()
    with httpx.Client(base_url=server.address(listener), timeout=20) as client:
        yield client
    one.should_exit = True
    thread.join(20)


@pytest.mark.parametrize("path", [LEGACY, f"/audit{LEGACY}"])
def test_the_endpoint_is_under_the_path_and_at_the_root(base, path):
    answer = base.post(path, json={"format": "json"})
    assert len(answer.json()) == 3
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert base.post(path, json={"format": "pdf"}).json()["errors"][0]["field"] == "format"
    assert base.get(path).status_code == 405
    assert base.post(path, json={}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_the_rest_is_under_the_path_alone(base):
    assert base.get("/audit/api/v1/status").json()["entries"] == 3
    assert base.get("/audit/").status_code in {200, 503}
    assert base.get("/audit", follow_redirects=False).headers["location"].endswith("/audit/")
    assert base.get("/api/v1/status").status_code == 404
    assert base.get("/").status_code == 404


def test_the_application_keeps_its_own_ways(base):
    answer = base.get("/hello")
    assert answer.json() == {"hello": True}
    assert "content-security-policy" not in answer.headers
    assert base.get("/none").json() == {"detail": "Not Found"}


def test_what_the_application_knows_of_the_request_is_recorded(base, log, access):
    base.post(f"/audit{LEGACY}", json={}, headers={"X-Request-Id": "inner-1"})
    newest = access(log, "export.created")[-1]
    assert '"actor.id":"officer7"' in newest
    assert '"source.request_id":"outer-1"' in newest
    assert '"source.ip":"127.0.0.1"' in newest


def test_a_prefix_of_its_own(log):
    paths = set(create_app(log, prefix="/audit/").openapi()["paths"])
    assert "/audit/api/v1/status" in paths
    assert f"/audit{LEGACY}" in paths


@pytest.mark.parametrize("path", ["audit", "//audit", "/a/{b}", "/a?b"])
def test_a_prefix_that_is_no_path(log, path):
    with pytest.raises(InvalidRequest, match="no path"):
        create_app(log, prefix=path)


def test_the_root_belongs_to_the_application(log):
    with pytest.raises(InvalidRequest, match="root"):
        mount(FastAPI(), log, "/")
