"""For load balancers `/healthz`: the process lives. For monitoring `/readyz`: all that belongs to it works.

`/readyz` also looks at the workers, which no restart of this process brings back: a balancer that took it
for its own check would take a healthy web server out because a worker is missing.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tuntas.http.caller import backend_of
from tuntas.usecases.backend import Backend
from tuntas.usecases.liveness import Pulse, Workers, workers

_ANSWER_SECONDS_MAX: Final = 2


async def healthz(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    found = await _workers(backend_of(request))
    if found is None:
        return JSONResponse({"status": "database_unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
    if found.pulse is Pulse.SILENT and found.last_beat_at is not None:
        silent = {"status": "worker_silent", "since": found.last_beat_at.isoformat()}
        return JSONResponse(silent, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"status": "ok", "worker": found.pulse})


async def _workers(backend: Backend) -> Workers | None:
    """None when the database does not answer in time; a connection that hangs is left to itself meanwhile."""
    asking = asyncio.create_task(_look(backend))
    try:
        await asyncio.wait({asking}, timeout=_ANSWER_SECONDS_MAX)
        return asking.result() if asking.done() else None
    except Exception:  # noqa: BLE001  any reason means: not ready
        return None
    finally:
        asking.cancel()


async def _look(backend: Backend) -> Workers:
    await backend.database.ping()
    return await workers(backend)


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz)]
