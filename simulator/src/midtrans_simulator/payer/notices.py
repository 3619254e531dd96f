"""Pages for those who came to an address by accident: no finish URL, and a wrong path (4.2)."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http.pages import Pages, language_of
from midtrans_simulator.snap.result import OWN_FINISH


def routes(gateway: Gateway) -> list[Route]:
    async def finished(request: Request) -> Response:
        """Where customers land when nobody has set a finish URL."""
        return _notice(gateway, request, "finish", dict(request.query_params))

    return [Route(OWN_FINISH, finished)]


def not_here(gateway: Gateway) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A wrong path is an HTML page, as on Midtrans."""

    async def handler(request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 404
        asked = {"HTTP": f"{status} {request.method} {request.url.path}"}
        return _notice(gateway, request, "nothing", asked, status)

    return handler


def _notice(
    gateway: Gateway, request: Request, name: str, facts: dict[str, str], status: int = 200
) -> Response:
    language = language_of(request, gateway.config.language)
    html = Pages().render("notice.html", language, name=name, facts=facts)
    return HTMLResponse(html, status_code=status)
