"""The web application: the webhook for Midtrans, the API for programs, and the pages for people."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tuntas.api import accounts, health, invitations, payments
from tuntas.http import errors
from tuntas.http.body_limit import BodyLimit
from tuntas.http.last_word import LastWord
from tuntas.http.one_slash import OneSlash
from tuntas.intake.webhook import WEBHOOK_PATHS, Webhook
from tuntas.usecases.backend import Backend
from tuntas.web.site import DemoLogIn, create_site


class Application:
    """The webhook first, without what stands around everything else."""

    def __init__(self, backend: Backend, *, demo: DemoLogIn | None = None) -> None:
        """The caller owns the backend and closes it when the application is done."""
        self.site = create_site_and_api(backend, demo)
        self._webhook = Webhook(backend)
        self._entrance = LastWord(OneSlash(self._choose))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self.site
        await self._entrance(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        to_webhook = scope["type"] == "http" and scope["path"] in WEBHOOK_PATHS
        await (self._webhook if to_webhook else self.site)(scope, receive, send)


def create_site_and_api(backend: Backend, demo: DemoLogIn | None) -> FastAPI:
    app = FastAPI(
        title="Tuntas",
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        routes=[*health.ROUTES],
    )
    app.state.backend = backend
    for router in (accounts.router, invitations.router, payments.router):
        app.include_router(router, prefix="/api/v1")
    for prefix in ("/api", "/api/v1"):
        app.include_router(payments.token_router, prefix=prefix)
    errors.install(app)
    app.router.default = create_site(backend, demo)
    app.add_middleware(BodyLimit)
    return app
