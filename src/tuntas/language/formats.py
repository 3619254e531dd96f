"""Amounts and moments as people in Indonesia read them: grouped by points, in Western Indonesia Time."""

import datetime as dt

from tuntas.language.catalogue import Language, text

_WIB = dt.timezone(dt.timedelta(hours=7), "WIB")


def rupiah(amount: int) -> str:
    """``299000`` as ``"Rp299.000"``: the same in both languages, as on every bill here."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp{abs(amount):,}".replace(",", ".")


def date_time(moment: dt.datetime, language: Language) -> str:
    """A moment to the minute, ``"3 November 2026 pukul 12.01 WIB"``; raises ValueError for a naive one."""
    local = _in_wib(moment)
    return text("calendar.date_time", language, date=date(local, language), time=local)


def date(day: dt.date, language: Language) -> str:
    """A day, ``"3 November 2026"``; a datetime counts as its day in WIB and must be aware."""
    if isinstance(day, dt.datetime):
        day = _in_wib(day)
    months = text("calendar.months", language).split()
    return text("calendar.date", language, day=day.day, month=months[day.month - 1], year=day.year)


def _in_wib(moment: dt.datetime) -> dt.datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment without an offset cannot be shown: its time zone is unknown")
    return moment.astimezone(_WIB)
