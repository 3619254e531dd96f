"""One order of locks for all, so that no two of us ever wait for each other.

Notifications before invitations (lowest id first) before orders. Whoever locks a row says so here first;
taking one out of turn is a mistake in the code and fails at once, in every test that passes by.
"""

from enum import IntEnum

from tuntas.store.direct import Statements

_HELD = "highest_lock"


class Lock(IntEnum):
    """What is locked, in the order in which it may be."""

    NOTIFICATION = 1
    INVITATION = 2
    ORDER = 3


def take(session: Statements, lock: Lock) -> None:
    """Say that rows of this kind are being locked now, until the transaction ends.

    Raises AssertionError when something later in the order is held already.
    """
    held = session.info.get(_HELD, lock)
    if held > lock:
        raise AssertionError(
            f"{lock.name} locked after {Lock(held).name}: two of us could wait for each other"
        )
    session.info[_HELD] = lock
