"""Templates with what each of them may use: texts, amounts, dates, and who is looking."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tuntas.http.caller import language_of
from tuntas.language import date, date_time, rupiah, text
from tuntas.store.models import User

STATIC = Path(__file__).parent / "static"

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    *,
    user: User | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401  a template's own names
) -> HTMLResponse:
    """Render a template in the visitor's language."""
    language = language_of(request)
    html = _environment.get_template(template).render(
        t=partial(_text, language),
        rupiah=rupiah,
        date=lambda moment: date(moment, language),
        date_time=lambda moment: date_time(moment, language),
        lang=language,
        path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        user=user,
        status=int(status),
        **context,
    )
    return HTMLResponse(html, status, headers)


def _text(language: Any, key: str, **values: object) -> str:  # noqa: ANN401  bound by partial above
    return text(key, language, **values)
