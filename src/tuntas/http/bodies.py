"""What people and programs send: the same fields are read by the API and by the pages' forms."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tuntas.domain.texts import is_keepable


def _iso_text(value: object) -> object:
    """`2027-02-14`; a number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("not_a_day", "a day is a text such as 2027-02-14")
    return value


def _keepable(text: str) -> str:
    """People are told; what machines send is cleaned instead, see `domain.texts`."""
    if not is_keepable(text):
        raise PydanticCustomError("not_keepable", "a text without control characters")
    return text


_ATOM = r"[\w!#$%&*+/=?^{|}~-]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"

Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\.[^\W\d_]{{2,}}$",
    ),
]
"""An address as mail servers and Midtrans take it: a slip such as `rani@example.test,` is told at once."""
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_keepable)
]
OrderId = Annotated[str, StringConstraints(min_length=1, max_length=50), AfterValidator(_keepable)]
Day = Annotated[date, BeforeValidator(_iso_text)]
Password = Annotated[str, StringConstraints(max_length=256)]


class Body(BaseModel):
    """What callers send: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class RegisterIn(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Siti", "email": "siti@tuntas.test", "password": "kata-sandi-siti"}]
        }
    )

    name: Text
    email: Email
    password: Password


class LogInIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "demo@tuntas.test", "password": "demo-password"}]}
    )

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Password


class InvitationIn(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"package_id": 2, "domain": "siti-arif", "title": "Siti & Arif", "event_date": "2027-03-20"}
            ]
        }
    )

    package_id: Id
    domain: Annotated[str, StringConstraints(max_length=255)]
    title: Text | None = None
    event_date: Day | None = None
    venue: Text | None = None


class InvitationPatch(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"venue": "Pendopo Agung, Yogyakarta"}]})

    domain: Annotated[str, StringConstraints(max_length=255)] | None = None
    title: Text | None = None
    event_date: Day | None = None
    venue: Text | None = None


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form that a page of ours sent.

    A form names its own charset, and some give half characters or cannot be read at all; no browser sends
    such. Raises HTTPException, 400.
    """
    try:
        fields = {name: str(value) for name, value in (await request.form()).items()}
        "".join(fields.values()).encode()
    except UnicodeError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error
    return fields
