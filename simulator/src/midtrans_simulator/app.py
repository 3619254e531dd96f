"""The simulator as one ASGI app: Snap host, Core host and control plane on one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import resources

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from midtrans_simulator import ovo, payments, refunds, subscriptions
from midtrans_simulator.config import SimulatorConfig
from midtrans_simulator.control import api as control
from midtrans_simulator.core import api as core
from midtrans_simulator.dashboard import page as dashboard
from midtrans_simulator.gateway import Gateway
from midtrans_simulator.headers import SecurityHeaders
from midtrans_simulator.payer import card_script, counters, qr_image, three_ds
from midtrans_simulator.snap import api as snap
from midtrans_simulator.snap import page

_STATIC = resources.files("midtrans_simulator") / "static"


def create_app(config: SimulatorConfig | None = None) -> Starlette:
    """A simulator of its own. Its lifespan runs the clock's events and the deliveries.

    `app.state.gateway` is the running gateway, for tests in the same process.
    """
    gateway = Gateway.create(config or SimulatorConfig())
    payments.register(gateway)
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
            *card_script.routes(),
            Route("/snap/snap.js", _script),
            Route("/snap/finish", _finished),
            *dashboard.routes(gateway),
            Mount("/snap/assets", StaticFiles(directory=str(_STATIC))),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    return app


async def _script(_: Request) -> Response:
    return FileResponse(
        str(_STATIC / "snap.js"), media_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


async def _finished(request: Request) -> Response:
    """Where customers land when nobody has set a finish URL."""
    text = "No finish URL is set: send callbacks.finish with the token request, or start with --finish-url."
    return _workshop("Back at the shop", [text], dict(request.query_params))


async def _not_here(_: Request, problem: Exception) -> Response:
    """A wrong path is an HTML page, as on Midtrans (4.2)."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    text = "Snap lives under /snap/v1, Core under /v2, the control plane under /_control."
    return _workshop("Nothing lives here", [text], {"HTTP status": str(status)}, status_code=status)


def _workshop(
    title: str, paragraphs: list[str], facts: dict[str, str], status_code: int = 200
) -> HTMLResponse:
    templates = jinja2.Environment(loader=jinja2.PackageLoader("midtrans_simulator"), autoescape=True)
    page_html = templates.get_template("workshop.html").render(
        title=title, paragraphs=paragraphs, facts=facts
    )
    return HTMLResponse(page_html, status_code=status_code)
