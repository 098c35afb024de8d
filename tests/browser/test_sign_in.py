"""The sign-in pages in a real Chromium: from the one-time link to the form, and out again."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from affidavit import AuditLog
from affidavit.access import people
from affidavit.web import server
from affidavit.web.routes.sign_in import PATH

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PASSWORD = "correct horse battery"


@pytest.fixture
def started(tmp_path):
    """(address, path of the first admin's link) of a server that asks for a sign-in."""
    with AuditLog.open(tmp_path) as log, server.listen(port=0) as listener:
        log.record("login", actor="u1")
        token = people.first_admin(log)
        told: list[str] = []
        ready = threading.Event()

        def say(address):
            told.append(address)
            ready.set()

        one = server.Server(log, listener, say, sign_in=True)
        thread = threading.Thread(target=one.run)
        thread.start()
        assert ready.wait(30)
        yield told[0], f"/welcome?token={token}"
        one.should_exit = True
        thread.join(30)


def faults(page):
    """What axe finds, where it is installed."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text("utf-8"))
    return [one["id"] for one in page.evaluate("axe.run()")["violations"]]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_link_to_the_form_and_out_again(started, scheme, tmp_path):
    address, link = started
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(address + link)
        page.get_by_label("New password").fill(PASSWORD)
        assert faults(page) == []
        page.get_by_role("button", name="Set the password").press("Enter")
        page.wait_for_url(f"**{PATH}")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill("wrong" * 3)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not fit")
        assert faults(page) == []
        page.screenshot(path=tmp_path / f"sign-in-{scheme}.png")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        assert page.request.get(f"{address}/api/v1/status").json()["signed_in"] is True
        page.goto(address + PATH)
        expect(page.get_by_role("heading")).to_have_text("Signed in as admin")
        assert faults(page) == []
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"**{PATH}")
        assert page.request.get(f"{address}/api/v1/status").status == 401
        context.close()
        browser.close()
