"""The library build: the export form twice on a page that minds no one, and how much of it and the app is loaded."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from starlette.staticfiles import StaticFiles

from affidavit import AuditLog
from affidavit.web import mount, server
from tests.browser.conftest import missing

pytestmark = pytest.mark.browser

UI = Path(__file__).resolve().parents[2] / "ui"
KB = 1000
FIRST_LOAD_BYTES_MAX = 250 * KB
COMPONENT_BYTES_MAX = 130 * KB
EVENTS = [{"action": "login", "actor": f"u{n}", "at": f"2025-10-0{1 + n}T12:00:00Z"} for n in range(3)]
LOOKS = """root => [...root.querySelectorAll('*')].map(one => {
  const style = getComputedStyle(one);
  return [one.tagName, style.letterSpacing, style.fontStyle, style.textTransform, style.float, style.opacity,
          style.transform, style.backgroundColor, style.color, style.borderTopStyle].join(' ');
})"""


@pytest.fixture(scope="module")
def library():
    if not (UI / "node_modules").is_dir() or shutil.which("npm") is None:
        missing("no ui/node_modules: run `make ui`")
    for script in ("build:lib", "build:host"):
        subprocess.run(["npm", "run", "--silent", script], cwd=UI, check=True, capture_output=True)
    return UI / "dist"


@pytest.fixture(scope="module")
def host(library, tmp_path_factory):
    """An application with pages of its own, and the service mounted in it."""
    app = FastAPI()
    with AuditLog.open(tmp_path_factory.mktemp("host") / "home") as log:
        log.record_many(EVENTS)
        mount(app, log, "/audit")
        app.mount("/", StaticFiles(directory=library / "host", html=True))
        listener = server.listen(port=0)
        one = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=one.run, kwargs={"sockets": [listener]})
        thread.start()
        yield server.address(listener)
        one.should_exit = True
        thread.join(30)


def both(page: Page):
    return page.locator("#one"), page.locator("#two")


def test_two_of_them_work_on_a_hostile_page(window, host, picture):
    page = window(host, height=1600)
    one, two = both(page)
    for place in (one, two):
        expect(place.get_by_text("3 rows").first).to_be_visible()
    picture(page, "library-hostile")
    one.get_by_role("radio", name="JSON", exact=True).check(force=True)
    expect(two.get_by_role("radio", name="CSV", exact=True)).to_be_checked()
    users = two.get_by_role("combobox", name="Users")
    users.press_sequentially("u1")
    users.press("Enter")
    expect(two.get_by_text("1 row").first).to_be_visible()
    expect(one.get_by_text("3 rows").first).to_be_visible()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids)), "an id stands twice"
    assert window.console == []


def test_a_run_goes_on_in_the_place_of_the_form(window, host):
    """The host has no worker: the run waits, and can be given up for other conditions."""
    page = window(host, height=1600)
    one, two = both(page)
    expect(one.get_by_text("3 rows").first).to_be_visible()
    one.get_by_role("button", name="Create export").click()
    expect(one.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    expect(two.get_by_role("button", name="Create export")).to_be_visible()
    one.get_by_role("button", name="Cancel").press("Enter")
    expect(one.get_by_role("heading", name="The export was cancelled")).to_be_visible()
    one.get_by_role("button", name="Change conditions").press("Enter")
    expect(one.get_by_role("button", name="Create export")).to_be_visible()
    assert window.console == []


def test_nothing_of_the_host_comes_through(window, host, library):
    """Each element looks as on a page that has no rules of its own."""
    page = window(host)
    one, _ = both(page)
    expect(one.get_by_text("3 rows").first).to_be_visible()
    hostile = one.evaluate(LOOKS)
    own = (library / "affidavit-ui.css").read_text("utf-8")
    own += "body { margin: 0 } #one, #two { display: block; margin: 20px }"  # as wide as there
    page.route("**/*.css", lambda route: route.fulfill(body=own, content_type="text/css"))
    page.reload()
    expect(one.get_by_text("3 rows").first).to_be_visible()
    assert [pair for pair in zip(hostile, one.evaluate(LOOKS), strict=True) if pair[0] != pair[1]] == []


def test_the_host_keeps_its_own(window, host):
    page = window(host)
    expect(both(page)[0].get_by_text("3 rows").first).to_be_visible()
    assert page.get_by_role("heading", name="Compliance").evaluate("one => getComputedStyle(one).opacity") == "0.3"
    assert page.evaluate("Object.keys(window).filter(name => /affidavit/i.test(name))") == []
    assert page.title() == "A host that minds no one"


def test_the_component_is_small(library):
    packed = len(gzip.compress((library / "affidavit-ui.js").read_bytes()))
    assert packed <= COMPONENT_BYTES_MAX, f"{packed:,} bytes"


@pytest.mark.parametrize("page_of", ["", "#/events"])
def test_the_first_load_is_small(window, host, page_of):
    """All script that a page takes, packed, under a mount prefix."""
    scripts: list[bytes] = []
    page = window("about:blank")
    page.on("response", lambda answer: scripts.append(answer.body()) if answer.url.endswith(".js") else None)
    page.goto(f"{host}/audit/{page_of}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    packed = sum(len(gzip.compress(script)) for script in scripts)
    assert scripts
    assert packed <= FIRST_LOAD_BYTES_MAX, f"{packed:,} bytes"
