"""`tuntas orders list|show|sync`"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuntas.cli.options import (
    EXIT_MISSING,
    EXIT_UNUSABLE,
    EXIT_WRONG,
    DataDir,
    Json,
    OrderId,
    actor,
    fail,
    one_line,
)
from tuntas.cli.sync import print_finding
from tuntas.cli.words import moment
from tuntas.domain.ladder import PaymentStatus
from tuntas.language import Language, rupiah, text

if TYPE_CHECKING:
    from tuntas.usecases.backend import Backend
    from tuntas.usecases.buyer import Buyer
    from tuntas.usecases.payments import OrderBook
    from tuntas.usecases.reconcile import Synced

app = typer.Typer(help="Orders, as our books have them.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_orders(
    status: Annotated[PaymentStatus | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The newest orders."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases import payments

    found = run(
        desk_settings(data_dir), lambda backend: payments.recent_orders(backend, status=status, limit=limit)
    )
    for line in found:
        order = line.order
        if as_json:
            typer.echo(json.dumps(_summary(order, line.refunded_amount)))
        else:
            gone = f"  ({rupiah(line.refunded_amount)} given back)" if line.refunded_amount else ""
            amount = f"{rupiah(order.gross_amount)}{gone}"
            typer.echo(f"{moment(order.created_at)}  {order.order_id}  {order.status:<8}  {amount}")
    if not found and not as_json:
        typer.echo(f"No order is {status}." if status else "There are no orders yet.", err=True)


@app.command("show")
def show(order_id: OrderId, data_dir: DataDir = None, as_json: Json = False) -> None:
    """One order: its customer, its attempts to pay, its refunds, its paid time."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.cli.order_page import order_page

    found = run(desk_settings(data_dir), lambda backend: _look_up(backend, order_id))
    if found is None:
        fail(f"No order {order_id}.", EXIT_MISSING)
    book, buyer = found
    if as_json:
        typer.echo(json.dumps(_document(book, buyer)))
    else:
        typer.echo("\n".join(order_page(book, buyer)))


async def _look_up(backend: "Backend", order_id: str) -> "tuple[OrderBook, Buyer] | None":
    from tuntas.usecases.buyer import buyer_of
    from tuntas.usecases.payments import order_book

    book = await order_book(backend, order_id)
    return None if book is None else (book, await buyer_of(backend, book.order.invitation_id))


@app.command("sync")
def sync(
    order_id: OrderId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
    take_word: Annotated[
        bool, typer.Option("--take-word", help="Take Midtrans's word also where it stands lower than ours.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(callback=one_line, help="Why, with --take-word; kept in the log.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask Midtrans about one order now and take in the answer. Exit code 1 when something still differs."""
    if take_word and not reason:
        fail("--take-word needs a --reason.", EXIT_UNUSABLE)
    from tuntas.cli.environment import desk_settings, run
    from tuntas.midtrans.errors import GatewayError
    from tuntas.usecases.reconcile import TakeWord, sync_order

    word = TakeWord(actor=actor(), reason=reason or "") if take_word else None
    try:
        synced = run(
            desk_settings(data_dir),
            lambda backend: sync_order(backend, order_id, dry_run=dry_run, take_word=word),
        )
    except LookupError:
        fail(f"No order {order_id}.", EXIT_MISSING)
    except GatewayError as error:
        fail(str(error), EXIT_MISSING)
    for finding in synced.found:
        print_finding(finding, as_json=as_json)
    if not as_json:
        typer.echo(_said(synced, order_id, dry_run=dry_run, taken=word is not None), err=bool(synced.lasting))
    if synced.lasting:
        raise typer.Exit(EXIT_WRONG)


def _said(synced: "Synced", order_id: str, *, dry_run: bool, taken: bool) -> str:
    """What was done, in one sentence; what to do, in a second one."""
    if not synced.found:
        return "Nothing differs."
    if dry_run:
        return f"Nothing was changed. To take this in: tuntas orders sync {order_id}"
    if not synced.lasting:
        return "Taken in: our books now say what Midtrans says."
    if taken:
        return f"Still different. See what our books hold: tuntas orders show {order_id}"
    return (
        "Still different: our books only climb by themselves. If Midtrans is right: "
        f"tuntas orders sync {order_id} --take-word --reason …"
    )


@app.command("accept")
def accept(
    order_id: OrderId,
    reason: Annotated[str, typer.Option(callback=one_line, help="Why the money stays; kept in the log.")],
    transaction: Annotated[
        str | None, typer.Option(help="Which payment, when several wait for a decision.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Keep a payment that bought nothing: another amount pays the order, a second order adds its days."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.accept_payment import accept_payment
    from tuntas.usecases.errors import OrderNotFound, UseCaseError

    by = actor()
    try:
        done = run(
            desk_settings(data_dir),
            lambda backend: accept_payment(
                backend, order_id, transaction_id=transaction, reason=reason, actor=by
            ),
        )
    except OrderNotFound:
        fail(f"No order {order_id}.", EXIT_MISSING)
    except UseCaseError as error:
        fail(text(f"error.{error.code}", Language.EN, **error.values), EXIT_WRONG)
    shown = {"order_id": order_id} | asdict(done)
    sentence = f"Kept {rupiah(done.amount)} of {done.transaction_id} ({done.why})."
    typer.echo(json.dumps(shown) if as_json else sentence)


@app.command("end-time")
def end_time(
    order_id: OrderId,
    reason: Annotated[str, typer.Option(callback=one_line, help="Why; kept in the log.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """End the paid time that an order bought, for good. Giving money back alone leaves it."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases.end_paid_time import end_bought_time
    from tuntas.usecases.errors import OrderNotFound

    by = actor()
    try:
        done = run(
            desk_settings(data_dir),
            lambda backend: end_bought_time(backend, order_id, because=reason, actor=by),
        )
    except OrderNotFound:
        fail(f"No order {order_id}.", EXIT_MISSING)
    sentence = "The paid time has ended." if done.had_time else "This order had no paid time; it gets none."
    typer.echo(json.dumps({"order_id": order_id, "had_time": done.had_time}) if as_json else sentence)


def _summary(order: Any, refunded_amount: int) -> dict[str, Any]:  # noqa: ANN401  a row of the orders table
    return {
        "order_id": order.order_id,
        "invitation_id": order.invitation_id,
        "kind": order.kind,
        "status": order.status,
        "gross_amount": order.gross_amount,
        "refunded_amount": refunded_amount,
        "created_at": order.created_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "next_check_at": order.next_check_at.isoformat() if order.next_check_at else None,
    }


def _document(book: "OrderBook", buyer: "Buyer") -> dict[str, Any]:
    return _summary(book.order, book.refunded_amount) | {
        "customer": {"name": buyer.name, "email": buyer.email},
        "domain": buyer.domain,
        "domain_expires_at": buyer.domain_expires_at.isoformat() if buyer.domain_expires_at else None,
        "package": buyer.package,
        "transactions": [
            {
                "transaction_id": attempt.transaction_id,
                "transaction_status": attempt.transaction_status,
                "payment_type": attempt.payment_type,
                "gross_amount": attempt.gross_amount,
                "counts": not attempt.stray,
                "kept_because": attempt.kept_because,
            }
            for attempt in book.attempts
        ],
        "refunds": [
            {
                "refund_key": entry.refund_key,
                "amount": entry.amount,
                "state": entry.state,
                "way": entry.way,
                "transaction_id": entry.transaction_id,
                "refusal": entry.refusal,
                "paid_to": entry.paid_to,
                "reference": entry.reference,
                "actor": entry.actor,
            }
            for entry in book.refunds
        ],
        "grant": None
        if book.grant is None
        else {"starts_at": book.grant.starts_at.isoformat(), "ends_at": book.grant.ends_at.isoformat()},
    }
