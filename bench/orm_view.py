"""The webhook as most people would write it: FastAPI, a session for each request, and the ORM's objects.

Served by uvicorn with one process. It checks the signature, keeps the notification once, locks the order,
writes what follows and commits; it knows a fraction of the rules. The tables, and so the rows, are Tuntas's.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tuntas.store.database import driver_url
from tuntas.store.models import DomainGrant, Invitation, Notification, Order, PaymentLog, Transaction

_WIB = timedelta(hours=7)

app = FastAPI()
engine = create_async_engine(driver_url(os.environ["DATABASE_URL"], "asyncpg"), pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@app.post("/webhook")
async def webhook(request: Request, db: Annotated[AsyncSession, Depends(session)]) -> dict[str, str]:
    raw = await request.body()
    body = await request.json()
    signed = body["order_id"] + body["status_code"] + body["gross_amount"] + os.environ["MIDTRANS_SERVER_KEY"]
    if hashlib.sha512(signed.encode()).hexdigest() != body["signature_key"]:
        raise HTTPException(403, "Invalid signature")
    body_hash = hashlib.sha256(raw).digest()
    if await db.scalar(select(Notification).where(Notification.body_hash == body_hash)) is None:
        await take_in(db, body, raw, body_hash)
        await db.commit()
    return {"message": "Webhook processed successfully"}


async def take_in(db: AsyncSession, body: dict[str, Any], raw: bytes, body_hash: bytes) -> None:
    now = datetime.now(UTC)
    about = {name: body[name] for name in ("order_id", "transaction_id", "transaction_status")}
    received = PaymentLog(created_at=now, event_type="webhook_received", detail={}, raw=raw, **about)
    db.add(received)
    await db.flush()
    kept = Notification(body_hash=body_hash, log_id=received.id, received_at=now, next_try_at=now, **about)
    db.add(kept)
    order = await db.scalar(select(Order).where(Order.order_id == body["order_id"]).with_for_update())
    if order is None:
        raise HTTPException(404, "Unknown order")
    transaction = await db.get(Transaction, (order.order_id, body["transaction_id"], False))
    if transaction is None:
        transaction = Transaction(
            order_id=order.order_id,
            transaction_id=body["transaction_id"],
            stray=False,
            gross_amount=order.gross_amount,
            payment_type=body["payment_type"],
            transaction_time=moment(body["transaction_time"]),
            first_heard_at=now,
            payable_until=moment(body["expiry_time"]),
            how_to_pay=body["va_numbers"][0],
        )
        db.add(transaction)
    transaction.transaction_status = body["transaction_status"]
    transaction.settlement_time = moment(body["settlement_time"])
    if body["transaction_status"] == "settlement" and order.status == "pending":
        await grant(db, order, transaction.settlement_time)
    kept.outcome, kept.handled_at = "applied", now
    db.add(PaymentLog(created_at=now, event_type="webhook_processed", outcome="applied", detail={}, **about))


async def grant(db: AsyncSession, order: Order, paid_at: datetime) -> None:
    order.status, order.next_check_at = "paid", None
    until = paid_at + timedelta(days=order.days)
    db.add(
        DomainGrant(
            order_id=order.order_id,
            invitation_id=order.invitation_id,
            paid_at=paid_at,
            starts_at=paid_at,
            ends_at=until,
        )
    )
    invitation = await db.get_one(Invitation, order.invitation_id)
    invitation.payment_status = "paid"
    invitation.payment_confirmed_at = paid_at
    invitation.domain_expires_at = until


def moment(text: str) -> datetime:
    return (datetime.fromisoformat(text) - _WIB).replace(tzinfo=UTC)
