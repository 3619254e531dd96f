"""Where people land who came by accident: back from paying without a finish URL, or on a wrong path."""

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


def wrong_path(gateway: Gateway, request: Request, status: int) -> Response:
    """On the Snap host, and where nothing of Midtrans lives, an HTML page says so."""
    asked = {"HTTP": f"{status} {request.method} {request.url.path}"}
    return _notice(gateway, request, "nothing", asked, status)


def _notice(
    gateway: Gateway, request: Request, name: str, facts: dict[str, str], status: int = 200
) -> Response:
    language = language_of(request, gateway.config.language)
    html = Pages().render("notice.html", language, name=name, facts=facts)
    return HTMLResponse(html, status_code=status)
