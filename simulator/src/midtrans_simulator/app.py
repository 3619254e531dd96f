"""The simulator as one ASGI app: Snap host, Core host and control plane on one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from midtrans_simulator.control import api as control
from midtrans_simulator.core import api as core
from midtrans_simulator.core import errors as core_errors
from midtrans_simulator.dashboard import page as dashboard
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import scripts
from midtrans_simulator.http.headers import SecurityHeaders
from midtrans_simulator.http.local_only import LocalOnly
from midtrans_simulator.payer import counters, landing, qr_image, three_ds
from midtrans_simulator.payments import acts, ovo, refunds, subscriptions
from midtrans_simulator.snap import api as snap
from midtrans_simulator.snap import page
from midtrans_simulator.state.config import SimulatorConfig

_CORE = ("v1", "v2")


def create_app(config: SimulatorConfig | None = None) -> Starlette:
    """A simulator of its own. Its lifespan runs the clock's events and the deliveries.

    `app.state.gateway` is the running gateway, for tests in the same process.
    """
    gateway = Gateway.create(config or SimulatorConfig())
    acts.register(gateway)
    refunds.register(gateway)
    ovo.register(gateway)
    subscriptions.register(gateway)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await gateway.courier.start()
        gateway.timers.clock_changed()
        timers = asyncio.create_task(gateway.timers.run())
        try:
            yield
        finally:
            timers.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timers
            await gateway.courier.stop()
            gateway.timers.clock_changed()
            gateway.store.close()

    app = Starlette(
        routes=[
            *snap.routes(gateway),
            *control.routes(gateway),
            *core.routes(gateway),
            *page.routes(gateway),
            *three_ds.routes(gateway),
            *qr_image.routes(gateway),
            *counters.routes(gateway),
            *dashboard.routes(gateway),
            *landing.routes(gateway),
            *scripts.routes(),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(LocalOnly, names=gateway.config.control_hosts)],
        exception_handlers={HTTPException: _wrong_path(gateway)},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # Core answers 404 to `/v2/charge/`, it sends nobody elsewhere
    app.state.gateway = gateway
    return app


def _wrong_path(gateway: Gateway) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What each host says to a path or a verb it does not have."""

    async def handler(request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 404
        path = request.url.path
        if path.split("/")[1] in _CORE:
            return core_errors.wrong_path(gateway, path, status)
        return landing.wrong_path(gateway, request, status)

    return handler
