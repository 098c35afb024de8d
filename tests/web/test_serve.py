"""`affidavit serve` as a process: where it listens, what it says, how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from affidavit import AuditLog
from affidavit.access import keys, people
from affidavit.access.accounts import Grant
from affidavit.cli import main
from affidavit.errors import InvalidRequest
from affidavit.log import registry
from affidavit.web import server

SRC = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    with AuditLog.open(folder) as log:
        log.record("login", actor="u1")
    return folder


@contextmanager
def process(home, *more):
    code = "from affidavit.cli import main; main()"
    arguments = [sys.executable, "-W", "error", "-c", code, "serve", "--home", str(home), "--port", "0", *more]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=str(SRC))
    ) as one:
        try:
            yield one
        finally:
            one.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_when_told(home, stop):
    with process(home) as one:
        said = one.stdout.readline()
        assert said.startswith("listening on http://127.0.0.1:")
        assert "no sign-in" in one.stdout.readline()
        address = said.split()[-1]
        assert httpx.post(f"{address}/api/export-compliance-logs", json={}).headers["affidavit-rows"] == "1"
        one.send_signal(stop)
        assert one.wait(30) == 0
        assert one.stderr.read() == ""


def test_with_sign_in_it_serves_every_tenant_to_its_own(tmp_path):
    with AuditLog.open(tmp_path) as log:
        registry.create_tenant(log.database, log.keys, "other", "UTC")
        people.choose_password(log, people.invite(log, "ann", Grant("admin")), "correct horse battery")
    with AuditLog.open(tmp_path, tenant="other") as other:
        _, key = keys.create_key(other, "app", Grant("admin"))
    with process(tmp_path, "--sign-in") as one:
        address = one.stdout.readline().split()[-1]
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{address}/api/v1/me", headers=headers).json()["tenant"] == "other"
        assert httpx.post(f"{address}/api/v1/events", headers=headers, json={"action": "a"}).status_code == 201
        one.send_signal(signal.SIGTERM)
        assert one.wait(30) == 0
        assert one.stderr.read() == ""
    with AuditLog.open(tmp_path) as log, AuditLog.open(tmp_path, tenant="other") as other:
        assert (log.pin().size, other.pin().size) == (0, 1)


def test_with_sign_in_it_prints_a_link_for_the_first_admin(tmp_path):
    with AuditLog.open(tmp_path):
        pass
    with process(tmp_path, "--sign-in", "--host", "127.0.0.2") as one:
        address = one.stdout.readline().split()[-1]
        assert address.startswith("http://127.0.0.2:")
        assert "Sign-in is required" in one.stdout.readline()
        link = one.stdout.readline().split()[-1]
        assert link.startswith(f"{address}/welcome?token=")
        assert httpx.post(f"{address}/api/export-compliance-logs", json={}).status_code == 401
        assert httpx.post(link, data={"password": "correct horse battery"}).status_code == 303
        form = {"name": "admin", "password": "correct horse battery"}
        with httpx.Client(base_url=address) as browser:
            assert browser.post("/sign-in", data=form).status_code == 303
            assert browser.post("/api/export-compliance-logs", json={}).status_code == 200
        one.send_signal(signal.SIGTERM)
        assert one.wait(30) == 0
        assert one.stderr.read() == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "", "10.0.0.1", "example.org"])
def test_other_addresses_are_refused(home, host):
    done = CliRunner().invoke(main, ["serve", "--home", str(home), "--host", host, "--port", "0"])
    assert done.exit_code == 2
    assert "no sign-in" in done.output


def test_a_taken_port_is_named(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidRequest, match=f"port {port}"):
            server.listen(port=port)
    with pytest.raises(InvalidRequest, match="65535"):
        server.listen(port=70_000)


def test_a_missing_home_is_named(tmp_path):
    done = CliRunner().invoke(main, ["serve", "--home", str(tmp_path / "none"), "--port", "0"])
    assert done.exit_code == 4
    assert "affidavit init" in done.output
