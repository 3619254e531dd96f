"""The customer asks now: how does my payment stand at Midtrans?"""

from datetime import timedelta

from tuntas.store import orders
from tuntas.usecases.backend import Backend
from tuntas.usecases.errors import OrderNotFound, TooManyRequests
from tuntas.usecases.payments import Payment, payment
from tuntas.usecases.reconcile import sync_order

_PAUSE = timedelta(seconds=5)


async def check_status(backend: Backend, owner_id: int, order_id: str) -> Payment:
    """Ask Midtrans about the owner's order, take in the answer, and show it.

    Raises OrderNotFound, also for somebody else's; TooManyRequests within five seconds of the last
    question; GatewayError.
    """
    now = backend.clock.now()
    async with backend.database.transaction() as session:
        if await orders.owned_order(session, owner_id, order_id) is None:
            raise OrderNotFound
        if not await orders.may_ask(session, order_id, now=now, pause=_PAUSE):
            raise TooManyRequests(int(_PAUSE.total_seconds()))
    await sync_order(backend, order_id)
    return await payment(backend, owner_id, order_id)
