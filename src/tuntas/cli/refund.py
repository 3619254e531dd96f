"""`tuntas refund`"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import EXIT_MISSING, EXIT_WRONG, DataDir, Json, OrderId, actor, fail, one_line
from tuntas.domain.money import Rupiah
from tuntas.language import Language, rupiah, text

if TYPE_CHECKING:
    from tuntas.usecases.backend import Backend
    from tuntas.usecases.refund import RefundResult

    _Act = Callable[[Backend], Awaitable[RefundResult]]

"""What Midtrans takes as a reason (docs/midtrans.md, "Refunding"); what we keep is no longer."""
_LONGEST_REFERENCE = 64
_MOST_RUPIAH = 999_999_999_999_999
"""As many digits as an amount from Midtrans may have."""


class SettledAs(StrEnum):
    DONE = "done"
    NOT_DONE = "not-done"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for on the command line."""

    order_id: str
    transaction: str | None
    reason: str
    amount: Rupiah | None
    by_hand: bool
    to: str | None
    reference: str | None
    on: datetime | None
    end_paid_time: bool
    settle_as: SettledAs | None
    actor: str


def _numbered(given: str | None) -> str | None:
    if given is not None and len(given) > _LONGEST_REFERENCE:
        raise typer.BadParameter(f"must be at most {_LONGEST_REFERENCE} characters")
    return one_line(given)


def _day(on: datetime) -> datetime:
    """The beginning of a day in Indonesia; of none to come."""
    from tuntas.midtrans.wib import WIB

    day = on.replace(tzinfo=WIB)
    if day > datetime.now(WIB):
        raise typer.BadParameter("--on is a day to come.")
    return day


def refund(
    order_id: OrderId,
    reason: Annotated[
        str, typer.Option(callback=one_line, help="Kept; some methods show it to the customer.")
    ],
    amount: Annotated[
        int | None, typer.Option(min=1, max=_MOST_RUPIAH, help="Rupiah. Default: all that is left.")
    ] = None,
    transaction: Annotated[
        str | None, typer.Option(help="Which payment, when the order has several.")
    ] = None,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Write down a transfer of your own.")] = False,
    to: Annotated[
        str | None, typer.Option(callback=one_line, help="By hand: the account and its holder.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(callback=_numbered, help="By hand: the transfer's own number.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="By hand: the day of the transfer, in WIB. Default: today."),
    ] = None,
    end_paid_time: Annotated[
        bool, typer.Option("--end-paid-time", help="By hand: end the paid time that it bought, too.")
    ] = False,
    settle_as: Annotated[
        SettledAs | None,
        typer.Option(help="After seven days without an answer: what you saw on Midtrans's dashboard."),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give money back through Midtrans, or write down how it went back. Safe to repeat.

    Exit codes: 0 done, 1 refused, 2 used wrongly, 3 no answer yet or no such order.
    """
    wish = _Wish(
        order_id=order_id,
        transaction=transaction,
        reason=reason,
        amount=None if amount is None else Rupiah(amount),
        by_hand=by_hand,
        to=to,
        reference=reference,
        on=None if on is None else _day(on),
        end_paid_time=end_paid_time,
        settle_as=settle_as,
        actor=actor(),
    )
    result = _carry_out(data_dir, wish, _act(wish))
    _print(wish, result, as_json=as_json)


def _act(wish: _Wish) -> "_Act":
    """What the options mean; options that do not go together are a wrong use."""
    from tuntas.usecases.refund import refund as give_back
    from tuntas.usecases.settle_refund import settle_refund

    about_hand = (wish.to, wish.reference, wish.on, wish.end_paid_time)
    if wish.settle_as is not None:
        if wish.by_hand or wish.amount is not None or any(about_hand):
            raise typer.BadParameter("--settle-as goes with --transaction and --reason alone.")
        return lambda backend: settle_refund(
            backend,
            wish.order_id,
            wish.transaction,
            done=wish.settle_as is SettledAs.DONE,
            reason=wish.reason,
            actor=wish.actor,
        )
    if wish.by_hand:
        return _by_hand(wish)
    if any(about_hand):
        raise typer.BadParameter("--to, --reference, --on and --end-paid-time go with --by-hand.")
    return lambda backend: give_back(
        backend,
        wish.order_id,
        wish.transaction,
        amount=wish.amount,
        reason=wish.reason,
        actor=wish.actor,
    )


def _by_hand(wish: _Wish) -> "_Act":
    from tuntas.usecases.refund_by_hand import refund_by_hand

    amount, paid_to, reference = wish.amount, wish.to, wish.reference
    if amount is None or paid_to is None or reference is None:
        raise typer.BadParameter("--by-hand needs --amount, --to and --reference of the transfer.")
    return lambda backend: refund_by_hand(
        backend,
        wish.order_id,
        wish.transaction,
        amount=amount,
        paid_to=paid_to,
        reference=reference,
        reason=wish.reason,
        actor=wish.actor,
        transferred_at=wish.on,
        ends_paid_time=wish.end_paid_time,
    )


def _carry_out(data_dir: Path | None, wish: _Wish, act: "_Act") -> "RefundResult":
    from tuntas.cli.environment import desk_settings, run
    from tuntas.midtrans.errors import GatewayError
    from tuntas.usecases.errors import OrderNotFound, RefundTooLarge, UseCaseError

    try:
        return run(desk_settings(data_dir), act)
    except OrderNotFound:
        fail(f"No order {wish.order_id}.", EXIT_MISSING)
    except UseCaseError as error:
        left = {"left": rupiah(error.left)} if isinstance(error, RefundTooLarge) else {}
        sentence = text(f"error.{error.code}", Language.EN, **error.values, **left)
        fail(f"{sentence} ({error.code})", EXIT_WRONG)
    except GatewayError as error:
        fail(f"{error}. The refund is written down; repeat this command to try again safely.", EXIT_MISSING)


def _print(wish: _Wish, result: "RefundResult", *, as_json: bool) -> None:
    from tuntas.domain.refunds import WayBack

    if as_json:
        shown = {
            "order_id": result.order_id,
            "transaction_id": result.transaction_id,
            "refund_key": result.refund_key,
            "amount": result.amount,
            "way": result.way,
        }
        typer.echo(json.dumps(shown))
        return
    match wish.settle_as, result.way:
        case SettledAs.DONE, _:
            said = f"counts as given back ({result.refund_key})"
        case SettledAs.NOT_DONE, _:
            said = f"counts as not given back ({result.refund_key}); it can be refunded again"
        case _, WayBack.BY_HAND:
            said = f"given back by hand is written down ({wish.reference})"
        case _, WayBack.CANCEL:
            said = "given back (voided)"
        case _:
            said = f"given back ({result.way}, {result.refund_key})"
    ended = " The paid time has ended." if wish.end_paid_time else ""
    typer.echo(f"{rupiah(result.amount)} {said}.{ended}")
