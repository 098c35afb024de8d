"""Verify a bundle, in a real Chromium: the offline page in its frame, and what a stranger needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from affidavit.demo import open_campus
from affidavit.export import legacy
from affidavit.export.run import run_export
from affidavit.verify.page import html

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(html() is None, reason="the verifier page is not built: make page"),
]

NOW = datetime(2025, 11, 24, 16, 42, tzinfo=UTC)
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """(home, bundle, trust file)."""
    folder = tmp_path_factory.mktemp("verify")
    log, _ = open_campus(folder / "home", NOW, 100)
    with log:
        run_export(log, legacy(zone=log.tenant.zone), folder / "bundle.zip", bundle=True)
        (folder / "trust.json").write_text(json.dumps(log.trust()))
    return folder / "home", folder / "bundle.zip", folder / "trust.json"


@pytest.fixture(scope="module")
def address(bundle, serving):
    with serving(bundle[0]) as found:
        yield found


@pytest.fixture
def opened(window, address):
    def at(**options) -> Page:
        page = window(f"{address}#/verify", **options)
        expect(page.frame_locator("iframe").get_by_role("heading", name="Verify a bundle")).to_be_visible()
        return page

    yield at
    assert window.console == []


def test_a_bundle_is_verified_in_the_frame(opened, bundle, picture):
    page = opened(height=1000)
    frame = page.frame_locator("iframe[title=Verifier]")
    frame.get_by_label("Bundle").set_input_files(bundle[1])
    frame.get_by_label("Trust file").set_input_files(bundle[2])
    frame.get_by_role("button", name="Verify").click()
    verdicts = frame.locator("#verdicts > li")
    expect(verdicts).to_have_count(5, timeout=60_000)
    expect(verdicts.filter(has_text="AUTHENTIC")).to_contain_text("PASS")
    expect(verdicts.filter(has_text="WITNESSED")).to_contain_text("NOT PROVEN")
    picture(page, "verify-done")


def test_the_frame_can_not_reach_the_page_around_it(opened):
    """Sandboxed without an origin, under its own policy: what it shows can't act for who is signed in."""
    page = opened()
    frame = page.frames[1]
    assert frame.evaluate("self.origin") == "null"
    assert frame.evaluate("(() => { try { return parent.document.title } catch { return 'refused' } })()") == "refused"


def test_the_trust_file_is_handed_over(opened, bundle, tab_to):
    page = opened()
    tab_to(page, "Download default-trust.json", "link")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert json.loads(download.value.path().read_text("utf-8")) == json.loads(bundle[2].read_text("utf-8"))


def test_without_the_page_it_says_what_else_there_is(window, address):
    page = window(address)
    page.route("**/verify.html", lambda route: route.fulfill(status=404, json={"status": 404}))
    page.goto(f"{address}#/verify")
    expect(page.get_by_role("heading", name="This installation has no verifier page")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_and_nothing_is_too_wide(opened, axe, picture, theme, width, height):
    page = opened(width=width, height=height, theme=theme)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    picture(page, f"verify-{width}-{theme}")
