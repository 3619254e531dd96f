"""`MidtransNew3ds`, the script of pages with a card form of their own (14)."""

from importlib import resources

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

_SCRIPT = resources.files("midtrans_simulator") / "static" / "midtrans-new-3ds.js"


def routes() -> list[Route]:
    return [Route("/v2/assets/js/midtrans-new-3ds.min.js", _script)]


async def _script(_: Request) -> Response:
    return FileResponse(str(_SCRIPT), media_type="text/javascript", headers={"Cache-Control": "no-cache"})
