"""Who is calling, in which language, and from where: for the API and the pages alike."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from tuntas.language import Language, negotiate
from tuntas.store.models import User
from tuntas.usecases import accounts
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import ForbiddenOrigin, Unauthenticated

SESSION_COOKIE = "tuntas_session"
LANGUAGE_COOKIE = "tuntas_language"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_BEARER = HTTPBearer(scheme_name="bearer", description="`token` of register or login.", auto_error=False)
"""Says in `openapi.json` which routes need a log-in; it decides nothing."""


def backend_of(request: Request) -> Backend:
    backend = request.app.state.backend
    if not isinstance(backend, Backend):
        raise TypeError("the application was made without a backend")
    return backend


def language_of(request: Request) -> Language:
    """The language chosen on the pages, else `Accept-Language`, else the configured one."""
    default = Language(backend_of(request).settings.tuntas_language)
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in set(Language):
        return Language(chosen)
    return negotiate(request.headers.get("accept-language"), default)


def bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def session_token(request: Request) -> str | None:
    """The bearer token, or the session cookie of our own pages; see `require_own_origin`."""
    token = bearer_token(request)
    if token is None and (token := request.cookies.get(SESSION_COOKIE)) is not None:
        require_own_origin(request)
    return token


def require_own_origin(request: Request) -> None:
    """Refuse what another site's page makes a browser send here with our cookie.

    Every current browser says where such a request comes from. Raises ForbiddenOrigin.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        host = request.headers.get("host")
        own = origin in {None, f"http://{host}", f"https://{host}"}
    if not own:
        raise ForbiddenOrigin


def network_address(request: Request) -> str | None:
    """Where the request comes from. Behind a proxy on this machine uvicorn has put the client's address here;
    see FORWARDED_ALLOW_IPS in docs/en/deploy.md for others.
    """
    return request.client.host if request.client else None


async def current_user(request: Request, _: Annotated[object, Security(_BEARER)]) -> User:
    """The caller. Raises Unauthenticated or SessionExpired."""
    token = session_token(request)
    if token is None:
        raise Unauthenticated
    return await accounts.authenticate(backend_of(request), token)


async def _current_backend(request: Request) -> Backend:
    """FastAPI calls what is not async in a thread, which costs more than some of our answers."""
    return backend_of(request)


async def _current_language(request: Request) -> Language:
    return language_of(request)


CurrentLanguage = Annotated[Language, Depends(_current_language)]
CurrentUser = Annotated[User, Depends(current_user)]
CurrentBackend = Annotated[Backend, Depends(_current_backend)]
