"""Where the notifications of a transaction go (Midtrans, "Override notification")."""

from starlette.requests import Request

from midtrans_simulator.gateway import Gateway

_MOST_URLS = 3


def notify_urls(gateway: Gateway, request: Request) -> list[str]:
    """Override replaces the dashboard's URL, Append adds to it; with both, only Override counts.

    Midtrans, "Override notification".
    """
    override = _listed(request.headers.get("x-override-notification"))
    if override:
        return override
    own = [gateway.config.notify_url] if gateway.config.notify_url else []
    appended = _listed(request.headers.get("x-append-notification"))
    return list(dict.fromkeys([*own, *appended]))


def _listed(header: str | None) -> list[str]:
    urls = [url.strip() for url in (header or "").split(",")]
    return [url for url in urls if url][:_MOST_URLS]
