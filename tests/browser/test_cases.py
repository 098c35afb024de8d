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
