"""The web application: the webhook for Midtrans, the API for programs, and the pages for people."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from tuntas.api import (
    PREFIXES_MEANT,
    accounts,
    configuration,
    health,
    invitations,
    openapi,
    payments,
    try_it,
)
from tuntas.http import errors
from tuntas.http.body_limit import BodyLimit
from tuntas.http.cross_origin import CrossOrigin
from tuntas.http.last_word import LastWord
from tuntas.http.one_slash import OneSlash
from tuntas.intake.elsewhere import Elsewhere
from tuntas.intake.webhook import WEBHOOK_PATHS, Webhook
from tuntas.usecases.backend import Backend
from tuntas.web.site import DemoLogIn, create_site


class Application:
    """The webhook first, without what stands around everything else."""

    def __init__(self, backend: Backend, *, demo: DemoLogIn | None = None, at_a_desk: bool = False) -> None:
        """The caller owns the backend and closes it when the application is done.

        `at_a_desk` adds the page on which the API can be tried.
        """
        self.site = create_site_and_api(backend, demo, at_a_desk=at_a_desk)
        self._others = Elsewhere(self.site, backend)
        self._webhook = LastWord(Webhook(backend))
        self._entrance = OneSlash(self._choose)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._entrance(scope, receive, send)

    async def _choose(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in WEBHOOK_PATHS:
            scope["app"] = self.site
            await self._webhook(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def create_site_and_api(backend: Backend, demo: DemoLogIn | None, *, at_a_desk: bool) -> FastAPI:
    app = FastAPI(
        title="Tuntas",
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        routes=[*health.ROUTES, *(try_it.routes() if at_a_desk else ())],
    )
    app.state.backend = backend
    routers = (accounts.router, configuration.router, invitations.router, payments.router)
    for router in routers:
        app.include_router(router, prefix="/api/v1")
    for prefix in ("/api", "/api/v1"):
        app.include_router(payments.token_router, prefix=prefix)
    for router in routers:
        for meant in PREFIXES_MEANT:
            app.include_router(router, prefix=meant, include_in_schema=False)
    app.include_router(payments.token_router, prefix="/v1", include_in_schema=False)
    errors.install(app)
    openapi.install(app)
    app.router.default = create_site(backend, demo)
    app.add_middleware(BodyLimit)
    app.add_middleware(LastWord)
    app.add_middleware(CrossOrigin, origins=backend.settings.allowed_origins)
    return app
