"""verify.html in a real Chromium, opened from the disk, with no network to be had."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.verify.builder import Builder, pack

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "verifier" / "dist" / "verify.html"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VERDICTS = ["AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES"]
WAIT_MS_MAX = 20_000


def missing(what: str) -> None:
    """Skip on a developer's machine that lacks something; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: in CI the browser tests must run")
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("no Chromium")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    builder = Builder()
    bundle, trust = tmp_path / "bundle.zip", tmp_path / "trust.json"
    bundle.write_bytes(builder.zip())
    trust.write_text(json.dumps(builder.trust()))
    return bundle, trust


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The page from a file: URL. Whatever it logs as an error, or asks the network for, fails the test."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS_MAX)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if not re.match(r"file:|blob:", request.url) else None)
    page.goto(HTML.as_uri())
    yield page
    context.close()
    assert wrong == []


def verify(page: Page, bundle: Path, trust: Path) -> None:
    page.get_by_label("Bundle").set_input_files(bundle)
    page.get_by_label("Trust file").set_input_files(trust)
    page.get_by_role("button", name="Verify").click()


def shown(page: Page) -> dict[str, str]:
    """Status by verdict, once there are verdicts."""
    expect(page.get_by_role("heading", name="Five verdicts")).to_be_visible(timeout=WAIT_MS_MAX)
    items = page.locator("#verdicts > li")
    return {name: items.nth(n).locator(".chip").inner_text() for n, name in enumerate(VERDICTS)}


def axe(page: Page) -> list[str]:
    if not AXE.exists():
        missing("no axe-core: run `npm ci` in ui/")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}" for one in found for node in one["nodes"]
    ]


def test_verdicts_of_a_good_bundle(page: Page, files: tuple[Path, Path]) -> None:
    verify(page, *files)
    assert shown(page) == {
        "AUTHENTIC": "PASS",
        "COMPLETE": "PASS",
        "TIMED": "NOT PROVEN",
        "WITNESSED": "NOT PROVEN",
        "VIEW MATCHES": "PASS",
    }
    expect(page.get_by_role("status")).to_contain_text("AUTHENTIC: PASS")
    expect(page.get_by_role("heading", name="Five verdicts")).to_be_focused()
    assert "24 masked cells are the operator's statement" in page.locator("#verdicts").inner_text()
    assert page.locator("#steps > li").count() == 9


def test_verdicts_of_forged_bundles(page: Page, files: tuple[Path, Path], tmp_path: Path) -> None:
    builder = Builder(edit_files=lambda f: f.update({"data.csv": f["data.csv"].replace(b"grade:5", b"grade:6")}))
    forged = tmp_path / "cell.zip"
    forged.write_bytes(builder.zip())
    verify(page, forged, files[1])
    assert shown(page)["VIEW MATCHES"] == "FAIL"
    parts = builder.files()
    whole = files[0].read_bytes()
    lacking = pack({name: data for name, data in parts.items() if name != "salts.bin"})
    for n, data in enumerate((lacking, whole[:-1], whole + b"x", b"", b"PK")):
        forged = tmp_path / f"{n}.zip"
        forged.write_bytes(data)
        verify(page, forged, files[1])
        expect(page.get_by_role("status")).to_contain_text("AUTHENTIC: FAIL")
        assert set(shown(page).values()) == {"FAIL", "NOT PROVEN"}


def test_deflate_streams_end_where_their_members_end(page: Page, files: tuple[Path, Path], tmp_path: Path) -> None:
    """The browser's own inflate does this part, so it is asked about it."""
    from tests.verifier.forgeries import handmade

    parts = Builder().files()
    for n, change in enumerate(({"after": b"\0"}, {"after": b"\x03\0"}, {"stream": b"\xff\xff"}, {"stream": b""})):
        forged = tmp_path / f"{n}.zip"
        forged.write_bytes(handmade(parts, {"README.txt": change}))
        verify(page, forged, files[1])
        expect(page.get_by_role("status")).to_contain_text("AUTHENTIC: FAIL")
        assert "README.txt" in page.locator("#verdicts").inner_text()


def test_dropped_files_are_verified(page: Page, files: tuple[Path, Path]) -> None:
    drop = """([bundle, trust]) => {
        const list = new DataTransfer();
        list.items.add(new File([Uint8Array.from(trust)], "trust.json"));
        list.items.add(new File([Uint8Array.from(bundle)], "export.zip"));
        document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: list, bubbles: true, cancelable: true}));
    }"""
    page.evaluate(drop, [list(file.read_bytes()) for file in files])
    assert shown(page)["AUTHENTIC"] == "PASS"


def test_what_is_missing_or_refused_is_said(page: Page, files: tuple[Path, Path], tmp_path: Path) -> None:
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Choose the bundle, a zip.")).to_be_visible()
    expect(page.get_by_label("Bundle")).to_be_focused()
    bad = tmp_path / "bad.json"
    bad.write_text('{"tenant": 1}')
    verify(page, files[0], bad)
    expect(page.get_by_role("status")).to_contain_text("The trust file is not in form")
    expect(page.get_by_role("heading", name="Five verdicts")).to_be_hidden()


def test_the_first_words_are_a_warning(page: Page) -> None:
    first = page.locator("body").inner_text().split("\n")[0]
    assert "comes from the party under test" in first
    assert "released copy" in first


def test_the_policy_of_the_page_allows_no_connection() -> None:
    html = HTML.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(html.encode()) < 150_000


def test_the_keyboard_is_enough(page: Page, files: tuple[Path, Path]) -> None:
    page.get_by_label("Bundle").set_input_files(files[0])
    page.get_by_label("Trust file").set_input_files(files[1])
    page.get_by_label("Trust file").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Verify")).to_be_focused()
    page.keyboard.press("Enter")
    assert shown(page)["COMPLETE"] == "PASS"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(page: Page, files: tuple[Path, Path], tmp_path: Path, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    assert axe(page) == [], "the form"
    forged = tmp_path / "forged.zip"
    forged.write_bytes(Builder(edit_rows=lambda rows: rows.pop(4)).zip())
    verify(page, forged, files[1])
    assert set(shown(page).values()) == {"PASS", "FAIL", "NOT PROVEN"}
    assert axe(page) == [], "verdicts"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    if shots := os.environ.get("AFFIDAVIT_SHOTS"):
        page.screenshot(path=f"{shots}/verify-{theme}-{width}.png", full_page=True)
