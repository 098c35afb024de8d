"""The built UI: its page at the root, its assets beside it, and a plain page where it was not built."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from affidavit.web.who import SCOPE_KEY

STATIC: Final = Path(__file__).parent / "static"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "no-cache"
NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Affidavit: no form</title></head>
<body>
<h1>The form was not built</h1>
<p>The API works; this installation came without its pages. From a clone of the project, with Node.js installed:</p>
<pre>make ui</pre>
<p>Then load this page again. The same export is on the command line: <code>affidavit export --help</code>.</p>
</body>
</html>
"""


class Assets(StaticFiles):
    """Files named by a hash of their content: kept by browsers for good."""

    async def check_config(self) -> None:
        """The folder, or 404 where nothing was built."""
        try:
            await super().check_config()
        except RuntimeError:
            raise HTTPException(404) from None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = IMMUTABLE
        return response


def add_pages(app: FastAPI, prefix: str, *, sign_in_path: str = "") -> None:
    """Serve the UI under `prefix`. Only `prefix`/ itself is the page: unknown addresses stay 404.

    Who has not signed in is sent to `sign_in_path` first, where there is one.
    """

    async def page(request: Request) -> Response:
        if sign_in_path and request.scope.get(SCOPE_KEY) is None:
            return RedirectResponse(f"{request.scope.get('root_path', '')}{sign_in_path}", 303)
        index = STATIC / "index.html"
        if not index.is_file():
            return HTMLResponse(NOT_BUILT, 503)
        return FileResponse(index, headers={"Cache-Control": REVALIDATE})

    app.add_api_route(f"{prefix}/", page, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount(f"{prefix}/assets", Assets(directory=STATIC / "assets", check_dir=False), name="assets")
