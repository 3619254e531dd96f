"""What people and programs send: the same fields are read by the API and by the pages' forms."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _iso_text(value: object) -> object:
    """`2027-02-14`; a number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("a day is a text such as 2027-02-14")  # noqa: TRY004  pydantic turns it into a 422
    return value


Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$"
    ),
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]
Day = Annotated[date, BeforeValidator(_iso_text)]
Password = Annotated[str, StringConstraints(max_length=256)]


class Body(BaseModel):
    """What callers send: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class RegisterIn(Body):
    name: Text
    email: Email
    password: Password


class LogInIn(Body):
    email: Annotated[str, StringConstraints(max_length=254)]
    password: Password


class InvitationIn(Body):
    package_id: Id
    domain: Annotated[str, StringConstraints(max_length=255)]
    title: Text | None = None
    event_date: Day | None = None
    venue: Text | None = None


class InvitationPatch(Body):
    domain: Annotated[str, StringConstraints(max_length=255)] | None = None
    title: Text | None = None
    event_date: Day | None = None
    venue: Text | None = None
