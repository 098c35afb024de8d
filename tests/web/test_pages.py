"""The built UI is served as it is, cached as its names allow, and named where it is missing."""

from __future__ import annotations

import pytest

from affidavit.web import pages


@pytest.fixture
def built(tmp_path, monkeypatch, log, serving):
    """A server over an invented build."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>form</title>")
    (tmp_path / "assets" / "index-a1b2.js").write_text("0")
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    with serving(log) as (client, _):
        yield client


def test_the_page_is_asked_for_again_and_its_assets_never(built):
    page, asset = built.get("/"), built.get("/assets/index-a1b2.js")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in asset.headers["content-type"]
    assert built.head("/").status_code == 200


@pytest.mark.parametrize(
    "path", "/index.html /exports /assets/none.js /assets/../index.html /assets/%2e%2e/index.html /assets/".split()
)
def test_only_the_page_itself_is_the_page(built, path):
    answer = built.get(path)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_without_a_build_the_page_says_how_to_make_it(tmp_path, monkeypatch, log, serving):
    monkeypatch.setattr(pages, "STATIC", tmp_path / "none")
    with serving(log) as (client, _):
        page = client.get("/")
        assert page.status_code == 503
        assert "make ui" in page.text
        assert client.get("/assets/x.js").status_code == 404
        assert client.get("/api/v1/status").status_code == 200
