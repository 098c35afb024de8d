"""The Events page in a real Chromium, against a real `affidavit serve` over the demo's campus."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from affidavit.demo import open_campus

pytestmark = pytest.mark.browser

NOW = datetime(2025, 11, 24, 16, 42, tzinfo=UTC)
EVENTS = 1200
ALL = "#/events?period=all"
ANSWERED_422 = "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    home = tmp_path_factory.mktemp("campus") / "home"
    log, _ = open_campus(home, NOW, EVENTS)
    log.close()
    with serving(home) as found:
        yield found


@pytest.fixture
def events(window, address):
    """`events(address of a search, width=…)`: the page with its first answer, and a silent console afterwards."""

    def opened(where: str = ALL, **options) -> Page:
        page = window(address + where, **options)
        expect(page.get_by_role("heading", name="Events", exact=True)).to_be_visible()
        return page

    yield opened
    assert window.console == []


def rows(page: Page):
    return page.get_by_role("grid").locator("tbody tr")


def counted(page: Page, address: str, q: str) -> str:
    answer = page.request.get(f"{address}api/v1/events", params={"q": q, "limit": 0, "count": "true"})
    return answer.json()["count"]["words"]


def test_whole_journey_by_keyboard(events, address, window, tab_to):
    page = window(address)
    tab_to(page, "Events", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Events", exact=True)).to_be_focused()
    assert page.title() == "Events · Affidavit"

    tab_to(page, "Last 7 days", "button")
    page.keyboard.press("Enter")
    tab_to(page, "All dates", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1,200 events").first).to_be_visible()

    page.keyboard.press("/")
    query = page.get_by_role("textbox", name="Query")
    expect(query).to_be_focused()
    page.keyboard.type("outcome:denied")
    page.keyboard.press("Enter")
    denied = counted(page, address, "outcome:denied")
    expect(page.get_by_text(f"{denied} events").first).to_be_visible()
    page.keyboard.press("Shift+Tab")  # out of the text, so that letters are keys again
    page.keyboard.press("j")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_text("1 event ticked")).to_be_visible()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_role("heading", level=2)).to_be_focused()
    expect(drawer.get_by_text("PASS")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(rows(page).nth(1)).to_be_focused()

    tab_to(page, "Export it", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New export")).to_be_focused()
    assert "id%3A" in page.url


def test_the_proof_is_checked_here_and_a_false_one_fails(events):
    page = events()

    def forge(route):
        answer = route.fetch()
        body = answer.json()
        body["proof"]["entry"] = body["proof"]["entry"].replace("success", "failure")
        route.fulfill(response=answer, body=json.dumps(body))

    page.route(re.compile(r"/api/v1/events/main/\d+"), forge)
    rows(page).filter(has_text="success").first.click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text("FAIL", exact=True)).to_be_visible()
    expect(drawer.get_by_text("It is not the hash of the entry.")).to_be_visible()


def test_what_is_wrong_is_said_with_the_column_and_the_nearest_field(events):
    page = events()
    query = page.get_by_role("textbox", name="Query")
    query.press_sequentially("login actor.roel:student")
    expect(page.get_by_text("Column 7: unknown field 'actor.roel'")).to_be_visible()
    expect(query).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="actor.roles").click()
    expect(query).to_have_value("login actor.roles:student")
    expect(query).to_have_attribute("aria-invalid", "false")
    query.press("Enter")
    chips = page.get_by_role("list", name="Conditions").get_by_role("listitem")
    expect(chips).to_have_text(["login", "actor.roles student"])
    page.get_by_role("button", name="Remove login").click()
    expect(query).to_be_focused()
    query.press("Backspace")
    expect(query).to_have_value("actor.roles:student")


def test_a_tick_is_a_condition_and_another_joins_it(events, address):
    page = events()
    filters = page.get_by_role("region", name="Filters")
    filters.get_by_role("checkbox", name="denied").check()
    chips = page.get_by_role("list", name="Conditions").get_by_role("listitem")
    expect(chips).to_have_text(["outcome denied"])
    filters.get_by_role("checkbox", name="failure").check()
    expect(chips).to_have_text(["outcome (denied,failure)"])
    both = counted(page, address, "outcome:(denied,failure)")
    expect(page.get_by_text(f"{both} events").first).to_be_visible()
    page.go_back()
    expect(chips).to_have_text(["outcome denied"])
    expect(filters.get_by_role("checkbox", name="failure")).not_to_be_checked()


def test_bars_narrow_by_dragging_and_by_the_table(events):
    page = events()
    expect(page.get_by_text("1,200 events").first).to_be_visible()
    chart = page.get_by_role("img", name=re.compile("^Events per"))
    expect(chart).to_have_accessible_name(re.compile("1,200, of them .* denied or failed"))
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 30)
    page.mouse.up()
    expect(page.get_by_text("1,200 events")).to_have_count(0)
    assert "from=" in page.url
    assert "to=" in page.url
    page.get_by_role("button", name="Table").click()
    numbers = page.get_by_role("region", name="Numbers of the chart")
    row = numbers.get_by_role("row").nth(1)
    events_in_it = row.get_by_role("cell").first.inner_text()
    row.get_by_role("button", name="Only these").click()
    words = "1 event" if events_in_it == "1" else f"{events_in_it} events"
    expect(page.get_by_role("region", name="Results").get_by_text(words, exact=True).first).to_be_visible()


def test_pages_go_both_ways(events):
    page = events()
    first = rows(page).first.text_content()
    assert first
    page.get_by_role("button", name="Older events").click()
    expect(page.get_by_text("51 to 100")).to_be_visible()
    assert rows(page).first.text_content() != first
    page.get_by_role("button", name="Newer events").click()
    expect(page.get_by_text("1 to 50")).to_be_visible()
    expect(rows(page).first).to_have_text(first)
    rows(page).nth(49).focus()
    page.keyboard.press("j")
    expect(page.get_by_text("51 to 100")).to_be_visible()
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_text("1 to 50")).to_be_visible()
    expect(rows(page).last).to_be_focused()


def record(page: Page, address: str, actor: str) -> None:
    body = {"action": "live.seen", "actor": actor}
    assert page.request.post(f"{address}api/v1/events", data=body).status == 201


def test_live_events_come_in_above_and_wait_while_paused(events, address):
    page = events("#/events?period=all&q=action%3Alive.seen")
    live = page.get_by_role("button", name="Live", exact=True)
    with page.expect_response("**/api/v1/events/live*"):
        live.click()
    record(page, address, "first")
    expect(rows(page).first).to_contain_text("first")
    expect(page.get_by_text("1 new event", exact=True)).to_be_attached()
    page.get_by_role("button", name="Pause").click()
    record(page, address, "second")
    expect(page.get_by_role("button", name="Go on, 1 waiting")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Go on, 1 waiting").click()
    expect(rows(page).first).to_contain_text("second")
    live.click()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_columns_are_chosen_and_kept(events):
    page = events()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("textbox", name="Find a field").fill("source.ip")
    page.get_by_role("checkbox", name=re.compile("^Address")).check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Columns")).to_be_focused()
    expect(page.get_by_role("columnheader", name="Address")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="Address")).to_be_visible()


def test_masks_are_hatched_and_explained_and_the_way_on_is_a_query(events):
    page = events("#/events?period=all&q=action%3Agrade.updated")
    rows(page).first.click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text("Changed, grade")).to_be_visible()
    page.get_by_role("button", name="Older event", exact=True).click()
    expect(rows(page).nth(1)).to_have_attribute("aria-selected", "true")
    drawer.get_by_role("button", name="All events of this actor").click()
    chips = page.get_by_role("list", name="Conditions").get_by_role("listitem")
    expect(chips).to_have_text([re.compile(r"^actor\.id ")])
    expect(drawer).to_have_count(0)


def test_queries_are_kept_under_names(events, window):
    page = events("#/events?period=all&q=outcome%3Afailure")
    page.get_by_role("button", name="Saved").click()
    page.get_by_label("Keep this query as").fill("Not A Name")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_contain_text("Not A Name")
    assert window.console == [ANSWERED_422]
    window.console.clear()
    page.get_by_label("Keep this query as").fill("went-wrong")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name=re.compile("^went-wrong"))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove outcome:failure").click()
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("button", name=re.compile("^went-wrong")).click()
    expect(page.get_by_role("list", name="Conditions")).to_contain_text("outcome failure")
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("button", name="Forget went-wrong").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_nothing_found_says_which_condition_leaves_nothing(events, address):
    page = events("#/events?period=all&q=outcome%3Adenied+actor.id%3Anobody")
    expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    denied = counted(page, address, "outcome:denied")
    page.get_by_role("button", name=f"Without actor.id:nobody: {denied}").click()
    expect(page.get_by_text(f"{denied} events").first).to_be_visible()
    page.goto(f"{address}#/events?q=outcome%3Adenied")
    page.get_by_role("button", name=f"All dates: {denied}").click()
    expect(rows(page).first).to_be_visible()


def test_failures_say_what_to_do(events, address, window):
    page = events("#/events?period=all&q=actor.roel%3Ax")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean actor.roles?")
    page.get_by_role("button", name="Change the query").click()
    expect(page.get_by_role("textbox", name="Query")).to_be_focused()
    problem = {"title": "Service Unavailable", "status": 503, "detail": "database: disk I/O error", "errors": []}
    search = re.compile(r"/api/v1/events\?")
    page.route(search, lambda route: route.fulfill(status=503, json=problem))
    page.goto(f"{address}{ALL}")
    expect(page.get_by_role("heading", name="The log does not answer")).to_be_visible()
    page.unroute(search)
    page.get_by_role("button", name="Try again").click()
    expect(rows(page).first).to_be_visible()
    assert all(text.startswith("Failed to load resource") for text in window.console)
    window.console.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(events, axe, picture, theme):
    page = events(theme=theme)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        expect(rows(page)).to_have_count(50)
        picture(page, f"events-{width}-{theme}")
    page.get_by_role("textbox", name="Query").fill("action:grade.updated actor.id:a.ferreira")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Conditions")).to_be_visible()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        expect(page.get_by_role("img", name=re.compile("^Events per"))).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(page) == [], f"the list at {width}"
        rows(page).filter(has_text="grade.updated").first.click()
        expect(page.get_by_text("PASS", exact=True)).to_be_visible()
        picture(page, f"events-open-{width}-{theme}")
        assert axe(page) == [], f"an event open at {width}"
        page.keyboard.press("Escape")


@pytest.mark.parametrize(("theme", "width"), [("dark", 320), ("light", 1280)])
def test_axe_finds_nothing_in_what_opens_and_what_fails(events, axe, picture, theme, width):
    page = events(theme=theme, width=width)
    for button, dialog in (("All dates", "Period"), ("Saved", "Saved queries"), ("Columns", "Columns")):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        picture(page, f"events-{dialog.lower().replace(' ', '-')}-{width}-{theme}")
        assert axe(page, above=True) == [], dialog
        page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Query").press_sequentially("outcome:denied actor.roel:x")
    expect(page.get_by_text("Column 16: unknown field")).to_be_visible()
    picture(page, f"events-fault-{width}-{theme}")
    assert axe(page) == [], "a query that can't be read"
    page.goto(page.url.partition("#")[0] + "#/events?period=all&q=actor.id%3Anobody")
    expect(page.get_by_role("button", name=re.compile("^Without"))).to_be_visible()
    picture(page, f"events-none-{width}-{theme}")
    assert axe(page) == [], "nothing found"


def test_forced_colours_and_double_size(events, picture):
    page = events(width=640, height=450, device_scale_factor=2)
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    picture(page, "events-zoom-200")
    page = events(forced_colors="active")
    expect(rows(page).first).to_be_visible()
    mark = rows(page).first.locator("[data-outcome] i")
    assert mark.evaluate("found => getComputedStyle(found).borderTopStyle") == "solid"
    picture(page, "events-forced-colours")


def test_on_paper_there_is_no_navigation_and_the_chart_has_its_table(events, picture):
    page = events()
    expect(rows(page).first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="Denied or failed")).to_be_visible()
    expect(rows(page).last).to_be_visible()
    picture(page, "events-print")
