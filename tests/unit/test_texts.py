"""Which texts can be kept, and what becomes of the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.domain.texts import JSON_DEPTH_MAX, TooDeep, clean, clean_json, is_identifier, is_keepable


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Rani & Budi 🎉", "Rani & Budi 🎉"),
        ("tab\tand\nlines", "tab\tand\nlines"),
        ("two\r\nlines", "two\nlines"),
        ("nul\x00", "nul\ufffd"),
        ("half \ud83d", "half \ufffd"),
        ("\udf89 other half", "\ufffd other half"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("over\rwritten", "over\ufffdwritten"),
        ("\x7f\x9b", "\ufffd\ufffd"),
    ],
)
def test_free_text_keeps_its_sense_without_what_cannot_be_kept(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert is_keepable(cleaned)


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.characters()) | st.text(st.sampled_from("\ud83d\udf89\x00\r\na")))
def test_what_is_cleaned_can_be_stored_sent_and_cleaned_again(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("text", ["", "a\x00", "a\nb", "a\tb", "\ud83d", "a\ufffd", "\x1b", "x" * 51])
def test_an_identifier_that_would_have_to_be_changed_is_none(text: str) -> None:
    assert not is_identifier(text, 50)


@pytest.mark.parametrize("text", ["INV-1", "x" * 50, "A120260105100000AbCdEfGhIJKID", "pesanan é"])
def test_any_other_short_text_may_name_a_thing(text: str) -> None:
    assert is_identifier(text, 50)


def test_json_is_cleaned_in_every_corner() -> None:
    assert clean_json({"a\x00": [{"b": "\ud83d"}, 5, None, True]}) == {
        "a\ufffd": [{"b": "\ufffd"}, 5, None, True]
    }


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_json_nested_beyond_every_use_is_refused_and_not_a_crash() -> None:
    assert clean_json(nested(JSON_DEPTH_MAX)) == nested(JSON_DEPTH_MAX)
    with pytest.raises(TooDeep):
        clean_json(nested(JSON_DEPTH_MAX + 1))
