"""Exports in a real Chromium, against a real `affidavit serve`: asked for, followed, fetched, repeated."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from affidavit import AuditLog
from affidavit.demo import open_campus
from affidavit.export import jobs, legacy
from affidavit.export.worker import ExportWorker
from affidavit.verify import verify_bundle

pytestmark = pytest.mark.browser

NOW = datetime(2025, 11, 24, 16, 42, tzinfo=UTC)
EVENTS = 600
ASKED = "#/?q=action:grade.*&from=2025-10-01&to=2025-11-24&profile=auditor&recipient=Audit committee&reason=Request 14"
WAIT_MS = 30_000
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]
FAILED = "Failed to load resource"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A campus with one finished bundle, one plain file and one cancelled run."""
    place = tmp_path_factory.mktemp("exports") / "home"
    log, _ = open_campus(place, NOW, EVENTS)
    with log:
        zone = log.tenant.zone
        spec = legacy("2025-10-01", "2025-10-31", zone=zone)
        jobs.request(log, spec, bundle=True)
        jobs.request(log, legacy(user_ids=["u9999"], zone=zone), bundle=False)
        with ExportWorker(log) as worker:
            while worker.round().runs:
                pass
        jobs.cancel(log, jobs.request(log, legacy(actions=["login"], zone=zone), bundle=False).id)
    return place


@pytest.fixture(scope="module")
def address(home, serving):
    with serving(home) as found:
        yield found


@pytest.fixture
def opened(window, address):
    """`opened(hash, …)`: a page of the app; the console must stay silent, but for answers a test asked for."""

    def at(where: str = "#/exports", **options) -> Page:
        return window(address + where, **options)

    yield at
    assert [line for line in window.console if not line.startswith(FAILED)] == []


def row(page: Page, text: str):
    return page.get_by_role("row").filter(has_text=text)


def finished(page: Page) -> None:
    expect(page.get_by_role("heading", name="Checked before you got it")).to_be_visible(timeout=WAIT_MS)


def test_whole_journey_by_keyboard(opened, home, address, tab_to, tmp_path):
    page = opened(ASKED)
    expect(page.get_by_text(re.compile(r"rows, masked here as in the file|^First 10 of"))).to_be_visible()
    verdicts = page.get_by_role("listitem").filter(has_text="COMPLETE")
    expect(verdicts).to_contain_text("Provable")
    tab_to(page, "Create export", "button")
    page.keyboard.press("Enter")
    finished(page)
    assert re.search(r"#/exports/[0-9a-f-]{36}$", page.url)
    # Where it was seen being made the focus is at its title, else where every page begins.
    expect(page.locator(":focus")).to_have_role("heading")
    expect(page.get_by_role("heading", name="grade.* events")).to_be_visible()
    expect(page.get_by_text("For Audit committee. Request 14.")).to_be_visible()
    assert page.title().startswith("Export of ")

    tab_to(page, "Download bundle", "link")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    bundle = tmp_path / download.value.suggested_filename
    download.value.save_as(bundle)
    trust = json.loads(page.request.get(f"{address}api/v1/trust").text())
    result = verify_bundle(bundle, trust)
    assert result.ok
    with zipfile.ZipFile(bundle) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["export"]["recipient"] == "Audit committee"
    assert manifest["profile"] == "auditor"
    # What the page says of it is what a stranger finds.
    for verdict in result.verdicts.values():
        line = page.get_by_role("listitem").filter(has_text=verdict.name)
        expect(line).to_contain_text(str(verdict.status))
    expect(page.get_by_role("complementary", name="On the log").get_by_text("Downloaded")).to_be_visible()

    tab_to(page, "Again with these settings", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New export")).to_be_focused()
    expect(page.get_by_role("textbox", name="More conditions")).to_have_value("action:grade.*")
    expect(page.get_by_role("radio", name="Auditor")).to_be_checked()
    expect(page.get_by_role("textbox", name="Why you need it")).to_have_value("Request 14")
    expect(page.get_by_role("group", name="From").get_by_role("spinbutton").first).to_have_text("10")


def test_the_history_says_what_was_asked_and_what_came_of_it(opened):
    page = opened()
    done = row(page, "1 to 31 October 2025")
    for words in ("CSV in a bundle", "3 PASS, 2 NOT PROVEN", "kept until", "index"):
        expect(done).to_contain_text(words)
    expect(row(page, "All events by u9999")).to_contain_text("no evidence")
    expect(row(page, "Cancelled")).to_have_count(1)


def test_filters_narrow_the_history_and_say_how_many_are_left(opened):
    page = opened()
    count = page.get_by_role("status").filter(has_text="exports")
    all_of_them = count.inner_text()
    page.get_by_role("radio", name="Failed, cancelled").check(force=True)
    expect(count).to_have_text(re.compile(r"^1 of \d+ exports$"))
    page.get_by_role("searchbox", name="Find").fill("u9999")
    expect(page.get_by_role("heading", name="No exports fit")).to_be_visible()
    page.get_by_role("button", name="Show all").press("Enter")
    expect(count).to_have_text(all_of_them)


def test_the_data_of_a_bundle_alone(opened):
    page = opened()
    page.get_by_role("link", name="All events", exact=True).click()
    finished(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^Data only, CSV")).click()
    assert download.value.suggested_filename.endswith(".csv")
    assert Path(download.value.path()).read_text("utf-8-sig").startswith("timestamp,user_id,action,resource\n")


def going(page: Page, **told: object) -> dict[str, object]:
    """Let the server's answer about one run say that it is still going on. What it tells can be changed."""
    state = {"state": "running", "stage": "Write", "done": 11_480, "total": 18_200, "ended": None, "outcome": None}
    state.update(told)

    def answer(route):
        route.fulfill(json=route.fetch().json() | state)

    page.route(re.compile(r"/api/v1/exports/[0-9a-f-]+$"), answer)
    page.route("**/progress", lambda _route: None)  # the line stands, and nothing comes
    return state


def test_progress_by_stage_comes_by_itself_and_can_be_cancelled(opened, address, tab_to):
    page = opened()
    state = going(page)
    run = page.request.get(f"{address}api/v1/exports").json()["runs"][-1]

    def tell(route):
        """One piece of news, and the line breaks off; asked anew, the server says the same."""
        state.update(stage="Prove", done=18_200)
        page.unroute("**/progress", tell)
        body = f"retry: 3000\n\nevent: run\ndata: {json.dumps(run | state)}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")

    def cancel(route):
        state.update(cancelling=True)
        route.fulfill(json=run | state)

    page.route("**/progress", tell)
    page.route("**/cancel", cancel)
    page.goto(f"{address}#/exports/{run['id']}")
    expect(page.get_by_role("heading", name="Adding proofs")).to_be_visible()
    bar = page.get_by_role("progressbar", name="Export")
    expect(bar).to_have_attribute("aria-valuetext", "Adding proofs, 18,200 of 18,200")
    expect(page.get_by_text("You may leave. It goes on without you.")).to_be_visible()
    stages = page.get_by_role("list", name="Stages").get_by_role("listitem")
    expect(stages.filter(has_text="Prove")).to_have_attribute("aria-current", "step")
    tab_to(page, "Cancel", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cancelling")).to_be_visible()
    state.update(state="cancelled", reason="cancelled", cancelling=False)
    page.reload()
    expect(page.get_by_role("heading", name="The export was cancelled")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_an_export_that_waits_says_for_what(opened):
    page = opened()
    going(page, state="queued", stage="", total=None, attempt=0)
    page.get_by_role("link", name="All events by u9999", exact=True).click()
    expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_what_fails_says_what_to_do(opened):
    page = opened()
    page.get_by_role("link", name="login events", exact=True).click()
    expect(page.get_by_role("heading", name="The export was cancelled")).to_be_visible()
    expect(page.get_by_role("link", name="Again with these settings")).to_be_visible()

    page.goto(page.url.rpartition("/")[0] + "/none")
    expect(page.get_by_role("alert").filter(has_text="There is no such export")).to_be_visible()

    page.route("**/api/v1/exports?*", lambda route: route.abort())
    page.goto(page.url.rpartition("/")[0])
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="The server does not answer")).to_be_visible(timeout=WAIT_MS)
    page.unroute("**/api/v1/exports?*")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("table")).to_be_visible()


def test_before_the_first_export(window, tmp_path, serving, axe):
    with AuditLog.open(tmp_path / "home"):
        pass
    with serving(tmp_path / "home") as address:
        page = window(address + "#/exports")
        expect(page.get_by_role("heading", name="No exports yet")).to_be_visible()
        assert axe(page) == []
        page.get_by_role("main").get_by_role("link", name="New export").press("Enter")
        expect(page.get_by_role("heading", name="New export")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_and_nothing_is_too_wide(opened, axe, picture, theme, width, height):
    page = opened(width=width, height=height, theme=theme)
    expect(page.get_by_role("table")).to_be_visible()
    assert axe(page) == [], "the history"
    picture(page, f"exports-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("radio", name="Going on").check(force=True)
    expect(page.get_by_role("heading", name="No exports fit")).to_be_visible()
    assert axe(page) == [], "none fits"
    page.get_by_role("button", name="Show all").click()

    page.get_by_role("link", name="All events", exact=True).click()
    finished(page)
    expect(page.get_by_text("Each download is added here")).to_be_visible()
    assert axe(page) == [], "a bundle"
    picture(page, f"export-done-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") == width

    going(page)
    page.reload()
    expect(page.get_by_role("heading", name="Writing rows")).to_be_visible()
    assert axe(page) == [], "a run under way"
    picture(page, f"export-progress-{width}-{theme}")
    page.unroute_all(behavior="ignoreErrors")


def test_meaning_stands_in_forced_colours_and_on_paper(opened, picture):
    page = opened(forced_colors="active", height=1000)
    page.get_by_role("link", name="All events", exact=True).click()
    finished(page)
    chip = page.get_by_text("NOT PROVEN", exact=True).first
    assert chip.evaluate("chip => getComputedStyle(chip).borderTopStyle") == "dashed"
    picture(page, "export-done-forced-colours")
    page.emulate_media(media="print", forced_colors="none")
    expect(page.get_by_role("link", name=re.compile("^Download bundle"))).to_be_hidden()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("heading", name="What it does not prove")).to_be_visible()
    picture(page, "export-done-print")
