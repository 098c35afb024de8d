"""docs/reference/http.md names every address, field, header and limit there is."""

from __future__ import annotations

from pathlib import Path

from affidavit.web import create_app, guards, intake, server, streams, work
from affidavit.web.schemas import ExportRequest, RunRequest, StatusAnswer

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text("utf-8")


def test_every_address_is_in_the_reference(log):
    paths = create_app(log).openapi()["paths"]
    addresses = [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]
    assert [address for address in addresses if f"`{address}`" not in PAGE] == []


def test_every_field_and_header_is_in_the_reference(log):
    headers = create_app(log).openapi()["paths"]["/api/export-compliance-logs"]["post"]["responses"]["200"]["headers"]
    names = [f"`{name}`" for name in (*ExportRequest.model_fields, *headers)]
    names += [f"`{name}`" for name in RunRequest.model_fields]
    names += [f'"{name}"' for name in StatusAnswer.model_fields]
    assert [name for name in names if name not in PAGE] == []


def test_limits_are_as_the_reference_says():
    assert f"more than {guards.BODY_BYTES_MAX >> 20} MiB" in PAGE
    assert f"nothing for {streams.CLIENT_STALL_S_MAX:.0f} seconds" in PAGE
    assert f"At most {work.EXPORTS_AT_ONCE_MAX} downloads" in PAGE
    assert f"At most {work.LISTENERS_MAX} listeners" in PAGE
    body = f"at most {intake.BODY_BYTES_MAX >> 20} MiB, before and after decompression"
    assert f"{body}, and {intake.EVENTS_MAX:,} events" in PAGE
    assert f"body for {intake.BODY_STALL_S_MAX:.0f} seconds" in PAGE
    assert [kind for kind in intake.TYPES if f"`{kind}`" not in PAGE] == []
    assert f"get {server.STOP_TIMEOUT_S} seconds" in PAGE
