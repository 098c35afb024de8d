"""A real Chromium, a real `affidavit serve` in a process of its own, axe, and pictures under build/screenshots/."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PAGE = ROOT / "src" / "affidavit" / "web" / "static" / "index.html"
PICTURES = ROOT / "build" / "screenshots"
START_S_MAX = 30
WAIT_MS_MAX = 15_000
TABS_MAX = 60
LOOKS_MAX = 3

# Chromium as root in a container, and quiet: it must look for nobody out there.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=WAIT_MS_MAX)


# Nothing is dimmed while its successor is on the way, and nothing moves but what always does: colours are final.
_AT_REST = """() => new Promise(rest => requestAnimationFrame(() => requestAnimationFrame(() => rest(
  document.querySelector("[data-old]") === null && document.getAnimations().every(
    one => one.playState !== "running" || one.effect.getTiming().iterations === Infinity)))))"""


def missing(what: str) -> NoReturn:
    """Skip on a developer's machine that lacks something; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: in CI the browser tests must run")
    pytest.skip(what)


@contextmanager
def running(home: Path, *options: str) -> Iterator[str]:
    """`affidavit serve` over a home, in a process of its own: its address, with a slash at the end."""
    if not PAGE.is_file():
        missing("the UI is not built: run `make ui`")
    run = "from affidavit.cli import main; main()"
    command = [sys.executable, "-c", run, "serve", "--home", str(home), "--port", "0", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            lines = iter(server.stdout.readline, "")
            found = next(filter(None, (re.search(r"listening on (http://\S+)", line) for line in lines)), None)
            assert found, "the server ended before it listened"
            yield found[1].rstrip("/") + "/"
        finally:
            server.terminate()
            server.wait(START_S_MAX)


@pytest.fixture(scope="session")
def serving():
    """`running`, for tests with a log of their own."""
    return running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("no chromium: install it (Debian: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Windows:
    """Opens windows, each with a profile of its own, and keeps what their consoles said."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.console: list[str] = []

    def __call__(self, url: str, *, width: int = 1280, height: int = 800, theme: str = "light", **options) -> Page:
        options = {"locale": "en-US", "reduced_motion": "reduce", "timezone_id": "UTC", **options}
        context = self._browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)
        context.set_default_timeout(WAIT_MS_MAX)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.goto(url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Windows]:
    """`window(url, width=…, theme=…)` is a page; `window.console` is what pages said there."""
    opened = Windows(chromium)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """What axe-core finds wrong, in words.

    `above`: something is open above the page. React Aria puts buttons for closing it by screen reader around it, and
    hides the rest of the page with its landmarks meanwhile: the rule that all is within landmarks can't hold then.
    """
    if not AXE.is_file():
        missing("no axe-core: run `npm ci` in ui/")
    source = AXE.read_text("utf-8")

    def once(page: Page, *, above: bool) -> list[str]:
        page.wait_for_function(_AT_REST)
        page.evaluate(source)
        options = {"resultTypes": ["violations"], "rules": {"region": {"enabled": not above}}}
        violations = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
        return [f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}" for one in violations]

    def run(page: Page, *, above: bool = False) -> list[str]:
        for _ in range(LOOKS_MAX):  # what is wrong stays so; an answer may have come while axe looked
            found = once(page, above=above)
            if not found:
                break
        return found

    return run


@pytest.fixture(scope="session")
def picture() -> Callable[[Page, str], None]:
    """Keep how a page looks, as build/screenshots/NAME.png."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=PICTURES / f"{name}.png")

    return take


@pytest.fixture(scope="session")
def tab_to() -> Callable[[Page, str, str], None]:
    """Press Tab until the focused element has this role and a name that begins so: a mouse is never needed."""

    def press(page: Page, name: str, role: str) -> None:
        wanted = page.get_by_role(role, name=re.compile("^" + re.escape(name)))
        for _ in range(TABS_MAX):
            if wanted.evaluate_all("found => found.some(one => one === document.activeElement)"):
                expect(wanted.first).to_be_visible()
                return
            page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        raise AssertionError(f"Tab never reached {role} “{name}”; it ended on {focused}")

    return press
