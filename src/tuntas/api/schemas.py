"""The shapes of the contract, both ways."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from tuntas.domain.how_to_pay import NOTHING_TOLD
from tuntas.domain.refunds import WayBack
from tuntas.domain.standing import PaymentState
from tuntas.http.bodies import Body, Id, OrderId
from tuntas.language import Language
from tuntas.store.models import User
from tuntas.usecases.create_token import TokenResult
from tuntas.usecases.invitations import InvitationView
from tuntas.usecases.packages import Offer, offer_of
from tuntas.usecases.payments import GivenBack, Payment
from tuntas.usecases.return_address import ADDRESS_MAX

_ORDER_ID = "INV-6f081f0e-63cf-4f7c-aa53-3ed9c35ed2d3"
_PAGE_URL = "https://app.sandbox.midtrans.com/snap/v4/redirection/40b5afa1-28df-4cc3-8092-1daee6b42529"
"""In the examples."""


class TokenIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"invitation_id": 5, "amount": 299_000}]})

    invitation_id: Id
    amount: Annotated[int, Field(strict=True)] | None = Field(
        default=None, description="Rupiah. Decides nothing: refused when it differs from the price."
    )
    renew: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Buy more time although paid time is still running."
    )
    finish_url: Annotated[str, Field(max_length=ADDRESS_MAX)] | None = Field(
        default=None,
        description="Where the customer returns: an address of an origin in TUNTAS_ALLOWED_ORIGINS. Midtrans "
        "adds order_id, status_code and transaction_status. Without it: our own page.",
    )


class CheckStatusIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"order_id": _ORDER_ID}]})

    order_id: OrderId


class UserOut(BaseModel):
    id: int
    name: str
    email: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(id=user.id, name=user.name, email=user.email)


class LogInOut(BaseModel):
    token: str
    user: UserOut


class PackageOut(BaseModel):
    id: int
    name: str
    description: str
    price: int = Field(description="Rupiah.")
    days: int
    features: list[str]

    @classmethod
    def of(cls, offer: Offer) -> Self:
        return cls(
            id=offer.id,
            name=offer.name,
            description=offer.description,
            price=offer.price,
            days=offer.days,
            features=offer.features,
        )


class InvitationOut(BaseModel):
    id: int
    domain: str
    domain_state: str = Field(
        description="ready, point_dns (make it point here) or choose_another (it was not paid in time)."
    )
    title: str | None
    event_date: date | None
    venue: str | None
    package: PackageOut
    price: int = Field(description="Rupiah, as bought.")
    days: int
    payment_status: str = Field(description="unpaid, pending, paid, failed or refunded.")
    payment_confirmed_at: datetime | None
    domain_expires_at: datetime | None
    live: bool = Field(description="Whether paid time is running.")
    order_id: str | None = Field(description="The newest order.")

    @classmethod
    def of(cls, view: InvitationView, language: Language) -> Self:
        invitation = view.invitation
        return cls(
            id=invitation.id,
            domain=invitation.domain,
            domain_state=view.domain_state,
            title=invitation.title,
            event_date=invitation.event_date,
            venue=invitation.venue,
            package=PackageOut.of(offer_of(invitation.package, language)),
            price=invitation.price,
            days=invitation.days,
            payment_status=invitation.payment_status,
            payment_confirmed_at=invitation.payment_confirmed_at,
            domain_expires_at=invitation.domain_expires_at,
            live=view.live,
            order_id=view.order_id,
        )


class ProfileOut(BaseModel):
    user: UserOut
    invitation: InvitationOut | None = Field(description="The newest.")
    invitations: list[InvitationOut] = Field(description="The newest 50, newest first.")


class TokenOut(BaseModel):
    snap_token: str = Field(description="For `snap.pay`.", examples=["40b5afa1-28df-4cc3-8092-1daee6b42529"])
    order_id: str = Field(examples=[_ORDER_ID])
    redirect_url: str = Field(
        description="The same as a page: where the popup cannot open, and inside apps.", examples=[_PAGE_URL]
    )
    gross_amount: int = Field(description="Rupiah.")
    expires_at: datetime
    reused: bool

    @classmethod
    def of(cls, result: TokenResult) -> Self:
        return cls(
            snap_token=result.snap_token,
            order_id=result.order_id,
            redirect_url=result.redirect_url,
            gross_amount=result.gross_amount,
            expires_at=result.expires_at,
            reused=result.reused,
        )


class PaidInvitationOut(BaseModel):
    id: int
    domain: str
    title: str | None
    payment_status: str
    domain_expires_at: datetime | None


class HowToPayOut(BaseModel):
    """What the method needs; the other fields are null."""

    bank: str | None = Field(description="Of a virtual account, in small letters.")
    va_number: str | None
    biller_code: str | None = Field(description="Mandiri Bill.")
    bill_key: str | None = Field(description="Mandiri Bill, typed in after the biller code.")
    store: str | None = Field(description="alfamart or indomaret.")
    payment_code: str | None = Field(description="Told at the store's till.")
    qr_string: str | None = Field(description="The text inside a QRIS code.")
    qr_image_url: str | None
    app_url: str | None = Field(description="Opens the wallet's app.")


class GivenBackOut(BaseModel):
    amount: int = Field(description="Rupiah.")
    way: WayBack = Field(description="refund, cancel (a card voided before it settled) or by_hand.")
    at: datetime
    confirmed: bool = Field(description="Whether the bank, or who transferred it, says that it arrived.")

    @classmethod
    def of(cls, part: GivenBack) -> Self:
        return cls(amount=part.amount, way=part.way, at=part.at, confirmed=part.confirmed)


class PaymentOut(BaseModel):
    order_id: str = Field(examples=[_ORDER_ID])
    status: str = Field(description="pending, paid, failed or refunded.")
    state: PaymentState = Field(
        description="Where the money is; only pending, overdue and failed ask for any."
    )
    gross_amount: int = Field(description="Rupiah.")
    refunded_amount: int = Field(description="Rupiah that went back to the customer.")
    expires_at: datetime
    confirmed_at: datetime | None
    payment_type: str | None = Field(description="Midtrans's word.", examples=["bank_transfer"])
    bank: str | None = Field(examples=["bca"])
    va_number: str | None = Field(examples=["82406011792"])
    how_to_pay: HowToPayOut | None = Field(
        description="What the customer needs to pay now. Null: nothing is due, or Midtrans tells nothing of "
        "this method; then `redirect_url` is the way on."
    )
    pay_until: datetime | None = Field(
        description="The deadline while something is due: the method's own, else the page's."
    )
    redirect_url: str | None = Field(description="Midtrans's page for this order while it takes a payment.")
    given_back: list[GivenBackOut]
    invitation: PaidInvitationOut

    @classmethod
    def of(cls, payment: Payment) -> Self:
        invitation = payment.invitation.invitation
        return cls(
            order_id=payment.order.order_id,
            status=payment.order.status,
            state=payment.state,
            gross_amount=payment.order.gross_amount,
            refunded_amount=payment.refunded_amount,
            expires_at=payment.order.expires_at,
            confirmed_at=payment.confirmed_at,
            payment_type=payment.payment_type,
            bank=payment.bank,
            va_number=payment.va_number,
            how_to_pay=None
            if payment.how_to_pay == NOTHING_TOLD
            else HowToPayOut.model_validate(asdict(payment.how_to_pay)),
            pay_until=payment.deadline if payment.state is PaymentState.PENDING else None,
            redirect_url=payment.hosted_page,
            given_back=[GivenBackOut.of(part) for part in payment.given_back],
            invitation=PaidInvitationOut(
                id=invitation.id,
                domain=invitation.domain,
                title=invitation.title,
                payment_status=invitation.payment_status,
                domain_expires_at=invitation.domain_expires_at,
            ),
        )
