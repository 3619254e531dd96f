"""When a notification that was not taken is sent again (Midtrans, "HTTP notifications")."""

_MINUTES = (2, 10, 30, 90, 210)
RETRIES: dict[int, tuple[int, ...]] = {
    500: _MINUTES[:1],
    400: _MINUTES[:2],
    404: _MINUTES[:2],
    503: _MINUTES[:4],
}
"""Minutes to the next try by the reply; any other reply or none gets all five."""
NEVER_RETRIED = frozenset({301, 302, 303})
REPOSTED = frozenset({307, 308})
"""Redirects that keep the method: the body is posted to where they lead, so many times at most."""
MAX_HOPS = 5
TAKEN = range(200, 300)
EARLIEST = 33 / 120
"""Intervals are upper bounds; the documented example is 33 seconds in place of 2 minutes."""


def minutes_until_next(reply: int | None, tries: int) -> int | None:
    """At most so long from the last of `tries` to the next, by its reply; None: there is none."""
    if reply in NEVER_RETRIED:
        return None
    minutes = _MINUTES if reply is None else RETRIES.get(reply, _MINUTES)
    return minutes[tries - 1] if tries <= len(minutes) else None
