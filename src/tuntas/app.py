"""The web application: the API for programs and the pages for people."""

from fastapi import FastAPI

from tuntas.api import (
    PREFIXES_MEANT,
    accounts,
    configuration,
    health,
    invitations,
    openapi,
    payments,
    try_it,
    webhook,
)
from tuntas.api.trace_budget import TraceBudget
from tuntas.http import errors
from tuntas.http.body_limit import BodyLimit
from tuntas.http.cross_origin import CrossOrigin
from tuntas.http.last_word import LastWord
from tuntas.http.one_slash import OneSlash
from tuntas.usecases.backend import Backend
from tuntas.web.site import DemoLogIn, create_site


def create_app(backend: Backend, *, demo: DemoLogIn | None = None, at_a_desk: bool = False) -> FastAPI:
    """The caller owns the backend and closes it when the application is done.

    `at_a_desk` adds the page on which the API can be tried.
    """
    app = FastAPI(
        title="Tuntas",
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        routes=[*webhook.ROUTES, *health.ROUTES, *(try_it.routes() if at_a_desk else ())],
    )
    app.state.backend = backend
    app.state.traces = TraceBudget(burst=60, per_second=1)
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
    app.add_middleware(OneSlash)
    app.add_middleware(BodyLimit)
    app.add_middleware(LastWord)
    app.add_middleware(CrossOrigin, origins=backend.settings.allowed_origins)
    return app
