"""What stands around every page: navigation by role, shortcuts and their switch, banners, signing out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from affidavit import AuditLog
from affidavit.access import people
from affidavit.access.accounts import Grant
from affidavit.log import configuration

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
PEOPLE = {"ruth.adeyemi": "admin", "vera": "viewer"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("frame") / "home"
    with AuditLog.open(place) as log:
        log.record("login", actor="u1")
        for name, role in PEOPLE.items():
            people.choose_password(log, people.invite(log, name, Grant(role)), PASSWORD)
    return place


@pytest.fixture(scope="module")
def address(home, serving):
    with serving(home, "--sign-in") as found:
        yield found


@pytest.fixture
def as_person(window, address):
    """`as_person(name)`: the app as that person sees it."""

    def signed_in(name: str, **options):
        page = window(address + "sign-in", **options)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(re.escape(address) + r"(#.*)?$"))
        return page

    return signed_in


def pages_of(page):
    return page.get_by_role("navigation", name="Pages").get_by_role("link")


def test_each_role_sees_its_pages_and_who_it_is(as_person, picture):
    page = as_person("ruth.adeyemi", width=1440, height=900)
    for name in ("New export", "Events", "Exports", "Verify a bundle", "Settings"):
        expect(pages_of(page).filter(has_text=re.compile(f"^{name}"))).to_have_count(1)
    expect(page.get_by_role("banner")).to_contain_text("ruth.adeyemi")
    expect(page.get_by_role("banner")).to_contain_text("Admin")
    picture(page, "frame-admin")
    page = as_person("vera", width=1440, height=900)
    expect(page.get_by_role("heading", name="Your role does not include this page")).to_be_visible()
    expect(pages_of(page).filter(has_text="Settings")).to_have_count(1)
    expect(pages_of(page).filter(has_text=re.compile("export|Reports", re.IGNORECASE))).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Events").click()
    expect(page.get_by_role("grid").locator("tbody tr")).to_have_count(1)
    expect(page.get_by_text("You see: Internal")).to_be_visible()


def test_signing_out_ends_at_the_sign_in(as_person, address):
    page = as_person("vera")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert page.request.get(f"{address}api/v1/me").status == 401


def test_a_session_that_ended_is_said_with_the_way_back(as_person, address):
    page = as_person("vera")
    page.goto(f"{address}#/events")
    expect(page.get_by_role("heading", name="Events", exact=True)).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("textbox", name="Query").fill("action:login")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are no longer signed in")
    page.get_by_role("alert").get_by_role("link", name="Sign in again").click()
    page.wait_for_url(re.compile(r"/sign-in(#.*)?$"))


def test_logging_that_is_off_stands_on_every_page(home, as_person, axe, address):
    with AuditLog.open(home) as log:
        configuration.change(log, {"audit_logging": False}, "Nightly maintenance of the campus")
    try:
        page = as_person("ruth.adeyemi")
        for where in ("#/events", "#/"):
            page.goto(address + where)
            expect(page.get_by_text("Audit logging is off.")).to_be_visible()
        assert axe(page) == []
        viewer = as_person("vera")  # who may not read the configuration
        expect(viewer.get_by_text("Audit logging is off.")).to_be_visible()
    finally:
        with AuditLog.open(home) as log:
            configuration.change(log, {"audit_logging": True}, "Nightly maintenance is over")


def test_shortcuts_are_listed_and_can_be_switched_off(as_person, axe, picture):
    page = as_person("ruth.adeyemi", width=1440, height=900)
    pages_of(page).filter(has_text="Settings").click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_focused()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="New export", level=1)).to_be_focused()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    picture(page, "frame-shortcuts")
    assert axe(page) == []
    dialog.get_by_role("switch").press("Space")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    pages_of(page).filter(has_text="Settings").click()
    page.keyboard.press("e")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    expect(dialog).to_have_count(0)
    page.reload()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog.get_by_role("switch")).not_to_be_checked()


def test_back_and_an_address_that_leads_nowhere(as_person, address):
    page = as_person("ruth.adeyemi")
    page.goto(f"{address}#/none.such")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="New export").click()
    expect(page.get_by_role("heading", name="New export", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert page.title() == "No such page · Affidavit"


def test_a_page_whose_chunk_is_gone_says_so(as_person, address):
    page = as_person("ruth.adeyemi")
    page.route(re.compile(r"/assets/EventsPage-.*\.js"), lambda route: route.fulfill(status=404, body=""))
    page.goto(f"{address}#/events")
    expect(page.get_by_role("heading", name="This page did not load")).to_be_visible()
    page.unroute(re.compile(r"/assets/EventsPage-.*\.js"))
    page.get_by_role("button", name="Load again").click()
    expect(page.get_by_role("grid")).to_be_visible()


def test_on_a_phone_the_pages_are_in_a_menu(as_person, axe, picture):
    page = as_person("ruth.adeyemi", width=390, height=844)
    page.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("dialog", name="Menu")
    expect(menu.get_by_role("link", name="Events")).to_be_visible()
    picture(page, "frame-menu-390")
    assert axe(page, above=True) == []
    menu.get_by_role("link", name="Events").click()
    expect(menu).to_have_count(0)
    expect(page.get_by_role("heading", name="Events", exact=True)).to_be_visible()
