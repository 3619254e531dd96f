"""What shops load from here: snap.js, MidtransNew3ds (seen live), and what the pages themselves need.

Midtrans, "snap.js".
"""

from collections.abc import Awaitable, Callable
from importlib import resources

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_STATIC = resources.files("midtrans_simulator") / "static"
_SCRIPTS = {
    "/snap/snap.js": "snap.js",
    "/v2/assets/js/midtrans-new-3ds.min.js": "midtrans-new-3ds.js",
}


def routes() -> list[BaseRoute]:
    return [
        *(Route(path, _serves(name)) for path, name in _SCRIPTS.items()),
        Mount("/snap/assets", StaticFiles(directory=str(_STATIC))),
    ]


def _serves(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        """Always asked for anew, so that a newer simulator is not hidden by the browser's cache."""
        return FileResponse(
            str(_STATIC / name), media_type="text/javascript", headers={"Cache-Control": "no-cache"}
        )

    return endpoint
