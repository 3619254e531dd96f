"""Who may pull the strings: control plane and dashboard answer to this machine's names and their own pages.

A page anywhere on the web can make a browser send requests to localhost. What Midtrans serves (Snap, Core,
the payment page) answers everybody, as Midtrans does; what only a simulator has does not.
"""

import functools
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ANY_NAME = "*"
_STRINGS = ("/_control", "/_dashboard")
_LOOPBACK_NAMES = ("localhost", "localhost.localdomain")
_HOSTS_REMEMBERED = 64
_READING = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"same-origin", "none"})
"""Of `Sec-Fetch-Site`: our own page, or an address that was typed in."""


class LocalOnly:
    """`names` are further host names under which control plane and dashboard may be reached; `*`: any."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_string(scope["path"]):
            refusal = self._refusal(scope["method"], Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        name = _name_of(host)
        if not (_loopback(name) or name in self._names or ANY_NAME in self._names):
            return _refused(
                "not_a_local_name",
                f"control plane and dashboard answer to localhost only, not to {name or 'no name'}; "
                f"to open them under it, start with --control-host {name or 'NAME'}",
            )
        origin = headers.get("origin")
        if origin is not None and _site(origin) != host.lower():
            return _refused("foreign_origin", f"a page of {origin} may not do this; use the dashboard's own")
        site = headers.get("sec-fetch-site")
        if site is not None and site not in _OWN_SITE and method not in _READING:
            return _refused("foreign_origin", "a page of another site may not do this")
        return None


def _is_string(path: str) -> bool:
    return path == "/" or path.startswith(_STRINGS)


@functools.lru_cache(_HOSTS_REMEMBERED)
def _name_of(host: str) -> str:
    """Without the port: `127.0.0.1`, `::1`, `localhost`; empty when it is no host at all."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _site(origin: str) -> str | None:
    """Host and port of an Origin; None for `null` and what is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


@functools.lru_cache(_HOSTS_REMEMBERED)
def _loopback(name: str) -> bool:
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _refused(code: str, message: str) -> JSONResponse:
    return JSONResponse({"message": message, "code": code}, status_code=403)
