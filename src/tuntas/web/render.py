"""Templates with what each of them may use: texts, amounts, dates, and who is looking."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tuntas.http.caller import backend_of, language_of
from tuntas.language import date, date_time, rupiah, text
from tuntas.settings import Settings
from tuntas.store.models import User
from tuntas.web import assets, banks

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Where customers get help."""

    href: str
    shown: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        given = settings.tuntas_contact
        if given is None:
            return None
        return cls(given, given.removeprefix("https://")) if "://" in given else cls(f"mailto:{given}", given)


def page(
    request: Request,
    template: str,
    *,
    user: User | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401  a template's own names
) -> HTMLResponse:
    """Render a template in the visitor's language.

    `path` is where a GET finds this page, for choosing another language; the request's own unless told.
    """
    language = language_of(request)
    settings = backend_of(request).settings
    html = _environment.get_template(template).render(
        t=partial(_text, language),
        rupiah=rupiah,
        date=lambda moment: date(moment, language),
        date_time=lambda moment: date_time(moment, language),
        asset=assets.address,
        bank_name=banks.bank_name,
        store_name=banks.store_name,
        takes_from_any_bank=banks.FROM_ANY_BANK,
        lang=language,
        path=path or request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        site_host=urlsplit(settings.base_url).netloc,
        contact=Contact.of(settings),
        user=user,
        status=int(status),
        **context,
    )
    return HTMLResponse(html, status, headers)


def _text(language: Any, key: str, **values: object) -> str:  # noqa: ANN401  bound by partial above
    return text(key, language, **values)
