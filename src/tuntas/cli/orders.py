"""`tuntas orders list|show|sync`"""

import json
from typing import Annotated, Any

import typer

from tuntas.cli.environment import EXIT_MISSING, DataDir, Json, desk_settings, fail, run
from tuntas.cli.sync import print_finding
from tuntas.language import rupiah
from tuntas.midtrans.errors import GatewayError
from tuntas.midtrans.wib import format_wib
from tuntas.observability.printable import printable
from tuntas.usecases import payments
from tuntas.usecases.reconcile import sync_order

app = typer.Typer(help="Orders, as our books have them.", no_args_is_help=True, rich_markup_mode=None)

OrderId = Annotated[str, typer.Argument(help="The order id, INV-….")]


@app.command("list")
def list_orders(
    status: Annotated[str | None, typer.Option(help="Only pending, paid, failed or refunded.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The newest orders."""
    found = run(
        desk_settings(data_dir), lambda backend: payments.recent_orders(backend, status=status, limit=limit)
    )
    for order in found:
        if as_json:
            typer.echo(json.dumps(_summary(order)))
        else:
            made, amount = format_wib(order.created_at), rupiah(order.gross_amount)
            typer.echo(f"{made} WIB  {order.order_id}  {order.status:<8}  {amount}")


@app.command("show")
def show(order_id: OrderId, data_dir: DataDir = None, as_json: Json = False) -> None:
    """One order: its attempts to pay, its refunds, its paid time."""
    book = run(desk_settings(data_dir), lambda backend: payments.order_book(backend, order_id))
    if book is None:
        fail(f"No order {order_id}.", EXIT_MISSING)
    document = _summary(book.order) | {
        "transactions": [
            {
                "transaction_id": attempt.transaction_id,
                "transaction_status": attempt.transaction_status,
                "payment_type": attempt.payment_type,
            }
            for attempt in book.attempts
        ],
        "refunds": [
            {"refund_key": entry.refund_key, "amount": entry.amount, "state": entry.state}
            for entry in book.refunds
        ],
        "grant": None
        if book.grant is None
        else {"starts_at": book.grant.starts_at.isoformat(), "ends_at": book.grant.ends_at.isoformat()},
    }
    if as_json:
        typer.echo(json.dumps(document))
    else:
        _print(document)


@app.command("sync")
def sync(
    order_id: OrderId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask Midtrans about one order now and take in the answer."""
    settings = desk_settings(data_dir)
    if run(settings, lambda backend: payments.order_book(backend, order_id)) is None:
        fail(f"No order {order_id}.", EXIT_MISSING)
    try:
        findings = run(settings, lambda backend: sync_order(backend, order_id, dry_run=dry_run))
    except GatewayError as error:
        fail(str(error), EXIT_MISSING)
    for finding in findings:
        print_finding(finding, as_json=as_json)
    if not findings and not as_json:
        typer.echo("Nothing differs.")


def _summary(order: Any) -> dict[str, Any]:  # noqa: ANN401  a row of the orders table
    return {
        "order_id": order.order_id,
        "invitation_id": order.invitation_id,
        "kind": order.kind,
        "status": order.status,
        "gross_amount": order.gross_amount,
        "refunded_amount": order.refund_reserved,
        "created_at": order.created_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "next_check_at": order.next_check_at.isoformat() if order.next_check_at else None,
    }


def _print(document: dict[str, Any]) -> None:
    for name, value in document.items():
        if isinstance(value, list):
            for entry in value:
                typer.echo(f"{name:<16}  " + "  ".join(printable(part) for part in entry.values()))
        else:
            typer.echo(f"{name:<16}  {'-' if value is None else printable(value)}")
