"""`tuntas refund`"""

import json
from getpass import getuser
from typing import Annotated

import typer

from tuntas.cli.environment import EXIT_MISSING, EXIT_WRONG, DataDir, Json, desk_settings, fail, run
from tuntas.domain.money import Rupiah
from tuntas.language import Language, rupiah, text
from tuntas.midtrans.errors import GatewayError
from tuntas.usecases.errors import OrderNotFound, RefundTooLarge, UseCaseError
from tuntas.usecases.refund import refund as give_back


def refund(
    order_id: Annotated[str, typer.Argument(help="The order id, INV-….")],
    reason: Annotated[str, typer.Option(help="Shown to the customer by some methods.")],
    amount: Annotated[int | None, typer.Option(min=1, help="Rupiah. Default: all that is left.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give money back through Midtrans. Safe to repeat when the answer was lost."""
    wanted = Rupiah(amount) if amount is not None else None
    settings = desk_settings(data_dir)
    actor = f"cli:{getuser()}"
    try:
        result = run(
            settings,
            lambda backend: give_back(backend, order_id, amount=wanted, reason=reason, actor=actor),
        )
    except OrderNotFound:
        fail(f"No order {order_id}.", EXIT_MISSING)
    except UseCaseError as error:
        left = {"left": rupiah(error.left)} if isinstance(error, RefundTooLarge) else {}
        fail(text(f"error.{error.code}", Language.EN, **error.values, **left), EXIT_WRONG)
    except GatewayError as error:
        fail(f"{error}. The refund is written down; repeat this command to try again safely.", EXIT_MISSING)
    if as_json:
        shown = {
            "order_id": result.order_id,
            "transaction_id": result.transaction_id,
            "refund_key": result.refund_key,
            "amount": result.amount,
            "way": result.way,
        }
        typer.echo(json.dumps(shown))
    else:
        typer.echo(f"{rupiah(result.amount)} given back ({result.way}, {result.refund_key or 'voided'}).")
