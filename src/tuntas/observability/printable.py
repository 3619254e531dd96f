"""Texts of strangers, made fit to be printed."""

CHARACTERS_MAX = 300


def printable(value: object, *, characters_max: int = CHARACTERS_MAX) -> str:
    """The value as one line that can do nothing to a terminal: no line of it can be taken for another line.

    Control characters, line ends of every kind and marks that turn the direction of writing become escapes
    such as \\x1b; what is longer is cut, and says so.
    """
    text = str(value)
    shown = text[:characters_max] + ("…" if len(text) > characters_max else "")
    if shown.isprintable():
        return shown
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in shown
    )
