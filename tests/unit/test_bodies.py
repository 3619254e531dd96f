"""What people may type: told at once where it cannot be, rather than refused by Midtrans when they pay."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tuntas.http.bodies import Email, Text

EMAIL, TEXT = TypeAdapter(Email), TypeAdapter(Text)


@pytest.mark.parametrize(
    "address",
    [
        "rani@example.test",
        "rani.budi+nikah@mail.example.co.id",
        "r@a-b.id",
        "RANI_1@example.test",
        "rañi@contoh.id",
    ],
)
def test_an_address_that_mail_reaches_is_taken(address: str) -> None:
    assert EMAIL.validate_python(f"  {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "rani@example.test,", ",rani@example.test", "rani,budi@example.test", "rani@example.test;budi@b.test",
        "rani @example.test", "rani@exam ple.test", '"rani"@example.test', "'rani@example.test'",
        "<rani@example.test>", "rani@example.test>", "rani@example..test", "rani@.test", "rani@example.test.",
        "rani..b@example.test", ".rani@example.test", "rani.@example.test", "rani@-a.test", "rani@a-.test",
        "rani@a@b.test", "rani@a_b.test", "rani@a.1", "rani@a.b", "rani@(a).test", "rani\\@a.test",
        "r\x00@a.test",
        "rani@a.test\nbcc: x@y.test", "\ud83d@a.test", "mailto:rani@a.test", "@a.test", "rani@", "",
        "a" * 250 + "@b.id",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_slip_of_the_finger_in_an_address_is_told(address: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(address)


@pytest.mark.parametrize("text", ["nul\x00", "half \ud83d", "\x1b[2J", "over\rwritten", "\x9b"], ids=ascii)
def test_a_text_that_cannot_be_kept_is_told(text: str) -> None:
    with pytest.raises(ValidationError):
        TEXT.validate_python(text)


@pytest.mark.parametrize("text", ["Rani & Budi 🎉", "two\nlines", "tab\tstop", "Ñandú"])
def test_every_other_text_is_taken_as_it_is(text: str) -> None:
    assert TEXT.validate_python(text) == text
