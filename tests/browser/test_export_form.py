"""The form in a real Chromium, against a real `affidavit serve`."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from affidavit import AuditLog
from affidavit.log import configuration

pytestmark = pytest.mark.browser

EVENTS = [
    ("login", "user123", "/admin-panel", "2023-09-30T23:59:59Z"),
    ("login", "user123", "/admin-panel", "2023-10-01T00:00:00Z"),
    ("file-download", "user456", "/reports/financial-2023", "2023-10-01T13:30:00Z"),
    ("login", "user456", "/admin-panel", "2023-10-15T09:00:00Z"),
    ("login", "user123", "/admin-panel", "2023-10-31T23:59:59Z"),
    ("login", "user123", "/admin-panel", "2023-11-01T00:00:00Z"),
]
DATA_ONLY = "#/?evidence=none"
EXPECTED = "Failed to load resource"


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    """A server over a small log."""
    home = tmp_path_factory.mktemp("form") / "home"
    with AuditLog.open(home) as log:
        for action, actor, resource, at in EVENTS:
            log.record({"action": action, "actor": actor, "resource": resource, "at": at})
    with serving(home) as found:
        yield found


@pytest.fixture
def open_page(window, address):
    """`open_page(hash, …)`: the form, with its preview; by default for data only, which is sent at once."""

    def opened(where: str = DATA_ONLY, **options) -> Page:
        page = window(address + where, **options)
        expect(page.get_by_role("heading", name="What the reader will see")).to_be_visible()
        expect(page.get_by_text("6 rows, masked here as in the file")).to_be_visible()
        return page

    yield opened
    assert [line for line in window.console if not line.startswith(EXPECTED)] == []


def press_create(page: Page) -> None:
    """With the mouse. By text: while suggestions are open, the rest of the page is hidden from roles."""
    page.locator("button", has_text="Create export").click()


def test_whole_journey_by_keyboard(open_page, tab_to) -> None:
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
    expect(page.get_by_text("2 rows, masked here")).to_be_visible()

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


def test_the_page_runs_under_a_strict_policy(open_page, address) -> None:
    """The server forbids what is inline, and the built page has nothing of it."""
    page = open_page()
    answer = page.request.get(address)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "'self'" in policy
    html = answer.text()
    assert not re.search(
        r"<script(?![^>]*\ssrc=)|<style[ >]|\sstyle=|\son\w+=", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    )


def test_json_of_everything(open_page) -> None:
    page = open_page()
    page.get_by_role("radio", name="JSON", exact=True).check(force=True)
    press_create(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON").click()
    rows = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert len(rows) == len(EVENTS)
    assert set(rows[0]) == {"timestamp", "user_id", "action", "resource"}


def test_values_are_suggested_typed_and_removed(open_page) -> None:
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


def test_text_left_in_a_field_counts(open_page) -> None:
    """Typed but not entered must not silently mean “all”."""
    page = open_page()
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    press_create(page)
    expect(page.get_by_text("All dates, 1 user, all actions.")).to_be_visible()


def test_the_form_works_without_suggestions(open_page) -> None:
    page = open_page()
    page.route("**/api/v1/values*", lambda route: route.fulfill(status=404, body="none"))
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    expect(page.get_by_text("the server did not list its values")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows, masked here")).to_be_visible()


def test_an_empty_preview_says_which_condition_leaves_nothing(open_page) -> None:
    page = open_page()
    page.get_by_role("combobox", name="Actions").press_sequentially("login")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Users").press_sequentially("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Without the users: 5 rows.")).to_be_visible()
    page.get_by_role("button", name="Drop the users").click()
    expect(page.get_by_text("5 rows, masked here")).to_be_visible()


def test_a_half_typed_date_is_no_open_end(open_page) -> None:
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


def test_failures_say_what_to_do_and_keep_the_conditions(open_page) -> None:
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


def test_cancel_keeps_no_file_and_gives_the_focus_back(open_page) -> None:
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
@pytest.mark.parametrize("width", [320, 768, 1280, 1680])
def test_axe_finds_nothing(open_page, axe, picture, theme: str, width: int) -> None:
    page = open_page(width=width, theme=theme)
    assert axe(page) == [], "the form"
    picture(page, f"export-{width}-{theme}")
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
def test_nothing_is_wider_than_the_window(open_page, width: int) -> None:
    page = open_page(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_the_file_will_prove_is_said_before_it_is_made(open_page) -> None:
    page = open_page("#/")
    verdicts = page.get_by_role("listitem")
    complete = verdicts.filter(has_text="COMPLETE")
    expect(complete).to_contain_text("Provable")
    page.get_by_role("combobox", name="Users").press_sequentially("user456")
    page.keyboard.press("Enter")
    expect(complete).to_contain_text("Not provable")
    expect(complete).to_contain_text("actor.id")
    page.get_by_role("radio", name="None", exact=True).check(force=True)
    expect(page.get_by_text("Nothing by itself: it will have no evidence with it.")).to_be_visible()
    expect(verdicts.filter(has_text="COMPLETE")).to_have_count(0)


def test_more_conditions_are_read_while_they_are_typed(open_page) -> None:
    page = open_page("#/")
    more = page.get_by_role("textbox", name="More conditions")
    more.press_sequentially("actor.roel:x")
    fault = "Column 1: unknown field 'actor.roel'. Did you mean actor.roles?"
    expect(page.get_by_text(fault, exact=True)).to_be_visible()
    more.fill("resource:*panel OR action:file-download")
    expect(page.get_by_text("Valid", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="denied").check(force=True)
    expect(page.get_by_text("Without the outcomes: 6 rows.")).to_be_visible()
    page.get_by_role("button", name="Drop the outcomes").click()
    expect(page.get_by_text("6 rows, masked here as in the file")).to_be_visible()


def test_who_reads_it_decides_what_the_preview_shows(open_page) -> None:
    page = open_page("#/")
    rows = page.get_by_role("region", name="Preview rows")
    expect(rows.get_by_text(re.compile("^tk_")).first).to_be_visible()
    page.get_by_text("Values in clear").click()
    expect(rows.get_by_text("user456").first).to_be_visible()
    page.get_by_text("One person’s own data, nobody else’s").click()
    expect(page.get_by_text("No preview for these conditions.")).to_be_visible()
    page.get_by_role("combobox", name="Whose data it is").press_sequentially("user456")
    page.keyboard.press("Enter")
    expect(rows.get_by_text("user456").first).to_be_visible()


def test_only_allowed_formats_are_offered(window, serving, tmp_path) -> None:
    with AuditLog.open(tmp_path / "home") as log:
        log.record("login", actor="u1")
        configuration.change(log, {"export_formats": ["json", "pdf"]}, "policy of October")
    with serving(tmp_path / "home") as address:
        page = window(address)
        expect(page.get_by_role("radio", name="JSON", exact=True)).to_be_checked()
        expect(page.get_by_role("radio", name="PDF")).to_be_visible()
        expect(page.get_by_role("radio", name="CSV")).to_have_count(0)


def test_asking_again_after_no_answer_makes_one_run(open_page, address) -> None:
    page = open_page("#/")
    keys: list[str] = []

    def lose(route: Route) -> None:
        """The server makes the run; its answer is lost on the way."""
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    before = len(page.request.get(f"{address}api/v1/exports").json()["runs"])
    page.route("**/api/v1/exports", lose)
    press_create(page)
    expect(page.get_by_role("region", name="The server does not answer")).to_be_focused()
    page.unroute("**/api/v1/exports")
    with page.expect_request("**/api/v1/exports") as again:
        press_create(page)
    assert again.value.headers["idempotency-key"] == keys[0]
    expect(page.get_by_role("heading", name="All events")).to_be_visible()
    assert len(page.request.get(f"{address}api/v1/exports").json()["runs"]) == before + 1
