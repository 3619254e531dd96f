"""What is wrong with which field of a JSON request, in the caller's language and never in the parser's."""

from typing import Any

import pytest

from tests.stand import Stand
from tuntas.language import Language, text

pytestmark = pytest.mark.anyio

TOKEN, REGISTER, INVITATION = (
    "/api/midtrans/create-snap-token",
    "/api/v1/register",
    "/api/v1/invitations",
)
SITI = {"name": "Siti", "email": "siti@tuntas.test", "password": "kata-sandi-siti"}
NEW = {"package_id": 2, "domain": "siti-arif"}
CASES: list[tuple[str, object, str, str, dict[str, object]]] = [
    (TOKEN, {}, "invitation_id", "missing", {}),
    (TOKEN, {"invitation_id": "5"}, "invitation_id", "whole_number", {}),
    (TOKEN, {"invitation_id": 5.5}, "invitation_id", "whole_number", {}),
    (TOKEN, {"invitation_id": None}, "invitation_id", "whole_number", {}),
    (TOKEN, {"invitation_id": 0}, "invitation_id", "too_small", {"least": 1}),
    (TOKEN, {"invitation_id": 2**63}, "invitation_id", "too_large", {"most": 2**63 - 1}),
    (TOKEN, {"invitation_id": 5, "amount": "299000"}, "amount", "whole_number", {}),
    (TOKEN, {"invitation_id": 5, "renew": "yes"}, "renew", "yes_or_no", {}),
    (TOKEN, {"invitation_id": 5, "finish_url": "x" * 256}, "finish_url", "too_long", {"most": 255}),
    (TOKEN, [], "body", "object", {}),
    (TOKEN, "x", "body", "object", {}),
    (REGISTER, {**SITI, "name": " "}, "name", "too_short", {"least": 1}),
    (REGISTER, {**SITI, "name": "x" * 201}, "name", "too_long", {"most": 200}),
    (REGISTER, {**SITI, "name": 5}, "name", "text", {}),
    (REGISTER, {**SITI, "name": "a\x00b"}, "name", "characters", {}),
    (REGISTER, {**SITI, "email": "siti@tuntas.test,"}, "email", "email", {}),
    (INVITATION, {**NEW, "event_date": 5}, "event_date", "day", {}),
    (INVITATION, {**NEW, "event_date": "besok"}, "event_date", "day", {}),
    (INVITATION, {**NEW, "event_date": "2027-02-30"}, "event_date", "day", {}),
]


@pytest.mark.parametrize("language", list(Language))
async def test_each_wrong_field_is_named_in_the_callers_language(stand: Stand, language: Language) -> None:
    headers = {**await stand.bearer(), "Accept-Language": language}
    for path, body, field, sentence, values in CASES:
        reply = await stand.http.post(path, json=body, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request"), (body, reply.text)
        message = text(f"invalid.{sentence}", language, field=field, **values)
        assert reply.json()["errors"] == [{"field": field, "message": message}], body
        assert reply.json()["message"] == text("error.invalid_request", language)


async def test_what_stands_in_the_address_is_named_too(stand: Stand) -> None:
    headers = await stand.bearer()
    for address, field in (
        ("/api/v1/invitations/x", "invitation_id"),
        ("/api/v1/invitations?limit=x", "limit"),
        ("/api/v1/payments?limit=101", "limit"),
    ):
        (error,) = (await stand.http.get(address, headers=headers)).json()["errors"]
        assert error["field"] == field
        assert error["message"].startswith(field)


async def test_all_wrong_fields_are_told_at_once_and_only_so_many(stand: Stand) -> None:
    reply = await stand.http.post(REGISTER, json={"email": 5})
    told: list[dict[str, Any]] = reply.json()["errors"]
    assert [error["field"] for error in told] == ["name", "email", "password"]
