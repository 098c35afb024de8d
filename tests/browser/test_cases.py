"""Cases in a real Chromium, against a real `affidavit serve`: requests, incidents, their clocks and decisions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from affidavit import AuditLog
from affidavit.access import people
from affidavit.access.accounts import Grant
from affidavit.cases.caseload import Caseload

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
FAR_US = 4_000_000_000_000_000
SIZES = [(320, 700), (768, 900), (1280, 800), (1680, 1000)]
EXPECTED = ("Failed to load resource", "[DOM] ")
"""What a test asked for, and hints about forms."""


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("cases") / "home"
    with AuditLog.open(place) as log:
        for name, grant in (
            ("omar", Grant("officer")),
            ("ann@audit.example", Grant("auditor", expires_us=FAR_US)),
        ):
            people.choose_password(log, people.invite(log, name, grant), PASSWORD)
        load = Caseload(log)
        access = {"law": "gdpr", "right": "access", "subject_type": "student", "manner": "web form"}
        tomas = {**access, "subject_id": "L-20417", "subject_name": "Tomás Ferreira", "description": "A copy of all."}
        load.open("request", tomas, id="REQ-31", at=days_ago(12))
        load.change("REQ-31", "acknowledged", {"manner": "mail"}, at=days_ago(11.8))
        load.change("REQ-31", "verified", {"verified_how": "signed in at the portal"}, at=days_ago(9))
        load.change("REQ-31", "assigned", {"assignee": "s.imai"}, at=days_ago(8))
        load.open("request", {"law": "ccpa", "right": "delete", "subject_id": "c-77"}, id="REQ-32", at=days_ago(43))
        load.open("request", {**access, "subject_id": "L-1"}, id="REQ-33", at=days_ago(40))
        load.open("request", {**access, "subject_id": "L-2"}, id="REQ-34", at=days_ago(20))
        load.change("REQ-34", "closed", {"outcome": "withdrawn"}, at=days_ago(2))
        disk = {"law": "gdpr hipaa", "title": "Laptop lost on a train", "subject_count": "412"}
        load.open("incident", disk, id="INC-7", at=days_ago(1.2))
        load.open("incident", {"law": "gdpr", "title": "Wrong mailing list"}, id="INC-8", at=days_ago(5))
    return place


@pytest.fixture(scope="module")
def address(home, serving):
    with serving(home, "--sign-in") as found:
        yield found


@pytest.fixture
def as_person(window, address):
    """`as_person("omar", "#/requests")`: the page as that person sees it; a silent console afterwards."""

    def signed_in(name: str = "omar", where: str = "#/requests", **options) -> Page:
        page = window(address + "sign-in", **options)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(re.escape(address) + r"(#.*)?$"))
        page.goto(address + where)
        return page

    yield signed_in
    assert [line for line in window.console if not line.startswith(EXPECTED)] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_look_right_at_every_size(as_person, axe, picture, theme):
    page = as_person(theme=theme)
    shown = {
        "requests": ("#/requests", lambda: page.get_by_role("link", name=re.compile("Tomás"))),
        "request": ("#/requests/REQ-31", lambda: page.get_by_role("button", name="Close the request", exact=True)),
        "request-new": ("#/requests/new", lambda: page.get_by_role("button", name="Open the request")),
        "incident": ("#/incidents/INC-7", lambda: page.get_by_role("button", name="Assess the risk", exact=True)),
    }
    for name, (where, ready) in shown.items():
        page.evaluate("to => { location.hash = to; }", where)
        expect(ready()).to_be_visible()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert axe(page) == [], f"{name} at {width}"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width}"
            picture(page, f"case-{name}-{width}-{theme}")


def choose(page: Page, field: str, name: str) -> None:
    page.locator(f"[data-field={field}] button").press("ArrowDown")
    page.get_by_role("option", name=name).press("Enter")


def test_a_request_from_receipt_to_refusal(as_person, tab_to, address):
    page = as_person()
    tab_to(page, "Open a request", "link")
    page.keyboard.press("Enter")
    tab_to(page, "Open the request", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("3 things are missing or wrong")
    expect(page.locator("[data-field=law] button")).to_be_focused()
    choose(page, "law", "GDPR")
    choose(page, "right", "Erasure")
    page.get_by_label("Subject id").fill("c-9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Erasure: c-9")).to_be_visible()
    number = page.url.rsplit("/", 1)[1]
    assert number.startswith("REQ-")
    expect(page.get_by_role("img", name=re.compile(r"Information on action taken: .*Received.*Due"))).to_be_visible()

    page.get_by_role("button", name="Confirm receipt", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Confirm who it is")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Receipt confirmed. It stands on the log")).to_have_count(1)
    page.get_by_role("button", name="Close the request…").press("Enter")
    expect(page.get_by_role("heading", name="Close the request")).to_be_focused()
    expect(page.get_by_text("nothing can be granted before")).to_be_visible()
    page.get_by_role("radio", name="Complied All that").press("Space")
    close = page.get_by_role("button", name="Close the request", exact=True)
    close.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("identity was not verified")
    page.get_by_role("radio", name="Denied").press("Space")
    close.press("Enter")
    basis = page.get_by_label("What the refusal rests on")
    expect(basis).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("2 things")
    basis.fill("GDPR Art. 17(3)(b)")
    page.get_by_label("Remedy told").fill("Complaint to the authority, and to court")
    close.press("Enter")
    expect(page.get_by_role("heading", name="Nothing is left to decide")).to_be_focused()
    expect(page.get_by_text("Closed: denied.")).to_be_visible()
    page.get_by_role("link", name="Closed", exact=True).press("Enter")
    expect(page.get_by_role("complementary").filter(has_text="privacy.request.closed")).to_be_visible()
    facts = page.request.get(f"{address}api/v1/cases/{number}").json()["facts"]
    assert (facts["outcome"], facts["denial_basis"]) == ("denied", "GDPR Art. 17(3)(b)")


def test_what_the_server_refuses_stands_at_its_field(as_person):
    page = as_person(where="#/requests/REQ-33")
    page.get_by_role("button", name="Add a note…").press("Enter")
    page.get_by_role("textbox", name="Note").fill("Written the wrong day")
    day = page.locator("[data-field=at]")
    day.get_by_role("spinbutton", name=re.compile("^month")).press_sequentially("01022020")
    page.get_by_role("button", name="Add a note", exact=True).press("Enter")
    expect(day).to_contain_text("lies before the last event")
    expect(day.get_by_role("spinbutton").first).to_be_focused()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Written the wrong day")
    page.get_by_role("textbox", name="At").fill("half past")
    page.get_by_role("button", name="Add a note", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("“half past” is no time")
    page.get_by_role("button", name="Extend…").press("Enter")
    page.get_by_label("Why more time is needed").fill("Many systems")
    page.get_by_role("button", name="Extend", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("was due by")


def test_an_incident_is_opened_and_its_notice_decided(as_person):
    page = as_person(where="#/incidents/new")
    page.get_by_label("Title").fill("Backup tape missing")
    page.get_by_role("button", name="Open the incident").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Needed: law.")
    page.get_by_role("checkbox", name="GDPR").check(force=True)
    page.get_by_role("checkbox", name="NIS2").check(force=True)
    page.get_by_role("button", name="Open the incident").press("Enter")
    expect(page.get_by_text(re.compile(r"^(23|24) h left$")).first).to_be_visible()
    page.get_by_role("radio", name="Low").press("Space")
    page.get_by_role("button", name="Assess the risk", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Decide on a notice")).to_be_focused()
    choose(page, "notice", "Authority")
    page.get_by_role("radio", name="Not required").press("Space")
    page.get_by_label("Why it is owed or not").fill("The tape was encrypted")
    page.get_by_role("button", name="Decide on a notice", exact=True).press("Enter")
    expect(page.get_by_role("list", name="Limits")).to_contain_text("Not required")
    expect(page.get_by_role("complementary", name="What is known")).to_contain_text("The tape was encrypted")
    page.get_by_role("button", name="Add what is known…").press("Enter")
    expect(page.get_by_role("checkbox", name="NIS2")).to_be_checked()
    page.get_by_role("checkbox", name="HIPAA", exact=True).check(force=True)
    page.get_by_role("textbox", name="People affected").fill("about twelve")
    add = page.get_by_role("button", name="Add what is known", exact=True)
    add.press("Enter")
    expect(page.locator("[data-field=subject_count]")).to_contain_text("is no number")
    page.get_by_role("textbox", name="People affected").fill("12")
    add.press("Enter")
    expect(page.get_by_role("list", name="Limits")).to_contain_text("45 CFR 164.404(b)")


def test_a_list_is_narrowed_by_words_and_urgency(as_person):
    page = as_person()
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("REQ-32")
    expect(first).to_contain_text("days overdue")
    page.get_by_role("radio", name="Due soon or overdue").press("Space")
    expect(page.get_by_role("link", name=re.compile("Tomás"))).to_have_count(0)
    page.get_by_role("radio", name="Closed").press("Space")
    expect(page.get_by_role("row").filter(has_text="Closed: withdrawn")).to_be_visible()
    page.get_by_label("Find").fill("nobody at all")
    expect(page.get_by_role("heading", name="No requests fit")).to_be_visible()
    page.get_by_role("button", name=re.compile("Show all")).press("Enter")
    expect(page.get_by_role("link", name=re.compile("Tomás"))).to_be_visible()


def test_an_auditor_reads_cases_masked(as_person, picture):
    page = as_person("ann@audit.example")
    expect(page.get_by_role("row").filter(has_text="REQ-31")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Open a request"))).to_have_count(0)
    assert "Tomás" not in page.content()
    page.goto(page.url + "/REQ-31")
    expect(page.get_by_text("Steps are taken by officers and admins")).to_be_visible()
    expect(page.get_by_role("complementary", name="What is known")).to_contain_text("tk_")
    assert "Tomás" not in page.content()
    picture(page, "case-request-auditor")
    page.goto(page.url.replace("REQ-31", "REQ-404"))
    expect(page.get_by_role("alert")).to_contain_text("There is no case REQ-404")


def test_reference_data_is_loaded_from_a_file(as_person, axe, picture, tmp_path):
    page = as_person(where="#/settings/reference")
    people = page.get_by_role("row").filter(has_text="human resources")
    expect(people).to_contain_text("Not loaded")
    good, bad, more = (tmp_path / name for name in ("people.csv", "bad.csv", "more.csv"))
    good.write_text('id,name,roles\nu1,"Lovelace, Ada",teacher;dean\nu2,Grace Hopper,\n')
    bad.write_text("id,shoe\nu1,38\n")
    more.write_text("id,name\nu3,Alan Turing\n")

    def load(file) -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a file…").press("Enter")
        chooser.value.set_files(file)
        page.get_by_role("button", name="Load it").press("Enter")

    page.get_by_role("button", name="Load people").press("Enter")
    page.get_by_role("button", name="Load it").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
    load(bad)
    expect(page.get_by_role("alert")).to_contain_text("unknown column 'shoe'")
    assert axe(page, above=True) == []
    load(good)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(people).to_contain_text("2 rows")
    expect(people).to_contain_text("by omar")
    page.get_by_role("button", name="Load people").press("Enter")
    page.get_by_role("radio", name="Keep them").press("Space")
    load(more)
    expect(people).to_contain_text("3 rows")
    expect(people).to_contain_text("Version 2")
    page.reload()  # React Aria says “loaded” in a live region that names, for some seconds, a button now gone
    expect(people).to_contain_text("3 rows")
    assert axe(page) == []
    picture(page, "settings-reference")
