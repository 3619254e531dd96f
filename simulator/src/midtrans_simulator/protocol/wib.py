"""How Midtrans writes times: WIB, without an offset."""

from datetime import datetime, time, timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")
SETTLEMENT_BATCH = time(16, 0)


def text(moment: datetime) -> str:
    """`2026-01-05 10:00:00` in WIB, as in every Midtrans body."""
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S")


def next_settlement_batch(moment: datetime) -> datetime:
    """Card captures of a WIB calendar day settle on the next day at 16:00 WIB."""
    day = moment.astimezone(WIB).date() + timedelta(days=1)
    return datetime.combine(day, SETTLEMENT_BATCH, WIB)
