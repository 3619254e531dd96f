"""Templates with their words: what every page of the simulator is rendered with."""

import jinja2
from starlette.requests import Request

from midtrans_simulator.http import texts
from midtrans_simulator.protocol.methods import METHODS


class Pages:
    def __init__(self) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("midtrans_simulator"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )

    def render(self, template: str, language: str, **context: object) -> str:
        return self._templates.get_template(template).render(
            t=texts.translator(language),
            says=lambda key: texts.says(language, key),
            method_name=lambda code: texts.says(language, f"method.{code}") or METHODS[code].name,
            lang=language,
            rupiah=texts.rupiah,
            grouped=texts.grouped,
            date_time=lambda moment: texts.date_time(moment, language),
            **context,
        )


def language_of(request: Request, default: str) -> str:
    """`?language=` when it is one the pages speak, else `default`."""
    wanted = request.query_params.get("language", default)
    return wanted if wanted in texts.LANGUAGES else "id"
