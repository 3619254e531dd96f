"""Frontends on another origin: what browsers ask before they call the API from there."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.http.errors import API_PATHS
from tuntas.midtrans.notification import WEBHOOK_PATH, WEBHOOK_PATHS_MEANT

_NOT_FOR_BROWSERS = frozenset({WEBHOOK_PATH, *WEBHOOK_PATHS_MEANT})
_METHODS = ("GET", "POST", "PATCH")
_HEADERS = ("Accept-Language", "Authorization", "Content-Type")
_EXPOSED = ("Link", "Retry-After")
_PREFLIGHT_SECONDS = 600


class CrossOrigin:
    """ASGI middleware around the API alone, for exact origins. Nothing else of ours is anybody's to read.

    Credentials are never allowed: what a browser attaches by itself, our cookie, does not count across
    origins. A frontend elsewhere sends its bearer token.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._api = (
            CORSMiddleware(
                app,
                allow_origins=origins,
                allow_methods=_METHODS,
                allow_headers=_HEADERS,
                expose_headers=_EXPOSED,
                max_age=_PREFLIGHT_SECONDS,
            )
            if origins
            else app
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and _is_for_browsers(scope["path"])
        await (self._api if is_api else self._app)(scope, receive, send)


def _is_for_browsers(path: str) -> bool:
    meant = "/" + path.lstrip("/")
    return meant.startswith(API_PATHS) and meant.rstrip("/") not in _NOT_FOR_BROWSERS
