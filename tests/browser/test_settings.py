"""Settings in a real Chromium, against a real `affidavit serve` with sign-in: people, keys, grants, configuration."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from affidavit import AuditLog
from affidavit.access import accounts, keys, people
from affidavit.access.accounts import Grant

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
FAR_US = 4_000_000_000_000_000
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]
EXPECTED = ("Failed to load resource", "[DOM] ")
"""What a test asked for, and hints about forms."""
REASON = "Nightly maintenance"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("settings") / "home"
    place.mkdir()
    (place / "fields.toml").write_text('[fields.student_email]\nclass = "email"\n[fields.score]\ntype = "number"\n')
    with AuditLog.open(place) as log:
        log.record("login", actor="u1")
        for name, grant in (
            ("ruth", Grant("admin")),
            ("second-admin", Grant("admin")),
            ("omar", Grant("officer")),
            ("dev", Grant("developer")),
            ("ann@audit.example", Grant("auditor", start="2025-10-01", end="2025-12-31", expires_us=FAR_US)),
        ):
            people.choose_password(log, people.invite(log, name, grant), PASSWORD)
        keys.create_key(log, "ingest", Grant("developer"))
        keys.create_key(log, "old-import", Grant("developer"))
        accounts.end(log, "key", "old-import")
    return place


@pytest.fixture(scope="module")
def address(home, serving):
    with serving(home, "--sign-in") as found:
        yield found


@pytest.fixture
def as_person(window, address):
    """`as_person("ruth", "#/settings")`: the page as that person sees it; a silent console afterwards."""

    def signed_in(name: str = "ruth", where: str = "#/settings", **options) -> Page:
        page = window(address + "sign-in", **options)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(re.escape(address) + r"(#.*)?$"))
        page.goto(address + where)
        return page

    yield signed_in
    assert [line for line in window.console if not line.startswith(EXPECTED)] == []


def tab(page: Page, name: str):
    return page.get_by_role("tab", name=name)


def row(page: Page, name: str):
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=name))


def test_a_person_is_invited_changed_and_ended_by_keyboard(as_person, tab_to, window, address):
    page = as_person()
    tab_to(page, "Invite a person", "button")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Invite a person")
    expect(dialog.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Give the name they sign in with.")
    page.keyboard.type("sam@school.example")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name=re.compile("^Viewer")).press("Enter")
    tab_to(page, "Invite", "button")
    page.keyboard.press("Enter")
    secret = page.get_by_role("region", name="One-time link for sam@school.example")
    expect(secret).to_be_focused()
    link = secret.locator("code").inner_text()
    assert link.startswith(f"{address}welcome?token=")
    expect(page.get_by_role("status").filter(has_text="Invited sam@school.example.")).to_have_count(1)
    expect(row(page, "sam@school.example")).to_contain_text("Invited")
    tab_to(page, "I have it", "button")
    page.keyboard.press("Enter")
    expect(secret).to_have_count(0)

    theirs = window(link)
    theirs.get_by_label("New password").fill(PASSWORD)
    theirs.keyboard.press("Enter")
    theirs.wait_for_url("**/sign-in")

    page.reload()
    expect(row(page, "sam@school.example")).to_contain_text("Active")
    tab_to(page, "End the access of sam@school.example", "button")
    page.keyboard.press("Enter")
    asking = page.get_by_role("alertdialog")
    expect(asking).to_contain_text("They are signed out everywhere at once")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="End the access of sam@school.example")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "End access", "button")
    page.keyboard.press("Enter")
    expect(row(page, "sam@school.example")).to_contain_text("Ended")
    page.get_by_role("button", name="Give sam@school.example the access back").press("Enter")
    expect(row(page, "sam@school.example")).to_contain_text("Active")


def test_a_role_changes_and_a_refusal_is_said_in_the_dialog(as_person):
    page = as_person()
    page.get_by_role("button", name="Change what omar may do").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=re.compile("^Access ends on")).fill("2020-01-01")
    dialog.get_by_role("button", name="Change it").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("past")
    dialog.get_by_role("textbox", name=re.compile("^Access ends on")).fill("2099-01-01")
    dialog.get_by_role("button", name="Change it").press("Enter")
    expect(dialog).to_have_count(0)
    expect(row(page, "omar")).to_contain_text("until 2099-01-01")


def test_a_key_is_shown_once_rotated_and_ended(as_person, address):
    page = as_person(where="#/settings/keys")
    page.get_by_role("button", name="Make a key").press("Enter")
    dialog = page.get_by_role("dialog", name="Make a key")
    dialog.get_by_role("textbox", name="Name").fill("sis-sync")
    dialog.get_by_role("button", name="Make the key").press("Enter")
    secret = page.get_by_role("region", name="Key sis-sync")
    first = secret.locator("code").inner_text()
    assert first.startswith("afk_")
    status = f"{address}api/v1/status"
    bearer = {"Authorization": f"Bearer {first}"}
    assert page.request.get(status, headers=bearer).status == 200

    page.get_by_role("button", name="Rotate sis-sync").press("Enter")
    dialog = page.get_by_role("dialog", name="Rotate the key sis-sync?")
    expect(dialog).to_contain_text("1 day")
    dialog.get_by_role("button", name="Rotate it").press("Enter")
    second = page.get_by_role("region", name="Key sis-sync, new").locator("code").inner_text()
    assert second != first
    assert page.request.get(status, headers=bearer).status == 200, "the old text still works"
    expect(row(page, "sis-sync")).to_contain_text("the old text works until")

    page.get_by_role("button", name="End sis-sync").press("Enter")
    page.get_by_role("alertdialog").get_by_role("button", name="End the key").press("Enter")
    expect(row(page, "sis-sync")).to_contain_text("Ended")
    page.reload()
    expect(row(page, "sis-sync")).to_be_visible()
    assert second not in page.content()


def test_an_auditors_grant_has_a_period_and_an_end(as_person):
    page = as_person(where="#/settings/auditors")
    expect(row(page, "ann@audit.example")).to_contain_text("2025-10-01 to 2025-12-31")
    page.get_by_role("button", name="Invite an auditor").press("Enter")
    dialog = page.get_by_role("dialog", name="Invite an auditor")
    dialog.get_by_role("textbox", name="Name").fill("bea@audit.example")
    dialog.get_by_role("button", name="Invite").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("an auditor’s always does")
    dialog.get_by_role("textbox", name="Events from").fill("2025-01-01")
    dialog.get_by_role("textbox", name="up to and including").fill("2025-12-31")
    dialog.get_by_role("textbox", name="Access ends on").fill("2098-06-30")
    expect(dialog.get_by_role("checkbox", name="main")).to_be_checked()
    dialog.get_by_role("button", name="Invite").press("Enter")
    expect(row(page, "bea@audit.example")).to_contain_text("2025-01-01 to 2025-12-31")
    expect(row(page, "bea@audit.example")).to_contain_text("until 2098-06-30")


def test_the_configuration_is_changed_with_a_reason(as_person, address):
    page = as_person("omar", "#/settings/configuration")
    page.get_by_role("textbox", name="Keep for").fill("1 fortnight")
    page.get_by_role("button", name="Save…").press("Enter")
    dialog = page.get_by_role("dialog", name="Save retention?")
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("fortnight")
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Keep for").fill("7 years")
    page.get_by_role("checkbox", name="XLSX").uncheck(force=True)
    page.get_by_role("textbox", name="Class or path").fill("ip")
    page.get_by_role("button", name="Add").press("Enter")
    expect(page.get_by_text("Not saved yet: retention, formats of exports, masking.")).to_be_visible()
    page.get_by_role("button", name="Save…").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Why").fill("Policy of October")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"by omar: Policy of October")).first).to_be_visible()
    expect(page.get_by_role("list", name="Masks")).to_contain_text("ip")
    found = page.request.get(f"{address}api/v1/configuration").json()
    assert (found["retention"], found["masking"]) == ("7 years", {"ip": "remove"})
    assert "xlsx" not in found["export_formats"]

    page.goto(f"{address}#/")
    expect(page.get_by_role("radio", name="CSV")).to_be_visible()
    expect(page.get_by_role("radio", name="XLSX")).to_have_count(0)


def test_logging_is_switched_off_and_on_with_a_reason(as_person, axe, picture):
    page = as_person("ruth", "#/settings/configuration")
    page.get_by_role("button", name="Switch it off…").press("Enter")
    dialog = page.get_by_role("alertdialog", name="Switch audit logging off?")
    expect(dialog.get_by_role("textbox", name="Reason")).to_be_focused()
    expect(dialog).to_contain_text("What happens meanwhile can never be recorded")
    page.keyboard.type("short")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("at least 8 characters")
    assert axe(page, above=True) == []
    picture(page, "settings-logging-off")
    dialog.get_by_role("textbox", name="Reason").fill(REASON)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Switch it on…")).to_be_visible()
    expect(page.get_by_text(re.compile(f"by ruth: {REASON}"))).to_be_visible()
    page.get_by_role("button", name="Switch it on…").press("Enter")
    page.get_by_role("dialog").get_by_role("textbox", name="Reason").fill(REASON)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Switch it off…")).to_be_visible()


def test_tabs_are_moved_by_arrows_and_kept_in_the_address(as_person, tab_to):
    page = as_person()
    tab_to(page, "People", "tab")
    page.keyboard.press("ArrowRight")
    expect(tab(page, "API keys")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Make a key")).to_be_visible()
    assert page.url.endswith("#/settings/keys")
    page.reload()
    expect(tab(page, "API keys")).to_have_attribute("aria-selected", "true")


def test_tabs_a_role_may_not_see_are_not_there(as_person):
    page = as_person("omar")
    expect(page.get_by_role("tab")).to_have_text(["Declared fields", "Reference data", "Configuration"])
    page = as_person("dev", "#/settings/configuration")
    expect(page.get_by_text("Retention", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Switch it off…")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Keep for")).to_have_count(0)
    # Typed into the address it is no way around.
    page.goto(page.url.replace("configuration", "people"))
    expect(tab(page, "Declared fields")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_and_nothing_is_too_wide(as_person, axe, picture, theme, width, height):
    page = as_person(width=width, height=height, theme=theme)
    for name, shows in (
        ("People", "ann@audit.example"),
        ("API keys", "old-import"),
        ("Auditors’ grants", "ann@audit.example"),
        ("Declared fields", "student_email"),
        ("Configuration", "Export frequency"),
    ):
        tab(page, name).click()
        expect(page.get_by_role("tabpanel").get_by_text(shows).first).to_be_visible()
        assert axe(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        picture(page, f"settings-{name.split()[0].lower()}-{width}-{theme}")
    tab(page, "People").click()
    page.get_by_role("button", name="Invite a person").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page, above=True) == [], "a dialog"
    picture(page, f"settings-invite-{width}-{theme}")
