"""What people read: complete in both languages, and amounts and dates in the form people here expect."""

import datetime as dt
import re
import string
from pathlib import Path

import pytest

import tuntas.language
from tuntas.language import Language, date, date_time, negotiate, rupiah, text
from tuntas.language.catalogue import sentences


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_catalogues_hold_the_same_keys() -> None:
    assert sentences(Language.ID).keys() == sentences(Language.EN).keys()


@pytest.mark.parametrize("key", sorted(sentences(Language.ID)))
def test_a_sentence_takes_the_same_values_in_both_languages(key: str) -> None:
    assert placeholders(sentences(Language.ID)[key]) == placeholders(sentences(Language.EN)[key])


@pytest.mark.parametrize("language", Language)
def test_nothing_is_left_blank_and_errors_do_not_shout(language: Language) -> None:
    for key, sentence in sentences(language).items():
        assert sentence.strip() == sentence != "", key
        if key.startswith("error."):
            assert "!" not in sentence, key


def test_the_pages_say_nothing_that_has_no_sentence() -> None:
    templates = Path(tuntas.language.__file__).parents[1] / "web" / "templates"
    keys = {
        key
        for template in templates.glob("*.html")
        for key in re.findall(r"""\bt\(["']([a-z_0-9.]+)["'][,)]""", template.read_text(encoding="utf-8"))
    }
    assert len(keys) > 50
    assert keys <= sentences(Language.ID).keys()


def test_values_fill_the_placeholders() -> None:
    sentence = text("error.amount_mismatch", Language.EN, price=rupiah(299_000))
    assert "Rp299.000" in sentence


def test_values_a_sentence_does_not_use_are_ignored() -> None:
    assert text("error.not_found", Language.EN, price=1) == text("error.not_found", Language.EN)


@pytest.mark.parametrize("key", ["nothing.here", "error", ""])
def test_an_unknown_key_is_a_key_error(key: str) -> None:
    with pytest.raises(KeyError):
        text(key, Language.ID)


def test_a_missing_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        text("error.password_too_short", Language.ID)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "Rp0"), (999, "Rp999"), (299_000, "Rp299.000"), (1_250_000, "Rp1.250.000"), (-5_000, "-Rp5.000")],
)
def test_rupiah_are_grouped_by_points(amount: int, shown: str) -> None:
    assert rupiah(amount) == shown


def test_a_moment_is_shown_in_wib() -> None:
    moment = dt.datetime(2026, 11, 3, 5, 1, 59, tzinfo=dt.UTC)
    assert date_time(moment, Language.ID) == "3 November 2026 pukul 12.01 WIB"
    assert date_time(moment, Language.EN) == "3 November 2026, 12:01 WIB"


def test_a_moment_late_in_the_day_in_utc_is_tomorrow_in_wib() -> None:
    moment = dt.datetime(2026, 7, 31, 17, 30, tzinfo=dt.UTC)
    assert date_time(moment, Language.ID) == "1 Agustus 2026 pukul 00.30 WIB"
    assert date(moment, Language.EN) == "1 August 2026"


def test_a_day_has_no_time_zone() -> None:
    assert date(dt.date(2026, 5, 9), Language.ID) == "9 Mei 2026"
    assert date(dt.date(2026, 5, 9), Language.EN) == "9 May 2026"


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    day = dt.date(2026, month, 1)
    assert date(day, Language.EN) == f"1 {day:%B} 2026"
    assert date(day, Language.ID).split()[1].isalpha()


@pytest.mark.parametrize("show", [date_time, date])
def test_a_naive_moment_is_refused(show: object) -> None:
    assert callable(show)
    with pytest.raises(ValueError, match="offset"):
        show(dt.datetime(2026, 11, 3, 12, 1), Language.ID)  # noqa: DTZ001 - naive is the point


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Language.ID),
        ("", Language.ID),
        ("id", Language.ID),
        ("en", Language.EN),
        ("EN-gb", Language.EN),
        ("in-ID", Language.ID),
        ("en;q=0.5, id;q=0.8", Language.ID),
        ("en-US,en;q=0.9,id;q=0.8", Language.EN),
        ("fr, de;q=0.9, en;q=0.1", Language.EN),
        ("fr, de", Language.ID),
        ("id;q=0.7, en;q=0.7", Language.ID),
        ("en;q=0.7, id;q=0.7", Language.EN),
        ("en;q=0", Language.ID),
        ("*", Language.ID),
        ("en;q=nan", Language.ID),
        ("en;q=2", Language.ID),
        (";;,,=,en", Language.EN),
    ],
)
def test_the_browser_says_which_language(header: str | None, expected: Language) -> None:
    assert negotiate(header) is expected


def test_the_default_can_be_chosen() -> None:
    assert negotiate("fr", default=Language.EN) is Language.EN
    assert negotiate("id", default=Language.EN) is Language.ID
