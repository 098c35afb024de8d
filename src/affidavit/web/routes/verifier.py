"""What a stranger verifies bundles with: the offline page, and the trust file."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from affidavit.access.principal import Principal
from affidavit.errors import NotFound
from affidavit.log.audit_log import AuditLog
from affidavit.verify.page import PAGE, html
from affidavit.web.edge import POLICY_KEY
from affidavit.web.problems import documented
from affidavit.web.who import StateReader
from affidavit.web.work import log_of, work_of

FRAMED_BY_US: Final = "; frame-ancestors 'self'"
NOTHING: Final = "default-src 'none'"
_POLICY_RE: Final = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_NO_NAME_RE: Final = re.compile(r"[^A-Za-z0-9_-]+")

router = APIRouter(tags=["verify"])


@router.get(
    f"/{PAGE}",
    response_class=HTMLResponse,
    responses={**documented(401, 403, 404), 200: {"description": "The page", "content": {"text/html": {}}}},
    summary="The page that verifies bundles in a browser, without a network",
)
async def verify_page(request: Request, _who: Principal = StateReader) -> Response:
    """The same page as in every bundle, under the policy it brings: its own script and nothing else."""
    page = html()
    if page is None:
        raise NotFound("this installation came without the verifier page", "Use `affidavit verify`, or make page")
    found = _POLICY_RE.search(page)
    request.scope[POLICY_KEY] = (found[1].decode() if found else NOTHING) + FRAMED_BY_US
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


@router.get(
    "/api/v1/trust",
    response_class=Response,
    responses={
        **documented(401, 403, 503),
        200: {"description": "The trust file", "content": {"application/json": {"schema": {"type": "object"}}}},
    },
    summary="The trust file: what a verifier is to believe",
)
async def trust_file(request: Request, _who: Principal = StateReader) -> Response:
    """Keys of every log. Hand it to whoever verifies by another way than the bundles."""
    log = log_of(request)
    found: dict[str, Any] = await work_of(request).glance(AuditLog.trust, log)
    name = _NO_NAME_RE.sub("-", log.tenant.name).strip("-") or "tenant"
    text = msgspec.json.format(msgspec.json.encode(found)) + b"\n"
    headers = {"Content-Disposition": f'attachment; filename="{name}-trust.json"'}
    return Response(text, media_type="application/json", headers=headers)
