"""Reports in a real Chromium, against a real `affidavit serve` over an invented estate: chosen, run, read, fetched."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from affidavit.estate.estate import open_estate

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 20, 16, 42, tzinfo=UTC)
EVENTS = 3_000
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]
FAILED = "Failed to load resource"
H3 = "#/reports/H3"


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    place = tmp_path_factory.mktemp("reports") / "home"
    open_estate(place, NOW, EVENTS)[0].close()
    with serving(place) as found:
        yield found


@pytest.fixture
def opened(window, address):
    """`opened(hash, …)`: a page of the app; the console must stay silent, but for answers a test asked for."""

    def at(where: str = "#/reports", **options) -> Page:
        return window(address + where, **options)

    yield at
    assert [line for line in window.console if not line.startswith(FAILED)] == []


@pytest.fixture(scope="module")
def ran(address, chromium):
    """The hash of a run of H3 over the estate's days."""
    context = chromium.new_context()
    body = {"start": "2026-10-20", "end": "2026-11-20"}
    answer = context.request.post(f"{address}api/v1/reports/H3/run", data=body, headers={"Origin": address.rstrip("/")})
    assert answer.ok, answer.text()
    run = answer.json()["run"]["id"]
    context.close()
    return f"{H3}/{run}"


def test_a_report_is_found_run_and_read_by_keyboard(opened, address, tab_to, tmp_path):
    page = opened()
    tab_to(page, "Find", "searchbox")
    page.keyboard.type("sign-ins")
    tab_to(page, "Log-in monitoring", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Log-in monitoring", level=1)).to_be_focused()
    tab_to(page, "month, From", "spinbutton")
    page.keyboard.type("10202026")
    tab_to(page, "month, Up to", "spinbutton")
    page.keyboard.type("11202026")
    tab_to(page, "Run report", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    assert re.search(r"#/reports/H3/[0-9a-f-]{36}$", page.url)
    tab_to(page, "Critical", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Treat the account as taken")).to_be_visible()
    events = page.get_by_role("region", name="Success after many failures, rows").get_by_role("link")
    events.first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    assert "#/events/main/" in page.url
    page.go_back()
    tab_to(page, "Download", "button")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="JSON").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    kept = tmp_path / "report.json"
    download.value.save_as(kept)
    assert json.loads(kept.read_text("utf-8"))["report"]["id"] == "H3"


def test_what_is_asked_for_is_checked_at_its_field(opened):
    page = opened("#/reports/F1")
    page.get_by_role("button", name="Run report").click()
    subject = page.get_by_role("textbox", name="The student’s id")
    if not subject.count():
        subject = page.get_by_role("textbox", name=re.compile("student"))
    expect(subject).to_be_focused()
    expect(subject).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("is needed: this report is about one.")).to_be_visible()
    page = opened(H3)
    page.get_by_role("spinbutton", name=re.compile("failures", re.IGNORECASE)).first.fill("0")
    page.get_by_role("button", name="Run report").click()
    expect(page.get_by_text(re.compile("^0 is less than"))).to_be_visible()
    page.get_by_role("textbox", name="Only events that match").fill("nosuchfield:x")
    page.get_by_role("spinbutton", name=re.compile("failures", re.IGNORECASE)).first.fill("5")
    page.get_by_role("button", name="Run report").click()
    expect(page.get_by_role("alert")).to_contain_text("nosuchfield")


def test_numbers_stand_behind_each_picture_and_words_promise_nothing(opened, ran):
    page = opened(ran)
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    pictures = page.get_by_role("img")
    assert pictures.count() >= 3
    assert all(pictures.nth(at).get_attribute("aria-label") for at in range(pictures.count()))
    figure = page.get_by_role("figure", name="Attempts by system")
    figure.get_by_role("button", name="Table").click()
    expect(figure.get_by_role("cell").first).to_be_visible()
    said = page.inner_text("main").lower()
    assert "compliant" not in said
    assert "score" not in said
    assert "no data is not a pass" in said


def test_an_unknown_report_or_run_says_what_to_do(opened):
    page = opened("#/reports/ZZ9")
    expect(page.get_by_role("heading", name="There is no report ZZ9")).to_be_visible()
    page = opened(f"{H3}/00000000-0000-7000-8000-000000000000")
    expect(page.get_by_role("link", name="All reports")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing(opened, ran, axe, picture, width, height, theme):
    page = opened(width=width, height=height, theme=theme)
    expect(page.get_by_role("list", name="Reports")).to_be_visible()
    assert axe(page) == []
    picture(page, f"reports-{width}-{theme}")
    page = opened(H3, width=width, height=height, theme=theme)
    expect(page.get_by_role("button", name="Run report")).to_be_visible()
    assert axe(page) == []
    picture(page, f"reports-form-{width}-{theme}")
    page = opened(ran, width=width, height=height, theme=theme)
    page.get_by_role("button", name=re.compile("Success after many failures")).click()
    expect(page.get_by_text("Treat the account as taken")).to_be_visible()
    assert axe(page) == []
    picture(page, f"reports-run-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing hangs over the side"


def test_on_paper_and_in_forced_colours(opened, ran, picture):
    page = opened(ran, forced_colors="active")
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    picture(page, "reports-run-forced-colours")
    page = opened(ran)
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("button", name="Download")).to_be_hidden()
    expect(page.get_by_role("figure").first.get_by_role("cell").first).to_be_visible()
    picture(page, "reports-run-print")
