"""The simulator as one ASGI app: Snap host, Core host and control plane on one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from midtrans_simulator.control import api as control
from midtrans_simulator.core import api as core
from midtrans_simulator.dashboard import page as dashboard
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.http import scripts
from midtrans_simulator.http.headers import SecurityHeaders
from midtrans_simulator.payer import counters, notices, qr_image, three_ds
from midtrans_simulator.payments import acts, ovo, refunds, subscriptions
from midtrans_simulator.snap import api as snap
from midtrans_simulator.snap import page
from midtrans_simulator.state.config import SimulatorConfig


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
            *notices.routes(gateway),
            *scripts.routes(),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: notices.not_here(gateway)},
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    return app
