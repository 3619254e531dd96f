"""The signals that end a program of ours: Ctrl-C, a service manager's, and the terminal that is closed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def ending_signals() -> list[signal.Signals]:
    """Under nohup, which ignores it, the end of the terminal is no reason to end."""
    heard = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    return heard


def end_like_ctrl_c() -> None:
    """However we are asked to end, what was started is stopped first."""
    for number in ending_signals():
        signal.signal(number, signal.default_int_handler)


@contextmanager
def stop_on_signals() -> Iterator["asyncio.Event"]:
    """An ending signal sets the event instead of breaking off whatever is being awaited."""
    import asyncio

    loop, stopped, heard = asyncio.get_running_loop(), asyncio.Event(), ending_signals()
    for number in heard:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
