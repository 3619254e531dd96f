"""`tuntas webhook send`: what Midtrans would send, built, signed and really posted."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from tuntas.domain.money import Rupiah
from tuntas.language import Language, text
from tuntas.observability.printable import printable

if TYPE_CHECKING:
    from tuntas.settings import Settings

app = typer.Typer(help="Notifications by hand.", no_args_is_help=True, rich_markup_mode=None)

_MOST_LISTED = 10_000
_FRAUD_STATUSES = ("accept", "challenge", "deny")


@app.callback()
def _group() -> None:
    """Notifications by hand."""


@app.command("send")
def send(
    order_id: OrderId,
    status: Annotated[
        str, typer.Argument(help="settlement, pending, capture, challenge, deny, cancel, expire, refund …")
    ],
    fraud: Annotated[str | None, typer.Option(help="fraud_status: accept, challenge or deny.")] = None,
    payment_type: Annotated[
        str | None, typer.Option(help="Default: the attempt's own, else bank_transfer.")
    ] = None,
    transaction_id: Annotated[str | None, typer.Option(help="Default: the order's newest attempt.")] = None,
    amount: Annotated[int | None, typer.Option(min=1, help="Rupiah. Default: the order's amount.")] = None,
    url: Annotated[str | None, typer.Option(help="Default: the webhook of TUNTAS_BASE_URL.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Send a signed notification about an order to the webhook, as Midtrans would. Never in production."""
    from tuntas.cli.environment import clock, desk_settings, run
    from tuntas.midtrans.compose import compose_notification
    from tuntas.midtrans.notification import STATUS_CODES, WEBHOOK_PATH
    from tuntas.usecases.payments import newest_attempt

    if status not in STATUS_CODES:
        fail(f"Unknown status {status}. One of: {', '.join(STATUS_CODES)}.", EXIT_UNUSABLE)
    if fraud is not None and fraud not in _FRAUD_STATUSES:
        fail(f"Unknown fraud status {fraud}. One of: {', '.join(_FRAUD_STATUSES)}.", EXIT_UNUSABLE)
    settings = desk_settings(data_dir)
    _refuse_production_key(settings)
    attempt = run(settings, lambda backend: newest_attempt(backend, order_id))
    gross_amount = amount if amount is not None else attempt.gross_amount if attempt else None
    if gross_amount is None:
        fail(f"No order {order_id}. Give --amount to send about an order that is not ours.", EXIT_MISSING)
    body = compose_notification(
        order_id=order_id,
        transaction_id=transaction_id or (attempt.transaction_id if attempt else None),
        status=status,
        fraud_status=fraud,
        payment_type=payment_type or (attempt.payment_type if attempt else None) or "bank_transfer",
        gross_amount=Rupiah(gross_amount),
        transaction_time=attempt.transaction_time if attempt else None,
        now=clock(settings).now(),
        server_key=settings.server_key,
    )
    target = url or f"{settings.base_url}{WEBHOOK_PATH}"
    _post(target, body, as_json=as_json)


@app.command("replay")
def replay(
    notification_id: Annotated[int, typer.Argument(help="The number that `tuntas doctor` shows.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take a stored notification in again. Harmless to repeat: facts only ever climb."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases import replay as replaying
    from tuntas.usecases.errors import NotificationNotFound

    try:
        outcome = run(desk_settings(data_dir), lambda backend: replaying.replay(backend, notification_id))
    except NotificationNotFound:
        fail(f"No notification {notification_id}.", EXIT_MISSING)
    _print_outcome(notification_id, outcome, as_json=as_json)
    if outcome is None:
        raise typer.Exit(EXIT_WRONG)


@app.command("adopt")
def adopt(
    notification_id: Annotated[int, typer.Argument(help="The number of an orphan.")],
    order_id: Annotated[str, typer.Argument(help="The order of ours that it is about.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take in an orphan as being about an order of ours; once. Another amount then waits for a decision."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases import replay as replaying
    from tuntas.usecases.errors import NotAnOrphan, NotificationNotFound, OrderNotFound

    settings, by = desk_settings(data_dir), actor()
    try:
        outcome = run(settings, lambda backend: replaying.adopt(backend, notification_id, order_id, actor=by))
    except NotificationNotFound:
        fail(f"No notification {notification_id}.", EXIT_MISSING)
    except OrderNotFound:
        fail(f"No order {order_id}.", EXIT_MISSING)
    except NotAnOrphan as error:
        fail(text(f"error.{error.code}", Language.EN), EXIT_WRONG)
    _print_outcome(notification_id, outcome, as_json=as_json)


@app.command("orphans")
def orphans(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Notifications about orders that are not ours."""
    from tuntas.usecases.apply_facts import Outcome

    _list(data_dir, outcomes=[Outcome.UNKNOWN_ORDER], order_id=None, limit=_MOST_LISTED, as_json=as_json)


@app.command("list")
def list_stored(
    outcome: Annotated[
        str | None, typer.Option(help="Only this outcome: applied, amount_mismatch, incoherent …")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Only about this order id, as received.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST_LISTED)] = 20,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The newest stored notifications, those among them that were refused although rightly signed."""
    from tuntas.usecases.apply_facts import Outcome
    from tuntas.usecases.ingest import Refusal

    known = [*Outcome, *Refusal]
    if outcome is not None and outcome not in known:
        fail(f"There is no outcome {outcome}. There are: {', '.join(known)}.", EXIT_UNUSABLE)
    outcomes = None if outcome is None else [outcome]
    _list(data_dir, outcomes=outcomes, order_id=order, limit=limit, as_json=as_json)


@app.command("show")
def show(
    notification_id: Annotated[int, typer.Argument(help="The number that the lists show.")],
    data_dir: DataDir = None,
) -> None:
    """A stored notification as Midtrans sent it, without its signature."""
    from tuntas.cli.environment import desk_settings, run
    from tuntas.midtrans.notification import readable_body
    from tuntas.usecases import replay as replaying
    from tuntas.usecases.errors import NotificationArchived, NotificationNotFound

    try:
        body = run(desk_settings(data_dir), lambda backend: replaying.stored_body(backend, notification_id))
    except NotificationArchived:
        fail(
            f"The body of notification {notification_id} is in an archive; `tuntas logs --event operator_act "
            "--json` names the files. Put it back: tuntas archive restore FILE",
            EXIT_MISSING,
        )
    except NotificationNotFound:
        fail(f"No notification {notification_id}.", EXIT_MISSING)
    typer.echo(json.dumps(readable_body(body), indent=2))


def _list(
    data_dir: Path | None, *, outcomes: list[str] | None, order_id: str | None, limit: int, as_json: bool
) -> None:
    from tuntas.cli.environment import desk_settings, run
    from tuntas.usecases import replay as replaying

    found = run(
        desk_settings(data_dir),
        lambda backend: replaying.stored(backend, outcomes=outcomes, order_id=order_id, limit=limit),
    )
    if not found and order_id is not None:
        fail(f"No notification about {order_id} is stored.", EXIT_MISSING)
    if not found and not as_json:
        typer.echo("No notification of this kind is stored.", err=True)
    for entry in found:
        about = {
            "notification": entry.id,
            "order_id": entry.order_id,
            "transaction_id": entry.transaction_id,
            "transaction_status": entry.transaction_status,
            "outcome": entry.outcome,
        }
        typer.echo(json.dumps(about) if as_json else "  ".join(map(printable, about.values())))


def _refuse_production_key(settings: "Settings") -> None:
    """Whoever holds a notification signed with a production key can claim a payment.

    Production never signs. A key without `SB-` may be either: it signs only once the sandbox, or the
    simulator, has accepted it, which refuses production keys.
    """
    import asyncio

    from tuntas.settings import SANDBOX_PREFIX
    from tuntas.usecases.check_key import KeyState, check_key

    if settings.midtrans_is_production:
        fail("Refused: test notifications are never signed with a production key.", EXIT_UNUSABLE)
    if settings.server_key.upper().startswith(SANDBOX_PREFIX):
        return
    if asyncio.run(check_key(settings)) is not KeyState.ACCEPTED:
        fail(
            f"Refused: this may be a production key, and {settings.core_url} has not said that it is none.",
            EXIT_UNUSABLE,
        )


def _print_outcome(notification_id: int, outcome: str | None, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"notification": notification_id, "outcome": outcome}))
    else:
        typer.echo(f"Notification {notification_id}: {outcome or 'still cannot be applied'}")


def _post(target: str, body: dict[str, str], *, as_json: bool) -> None:
    import httpx

    headers = {"User-Agent": "Veritrans", "Accept": "application/json"}
    try:
        response = httpx.post(target, json=body, headers=headers, timeout=15)
    except httpx.HTTPError as error:
        fail(f"{target} does not answer ({type(error).__name__}). Is `tuntas dev` running?", EXIT_MISSING)
    sent = {name: value for name, value in body.items() if name != "signature_key"}
    if as_json:
        typer.echo(
            json.dumps({"url": target, "sent": sent, "status": response.status_code, "reply": response.text})
        )
    else:
        typer.echo(f"{body['order_id']} - {body['transaction_status']} -> {target}")
        typer.echo(f"HTTP {response.status_code}  {printable(response.text)}")
    if not response.is_success:
        raise typer.Exit(EXIT_WRONG)
