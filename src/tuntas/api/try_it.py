"""`/api/docs` under `tuntas dev`: the API's description as a page on which it can be tried, also offline.

Swagger UI's files come from the package `fastapi-offline`, of which nothing is run; production has neither
the package nor the page.
"""

from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

PATH = "/api/docs"
_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Tuntas: try the API</title>
  <link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
  <script defer src="/api/docs/assets/swagger-ui-bundle.js"></script>
  <script defer src="/api/docs/start.js"></script>
</head>
<body><main id="api"></main></body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#api",
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[BaseRoute]:
    """None where the package is not installed."""
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        return []
    assets = Path(package.origin).parent / "static"
    return [
        Route(PATH, _page),
        Route(f"{PATH}/start.js", _start),
        Mount(f"{PATH}/assets", StaticFiles(directory=assets)),
    ]


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


async def _start(_: Request) -> Response:
    return Response(_START, media_type="text/javascript", headers=_HEADERS)
