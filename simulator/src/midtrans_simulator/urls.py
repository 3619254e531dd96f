"""The simulator's own address, as whoever asks knows it."""

from urllib.parse import urlencode

from starlette.requests import Request


def base_url(request: Request) -> str:
    """`http://127.0.0.1:8100`, from the request's Host, without a trailing slash."""
    return f"{request.url.scheme}://{request.url.netloc}"


def with_query(url: str, **values: str) -> str:
    """`url` with these parameters joined by `?`, or by `&` when it has a query already (3.5)."""
    address, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(values)}{hash_mark}{fragment}"
