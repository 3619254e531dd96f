"""What is guessed first is refused; a sentence of one's own is not."""

import pytest

from tuntas.domain.passwords import is_common

SITI = {"email": "siti.ayu@example.test", "name": "Siti Ayu"}


@pytest.mark.parametrize(
    "password",
    [
        "12345678", "87654321", "1234567890", "11111111", "        ", "\u200b" * 9, "abcabcabc", "password",
        "Password1", "P@ssw0rd!", "passwordpassword", "qwerty123", "qwertyuiop", "asdfghjkl", "1q2w3e4r",
        "qwer1234", "a1234567", "abcd1234", "iloveyou", "sayang123", "bismillah", "Indonesia2025",
        "rahasia!!", "s4yang123", "admin@123", "siti.ayu@example.test", "SITI.AYU@EXAMPLE.TEST", "siti.ayu1",
        "Siti Ayu 99", "sitiayu!", "tuntas2026",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert is_common(password, **SITI)


@pytest.mark.parametrize(
    "password",
    [
        "a-long-password", "correct horse battery", "kucing-di-atap", "Xk29fj2lq", "gunung bromo 17",
        "kata-sandi-siti", "mendung tanpo udan",
    ],
)  # fmt: skip
def test_what_is_ones_own_is_taken(password: str) -> None:
    assert not is_common(password, **SITI)
