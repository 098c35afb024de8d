"""The form in a real Chromium, against a real `affidavit serve`."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from affidavit import AuditLog

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PAGE = ROOT / "src" / "affidavit" / "web" / "static" / "index.html"
START_S_MAX = 30
TABS_MAX = 40
WAIT_MS_MAX = 10_000

# Chromium as root in a container, and quiet: it must look for nobody out there.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

EVENTS = [
    ("login", "user123", "/admin-panel", "2023-09-30T23:59:59Z"),
    ("login", "user123", "/admin-panel", "2023-10-01T00:00:00Z"),
    ("file-download", "user456", "/reports/financial-2023", "2023-10-01T13:30:00Z"),
    ("login", "user456", "/admin-panel", "2023-10-15T09:00:00Z"),
    ("login", "user123", "/admin-panel", "2023-10-31T23:59:59Z"),
    ("login", "user123", "/admin-panel", "2023-11-01T00:00:00Z"),
]


def missing(what: str) -> None:
    """Skip on a developer's machine that lacks something; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: in CI the browser tests must run")
    pytest.skip(what)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a small log, on a free port."""
    if not PAGE.is_file():
        missing("the UI is not built: run `make ui`")
    home = tmp_path_factory.mktemp("form") / "home"
    with AuditLog.open(home) as log:
        for action, actor, resource, at in EVENTS:
            log.record({"action": action, "actor": actor, "resource": resource, "at": at})
    run = "from affidavit.cli import main; main()"
    command = [sys.executable, "-c", run, "serve", "--home", str(home), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            found = re.search(r"listening on (http://\S+)", said)
            assert found, f"the server said {said!r}"
            yield found[1].rstrip("/") + "/"
        finally:
            server.terminate()
            server.wait(START_S_MAX)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("no chromium: install it (Debian: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[OpenPage]:
    opener = OpenPage(chromium, address)
    yield opener
    opener.close()


class OpenPage:
    """Opens the form in a window of its own; afterwards the console must have been silent."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.console: list[str] = []
        self.contexts: list[BrowserContext] = []

    def __call__(self, *, width: int = 1280, theme: str = "light") -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, locale="en-US", reduced_motion="reduce"
        )
        context.set_default_timeout(WAIT_MS_MAX)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.goto(self.address)
        expect(page.get_by_role("heading", name="What the reader will see")).to_be_visible()
        expect(page.get_by_text("6 rows, with user ids masked")).to_be_visible()
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def tab_to(page: Page, name: str, role: str) -> None:
    """Press Tab until the focused element has this role and a name that begins so: a mouse is never needed."""
    wanted = page.get_by_role(role, name=re.compile("^" + re.escape(name)))
    for _ in range(TABS_MAX):
        if wanted.first.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"Tab never reached {role} “{name}”; it ended on {focused}")


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, in words."""
    if not AXE.is_file():
        missing("no axe-core: run `npm ci` in ui/")
    page.evaluate(AXE.read_text("utf-8"))
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes']]}" for one in violations]


def press_create(page: Page) -> None:
    """With the mouse. By text: while suggestions are open, the rest of the page is hidden from roles."""
    page.locator("button", has_text="Create export").click()


def test_whole_journey_by_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    tab_to(page, "month, From", "spinbutton")
    page.keyboard.type("10012023")
    tab_to(page, "month, Up to and including", "spinbutton")
    page.keyboard.type("10312023")
    tab_to(page, "Actions", "combobox")
    page.keyboard.type("login")
    page.keyboard.press("Enter")
    tab_to(page, "Users", "combobox")
    page.keyboard.type("user123")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows, with user ids masked")).to_be_visible()

    tab_to(page, "Create export", "button")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="Your file is ready")
    expect(heading).to_be_focused()
    expect(page.get_by_text("This file has no evidence with it")).to_be_visible()

    tab_to(page, "Download CSV", "link")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
    text = Path(download.value.path()).read_text("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["timestamp", "user_id", "action", "resource"]
    # The first day from its first moment, the last day to its last: and nobody else's events.
    assert [row[0][:19] for row in rows] == ["2023-10-01T00:00:00", "2023-10-31T23:59:59"]
    assert {row[2] for row in rows} == {"login"}
    tokens = {row[1] for row in rows}
    assert len(tokens) == 1
    assert tokens.pop().startswith("tk_")
    assert "user123" not in text
    assert open_page.console == []


def test_the_page_runs_under_a_strict_policy(open_page: OpenPage) -> None:
    """The server forbids what is inline, and the built page has nothing of it."""
    page = open_page()
    answer = page.request.get(open_page.address)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "'self'" in policy
    html = answer.text()
    assert not re.search(
        r"<script(?![^>]*\ssrc=)|<style[ >]|\sstyle=|\son\w+=", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    )
    assert open_page.console == []


def test_json_of_everything(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("radio", name="JSON").check(force=True)
    press_create(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON").click()
    rows = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert len(rows) == len(EVENTS)
    assert set(rows[0]) == {"timestamp", "user_id", "action", "resource"}


def test_values_are_suggested_typed_and_removed(open_page: OpenPage) -> None:
    page = open_page()
    actions = page.get_by_role("combobox", name="Actions")
    actions.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="login")).to_be_visible()
    page.get_by_role("option", name="file-download").click()
    page.keyboard.press("Escape")
    actions.press_sequentially("not.on.the.log")
    page.keyboard.press("Enter")
    chips = page.get_by_role("list", name="Actions chosen").get_by_role("listitem")
    expect(chips).to_have_text(["file-download", "not.on.the.log"])
    page.keyboard.press("Backspace")
    page.get_by_role("button", name="Remove file-download").click()
    expect(chips).to_have_count(0)
    expect(actions).to_be_focused()


def test_text_left_in_a_field_counts(open_page: OpenPage) -> None:
    """Typed but not entered must not silently mean “all”."""
    page = open_page()
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    press_create(page)
    expect(page.get_by_text("All dates, 1 user, all actions.")).to_be_visible()


def test_the_form_works_without_suggestions(open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/api/v1/values*", lambda route: route.fulfill(status=404, body="none"))
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    expect(page.get_by_text("the server did not list its values")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows, with user ids masked")).to_be_visible()


def test_an_empty_preview_says_which_condition_leaves_nothing(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("combobox", name="Actions").press_sequentially("login")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Users").press_sequentially("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Without the users: 5 rows.")).to_be_visible()
    page.get_by_role("button", name="Drop the users").click()
    expect(page.get_by_text("5 rows, with user ids masked")).to_be_visible()


def test_a_half_typed_date_is_no_open_end(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("spinbutton", name=re.compile("^month, From")).focus()
    page.keyboard.type("10")
    press_create(page)
    summary = page.get_by_role("region", name="The dates need a look")
    expect(summary).to_be_focused()
    summary.get_by_role("button", name="From").press("Enter")
    expect(page.get_by_role("spinbutton", name=re.compile("^month, From"))).to_be_focused()


def unprocessable(route: Route) -> None:
    body = {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "Change user_ids",
        "errors": [{"field": "user_ids.0", "message": "“user456” is too long"}],
    }
    route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(body))


def test_failures_say_what_to_do_and_keep_the_conditions(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    page.keyboard.press("Enter")
    export = "**/api/export-compliance-logs"

    page.route(export, lambda route: route.abort())
    press_create(page)
    expect(page.get_by_role("region", name="The server does not answer")).to_be_focused()

    page.unroute(export)
    page.route(export, unprocessable)
    press_create(page)
    expect(page.get_by_role("region", name="The server did not accept these conditions")).to_be_focused()
    assert page.get_by_text("“user456” is too long.").count() == 2, "at the top, and beside the field"

    page.unroute(export)
    page.route(export, lambda route: route.fulfill(status=503, headers={"Retry-After": "30"}, body="{}"))
    press_create(page)
    expect(page.get_by_text("Try again in 30 s.")).to_be_visible()

    page.unroute(export)
    press_create(page)
    expect(page.get_by_text("All dates, 1 user, all actions.")).to_be_visible()


def test_cancel_keeps_no_file_and_gives_the_focus_back(open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/api/export-compliance-logs", lambda _route: None)  # never answered
    press_create(page)
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    expect(page.get_by_role("progressbar", name="Export")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Create export")).to_be_focused()
    expect(page.get_by_text("Cancelled. No file was kept.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(open_page: OpenPage, theme: str, width: int) -> None:
    page = open_page(width=width, theme=theme)
    assert axe(page) == [], "the form"
    page.get_by_role("spinbutton", name=re.compile("^month, From")).focus()
    page.keyboard.type("10")
    press_create(page)
    expect(page.get_by_role("region", name="The dates need a look")).to_be_focused()
    assert axe(page) == [], "the form with faults"
    page.get_by_role("radio", name="Last 7 days").check(force=True)
    expect(page.get_by_text("No events match")).to_be_visible()
    assert axe(page) == [], "an empty preview"
    press_create(page)
    expect(page.get_by_role("heading", name="Your file is ready")).to_be_visible()
    assert axe(page) == [], "the file is ready"


@pytest.mark.parametrize("width", [320, 768, 1280, 1680])
def test_nothing_is_wider_than_the_window(open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
