"""For load balancers: `/healthz` says the process lives, `/readyz` that it can do its work."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tuntas.http.caller import backend_of


async def healthz(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    try:
        await backend_of(request).database.ping()
    except Exception:  # noqa: BLE001  any reason means: not ready
        return JSONResponse({"status": "database_unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"status": "ok"})


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz)]
