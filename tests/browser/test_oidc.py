"""Signing in by a real provider in a real Chromium: provider and service are different sites, as they always are."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from affidavit import AuditLog
from affidavit.web import server
from tests.oidc import real_provider

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SUBJECT = "ann@example.org"


@pytest.fixture
def started(tmp_path):
    """The address of a server that asks for a sign-in, by a provider of another site: localhost, not 127.0.0.1."""
    with real_provider(tmp_path / "provider.log") as issuer, AuditLog.open(tmp_path / "home") as log:
        grant = '[[grant]]\ndomain = "example.org"\nrole = "officer"\n'
        head = f'issuer = "{issuer}"\nclient_id = "affidavit"\nclient_secret_file = "oidc.secret"\n'
        text = f'{head}label = "Example University"\n{grant}'
        (log.home / "oidc.secret").write_text("any")
        (log.home / "oidc.toml").write_text(text)
        claims = {"email": SUBJECT, "email_verified": True}
        assert httpx.put(f"{issuer}/users/{quote(SUBJECT)}", json=claims).status_code == 204
        told: list[str] = []
        ready = threading.Event()

        def say(address):
            told.append(address)
            ready.set()

        with server.listen(port=0) as listener:
            one = server.Server(log, listener, say, sign_in=True)
            thread = threading.Thread(target=one.run)
            thread.start()
            assert ready.wait(30)
            yield told[0]
            one.should_exit = True
            thread.join(30)


def faults(page):
    """What axe finds, where it is installed."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text("utf-8"))
    return [one["id"] for one in page.evaluate("axe.run()")["violations"]]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_there_and_back_and_out_again(started, tmp_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{started}/")
        page.wait_for_url("**/sign-in")
        assert faults(page) == []
        page.screenshot(path=tmp_path / "sign-in.png")
        page.get_by_role("link", name="Sign in with Example University").press("Enter")
        page.wait_for_url(re.compile("http://localhost:"))
        page.locator("input[name=sub]").fill(SUBJECT)
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{started}/")  # the session's strict cookie came along
        assert page.request.get(f"{started}/api/v1/me").json()["name"] == SUBJECT
        page.goto(f"{started}/sign-in")
        expect(page.get_by_role("heading")).to_have_text(f"Signed in as {SUBJECT}")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        page.get_by_role("link", name="Sign in with Example University").click()
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("alert")).to_contain_text("did not let you in")
        assert faults(page) == []
        page.screenshot(path=tmp_path / "refused.png")
        browser.close()
