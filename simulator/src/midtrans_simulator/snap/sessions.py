"""Snap sessions: made, replaced, cancelled, and whether one is still open.

Midtrans, "Order id", "Cancel session".
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol.amounts import whole_rupiah
from midtrans_simulator.protocol.expiry import page_expiry
from midtrans_simulator.protocol.model import ENDED_UNPAID, Merchant, Session, Status

_IN_USE = {
    "id": "transaction_details.order_id sudah digunakan",
    "en": "transaction_details.order_id has already been taken",
}
_ORDER_PAID = "transaction_details.order_id has been paid and utilized, please use another order ID"


class Closed(StrEnum):
    """Why a page takes no new payment."""

    CANCELLED = "cancelled"
    REPLACED = "replaced"
    EXPIRED = "expired"


class SessionRefused(Exception):
    """Its text is one of Midtrans's error_messages; `http_status` goes with it."""

    def __init__(self, message: str, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


def create(gateway: Gateway, merchant: Merchant, request: dict[str, Any], notify_urls: list[str]) -> Session:
    """Open a session for a validated request. Earlier sessions of the order stop working.

    Raises SessionRefused when the order is being paid or has been.
    """
    details = request["transaction_details"]
    order_id = str(details["order_id"])
    for attempt in gateway.ledger.attempts(merchant.id, order_id):
        if attempt.status is Status.PENDING:
            raise SessionRefused(_IN_USE.get(gateway.config.language, _IN_USE["id"]), 400)
        if attempt.status not in ENDED_UNPAID:
            raise SessionRefused(_ORDER_PAID, 400)
    for earlier in gateway.ledger.sessions_of(merchant.id, order_id):
        if not earlier.replaced:
            earlier.replaced = True
            gateway.ledger.save_session(earlier)
    now = gateway.now()
    session = Session(
        id=str(uuid.uuid4()),
        merchant_id=merchant.id,
        order_id=order_id,
        gross_amount=whole_rupiah(details["gross_amount"]) or 0,
        request=request,
        notify_urls=notify_urls,
        created_at=now,
        page_expires_at=page_expiry(request, now),
    )
    gateway.ledger.save_session(session)
    return session


def cancel(gateway: Gateway, merchant: Merchant, token: str) -> datetime:
    """Void an unused page; returns when. Raises SessionRefused."""
    session = gateway.ledger.session(token)
    if session is None or session.merchant_id != merchant.id:
        raise SessionRefused("token not found", 404)
    if session.cancelled_at is not None:
        raise SessionRefused("token already canceled", 400)
    if any(attempt.status not in ENDED_UNPAID for attempt in gateway.ledger.attempts_in(session)):
        raise SessionRefused("Transaction is on progress", 400)
    session.cancelled_at = gateway.now()
    gateway.ledger.save_session(session)
    return session.cancelled_at


def closed(session: Session, now: datetime) -> Closed | None:
    """None while customers can choose a method."""
    if session.cancelled_at is not None:
        return Closed.CANCELLED
    if session.replaced:
        return Closed.REPLACED
    return Closed.EXPIRED if now >= session.page_expires_at else None
