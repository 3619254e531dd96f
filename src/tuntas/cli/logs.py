"""`tuntas logs`: what happened around payments, and did the webhook arrive?"""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_UNUSABLE, DataDir, Json, fail
from tuntas.cli.signals import stop_on_signals
from tuntas.cli.words import in_words, moment
from tuntas.observability.printable import printable

if TYPE_CHECKING:
    from tuntas.store.models import PaymentLog
    from tuntas.usecases.backend import Backend

_FOLLOW_SECONDS = 1


def logs(
    event: Annotated[str | None, typer.Option(help="Only this event type, e.g. webhook_received.")] = None,
    order: Annotated[str | None, typer.Option(help="Only this order id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest lines.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as new lines come; Ctrl-C ends.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show the payment log, newest last."""
    from tuntas.cli.environment import desk_settings, run

    settings = desk_settings(data_dir)
    _refuse_unknown(event)
    run(settings, lambda backend: _show(backend, event, order, limit, follow=follow, as_json=as_json))


async def _show(
    backend: "Backend", event: str | None, order_id: str | None, limit: int, *, follow: bool, as_json: bool
) -> None:
    from tuntas.store import payment_logs

    async def show_after(last: int) -> int:
        async with backend.database.transaction() as session:
            lines = await payment_logs.recent(
                session, event=event, order_id=order_id, after_id=last, limit=limit
            )
        _print(lines, as_json=as_json)
        return lines[-1].id if lines else last

    last = await show_after(0)
    if last == 0:
        await _tell_nothing(backend, order_id, quiet=as_json)
    if follow:
        await _follow(show_after, last)


async def _follow(show_after: Callable[[int], Awaitable[int]], last: int) -> None:
    import asyncio

    with stop_on_signals() as stopped:
        while not stopped.is_set():
            last = await show_after(last)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), _FOLLOW_SECONDS)


def _refuse_unknown(event: str | None) -> None:
    from tuntas.store.payment_logs import Event

    if event is not None and event not in set(Event):
        known = ", ".join(Event)
        fail(f"There is no event {event}. There are: {known}.", EXIT_UNUSABLE)


async def _tell_nothing(backend: "Backend", order_id: str | None, *, quiet: bool) -> None:
    """A mistyped order id is no order without a log."""
    from tuntas.usecases.payments import newest_attempt

    if order_id is not None and await newest_attempt(backend, order_id) is None:
        fail(f"No order {order_id}, and nothing was ever logged about one.", EXIT_MISSING)
    if not quiet:
        typer.echo("Nothing logged yet." if order_id is None else "Nothing logged of this kind.", err=True)


def _print(lines: "Sequence[PaymentLog]", *, as_json: bool) -> None:
    from tuntas.store.payment_logs import as_document

    for line in lines:
        typer.echo(json.dumps(as_document(line)) if as_json else _sentence(line))


def _sentence(line: "PaymentLog") -> str:
    order_id, status = printable(line.order_id or "-"), printable(line.transaction_status or "-")
    rest = "  ".join(part for part in (printable(line.outcome or ""), in_words(line.detail)) if part)
    return f"{moment(line.created_at)}  {line.event_type:<18} {order_id} - {status}  {rest}".rstrip()
