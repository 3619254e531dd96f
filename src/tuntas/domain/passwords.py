"""Which passwords are too easily guessed: those that people try first."""

import re
import unicodedata

LENGTH_MIN = 8
_DISTINCT_MIN = 4

_WORDS = """
password passwort passw0rd letmein welcome iloveyou loveyou monkey dragon football baseball superman batman
master admin administrator root guest test testing user login secret changeme default trustno sunshine
princess charlie michael jordan shadow starwars whatever freedom qwerty qwertyuiop asdfgh asdfghjkl zxcvbn
zxcvbnm qazwsx qazwsxedc qwe asd zxc abc abcd abcdef hello computer internet samsung nokia google facebook
instagram katasandi sandi rahasia sayang sayangku cinta cintaku akucintakamu kamu akusayangkamu bismillah
alhamdulillah allahuakbar assalamualaikum subhanallah insyaallah indonesia merdeka jakarta bandung surabaya
jogja yogyakarta garuda persib persija pancasila sempurna bahagia keluarga mamapapa mamah papah ibuku anakku
cantik ganteng pernikahan menikah nikah undangan wedding pengantin kawin semangat sukses berkah tuntas
midtrans doraemon naruto sasuke pokemon barcelona realmadrid liverpool manchester chelsea arsenal juventus
milan ronaldo messi
"""
_COMMON = frozenset(_WORDS.split())
"""Beginnings of what is tried first; digits and signs around them add little."""

_ROWS = (
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "asdfghjkl",
    "zxcvbnm",
)
_DISGUISES = str.maketrans("@4310$57!", "aaeiosstl")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_BETWEEN = re.compile(r"[\W\d_]+")
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_PIECES_MAX = 3
_PIECE_MAX = 4
"""A longer piece repeated is no longer tried first."""


def is_common(password: str, *, email: str, name: str) -> bool:
    """Whether somebody who guesses would try this early: common words, rows of keys, or who it belongs to."""
    plain = _plain(password)
    if len(set(plain)) < _DISTINCT_MIN or _is_repetition(plain) or _is_row(plain):
        return True
    easy = _COMMON | {_plain(text) for text in (email, email.partition("@")[0], name) if _plain(text)}
    undisguised = plain.translate(_DISGUISES)
    spellings = {plain, undisguised, *(_AROUND.sub("", text) for text in (plain, undisguised))}
    spellings |= {_BETWEEN.sub("", text.translate(_DISGUISES)) for text in spellings}
    return any(text in easy or text[: len(text) // 2] * 2 == text for text in spellings if text) or (
        _is_assembled(plain, easy)
    )


def _plain(text: str) -> str:
    """Lower case without blanks and without what nobody sees."""
    normal = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in normal if unicodedata.category(letter)[0] not in "ZC")


def _is_assembled(text: str, easy: frozenset[str]) -> bool:
    """`qwer1234`, `a1234567`: two or three easy pieces in a row."""
    pieces = _PIECE.findall(text)
    return 0 < len(pieces) <= _PIECES_MAX and all(
        len(piece) <= 1 or piece in easy or _is_row(piece) or len(set(piece)) == 1 for piece in pieces
    )


def _is_repetition(text: str) -> bool:
    """`abcabcabc`: a short piece over and over."""
    return any(
        (text[:size] * len(text))[: len(text)] == text
        for size in range(1, min(_PIECE_MAX, len(text) // 2) + 1)
    )


def _is_row(text: str) -> bool:
    """`12345678`, `qwertyui`, `87654321`: keys as they lie, there or back."""
    return any(text in row or text[::-1] in row for row in _ROWS)
