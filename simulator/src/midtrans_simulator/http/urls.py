"""The simulator's own address, as whoever asks knows it."""

from urllib.parse import urlencode

from starlette.requests import Request


def base_url(request: Request) -> str:
    """`http://127.0.0.1:8100`: the public URL of the configuration, else from the request's Host."""
    public: str | None = request.app.state.gateway.config.public_url
    return public.rstrip("/") if public else f"{request.url.scheme}://{request.url.netloc}"


def with_query(url: str, **values: str) -> str:
    """`url` with these parameters joined by `?`, or by `&` when it has a query already.

    Midtrans, "Redirects".
    """
    address, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(values)}{hash_mark}{fragment}"
