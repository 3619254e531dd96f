"""The faults of the API itself: slow, down, answering a proxy's page, or losing what it answers."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.state import faults as fault

Endpoint = Callable[[Request], Awaitable[Response]]
Apology = Callable[[int, str], JSONResponse]

_SORRY = "Sorry, we encountered internal server error. We will fix this soon."
_PAGE = """<html>
<head><title>{status} Bad Gateway</title></head>
<body><center><h1>{status} Bad Gateway</h1></center><hr><center>nginx</center></body>
</html>
"""


def with_faults(gateway: Gateway, endpoint: Endpoint, apology: Apology) -> Endpoint:
    """`endpoint`, through the faults that are on. `apology` writes an error as this host writes it."""

    async def guarded(request: Request) -> Response:
        path = request.url.path
        page = gateway.faults.strikes(fault.API_HTML, path)
        if page is not None:
            return HTMLResponse(_PAGE.format(status=page.status), status_code=page.status)
        down = gateway.faults.strikes(fault.API_DOWN, path)
        if down is not None:
            return apology(down.status, _SORRY)
        answer = await endpoint(request)
        slow = gateway.faults.strikes(fault.API_SLOW, path)
        if slow is not None:
            await asyncio.sleep(slow.by.total_seconds())
        lost = gateway.faults.strikes(fault.API_LOST, path)
        return apology(lost.status, _SORRY) if lost is not None else answer

    return guarded
