"""The guides name buttons and states as the pages do, each in its reader's language."""

from pathlib import Path

import pytest

from tuntas.language import Language, text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "language", "keys"),
    [
        ("README.md", Language.EN, ["checkout.pay_now"]),
        ("README.md", Language.ID, ["checkout.pay_now"]),
        ("docs/en/start.md", Language.EN, ["login.demo_fill", "checkout.pay_now", "payment.paid"]),
        ("docs/id/start.md", Language.ID, ["login.demo_fill", "checkout.pay_now", "payment.paid"]),
    ],
)
def test_a_guide_says_what_the_buttons_say(page: str, language: Language, keys: list[str]) -> None:
    told = (ROOT / page).read_text("utf-8")
    for key in keys:
        assert f"**{text(key, language)}**" in told
