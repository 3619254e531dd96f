"""The session as a cookie: who is looking at a page."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tuntas.http.caller import SESSION_COOKIE, backend_of
from tuntas.store.models import User
from tuntas.usecases import accounts
from tuntas.usecases.errors import SessionExpired, Unauthenticated

Page = Callable[[Request], Awaitable[Response]]
CustomerPage = Callable[[Request, User], Awaitable[Response]]


async def visitor(request: Request) -> User | None:
    """The logged-in user, or None for a stranger or an ended session."""
    token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        return None
    try:
        return await accounts.authenticate(backend_of(request), token)
    except (Unauthenticated, SessionExpired):
        return None


def customers_only(handler: CustomerPage) -> Page:
    """Send strangers to the log-in page, and back here afterwards.

    What a customer sees is not kept by the browser: Back after logging out shows nothing of it.
    """

    async def guarded(request: Request) -> Response:
        user = await visitor(request)
        if user is None:
            return RedirectResponse(f"/login?next={quote(_here(request), safe='')}", 303)
        response = await handler(request, user)
        response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


def _here(request: Request) -> str:
    """Where a visitor comes back to: this page, or the one whose form was sent, which is asked again."""
    if request.method in {"GET", "HEAD"}:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        form = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return local_path(None)
    return local_path(form.path if form.netloc == request.headers.get("host") else None)


def remember(request: Request, response: Response, token: str) -> None:
    """Give the browser its session cookie."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(accounts.SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=backend_of(request).settings.base_url.startswith("https://"),
    )


def local_path(target: str | None) -> str:
    """Where to send a browser: a path of ours, never another site."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        return target
    return "/invitations"
